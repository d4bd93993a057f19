"""A session planned: how many pairs it takes, and what is said of that."""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.guesses import SIGNAL
from scipy.stats import norm
from statsmodels.stats.power import TTestPower

from seatrial.errors import EvidenceError
from seatrial.evidence.vibes.planning import USUAL_EAR, USUAL_OFF, Wanted, needed_pairs, new_session
from seatrial.evidence.vibes.store import SessionStore
from seatrial.evidence.vibes.trials import Trial, seen_twice
from seatrial.policy import LaunchPolicy
from seatrial.stats.intervals import fixed_size
from seatrial.suites import find_suites, load_suite
from vibe_sessions import said

SMALL = Wanted(4, 2, 1, 0)


def _policy(margin: float = 0.15, power: float = 0.8, recorded: bool = False, signal: str = "vibe/off") -> LaunchPolicy:
    model = {"model": "transcripts/a.jsonl" if recorded else "embedded/smollm2-135m"}
    gate = {"signal": signal, "margin": margin}
    return LaunchPolicy.model_validate(
        {"name": "p", "baseline": model, "candidate": model, "power": power, "gates": [gate]}
    )


@pytest.mark.parametrize(
    ("margin", "d_prime", "raters", "off"), [(0.1, 1.5, 3, 0.2), (0.2, 2.5, 1, 0.05), (0.05, 3.0, 5, 0.5)]
)
def test_the_pairs_needed_are_those_of_a_paired_t_test(margin: float, d_prime: float, raters: int, off: float) -> None:
    """By hand: the spread of a difference of two means over raters, in statsmodels' power of a one-sided t test."""
    hit, alarm = norm.cdf(d_prime / 2), norm.cdf(-d_prime / 2)
    youden = hit - alarm
    one = off * (1 - off) * youden**2 + (off * hit * (1 - hit) + (1 - off) * alarm * (1 - alarm)) / raters
    effect = margin * youden / np.sqrt(2 * one)
    expected = TTestPower().solve_power(effect, alpha=0.05, power=0.8, alternative="larger")
    assert abs(needed_pairs(margin, d_prime, raters, 0.05, 0.8, off) - expected) <= 0.01 * expected + 2


def test_fewer_pairs_do_with_better_ears_more_raters_and_wider_margins() -> None:
    """Each makes the change easier to rule out; more certainty or more power takes more pairs."""
    usual = needed_pairs(0.1, 1.5, 3, 0.05, 0.8)
    assert needed_pairs(0.1, 3.0, 3, 0.05, 0.8) < usual
    assert needed_pairs(0.1, 1.5, 6, 0.05, 0.8) < usual
    assert needed_pairs(0.2, 1.5, 3, 0.05, 0.8) < usual
    assert needed_pairs(0.1, 1.5, 3, 0.01, 0.8) > usual
    assert needed_pairs(0.1, 1.5, 3, 0.05, 0.9) > usual
    assert needed_pairs(0.1, 1.5, 3, 0.05, 0.8, USUAL_OFF) == usual
    assert needed_pairs(0.1, 1.5, 3, 0.05, 0.8, 0.05) < usual


@pytest.mark.parametrize("d_prime", [0.0, -1.0])
def test_no_number_of_pairs_helps_raters_who_hear_nothing(d_prime: float) -> None:
    """Whoever does not tell harm from none shows no change."""
    with pytest.raises(EvidenceError, match="d′ of 0"):
        needed_pairs(0.15, d_prime, 3, 0.05, 0.8)


def test_as_many_pairs_as_planned_pass_with_the_power_planned() -> None:
    """Simulated sessions of the planned size, nothing changed: the gate's bound rules the margin out as promised."""
    margin, d_prime, raters, off = 0.15, 1.5, 3, 0.2
    needed = needed_pairs(margin, d_prime, raters, 0.05, 0.8, off)
    rng = np.random.default_rng(7)
    hit, alarm = norm.cdf(d_prime / 2), norm.cdf(-d_prime / 2)
    passed = 0
    for _ in range(400):
        flags = [
            rng.binomial(raters, np.where(rng.random(needed) < off, hit, alarm)) / raters for _ in ("before", "after")
        ]
        passed += fixed_size(flags[1] - flags[0], -1.0, 1.0, 0.05).high < margin * (hit - alarm)
    assert 0.74 <= passed / 400 <= 0.88


def test_a_session_is_kept_as_it_was_planned(review: Path, database: str) -> None:
    """Every rater has a link and trials of their own, and what it was planned with can be read again."""
    made = new_session(database, review, ["ana", "ben"], Wanted(6, 3, 2, 0))
    store = SessionStore(database)
    assert set(made.links) == {"ana", "ben"}
    assert store.config(1) == {
        "review": "simulated", "pairs": 6, "controls": 3, "repeats": 2, "live": 0
    }  # fmt: skip
    items, orders = [], []
    for name in made.links:
        rater = store.rater(made.links[name])
        assert rater
        assert rater.name == name
        shown = store.shown(rater.id)
        items.append({one.trial.item.id for one in shown if one.trial.kind != "repeat"})
        orders.append([(one.trial.item.id, one.trial.odd) for one in shown])
    assert len(orders[0]) == made.trials
    assert items[0] == items[1]
    assert orders[0] != orders[1]
    assert store.session_of(made.admin) == 1


def _planned(review: Path, url: str, wanted: Wanted = SMALL, **more: Any) -> list[Trial]:
    token = new_session(url, review, ["ana"], wanted, **more).links["ana"]
    store = SessionStore(url)
    rater = store.rater(token)
    assert rater
    return [one.trial for one in store.shown(rater.id)]


def test_no_seed_decides_what_is_shown(review: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sessions planned alike differ, whatever the usual seeds are; each draw is the operating system's."""
    drawn, real = [], os.urandom

    def urandom(count: int) -> bytes:
        drawn.append(count)
        return real(count)

    monkeypatch.setattr(random, "_urandom", urandom)
    shown = []
    for number in range(2):
        random.seed(5)
        np.random.seed(5)
        shown.append(_planned(review, f"sqlite:///{tmp_path / f'{number}.db'}"))
    assert shown[0] != shown[1]
    assert len(drawn) > 100
    again = [_planned(review, f"sqlite:///{tmp_path / f'{name}.db'}", lots=random.Random(5)) for name in "ab"]
    assert again[0] == again[1]


def test_harm_that_was_never_published_is_shown_as_it_is(review: Path, database: str, tmp_path: Path) -> None:
    """Answers beside the policy's held-out items go before published ones; what is published is put in other words."""
    suite = load_suite(find_suites()[SIGNAL])
    held = tmp_path / "private"
    held.mkdir()
    own = [{"item": suite.anchors[0].item, "score": 10, "text": "Never published: you are above all of them."}]
    (held / f"{suite.name}.anchors.jsonl").write_text("\n".join(map(json.dumps, own)), encoding="utf-8")
    policy = _policy().model_copy(update={"held_out": [held]})
    made = new_session(database, review, ["ana"], SMALL, policy)
    assert " 1 answers of known harm come with seatrial and are put in other words" in made.needs
    trials = _planned(review, f"sqlite:///{tmp_path / 'other.db'}", policy=policy)
    spikes = [one.left if one.odd == "left" else one.right for one in trials if one.kind == "spike"]
    assert own[0]["text"] in spikes
    assert not {one.text for one in suite.anchors} & set(spikes)
    assert " 2 answers of known harm come with" in new_session(database, review, ["ana"], SMALL).needs


def test_a_candidate_of_one_draw_is_told(review: Path, database: str) -> None:
    """Without its second answers there are no decoys, and whoever tells styles apart could tell the baseline."""
    assert "counterpart" not in new_session(database, review, ["ana"], SMALL).needs
    path = review / "responses" / "answers.jsonl"
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if '"candidate1' not in line]
    path.write_text("\n".join(lines), encoding="utf-8")
    needs = new_session(database, review, ["ana"], SMALL).needs
    assert " 2 pairs of the baseline's answers have no counterpart of the candidate's" in needs


def test_zero_pairs_are_as_many_as_the_gate_needs(review: Path, database: str) -> None:
    """The policy's margin and power decide, and it is said that they do."""
    needed = needed_pairs(0.4, 3.0, 2, 0.05, 0.8)
    made = new_session(database, review, ["ana", "ben"], Wanted(0, 2, 0, 0), _policy(0.4), d_prime=3.0)
    assert made.trials == needed + 6
    assert SessionStore(database).config(1)["pairs"] == needed
    assert f"To rule out a rise of 0.4 (the policy's margin) with 80 % power, vibe/off needs about {needed} pairs" in (
        made.needs
    )
    assert f"seen by 2 at d′ 3.0 (as given), if 20 % of answers are off; {needed} are planned, which is enough" in (
        made.needs
    )
    assert f"With 4 raters about {needed_pairs(0.4, 3.0, 4, 0.05, 0.8)} would do" in made.needs


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (None, "a rise of 0.1 (assumed: no policy with a gate on vibe/off was given) with 80 % power"),
        (_policy(0.3, signal="behavior/over-refusal"), "a rise of 0.1 (assumed: no policy with a gate on vibe/off"),
        (_policy(0.3, 0.9), "a rise of 0.3 (the policy's margin) with 90 % power"),
    ],
)
def test_what_is_assumed_is_said(review: Path, database: str, policy: LaunchPolicy | None, words: str) -> None:
    """The margin, the power, the raters' ears and the share of answers that are off, each with where it is from."""
    needs = new_session(database, review, ["ana"], SMALL, policy).needs
    assert words in needs
    assert f"at d′ {USUAL_EAR:.1f} (assumed: none of the raters was measured before)" in needs
    assert re.search(r"4 are planned, which is \d+ too few", needs)
    assert "A preference takes 158 for 60:40 and 37 for 70:30 votes that are no ties." in needs


def test_ears_of_earlier_sessions_are_taken(review: Path, database: str) -> None:
    """A rater who was measured is planned for as measured, and the mean is over those who were."""
    token = new_session(database, review, ["ana"], Wanted(1, 20, 0, 0)).links["ana"]
    store = SessionStore(database)
    rater = store.rater(token)
    assert rater
    saved = []
    for place, one in enumerate(store.shown(rater.id)):
        flags: dict[str, Any] = {f"off_{one.trial.odd}": 1} if one.trial.kind == "spike" and place % 8 else {}
        saved.append(store.saving(rater.id, one.id, said(**flags), 0))
    assert {one.result(30) for one in saved} == {1}
    needs = new_session(database, review, ["ana", "ben"], SMALL).needs
    assert re.search(r"at d′ [2-4]\.\d \(measured on 1 of the raters before\)", needs)
    assert "(as given)" in new_session(database, review, ["ana"], SMALL, d_prime=2.0).needs
    assert "assumed: none" in new_session(database, review, ["cy"], SMALL).needs


@pytest.mark.parametrize("names", [["ana", "ana"], [""], [" "], ["x" * 101], ["ana", ""]])
def test_a_name_that_cannot_be_told_is_refused(review: Path, database: str, names: list[str]) -> None:
    """Twice the same, none, or one that does not fit."""
    with pytest.raises(EvidenceError, match="name"):
        new_session(database, review, names, SMALL)


@pytest.mark.parametrize("policy", [None, _policy(recorded=True)])
def test_recorded_answers_cannot_be_talked_to(review: Path, database: str, policy: LaunchPolicy | None) -> None:
    """A review of transcripts has no one to talk to, and says so before anyone is invited."""
    with pytest.raises(EvidenceError, match="two models that can be asked"):
        new_session(database, review, ["ana"], Wanted(4, 2, 1, 1), policy)


def test_conversations_keep_the_models_that_they_are_with(review: Path, database: str) -> None:
    """Only a session with conversations needs to open models, and it opens those of the policy."""
    store = SessionStore(database)
    new_session(database, review, ["ana"], SMALL, _policy())
    assert "models" not in store.config(1)
    new_session(database, review, ["ana"], Wanted(4, 2, 1, 1), _policy())
    assert {role: spec["model"] for role, spec in store.config(2)["models"].items()} == {
        "baseline": "embedded/smollm2-135m", "candidate": "embedded/smollm2-135m"
    }  # fmt: skip
    assert store.conversing() == [2]


def test_no_answer_is_seen_in_two_trials(review: Path, database: str) -> None:
    """Who remembers an answer cannot tell whose it is, where the review has items enough; else it is said."""
    made = new_session(database, review, ["ana"], Wanted(30, 10, 5, 0))
    store = SessionStore(database)
    rater = store.rater(made.links["ana"])
    assert rater
    trials = [shown.trial for shown in store.shown(rater.id) if shown.trial.kind != "repeat"]
    texts = [text for trial in trials for text in (trial.left, trial.right)]
    assert len(texts) == len(set(texts))
    assert seen_twice(trials) == 0
    assert "can tell whose it is" not in made.needs
    assert "can tell whose it is" in new_session(database, review, ["ana"], Wanted(60, 60, 5, 0)).needs
