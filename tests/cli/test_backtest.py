"""`seatrial ledger backtest`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Command
from histories import rows
from seatrial import review
from seatrial.ledger import ledger_in
from seatrial.observations import from_frame, write_observations
from seatrial.policy import Gate, LaunchPolicy
from seatrial.review.launch_steps import released, report_incident

SIGNAL = "behavior/one"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A stricter policy, beside a ledger with one release that did harm."""
    table = tmp_path / "numbers.parquet"
    write_observations(from_frame(rows(SIGNAL, 20), None), table)
    then = LaunchPolicy(name="then", gates=[Gate(signal=SIGNAL, margin=0.3)], evidence=[table])
    review(then, folder=tmp_path / "reviews" / "one", author="ann", progress=False)
    released(tmp_path / "reviews" / "one", "spring", "ann", "simulated, whatever was decided")
    report_incident(ledger_in(tmp_path / "reviews"), "spring", SIGNAL, "praises all", "bo")
    path = tmp_path / "stricter.yaml"
    path.write_text(
        f"name: stricter\ngates:\n- {{signal: {SIGNAL}, margin: 0.01}}\n- {{signal: vibe/off, margin: 0.1}}\n",
        encoding="utf-8",
    )
    return path


def test_a_policy_is_held_against_the_past(seatrial: Command, policy: Path) -> None:
    """It says what it would have decided, writes the page and the policy whose new gates advise, and ends with 0."""
    done = seatrial("ledger", "backtest", policy, "--html", "past.html", "--advise", "advised.yaml", "--hold-days", 5)
    assert done.code == 0, done.err
    words = " ".join(done.out.split())
    assert "spring" in words and f"launch block {SIGNAL}; in the way: {SIGNAL}" in words
    assert "incidents prevented 1 of 1" in words and "Page: past.html" in words
    assert "vibe/off only advises: no track record yet: weighed on 0 of the 10" in words
    assert "stricter" in Path("past.html").read_text(encoding="utf-8")
    assert "no track record yet" in Path("advised.yaml").read_text(encoding="utf-8")


def test_programs_read_it(seatrial: Command, policy: Path) -> None:
    """JSON alone on stdout, with what the rule changed."""
    done = seatrial("ledger", "backtest", policy, "--json", "--advise", "advised.yaml")
    made = json.loads(done.out)
    assert (done.code, made["releases"][0]["now"], made["rule"]["advises"]) == (0, "block", ["vibe/off"])
    assert json.loads(seatrial("ledger", "backtest", policy, "--json").out)["rule"] is None


def test_what_is_wrong_is_said_in_words(seatrial: Command, policy: Path) -> None:
    """No policy, no ledger: exit code 2, and nothing written."""
    none = seatrial("ledger", "backtest", "none.yaml")
    assert (none.code, "no such file" in none.err) == (2, True)
    lost = seatrial("ledger", "backtest", policy, "--ledger", "elsewhere/ledger.db", "--html", "past.html")
    assert (lost.code, "no ledger here" in lost.err, Path("past.html").exists()) == (2, True, False)
