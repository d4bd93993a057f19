"""How far those agree who read the same answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain

import krippendorff
import numpy as np
import pytest

from seatrial.gates.plan import GatePlan
from seatrial.instruments import declared_signal
from seatrial.instruments.judges import Judge
from seatrial.observations import to_frame
from seatrial.policy import Gate, LaunchPolicy, SignalSpec
from seatrial.review.findings import agreement
from seatrial.review.findings.agreement import agreement_among, agreements
from seatrial.review.gate_run import GateRun
from seatrial.review.rounds import Rounds
from seatrial.suites import find_suites, load_suite
from seatrial.types import Observation, Role

Compared = Callable[..., Rounds]


def _run(signal: str, brought: Sequence[Observation] | None, bounds: tuple[float, float] = (0.0, 1.0)) -> GateRun:
    plan = GatePlan(Gate(signal=signal, margin=0.1), declared_signal(signal, SignalSpec(bounds=bounds)), "evidence")
    return GateRun(plan, None if brought is None else to_frame(brought))


def _said(*runs: GateRun) -> list[str]:
    rounds = Rounds(LaunchPolicy(name="p", gates=[run.plan.gate for run in runs]), [], None)
    rounds.gates = list(runs)
    return agreements(rounds)


def _graded(signal: str, grades: dict[str, list[float]], role: Role = "baseline") -> list[Observation]:
    return [
        Observation(signal, role, f"i{place}", f"i{place}", 0, value, rater=rater)
        for rater, values in grades.items()
        for place, value in enumerate(values)
    ]


def test_raters_of_brought_verdicts_agree_as_far_as_krippendorff_says() -> None:
    """Graded verdicts with a rater, of either model: alpha of the library over all answers that two graded."""
    rng = np.random.default_rng(3)
    one, other = rng.integers(0, 5, (2, 40)) / 4
    two = np.where(rng.random(40) < 0.7, one, other)
    rows = _graded("behavior/a", {"ann": one.tolist(), "ben": two.tolist()})
    rows += _graded("behavior/a", {"ann": two.tolist(), "cy": one.tolist()}, "candidate")
    alone = [Observation("behavior/a", "baseline", f"x{n}", "x", 0, 0.5, rater="ann") for n in range(9)]
    (said,) = _said(_run("behavior/a", rows + alone), _run("behavior/b", None))
    table = np.array([[*one, *two], [*two, *one]])
    alpha = krippendorff.alpha(reliability_data=table, level_of_measurement="interval")
    assert said.startswith(
        f"behavior/a: on 80 answers that several raters read, agreement beyond chance is {alpha:.2f} (Krippendorff's "
        "alpha, 90 % interval 0."
    )
    assert said.endswith(f"; {100 * (table[0] != table[1]).mean():.0f} % of the pairs of readings differ).")


def test_one_rater_or_none_has_no_agreement() -> None:
    """Numbers without raters, and those of one rater, say nothing; of two with little in common that is said."""
    for grades in ({"": [0.5] * 20}, {"ann": [0.5] * 20}, {"": [0.5] * 20, "ann": [0.5] * 20}):
        assert _said(_run("behavior/a", _graded("behavior/a", grades))) == []
    few = _graded("behavior/a", {"ann": [0.0] * 9, "ben": [0.0] * 12})
    assert _said(_run("behavior/a", few)) == [
        "behavior/a: several raters read 9 answers in common; their agreement takes 10."
    ]
    enough = _graded("behavior/a", {"ann": [0.0, 1.0] * 5, "ben": [0.0, 1.0] * 6})
    assert "on 10 answers" in _said(_run("behavior/a", enough))[0]


def test_agreement_that_chance_gives_is_called_so() -> None:
    """Raters who grade without looking at the same answers agree by chance; those who look do not."""
    rng = np.random.default_rng(1)
    guessed = {name: rng.integers(0, 2, 60).astype(float).tolist() for name in ("ann", "ben")}
    (said,) = _said(_run("behavior/a", _graded("behavior/a", guessed)))
    assert said.endswith("readings differ): no better than chance.")
    (said,) = _said(_run("behavior/a", _graded("behavior/a", {"ann": guessed["ann"], "ben": guessed["ann"]})))
    assert "beyond chance is 1.00 (Krippendorff's alpha, 90 % interval 1.00 to 1.00; 0 %" in said
    assert "no better" not in said


def _both(liked: float) -> tuple[tuple[Role, float], tuple[Role, float]]:
    return ("candidate", liked), ("baseline", 1.0 - liked)


def test_votes_are_compared_once_and_across_the_names_of_their_items() -> None:
    """A vote gives both answers of a pair a number, which is one reading; imported votes name the rater in the item."""
    grades = {"ann": [1.0, 0.0] * 10, "ben": [1.0, 0.0] * 10}
    rows = [
        Observation("vibe/preference", role, f"i{place} by {name}", f"i{place}", 0, value, rater=name)
        for name, values in grades.items()
        for place, liked in enumerate(values)
        for role, value in _both(liked)
    ]  # fmt: skip
    (said,) = _said(_run("vibe/preference", rows))
    assert said.startswith("vibe/preference: on 20 answers that several raters read, agreement beyond chance is 1.00")
    other = [replace(row, signal="behavior/a") for row in rows]
    assert "read 0 answers in common" in _said(_run("behavior/a", other))[0]


def test_judges_of_a_panel_are_compared(compared: Compared) -> None:
    """Their grades of the same answers, an answer that one of them did not grade apart; one judge has no agreement."""
    suite = load_suite(find_suites([])["behavior/pushback"])
    panel, one, two = (Judge(f"judge/{name}", suite) for name in "pab")
    run = compared({"behavior/a": ([0.5] * 4, [0.5] * 4)}).gates[0]
    run.plan = replace(run.plan, signal=replace(run.plan.signal, instrument=panel))
    one.scores.update({f"k{n}": float(n % 11) for n in range(22)})
    two.scores.update({f"k{n}": float(n % 11) for n in range(2, 30)})
    for members in ([], [one]):
        panel.members[:] = members
        assert _said(run) == []
    panel.members[:] = [one, two]
    (said,) = _said(run)
    assert said.startswith(
        "behavior/a: on 20 answers that several judges of its panel read, agreement beyond chance is 1.00 "
    )


def test_of_very_many_answers_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """By lot, the same ones each time, and said; few enough readings are compared to be held at once."""
    run = _run("behavior/a", None)
    readings = [[n % 2, n % 2] for n in range(2001)]
    said = agreement_among("several raters", run, readings)
    assert "on 2,000 by lot of 2,001 answers" in said
    assert said == agreement_among("several raters", run, readings)
    assert "on 2,000 answers" in agreement_among("several raters", run, readings[1:])
    monkeypatch.setattr(agreement, "LARGEST", 60)
    assert "on 30 by lot of 2,000 answers" in agreement_among("several raters", run, readings[1:])


@pytest.mark.slow
def test_many_values_are_rounded_to_parts_of_the_scale() -> None:
    """Small differences on a fine scale hardly matter; the alpha of the rounded numbers is that of the plain ones."""
    rng = np.random.default_rng(2)
    true = rng.uniform(-5, 5, 300)
    noisy = np.clip(true + rng.normal(0, 1, 300), -5, 5)
    said = agreement_among("several raters", _run("behavior/a", None, (-5.0, 5.0)), np.stack([true, noisy], 1).tolist())
    alpha = krippendorff.alpha(reliability_data=np.stack([true, noisy]), level_of_measurement="interval")
    shown = float(said.partition("chance is ")[2].split()[0])
    assert shown == pytest.approx(alpha, abs=0.02)
    words = list(chain.from_iterable([[n / 20, n / 20], [n / 20, 1 - n / 20]] for n in range(21)))
    plain = krippendorff.alpha(reliability_data=np.array(words).T, level_of_measurement="interval")
    assert f"chance is {plain:.2f} " in agreement_among("several raters", _run("behavior/a", None), words)
