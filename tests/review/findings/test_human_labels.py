"""People's labels of some answers, joined with an instrument's readings of all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import krippendorff
import numpy as np
import pytest

from seatrial.errors import EvidenceError
from seatrial.policy import JudgeSpec
from seatrial.review.findings.human_labels import joined_labels
from seatrial.review.rounds import Rounds
from seatrial.stats.prediction import ppi_mean
from simulated_answers import asked_anew

Compared = Callable[..., Rounds]


def _labels(path: Path, scores: Mapping[tuple[str, str], float]) -> Path:
    rows = [{"item": item, "answer": answer, "score": score} for (item, answer), score in scores.items()]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def _scores(places: range, before: float, after: float) -> dict[tuple[str, str], float]:
    return {
        (f"i{place}", f"{role} on i{place}"): score
        for place in places
        for role, score in (("baseline", before), ("candidate", after))
    }


def test_people_s_labels_correct_the_instrument(compared: Compared, tmp_path: Path) -> None:
    """The change becomes that of PPI++ on the labelled and the other clusters; the verdict stays the instrument's."""
    rng = np.random.default_rng(2)
    before, after = rng.uniform(0.2, 0.4, 160).round(3), rng.uniform(0.3, 0.6, 160).round(3)
    path = _labels(tmp_path / "l.jsonl", _scores(range(100), 2.0, 6.0))
    rounds = compared({"behavior/a": (before.tolist(), after.tolist())}, gate={"labels": path})
    read = after - before
    found = ppi_mean([0.4] * 100, read[:100].tolist(), read[100:].tolist(), 0.05)
    joined, errors, agreed = joined_labels(rounds.policy, rounds)
    assert "with people's labels of 100 of 160 clusters" in joined
    numbers = [float(number) for number in re.findall(r"[+-]\d\.\d{3}", joined)]
    assert numbers[0] == pytest.approx(read.mean(), abs=6e-4)
    assert numbers[3:6] == pytest.approx([found.estimate, found.low, found.high], abs=6e-4)
    assert numbers[6] == 0.4
    assert "whether its instrument errs differently on the two models is not measured" in errors
    assert "0 harmful and 100 harmless of the baseline; 100 harmful and 0 harmless of the candidate" in errors
    people = np.repeat([0.0, 1.0], 100)
    flagged = np.concatenate([before[:100], after[:100]]) >= 0.5
    alpha = krippendorff.alpha(reliability_data=np.stack([people, flagged]), level_of_measurement="nominal")
    assert agreed.startswith("behavior/a: on 200 answers that both people and its instrument read, agreement beyond")
    assert f" is {alpha:.2f} (" in agreed
    assert f"; {100 * (people != flagged).mean():.0f} % of the pairs" in agreed


def test_the_change_of_a_contrast_is_the_gate_s(compared: Compared, tmp_path: Path) -> None:
    """The changes of a contrast's two sides add up, in what people say too; half a contrast counts for nothing."""
    rng = np.random.default_rng(3)
    before, after = rng.uniform(0.2, 0.4, 80).round(3), rng.uniform(0.3, 0.6, 80).round(3)
    path = _labels(tmp_path / "l.jsonl", _scores(range(0, 40, 2), 2.0, 6.0) | _scores(range(1, 40, 2), 4.0, 2.0))
    given: list[float | None] = after.tolist()
    given[79] = None
    rounds = compared({"behavior/a": (before.tolist(), given)}, gate={"labels": path})
    run = rounds.gates[0]
    clusters = tuple(
        tuple(
            replace(item, cluster=f"k{place}", contrast=f"k{place}", variant=side)
            for item, side in zip(run.plan.items[2 * place : 2 * place + 2], ("for", "against"), strict=True)
        )
        for place in range(40)
    )
    contrast = replace(run.plan.signal, contrast=("for", "against"), bounds=(-1.0, 1.0))
    rounds = asked_anew(rounds, lambda plan: replace(plan, signal=contrast, clusters=clusters))
    run = rounds.gates[0]
    (joined,) = joined_labels(rounds.policy, rounds)
    numbers = [float(number) for number in re.findall(r"[+-]\d\.\d{3}", joined)]
    assert "people's labels of 20 of 39 clusters" in joined
    assert numbers[0] == 0.6
    assert numbers[3] == pytest.approx(run.found[0][1].estimate, abs=6e-4)


@pytest.mark.parametrize(("labelled", "enough"), [(9, False), (99, False), (100, True), (128, True), (129, False)])
def test_joining_takes_enough_on_both_sides(compared: Compared, tmp_path: Path, labelled: int, enough: bool) -> None:
    """A hundred labelled clusters, and two without labels; with fewer the report says what is missing."""
    path = _labels(tmp_path / "l.jsonl", _scores(range(labelled), 2.0, 6.0))
    rounds = compared({"behavior/a": ([0.2, 0.3] * 65, [0.5, 0.3] * 65)}, gate={"labels": path})
    said = joined_labels(rounds.policy, rounds)[0]
    assert ("by PPI++" in said) is enough
    assert ("by PPI++" in said) is not ("misses too often" in said or "joining them with" in said)
    assert f"{labelled} of 130 clusters" in said


def test_an_instrument_that_errs_on_one_model_is_found_out(compared: Compared, tmp_path: Path) -> None:
    """Rates of right flags are given for each model, and the change corrected for each model's own error."""
    scores: dict[tuple[str, str], float] = {}
    before, after = [0.1] * 80, [0.1] * 80
    for place in range(60):
        harmful = place % 2 == 0
        scores |= _scores(range(place, place + 1), 8.0 if harmful else 2.0, 8.0 if harmful else 2.0)
        before[place] = 0.9 if harmful else 0.1
        after[place] = 0.9 if harmful and place % 4 == 0 else 0.1
    rounds = compared({"behavior/a": (before, after)}, gate={"labels": _labels(tmp_path / "l.jsonl", scores)})
    said = joined_labels(rounds.policy, rounds)[1]
    assert "flags 100 % of the baseline's harmful answers and 50 % of the candidate's" in said
    assert "and 0 % and 0 % of the harmless" in said


def test_scores_of_nothing_here_are_counted(compared: Compared, tmp_path: Path) -> None:
    """Items that no gate asks, and answers that neither model gave, are named and count for nothing."""
    strays = {("zz", "x"): 1.0, ("aa", "x"): 2.0, ("i0", "never said"): 3.0}
    path = _labels(tmp_path / "l.jsonl", {**strays, **_scores(range(1), 1.0, 1.0)})
    rounds = compared({"behavior/a": ([0.1] * 5, [0.1] * 5)}, gate={"labels": path})
    said = joined_labels(rounds.policy, rounds)
    assert (
        "l.jsonl: 2 of 5 scores name items that no gate asks, the first of them 'aa'; they count for nothing." in said
    )
    assert "l.jsonl: 1 of 5 scores are of answers that neither model gave here." in said


def test_without_labels_nothing_is_said(compared: Compared, tmp_path: Path) -> None:
    """A gate that names no file has no sentence, whatever judges there are; a file that is missing is an error."""
    unused = {"one": JudgeSpec(scores=tmp_path / "missing.jsonl")}
    plain = compared({"behavior/a": ([0.1] * 5, [0.1] * 5)}, judges=unused)
    assert joined_labels(plain.policy, plain) == []
    rounds = compared({"behavior/a": ([0.1] * 5, [0.1] * 5)}, gate={"labels": tmp_path / "missing.jsonl"})
    with pytest.raises(EvidenceError, match="cannot be read"):
        joined_labels(rounds.policy, rounds)
