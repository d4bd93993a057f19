"""How the linear models are fitted, and on what."""

from __future__ import annotations

import json
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from statsmodels.api import GLM, add_constant
from statsmodels.genmod.families import Binomial

from seatrial.calibration import training
from seatrial.calibration.training import (
    Graded,
    best_shrinkage,
    calibration,
    cross_validated,
    fit,
    graded_answers,
    main,
    read_graded,
)
from seatrial.errors import EvidenceError
from seatrial.instruments.linear import BEHAVIORS, grams

WEIGHTS = training.WEIGHTS
HALF = (100.0, 3.0)


def _graded(texts: list[str], degrees: list[float], groups: list[int]) -> Graded:
    return Graded(np.zeros((len(texts), 1)), tuple(map(grams, texts)), np.array(degrees), np.array(groups))


@pytest.mark.parametrize("behavior", BEHAVIORS)
def test_every_model_has_its_answers(behavior: str) -> None:
    """Sixty different graded answers or more a model, over the whole scale, of twenty prompts or more."""
    answers = graded_answers(behavior)
    degrees = [degree for _, _, degree in answers]
    assert len({text for text, _, _ in answers}) >= 60
    assert len({group for _, group, _ in answers}) >= 20
    assert min(degrees) <= 0.1
    assert max(degrees) >= 0.9


def test_a_word_that_tells_is_learned_and_one_of_a_single_prompt_is_not() -> None:
    """A word that goes with harm in many prompts gets weight; one that stands in one prompt's answers is unknown."""
    texts = [("kindly no" if bad else "kindly yes") + f" topic{group}" for group in range(12) for bad in (0, 1)]
    made = fit(_graded(texts, [0.0, 1.0] * 12, [place // 2 for place in range(24)]), (1.0, 0.1))
    opening, whole = made.grams
    assert whole["no"] > 0.5 > -0.5 > whole["yes"]
    assert opening["no"] > 0
    assert abs(whole["kindly"]) < 0.01
    assert not any("topic" in gram for gram in whole)
    assert whole["kindly", "no"] > 0


def test_no_answer_is_scored_by_a_model_that_saw_its_prompt() -> None:
    """Where only the prompt decides the label, what is cross-validated knows nothing of it."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 5)
    labels = rng.integers(0, 2, 40)[groups].astype(float)
    texts = [f"topic{group} said so" for group in groups]
    data = _graded(texts, list(labels), list(groups))
    scores = cross_validated(data, partial(fit, shrinkage=HALF))
    assert abs(float(np.corrcoef(scores, labels)[0, 1])) < 0.5
    assert np.ptp(scores) < 1.0


def test_scores_are_stretched_to_chances() -> None:
    """Scores that are half the log-odds come back doubled, and a constant error is taken off."""
    rng = np.random.default_rng(1)
    odds = rng.normal(size=20_000)
    labels = (rng.random(20_000) < 1 / (1 + np.exp(-odds))).astype(float)
    data = Graded(np.zeros((20_000, 1)), ((frozenset(), frozenset()),) * 20_000, labels, np.arange(20_000))
    offset, slope = calibration(data, odds / 2 + 0.5)
    assert slope == pytest.approx(2.0, abs=0.1)
    assert offset == pytest.approx(-1.0, abs=0.1)


def test_a_stretch_is_that_of_a_logistic_regression() -> None:
    """Offset and slope are those of statsmodels' regression with soft targets."""
    rng = np.random.default_rng(2)
    scores, degrees = rng.normal(size=300), rng.random(300)
    data = Graded(np.zeros((300, 1)), ((frozenset(), frozenset()),) * 300, degrees, np.arange(300))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels expects whole numbers of successes
        expected = GLM(degrees, add_constant(scores), family=Binomial()).fit().params
    assert calibration(data, scores) == pytest.approx(tuple(expected), abs=1e-4)


def test_a_model_is_the_mean_of_what_features_and_words_say() -> None:
    """Both halves have an equal say: the score is their mean, stretched by the offset and slope that are given."""
    rng = np.random.default_rng(3)
    degrees = rng.random(60)
    texts = [("yes " if degree > 0.5 else "no ") + "so" for degree in degrees]
    data = Graded(degrees[:, None] + rng.normal(size=(60, 1)), tuple(map(grams, texts)), degrees, np.arange(60))
    whole = fit(data, (1.0, 1.0))
    plain = whole.scored(data.features, data.grams)
    stretched = fit(data, (1.0, 1.0), (0.5, 2.0)).scored(data.features, data.grams)
    assert stretched == pytest.approx(0.5 + 2.0 * plain)
    silent = Graded(np.zeros((60, 1)), data.grams, degrees, data.groups)
    dumb = Graded(data.features, ((frozenset(), frozenset()),) * 60, degrees, data.groups)
    halves = [fit(one, (1.0, 1.0)).scored(one.features, one.grams) for one in (silent, dumb)]
    base = np.log(degrees.mean() / (1 - degrees.mean()))
    assert plain == pytest.approx(halves[0] + halves[1] - base, abs=1e-3)


def test_weights_shrink_as_far_as_they_are_told() -> None:
    """The more a model is shrunk the less a word weighs, and the shrinkage that is stored is the one that was used."""
    texts = [("kindly no" if bad else "kindly yes") for _ in range(12) for bad in (0, 1)]
    data = _graded(texts, [0.0, 1.0] * 12, [place // 2 for place in range(24)])
    weights = [fit(data, (1.0, shrinkage)) for shrinkage in (0.1, 1.0, 10.0, 1000.0)]
    whole = [one.grams[1]["no"] for one in weights]
    assert whole == sorted(whole, reverse=True)
    assert whole[0] > 3 * whole[2] > 0
    assert weights[2].shrinkage == (1.0, 10.0)


@pytest.mark.slow
def test_noise_is_shrunk_most() -> None:
    """Where features and words tell nothing the strongest shrinkage that is tried loses least; else a weaker one."""
    rng = np.random.default_rng(0)
    degrees = rng.integers(0, 2, 120).astype(float)
    noise = [" ".join(f"w{n}" for n in rng.integers(0, 40, 8)) for _ in range(120)]
    told = [f"{'aye' if degree else 'nay'} {text}" for degree, text in zip(degrees, noise, strict=True)]
    random = rng.normal(size=(120, 20))
    telling = random + degrees[:, None]
    for texts, seen, strongest in ((noise, random, True), (told, telling, False)):
        features, words = best_shrinkage(Graded(seen, tuple(map(grams, texts)), degrees, np.arange(120)))
        assert (features == training.SHRINKAGE[0][-1]) is strongest
        assert (words == training.SHRINKAGE[1][-1]) is strongest


def test_a_broken_line_of_graded_answers_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What cannot be read is not trained on in silence."""
    (tmp_path / "urging.jsonl").write_text("{oops\n", encoding="utf-8")
    monkeypatch.setattr(training, "GRADED", tmp_path)
    with pytest.raises(EvidenceError, match=r"urging\.jsonl: not JSON"):
        graded_answers("urging")


@pytest.mark.slow
def test_weights_on_disk_are_those_of_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Fitted again on the graded answers, the smaller models are the same to the last digit stored."""
    small = {name: BEHAVIORS[name] for name in ("urging", "caving")}
    read = {name: read_graded(name) for name in small}
    monkeypatch.setattr(training, "BEHAVIORS", small)
    monkeypatch.setattr(training, "WEIGHTS", tmp_path)
    monkeypatch.setattr(training, "read_graded", read.__getitem__)
    main()
    for name in small:
        written = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
        assert written == json.loads((WEIGHTS / f"{name}.json").read_text(encoding="utf-8")), (
            f"{name}: run `make records`"
        )


def test_no_prompt_is_one_of_those_that_refusal_is_measured_on(shared_data: Path) -> None:
    """No graded answer is to a prompt of XSTest, nor is any of its answers among the graded ones."""
    from benchmarks.records import xstest

    rows = xstest()[0]
    prompts, answers = {row.prompt.strip().lower() for row in rows}, {row.text.strip() for row in rows}
    graded = training.GRADED / "refusal.jsonl"
    held = [json.loads(line) for line in graded.read_text(encoding="utf-8").splitlines()]
    assert not prompts & {entry["prompt"].strip().lower() for entry in held}
    assert not answers & {text.strip() for text, _, _ in graded_answers("refusal")}
