"""What a crowd is worth: agreement against other implementations, and each rater beside the others."""

from __future__ import annotations

import json
import math
from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa
from statsmodels.stats.proportion import proportion_confint

from conftest import DATA, Command
from seatrial.evidence.vibes import Crowd, Vote, Worker, crowd_of
from seatrial.stats.intervals import fixed_size

LLMFAO = DATA / "llmfao" / "crowd-comparisons.csv"
SIDES = ("left", "right", "tie")


def _crowd(**said: str) -> Crowd:
    """Return the crowd of raters who said these letters of item after item: l, r, t, or - for no vote."""
    words = {"l": "left", "r": "right", "t": "tie"}
    return crowd_of(
        [
            Vote(rater, f"i{place}", words[letter])  # type: ignore[arg-type]
            for rater, letters in said.items()
            for place, letter in enumerate(letters)
            if letter != "-"
        ]
    )


def _worker(found: Crowd, name: str) -> Worker:
    return next(worker for worker in found.workers if worker.rater == name)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from("lrt")] * 4), min_size=3, max_size=12))
def test_kappa_is_that_of_statsmodels(items: list[tuple[str, ...]]) -> None:
    """Where every rater voted on every pair, Fleiss' kappa agrees with another implementation to the last digits."""
    rows = np.array([["lrt".index(letter) for letter in item] for item in items])
    if len(np.unique(rows)) < 2:
        return
    found = _crowd(**{name: "".join(letters) for name, letters in zip("abcd", zip(*items, strict=True), strict=True)})
    assert found.kappa == pytest.approx(fleiss_kappa(aggregate_raters(rows)[0], method="fleiss"))


def _alpha(said: dict[str, str]) -> float:
    """Return Krippendorff's nominal alpha by its definition: coincidences within items against those over all."""
    columns = [[letter for letter in column if letter != "-"] for column in zip(*said.values(), strict=True)]
    pairs: Counter[tuple[str, str]] = Counter()
    for column in columns:
        for one, other in permutations(column, 2):
            pairs[one, other] += 1 / (len(column) - 1)  # type: ignore[assignment]
    total = sum(pairs.values())
    shares = Counter[str]()
    for (one, _), weight in pairs.items():
        shares[one] += weight
    observed = sum(weight for (one, other), weight in pairs.items() if one != other) / total
    expected = sum(shares[one] * shares[other] for one, other in permutations(shares, 2)) / (total * (total - 1))
    return 1 - observed / expected


@pytest.mark.parametrize(
    "said",
    [
        {"a": "llrrtl", "b": "llrtrl", "c": "lrrrtl"},
        {"a": "ll-rtl", "b": "-lrtr-", "c": "lrr-tl"},
        {"a": "lrlrlr", "b": "rlrlrl"},
    ],
)
def test_alpha_is_krippendorffs(said: dict[str, str]) -> None:
    """By its definition from coincidences, with votes missing too, and within its own interval."""
    found = _crowd(**said).alpha
    assert found.alpha == pytest.approx(_alpha(said))
    assert found.low <= found.alpha <= found.high


def test_the_crowd_is_counted() -> None:
    """Votes, pairs, raters and the share of ties are those that were cast."""
    found = _crowd(a="llrt", b="lt-t", c="r---")
    assert (found.votes, found.items, found.raters) == (8, 4, 3)
    assert found.ties == pytest.approx(3 / 8)
    assert [worker.rater for worker in found.workers] == ["a", "b", "c"]
    assert [worker.votes for worker in found.workers] == [4, 3, 1]


def test_a_rater_beside_the_others() -> None:
    """By hand: the majority leaves the rater out, is none where two sides draw, and chance is that of the shares."""
    found = _crowd(a="llllrrtl", b="llrlrltr", c="llrlrrrr", d="lrrtrrt-")
    a = _worker(found, "a")
    # The others say l, l, r, l, r, r, t, r of eight pairs.
    assert (a.votes, a.compared) == (8, 8)
    assert a.agreement == pytest.approx(6 / 8)
    assert a.ties == pytest.approx(1 / 8)
    assert a.left == pytest.approx(5 / 7)
    assert a.chance == pytest.approx((5 * 3 + 2 * 4 + 1 * 1) / 64)
    low, high = proportion_confint(6, 8, alpha=0.1, method="wilson")
    assert (a.low, a.high) == pytest.approx((low, high))
    assert not a.doubtful  # too few to say so


def test_a_pair_on_which_the_others_draw_is_no_comparison() -> None:
    """With one other vote each way, or none at all, there is nothing to agree with."""
    found = _crowd(a="llll", b="lr--", c="rr--")
    a = _worker(found, "a")
    assert (a.votes, a.compared, a.agreement) == (4, 1, 0.0)
    alone = _worker(_crowd(a="ll", b="--l"), "b")
    assert alone.compared == 0
    assert math.isnan(alone.agreement)
    assert math.isnan(alone.low)
    assert math.isnan(alone.chance)
    assert not alone.doubtful


@pytest.mark.parametrize(("count", "doubtful"), [(9, False), (10, True)])
def test_nothing_is_said_of_a_rater_on_few_votes(count: int, doubtful: bool) -> None:
    """Ten comparisons are the fewest from which somebody is called doubtful."""
    good = "lr" * 10
    found = _crowd(a=good[:count], b=good[:count], c=good[:count], lazy="l" * count)
    assert _worker(found, "lazy").doubtful is doubtful
    assert not _worker(found, "a").doubtful


def test_who_votes_without_looking_is_doubtful() -> None:
    """Four raters see which side is better, one always says left: that one agrees by chance only."""
    good = "rl" * 15
    found = _crowd(a=good, b=good, c=good, d=good, lazy="l" * 30)
    assert [worker.rater for worker in found.workers if worker.doubtful] == ["lazy"]
    assert _worker(found, "lazy").left == 1.0
    assert _worker(found, "lazy").chance == pytest.approx(0.5)


def test_raters_who_guess_show_no_agreement() -> None:
    """Simulated guessing gives a kappa of nothing, no side bias, and hardly anyone above chance."""
    rng = np.random.default_rng(4)
    votes = [
        Vote(f"r{rater}", f"i{item}", SIDES[rng.integers(3)])  # type: ignore[arg-type]
        for rater in range(12)
        for item in range(60)
    ]
    found = crowd_of(votes)
    assert abs(found.kappa) < 0.05
    assert not found.side_bias
    assert sum(not worker.doubtful for worker in found.workers) <= 3


@pytest.mark.parametrize(("letters", "biased"), [("lllt", True), ("rrrt", True), ("lrlr", False), ("lrtt", False)])
def test_a_side_that_surely_wins_is_told(letters: str, biased: bool) -> None:
    """Each rater's share of left among votes that are no ties, and whether one half is inside its mean's interval."""
    found = _crowd(**{f"r{number}": letters for number in range(12)})
    share = letters.count("l") / (4 - letters.count("t"))
    expected = fixed_size(np.full(12, share), 0.0, 1.0, 0.05)
    assert (found.left.estimate, found.left.low, found.left.high) == (expected.estimate, expected.low, expected.high)
    assert found.side_bias is biased


def test_a_crowd_of_ties_has_no_side() -> None:
    """Where nobody prefers anything no side is favored, and all agree."""
    found = _crowd(a="tttt", b="tttt")
    assert found.ties == 1.0
    assert found.kappa == 1.0
    assert not found.side_bias
    assert math.isnan(_worker(found, "a").left)


def test_one_rater_agrees_with_nobody() -> None:
    """Of one rater, and of two who share no pair, the votes are counted and the agreement is not known."""
    for found in (_crowd(a="lrt"), _crowd(a="lrt---", b="---lrt")):
        assert found.votes == 3 * found.raters
        assert found.alpha.items == 0
        unknown = (found.kappa, found.alpha.alpha, found.alpha.low, found.alpha.high, found.alpha.disagreement)
        assert all(math.isnan(number) for number in unknown)
        assert not any(worker.doubtful for worker in found.workers)
    with pytest.raises(ValueError, match="no vote"):
        crowd_of([Vote("a", "p", "skip")])


def _blinded(choices: dict[str, str], seed: int, models: tuple[str, str] = ("old", "new")) -> list[Vote]:
    """Return votes of raters who choose these models of item after item, o, n or t, each with sides by a coin."""
    rng = np.random.default_rng(seed)
    made = []
    for rater, letters in choices.items():
        for place, letter in enumerate(letters):
            left, right = models if rng.random() < 0.5 else models[::-1]
            chosen = {"o": models[0], "n": models[1]}.get(letter)
            side = "tie" if chosen is None else "left" if left == chosen else "right"
            made.append(Vote(rater, f"i{place}", side, left, right))  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize("letters", ["n" * 40, "on" * 20, "ont" * 13, "o" * 40])
def test_who_chooses_the_same_model_agrees_wherever_it_stood(letters: str) -> None:
    """Sides by a coin for each rater change nothing: three who choose alike have a kappa of 1, and none is doubtful."""
    found = crowd_of(_blinded(dict.fromkeys("abc", letters), 3))
    assert found.kappa == pytest.approx(1.0)
    assert found.alpha.alpha == pytest.approx(1.0)
    assert [worker.agreement for worker in found.workers] == [1.0] * 3
    assert not any(worker.doubtful for worker in found.workers)
    assert all(0.3 < worker.chance < 0.7 for worker in found.workers)
    assert found.left.low < 0.5 < found.left.high


def test_who_chooses_a_side_is_doubtful_and_biased_though_models_are_compared() -> None:
    """Somebody who always says left goes with a crowd of one opinion half the time, which is chance."""
    votes = _blinded(dict.fromkeys("abc", "n" * 60), 5)
    votes += [Vote("lazy", vote.item, "left", vote.left, vote.right) for vote in _blinded({"x": "n" * 60}, 6)]
    found = crowd_of(votes)
    assert [worker.rater for worker in found.workers if worker.doubtful] == ["lazy"]
    lazy = _worker(found, "lazy")
    assert lazy.left == 1.0
    assert 0.3 < lazy.agreement < 0.7
    assert lazy.chance == pytest.approx(lazy.agreement)


def test_sides_and_models_are_the_same_where_sides_are_fixed() -> None:
    """Names of models change no rater's figures while each pair has its models on the same sides for all."""
    letters = {"a": "lrtlrrtlrt", "b": "lrtllrtrrl", "c": "rrtlrltlrt"}
    unnamed = _crowd(**letters)
    words = {"l": "left", "r": "right", "t": "tie"}
    named = [
        Vote(rater, f"i{n}", words[letter], *(("x", "y") if n % 3 else ("y", "x")))  # type: ignore[arg-type]
        for rater, said in letters.items()
        for n, letter in enumerate(said)
    ]
    found = crowd_of(named)
    assert found.workers == unnamed.workers
    assert found.left == unnamed.left
    assert found.alpha.disagreement == unnamed.alpha.disagreement


def test_an_item_is_a_pair_for_every_two_models() -> None:
    """Votes on one question about other models are compared with nobody's; one that names a single model is by side."""
    votes = [
        Vote("a", "q", "left", "x", "y"),
        Vote("b", "q", "right", "y", "x"),
        Vote("c", "q", "right", "x", "z"),
        Vote("a", "r", "left", "x", ""),
        Vote("b", "r", "left", "", "x"),
    ]
    found = crowd_of(votes)
    assert (found.items, found.alpha.items) == (3, 2)
    assert found.kappa == 1.0
    assert _worker(found, "c").compared == 0


def test_both_bad_is_a_tie_and_a_skip_is_none() -> None:
    """Two raters of whom one says tie and the other that both are bad agree; a skipped vote is not counted."""
    votes = [Vote("a", "q", "both bad"), Vote("b", "q", "tie"), Vote("c", "q", "skip"), Vote("b", "r", "skip")]
    found = crowd_of(votes)
    assert (found.votes, found.items, found.raters, found.ties, found.kappa) == (2, 1, 2, 1.0, 1.0)


def test_where_chance_agrees_always_nobody_is_doubtful() -> None:
    """All say the same of every pair, and it would be so without looking: no vote could tell."""
    found = _crowd(**dict.fromkeys("ab", "t" * 20))
    assert [worker.chance for worker in found.workers] == [1.0, 1.0]
    assert not any(worker.doubtful for worker in found.workers)


@pytest.mark.slow
@pytest.mark.skipif(not LLMFAO.exists(), reason="third-party data not present")
def test_the_public_crowd_is_what_it_is_known_to_be(seatrial: Command) -> None:
    """8,931 votes by 124 workers: kappa about .29, 39 % ties, the left side favored, and each worker's reliability."""
    done = seatrial("vibe", "import", LLMFAO, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["votes"], found["raters"], found["items"]) == (8931, 124, 2139)
    assert found["kappa"] == pytest.approx(0.29, abs=0.005)
    assert found["ties"] == pytest.approx(0.389, abs=0.001)
    assert found["left"]["low"] > 0.5
    assert len(found["workers"]) == 124
    assert sum(worker["doubtful"] for worker in found["workers"]) > 5
    assert "the left side wins more often" in seatrial("vibe", "import", LLMFAO).out
