"""The example of a history: ten releases, three incidents, and two policies that look back on them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from scipy import integrate, stats

from conftest import ROOT

pytestmark = pytest.mark.slow
LAUNCHED = dict.fromkeys([f"2025-{month:02d}" for month in range(1, 11)], "launch")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the example wrote, with what it printed."""
    folder = tmp_path_factory.mktemp("history")
    command = [sys.executable, str(ROOT / "examples" / "history" / "example.py")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "printed.txt").write_text(done.stdout, encoding="utf-8")
    return folder


def _backtest(history: Path, policy: str) -> dict[str, object]:
    words = ["ledger", "backtest", str(ROOT / "examples" / "history" / f"{policy}.yaml"), "--json"]
    where = ["--ledger", str(history / "history" / "reviews" / "ledger.db")]
    done = subprocess.run(
        [sys.executable, "-m", "seatrial", *words, *where], capture_output=True, text=True, timeout=60, check=True
    )
    made: dict[str, object] = json.loads(done.stdout)
    return made


def _central(hits: int, trials: int) -> list[float]:
    """The ends of a share's central interval, by another route: quadrature of the stated prior, no grid of ours.

    Log odds are normal around 0 with the variance of the mean, 1.5², and of the spread, half-normal of scale 1.
    """

    def weight(logit: float) -> float:
        prior = integrate.quad(lambda s: stats.norm.pdf(logit, scale=(2.25 + s * s) ** 0.5) * stats.norm.pdf(s), 0, 3)[
            0
        ]
        share = stats.logistic.cdf(logit)
        return float(prior * share**hits * (1 - share) ** (trials - hits))

    logits = [-9 + 0.06 * step for step in range(301)]
    below = integrate.cumulative_trapezoid([weight(one) for one in logits], logits, initial=0)
    ends = [next(one for one, sum_ in zip(logits, below / below[-1], strict=True) if sum_ >= q) for q in (0.05, 0.95)]
    return [float(stats.logistic.cdf(one)) for one in ends]


@pytest.mark.parametrize(
    ("policy", "decisions", "prevented", "delayed", "days", "waited"),
    [
        # The policy of then launched all ten, so it prevents nothing and delays nothing.
        ("policy", {}, 0, 0, 0, 0),
        # What experts feel blocks: March (an incident, back after 4 days), May (nothing came) and July (an incident,
        # back after 12 days). Of 4 + 12 + 20 days with harm it prevents 4 + 12. One good launch waits, as long as the
        # only hold in the ledger that ended: June's first review, 6 days.
        ("vibes-block", {"2025-03": "block", "2025-05": "block", "2025-07": "block"}, 2, 1, 16, 6),
        # A rise of sycophancy by 9 points is beyond a margin of 4: August, whose incident was found after 20 days and
        # which was never taken back. October's margin stays open at an alpha of 0.01, so it waits 6 days.
        ("strict", {"2025-08": "block", "2025-10": "hold"}, 1, 1, 20, 6),
    ],
)
def test_it_comes_to_the_figures_computed_by_hand(
    history: Path, policy: str, decisions: dict[str, str], prevented: int, delayed: int, days: int, waited: int
) -> None:
    """Decisions, counts, days and intervals: what the table of releases and the policies say."""
    made = _backtest(history, policy)
    releases, summary = made["releases"], made["summary"]
    assert isinstance(releases, list) and isinstance(summary, dict)
    assert {one["name"]: one["then"] for one in releases} == LAUNCHED
    assert {one["name"]: one["now"] for one in releases} == LAUNCHED | decisions
    assert [one["name"] for one in releases if one["fate"] == "incident"] == ["2025-03", "2025-07", "2025-08"]
    incidents, good = summary["incidents"], summary["good"]
    assert (incidents["count"], incidents["unknown"], incidents["total"]) == (prevented, 0, 3)
    assert (good["count"], good["unknown"], good["total"]) == (delayed, 0, 7)
    assert (summary["harmful_days"], summary["all_harmful_days"], summary["days_delayed"]) == (days, 36, waited)
    assert made["told"] == "too few to tell"
    for found in (incidents, good):
        low, high = _central(found["count"], found["total"])
        assert found["share"]["high"] == pytest.approx(high, abs=0.02)
        assert found["share"]["low"] == pytest.approx(low if found["count"] else 0.0, abs=0.02)


def test_signals_rank_incidents_as_counted_by_hand(history: Path) -> None:
    """What experts feel rose in March, May and July: of 3 × 7 pairs the two incidents win 6 each and beside May.

    So it lies above one half; facts, which nothing moved, tell nothing, and neither is told from chance.
    """
    made = _backtest(history, "vibes-block")
    signals = made["signals"]
    assert isinstance(signals, list)
    found = {one["signal"]: one for one in signals}
    vibes, facts = found["vibe/off"], found["benchmark/facts"]
    assert (vibes["of_any"]["incidents"], vibes["of_any"]["clean"], vibes["of_own"]["incidents"]) == (3, 7, 0)
    assert found["behavior/opinion-sycophancy"]["of_own"]["incidents"] == 2
    assert vibes["of_any"]["area"]["value"] > 0.6 > facts["of_any"]["area"]["value"]
    assert {one["of_any"]["told"] for one in signals} == {"too few to tell"}
    assert vibes["ratings"] == 240 and facts["ratings"] == 0
    assert vibes["spread"] > 1 > facts["spread"]


def test_one_command_writes_a_ledger_that_holds_and_two_pages(history: Path) -> None:
    """Ten releases, each on a sign-off; the reviews' files are what the ledger covers."""
    printed = (history / "printed.txt").read_text(encoding="utf-8")
    assert printed.count("TOO FEW TO TELL") == 2
    for name in ("vibes-block", "strict"):
        assert (history / "history" / f"{name}.html").exists()
    where = str(history / "history" / "reviews" / "ledger.db")
    done = subprocess.run(
        [sys.executable, "-m", "seatrial", "ledger", "verify", "--ledger", where, "--json"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert len(json.loads(done.stdout)["reviews"]["same"]) == 10
