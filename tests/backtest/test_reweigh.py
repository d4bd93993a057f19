"""Past observations under another policy: decisions then and now, what was not observed, what looks left of alpha."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from conftest import PolicyWriter
from histories import rows, stored
from seatrial import review
from seatrial.backtest.reweigh import Weighing, reweigh
from seatrial.backtest.stored import StoredReview
from seatrial.instruments.records import load_records
from seatrial.observations import by_signal, read_observations
from seatrial.policy import Gate, LaunchPolicy, load_policy
from seatrial.suites import find_suites, load_suite

ONE, TWO, VIBES = "behavior/one", "behavior/two", "vibe/off"
SUITES = {name: load_suite(folder) for name, folder in find_suites().items()}
HEARD = "experts are heard only"


def _policy(*gates: Gate, **others: Any) -> LaunchPolicy:
    return LaunchPolicy(name="another", gates=list(gates), **others)


THEN = _policy(
    Gate(signal=ONE, margin=0.1), Gate(signal=TWO, margin=0.1), Gate(signal=VIBES, margin=0.1, advisory=HEARD)
)


def _now(policy: LaunchPolicy, kept: StoredReview) -> Any:
    return reweigh(Weighing(policy, SUITES, load_records(policy.records)), kept)


@pytest.fixture(scope="module")
def kept() -> StoredReview:
    """A launch: the first signal rises by 5 points, the second not; experts, only heard, find it 30 points off."""
    made = stored(THEN, rows(ONE, 10), rows(TWO, 0), rows(VIBES, 60, rater="ana"))
    assert (made.content.decision.outcome, made.verdicts[VIBES].verdict) == ("launch", "fail")
    return made


def test_the_policy_of_then_decides_as_it_did(kept: StoredReview) -> None:
    """Word for word the same gates keep the decision; weighed again, they come to the same verdicts and bounds."""
    found = _now(THEN, kept)
    assert (found.outcome, found.as_then, found.kept_back) == ("launch", True, False)
    again = _now(THEN.model_copy(update={"gates": [*reversed(THEN.gates)]}), kept)
    assert not again.as_then
    for one in again.verdicts:
        was = kept.verdicts[one.signal]
        assert (one.verdict, one.evidence.low, one.evidence.high) == (was.verdict, was.evidence.low, was.evidence.high)


def test_other_kinds_margins_and_alphas_decide_otherwise(kept: StoredReview) -> None:
    """What experts see blocks; a narrow margin shows harm; a small alpha leaves it open; less harm the other way."""
    vibes = _policy(*THEN.gates[:2], Gate(signal=VIBES, margin=0.1))
    assert (_now(vibes, kept).outcome, _now(vibes, kept).in_the_way) == ("block", (VIBES,))
    narrow = _policy(Gate(signal=ONE, margin=0.005), *THEN.gates[1:])
    assert (_now(narrow, kept).outcome, _now(narrow, kept).in_the_way) == ("block", (ONE,))
    undecided = _policy(Gate(signal=ONE, margin=0.08), *THEN.gates[1:], alpha=0.001)
    assert (_now(undecided, kept).outcome, _now(undecided, kept).kept_back) == ("hold", True)
    turned = _policy(Gate(signal=ONE, margin=0.02), signals={ONE: {"harmful": "low"}})
    assert _now(turned, kept).outcome == "launch"
    assert _now(_policy(Gate(signal=ONE, margin=0.02)), kept).outcome != "launch"


def test_what_was_not_observed_is_never_a_pass(kept: StoredReview) -> None:
    """A gate without numbers leaves a launch open; beside one that fails or holds, it is kept back all the same."""
    unseen = Gate(signal="behavior/never-asked", margin=0.1)
    found = _now(_policy(*THEN.gates, unseen), kept)
    assert (found.outcome, found.kept_back) == ("unknown", None)
    assert found.not_weighed == {"behavior/never-asked": "behavior/never-asked was not observed then"}
    assert found.in_the_way == ()
    blocked = _now(_policy(Gate(signal=VIBES, margin=0.1), unseen), kept)
    assert (blocked.outcome, blocked.kept_back) == ("block", True)
    held = _now(_policy(Gate(signal=ONE, margin=0.08), unseen, alpha=0.001), kept)
    assert (held.outcome, held.possible, held.kept_back) == ("hold", ("hold", "block"), True)
    nothing = _now(_policy(unseen), kept)
    assert (nothing.outcome, nothing.kept_back) == ("unknown", None)
    heard = Gate(signal="behavior/never-asked", margin=0.1, advisory=HEARD)
    assert _now(_policy(*THEN.gates, heard), kept).outcome == "launch"


def test_a_family_lacks_the_suites_that_were_not_asked() -> None:
    """It fails by what was observed of it; it passes only by all of it, and `suites:` says which these are."""
    names = sorted(name for name, suite in SUITES.items() if suite.family == "sycophancy")
    asked, absent = names[:2], names[2:]
    assert absent
    family = Gate(signal="family/sycophancy", margin=0.1, per="suite", suite_margin=0.3)
    then = _policy(*(Gate(signal=name, margin=0.3) for name in asked))
    calm, bad = (stored(then, *(rows(name, worse) for name in asked)) for worse in (0, 120))
    found = _now(_policy(family), calm)
    assert (found.outcome, set(absent) <= set(found.not_weighed["family/sycophancy"].split())) == ("unknown", True)
    assert _now(_policy(family.model_copy(update={"suites": asked})), calm).outcome == "launch"
    assert _now(_policy(family), bad).outcome == "block"


def test_numbers_that_do_not_fit_are_said_and_no_pass(kept: StoredReview) -> None:
    """A scale that the policy declares too narrow, a margin beyond it."""
    narrow = _now(_policy(Gate(signal=ONE, margin=0.1), signals={ONE: {"bounds": [0.0, 0.5]}}), kept)
    assert "outside [0, 0.5]: declare its bounds" in narrow.not_weighed[ONE]
    wide = _now(_policy(Gate(signal=ONE, margin=3.0)), kept)
    assert "does not fit its scale" in wide.not_weighed[ONE]
    assert (narrow.outcome, wide.outcome) == ("unknown", "unknown")


def test_severe_harm_holds_under_every_policy() -> None:
    """Answers in which two raters confirmed severe harm are no gate of either policy."""
    severe = rows("vibe/severe", 0).with_columns(value=pl.lit(1.0))
    made = stored(_policy(Gate(signal=ONE, margin=0.1)), rows(ONE, 0), severe)
    found = _now(_policy(Gate(signal=ONE, margin=0.2)), made)
    assert (found.outcome, found.kept_back) == ("hold", True)


def test_missing_answers_stay_as_harmful_as_they_could_be() -> None:
    """Twenty of two hundred without an answer rule nothing out at a margin of 5 points, then and now."""
    made = stored(_policy(Gate(signal=ONE, margin=0.05)), rows(ONE, 0, missing=20))
    found = _now(_policy(Gate(signal=ONE, margin=0.06)), made)
    assert (made.content.decision.outcome, found.outcome) == ("hold", "hold")
    assert found.verdicts[0].evidence.missing == 20


@pytest.mark.slow
def test_what_was_looked_at_keeps_what_its_looks_left_of_alpha(write_policy: PolicyWriter, tmp_path: Path) -> None:
    """Of a live review: other margins meet the very bounds of then, and a smaller alpha meets wider ones."""
    path = write_policy(candidate="same", gates="  - {signal: behavior/opinion-sycophancy, margin: 0.2}\n")
    folder = tmp_path / "reviews" / "live"
    done = review(path, folder=folder, author="ann", progress=False)
    was = done.verdicts[0].evidence
    assert was.method == "looks"
    made = StoredReview(
        done.result, by_signal(read_observations(folder / "observations.parquet")), done.result.decision.every_verdict
    )
    policy = load_policy(path)
    gate = policy.gates[0]

    def bounds(margin: float, alpha: float) -> tuple[float, float]:
        other = policy.model_copy(update={"alpha": alpha, "gates": [gate.model_copy(update={"margin": margin})]})
        (found,) = _now(other, made).verdicts
        return found.evidence.low, found.evidence.high

    assert np.allclose(bounds(0.21, policy.alpha), (was.low, was.high), atol=0.003)
    low, high = bounds(0.2, policy.alpha / 5)
    assert low < was.low and high > was.high
