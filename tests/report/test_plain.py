"""Words that need no glossary."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from results import BLOCK, HOLD, LAUNCH, LIKELY, PRAISE
from seatrial.policy import LaunchPolicy, ModelSpec, RunsSpec
from seatrial.report.html import render_html
from seatrial.report.plain import Plain, called, counted, open_inside, title_of, why_open, worst_first
from seatrial.report.result import Named
from seatrial.types import Evidence

NAMED = replace(BLOCK, named=(Named(PRAISE, "Unearned praise", "rate"),))
FIRST = BLOCK.decision.verdicts[0]


def test_rates_are_of_a_hundred_and_turned_to_harm() -> None:
    """A rate of harm before and after; where the low end is harm, of what is not there; a number has none."""
    assert Plain.of(NAMED).rates(FIRST) == "21 → 52 of 100"
    low = replace(BLOCK, named=(Named(PRAISE, "Facts", "rate", "low"),))
    assert Plain.of(low).rates(FIRST) == "79 → 48 of 100"
    assert Plain.of(BLOCK).rates(FIRST) == ""
    assert Plain.of(NAMED).rates(replace(FIRST, evidence=Evidence())) == ""


def test_a_change_says_its_interval_and_what_is_tolerated() -> None:
    """Of a hundred where the scale is a rate, else in the scale's own units; what has no interval was not measured."""
    assert Plain.of(NAMED).change(FIRST) == "harm +31 of 100 (+24 to +38), tolerated 5"
    assert Plain.of(BLOCK).change(FIRST) == "harm +0.312 (+0.241 to +0.383), tolerated 0.050"
    assert Plain.of(NAMED).change(replace(FIRST, evidence=Evidence())) == "not measured"
    assert Plain.of(NAMED).change(replace(FIRST, demoted=True)).startswith("reading +31 of 100")
    near = replace(FIRST, evidence=replace(FIRST.evidence, estimate=0.0, low=-0.0012, high=0.0496))
    assert Plain.of(NAMED).change(near) == "harm 0 of 100 (−0.1 to +5.0), tolerated 5"
    nearer = replace(FIRST, evidence=replace(FIRST.evidence, estimate=-0.0004, low=-0.0012, high=0.0004))
    assert Plain.of(NAMED).change(nearer) == "harm 0 of 100 (−0.1 to 0), tolerated 5"
    anywhere = replace(FIRST, evidence=replace(FIRST.evidence, estimate=1.0, low=-1.0, high=1.0))
    assert Plain.of(NAMED).change(anywhere) == "harm anywhere between −100 and +100 of 100, tolerated 5"


def test_signals_are_titles_in_sentences_but_not_in_commands() -> None:
    """Whole names only, and what stands between backticks stays what a command takes."""
    said = Plain.of(NAMED).text(f"{PRAISE} fails; {PRAISE}-2 and x/{PRAISE} do not: `seatrial waive --gate {PRAISE}`")
    assert said == f"Unearned praise fails; {PRAISE}-2 and x/{PRAISE} do not: `seatrial waive --gate {PRAISE}`"


@pytest.mark.parametrize(
    ("signal", "title"), [("family/states-of-mind", "States of mind"), ("vibe/off", "Off"), ("odd", "Odd"), ("", "")]
)
def test_a_signal_without_a_title_is_called_by_its_name(signal: str, title: str) -> None:
    """Its name as words."""
    assert title_of(signal) == title


def test_the_worst_gate_stands_first() -> None:
    """Failures, then what is likely, what is open or does not count, what passes, and last what the policy watches."""
    order = [PRAISE, "safety/unsafe-compliance", "vibe/off", "behavior/over-refusal", "behavior/verbosity"]
    assert [one.signal for one in worst_first(BLOCK.decision.verdicts)] == order
    likely, other = LIKELY.decision.verdicts
    assert worst_first([other, likely]) == [likely, other]


def test_how_many_gates_counted_stands_beside_how_many_failed() -> None:
    """A gate that only advises does not count, whatever it shows."""
    assert counted(BLOCK.decision.verdicts) == "3 of 5 gates counted: 1 failed, 1 undecided, 1 passed"
    assert counted(LAUNCH.decision.verdicts[:1]) == "1 of 1 gate counted: 0 failed, 0 undecided, 1 passed"


def test_why_a_gate_is_open_is_said_in_plain_words() -> None:
    """Nothing or too little measured, what is missing, a suite inside a family, an instrument that may not."""
    empty, small, demoted = HOLD.decision.verdicts
    assert why_open(empty) == "nothing was measured"
    assert why_open(small) == "11 independent items are too few to tell a change as small as is tolerated"
    assert why_open(demoted) == "what reads it is not known to see this harm"
    assert why_open(FIRST) == ""
    seen = replace(small, evidence=replace(small.evidence, mde=0.01))
    assert why_open(seen) == "more answers would be needed"
    assert why_open(replace(seen, evidence=replace(seen.evidence, low=0.06))) == "harm is likely and not yet certain"
    lost = replace(seen.evidence, missing=1, missing_low=0.01, missing_high=0.09)
    assert why_open(replace(seen, evidence=lost)) == "1 item lacks an answer"
    passes = replace(seen.claims[0], verdict="pass")
    family = replace(seen, signal="family/x", claims=(passes,), members=(small,))
    assert why_open(family).startswith("its suite safety/unsafe-compliance is undecided (11 independent")
    part = replace(passes, label="use case: work", verdict="inconclusive")
    assert why_open(replace(seen, claims=(passes, part))) == "it is undecided in one part (use case: work)"
    assert math.isnan(empty.evidence.estimate)


def test_a_bar_that_lies_where_gates_pass_says_why_it_does_not() -> None:
    """A family that passes as a whole names the suite that is open, on the page too; other gates need no such word."""
    small = HOLD.decision.verdicts[1]
    passes = replace(small.claims[0], verdict="pass")
    family = replace(small, signal="family/x", claims=(passes,), members=(small,))
    assert open_inside(family) == "its suite safety/unsafe-compliance is undecided"
    several = replace(family, members=(small, replace(small, signal="safety/y")))
    assert open_inside(several) == "2 of its suites are undecided, the worst is safety/unsafe-compliance"
    assert open_inside(small) == open_inside(FIRST) == open_inside(replace(family, demoted=True)) == ""
    page = render_html(replace(HOLD, decision=replace(HOLD.decision, verdicts=(family,))))
    assert "its suite Unsafe compliance is undecided" in page


def test_what_no_gate_asks_is_called_by_its_title_too() -> None:
    """Names of suites that no gate reads are words in a sentence, and stay names in a command."""
    spot = "Never measured, for no gate asks: behavior/coldness, safety/unsafe-compliance. `--signal behavior/coldness`"
    said = Plain.of(replace(LAUNCH, blind_spots=(spot,))).text(spot)
    assert said == "Never measured, for no gate asks: Coldness, Unsafe compliance. `--signal behavior/coldness`"


def test_a_family_that_no_counting_gate_reads_is_named() -> None:
    """Where one suite of it counts, it is read; suites without a family are not spoken of."""
    counts, advises = FIRST, replace(FIRST, signal="behavior/other", blocking=False)

    def said(first: str, second: str) -> str:
        named = (Named(PRAISE, "Praise", family=first), Named("behavior/other", "Other", family=second))
        return Plain.of(replace(BLOCK, named=named)).only_advised([counts, advises])

    assert said("sycophancy", "states-of-mind").startswith("No gate that counts reads States of mind: ")
    assert said("sycophancy", "sycophancy") == ""
    assert said("sycophancy", "") == ""


def test_models_that_nothing_was_asked_of_are_called_by_what_holds_them() -> None:
    """The file of recorded answers, without its folders; the model or the file of recorded runs."""
    assert called(LAUNCH.policy, "baseline") == "openai-compatible/assistant"
    recorded = LAUNCH.policy.model_copy(
        update={"baseline": ModelSpec(model="transcripts//data/now.csv"), "candidate": ModelSpec(model="scores/b.csv")}
    )
    assert called(recorded, "baseline") == "now.csv (recorded answers)"
    assert called(recorded, "candidate") == "b.csv (recorded scores)"
    evidence = LaunchPolicy(name="runs", gates=recorded.gates)
    runs = RunsSpec(baseline="/logs/all.csv", candidate_model="next")
    assert called(evidence, "baseline") == "evidence recorded elsewhere"
    named = evidence.model_copy(update={"evidence": [runs]})
    assert called(named, "baseline") == "all.csv (recorded runs)"
    assert called(named, "candidate") == "next (recorded runs)"
