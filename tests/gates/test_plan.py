"""What is asked for the gates of a policy."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

from seatrial.errors import EvidenceError, PolicyError
from seatrial.gates.plan import GatePlan, Source, plan_gates, with_most
from seatrial.gates.schedule import MOST_DRAWS, TIMES_ITS_PART
from seatrial.instruments import declared_signal, find_instrument
from seatrial.instruments.judges import Judge
from seatrial.instruments.may_gate import BY_NATURE, UNKNOWN, standing
from seatrial.instruments.measure import Labelled, measure_readings
from seatrial.instruments.measure import Source as Read
from seatrial.instruments.records import Record, load_records, version_of
from seatrial.models import open_models
from seatrial.models.base import Model
from seatrial.observations import to_frame
from seatrial.policy import Budget, Gate, LaunchPolicy, ModelSpec, SignalSpec
from seatrial.stats.seeding import generator
from seatrial.suites import Suite, find_suites, load_suite, with_held_out
from seatrial.suites.rewrite import rewrite
from seatrial.types import ROLES, Item, Message, Observation, Request, Role

TONE = "behavior/tone"
GATE = Gate(signal=TONE, margin=0.1)
SIGNAL = declared_signal(TONE, SignalSpec())
FRONT = "signal: behavior/tone\ntitle: Tone\nversion: 1\nharmful: high\nmax_tokens: 33\nlicence: Apache-2.0"
READ_BY = "instruments: [probe/affirm, text/refusal, text/length]"


@dataclass
class Held:
    """What a plan sees of a model: no more than this, for nothing is asked yet."""

    name: str = "held/m"
    identity: str = "{}"
    live: bool = True
    logprobs: int = 0
    held: tuple[Item, ...] = ()

    def items(self) -> tuple[Item, ...]:
        """What it holds."""
        return self.held


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite of nine clusters with two items each, one for either variant."""
    folder = tmp_path_factory.mktemp("suites") / "tone"
    folder.mkdir()
    (folder / "suite.md").write_text(f"---\n{FRONT}\n{READ_BY}\n---\nWhether the tone is right.\n", encoding="utf-8")
    prompt = "Hi, please tell Emma what {} plan number {} would cost her, about $120 or more?"
    rows = [
        dict(id=f"{n}-{side}", use_case="work", cluster=f"c{n}", variant=side, prompt=prompt.format(side, n))
        for side in ("theirs", "mine")
        for n in range(9)
    ]
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def _policy(*gates: Gate, **more: Any) -> LaunchPolicy:
    plain = ModelSpec(model="openai-compatible/m")
    return LaunchPolicy(name="p", gates=list(gates), **{"baseline": plain, "candidate": plain, **more})


def _opened(words: str | dict[str, str] | None) -> ModelSpec:
    return ModelSpec(model="openai-compatible/m", opening=words)


def _models(baseline: Held | None = None, candidate: Held | None = None) -> dict[Role, Model]:
    return {"baseline": cast(Model, baseline or Held()), "candidate": cast(Model, candidate or Held())}


def _plan(
    policy: LaunchPolicy,
    models: Mapping[Role, Model],
    evidence: pl.DataFrame | None = None,
    judge: Callable[[str, Suite], Judge] | None = None,
) -> GatePlan:
    return plan_gates(policy, models, evidence, {}, judge)[0]


def _evidence(signal: str, *sources: str) -> pl.DataFrame:
    rows = [Observation(signal, "candidate", f"i{n}", "c", 0, 0.5, source=one) for n, one in enumerate(sources)]
    return to_frame(rows)


def _item(name: str, cluster: str = "", text: str = "", **labels: str) -> Item:
    return Item(name, "t", (Message("user", text or name),), cluster=cluster, labels=tuple(labels.items()))


def _recorded(*items: Item, name: str = "transcripts/a") -> Held:
    return Held(name, live=False, held=items)


def _ids(plan: GatePlan) -> list[list[str]]:
    return [[item.id for item in cluster] for cluster in plan.clusters]


def _exactly(message: str) -> str:
    return f"^{re.escape(message)}$"


def test_a_plan_is_nothing_more_than_it_is_told() -> None:
    """Without more, a plan asks one short answer of nothing and knows nothing of its instrument."""
    assert GatePlan(GATE, SIGNAL, "live") == GatePlan(GATE, SIGNAL, "live", (), 64, 0, None, UNKNOWN, 1, 1, 0, "", {})


ONE, TWO, THREE, FOUR = (_item(name) for name in "abcd")
THREE_CLUSTERS = ((ONE,), (TWO, THREE), (FOUR,))


def test_all_clusters_are_asked_once_before_one_is_asked_again() -> None:
    """From a place of the order on, whole clusters are asked of both models; after the last comes the first again."""
    plan = GatePlan(GATE, SIGNAL, "live", THREE_CLUSTERS, 7, 5)
    assert plan.items == [ONE, TWO, THREE, FOUR]
    assert plan.asks(1, 5) == [
        (role, Request(item, draw, 7, 5))
        for item, draw in ((TWO, 0), (THREE, 0), (FOUR, 0), (ONE, 1), (TWO, 1), (THREE, 1))
        for role in ("baseline", "candidate")
    ]
    assert plan.asks(4, 4) == []
    assert [request for _, request in plan.asks(0, 3)][::2] == [Request(item, 0, 7, 5) for item in plan.items]
    assert plan.calls == 8


def test_asking_in_parts_asks_the_same() -> None:
    """Wherever the rounds end, each answer is asked once."""
    plan = GatePlan(GATE, SIGNAL, "live", THREE_CLUSTERS)
    whole = plan.asks(0, 8)
    assert [*plan.asks(0, 1), *plan.asks(1, 4), *plan.asks(4, 8)] == whole
    assert len(set(whole)) == len(whole)


def test_both_sides_of_a_contrast_are_asked_together() -> None:
    """The two sides stand in one cluster, so that no place of the order has one without the other."""
    sides = [
        Item(f"{pair}-{side}", "t", (Message("user", side),), cluster=pair, variant=side, contrast=pair)
        for pair in "pq"
        for side in ("for", "against")
    ]
    plan = GatePlan(GATE, SIGNAL, "live", (tuple(sides[:2]), tuple(sides[2:])))
    asked = [(request.item.id, request.draw) for role, request in plan.asks(1, 3) if role == "candidate"]
    assert asked == [("q-for", 0), ("q-against", 0), ("p-for", 1), ("p-against", 1)]


def test_recorded_answers_are_all_read_the_first_time() -> None:
    """What one model has on file is read whole at once, and not again; the live one is asked once each time."""
    plan = GatePlan(GATE, SIGNAL, "live", ((ONE,), (TWO,)), recorded={"baseline": {"a": 3, "b": 0}})
    read = [(role, request.item.id, request.draw) for role, request in plan.asks(0, 4)]
    assert read == [
        ("baseline", "a", 0),
        ("candidate", "a", 0),
        ("baseline", "a", 1),
        ("baseline", "a", 2),
        ("baseline", "b", 0),
        ("candidate", "b", 0),
        ("candidate", "a", 1),
        ("candidate", "b", 1),
    ]
    assert plan.calls == 2
    both = replace(plan, source="recorded", recorded={"baseline": {"a": 2}, "candidate": {"a": 1, "b": 2}})
    read = [(role, request.item.id, request.draw) for role, request in both.asks(0, 2)]
    assert read == [
        ("baseline", "a", 0),
        ("candidate", "a", 0),
        ("baseline", "a", 1),
        ("baseline", "b", 0),
        ("candidate", "b", 0),
        ("candidate", "b", 1),
    ]
    assert both.calls == 0


@pytest.mark.parametrize(
    ("source", "most", "depth", "family", "method"),
    [
        ("live", 501, 1, "", "betting"),
        ("live", 500, 1, "", "looks"),
        ("live", 501, 2, "", "looks"),
        ("live", 501, 1, "family/f", "looks"),
        ("recorded", 501, 1, "", "fixed"),
        ("evidence", 0, 1, "family/f", "fixed"),
    ],
)
def test_how_a_gate_is_weighed_is_fixed_by_its_plan(
    source: Source, most: int, depth: int, family: str, method: str
) -> None:
    """Only what is asked live is looked at or bet on; all else was there at once."""
    assert GatePlan(GATE, SIGNAL, source, most=most, depth=depth, family=family).method == method


def test_evidence_goes_before_declared_signals_and_these_before_suites(tone: Path) -> None:
    """Numbers that were brought are taken; else what the policy reads from transcripts; else the suite is asked."""
    transcripts = _models(_recorded(_item("a", rude="1")), _recorded(_item("a", rude="0"), name="transcripts/b"))
    declared = {TONE: SignalSpec(column="rude", bounds=(0, 5))}
    policy = _policy(GATE, suites=[tone], signals=declared)
    brought = _plan(policy, transcripts, _evidence(TONE, "elsewhere"))
    assert (brought.source, brought.clusters, brought.suite) == ("evidence", (), None)
    assert (brought.gate, brought.signal) == (GATE, declared_signal(TONE, declared[TONE]))
    read = _plan(policy, transcripts, _evidence("behavior/other", "elsewhere"))
    assert (read.source, _ids(read), read.suite) == ("recorded", [["a"]], None)
    assert (read.gate, read.signal) == (GATE, declared_signal(TONE, declared[TONE]))
    asked = _plan(_policy(GATE, suites=[tone], signals={TONE: SignalSpec()}), _models())
    assert (asked.source, asked.suite, len(asked.items)) == ("live", load_suite(tone), 18)
    named = _policy(GATE, suites=[tone], signals={TONE: SignalSpec(instrument="text/length")})
    assert _plan(named, transcripts).signal.instrument == find_instrument("text/length")


def test_numbers_whose_harm_is_not_where_their_name_says_are_asked_about() -> None:
    """An accuracy among behaviors would be harm where it is high: it is refused until the policy says which end is."""
    name = "behavior/accuracy"
    gate, frame = Gate(signal=name, margin=0.1), _evidence(name, "elsewhere")
    with pytest.raises(PolicyError, match="gate behavior/accuracy: more of it is better by its name"):
        _plan(_policy(gate), {}, frame)
    with pytest.raises(PolicyError, match="more of it is better by its name"):
        _plan(_policy(gate, signals={name: SignalSpec()}), {}, frame)
    for end in ("low", "high"):
        declared = SignalSpec.model_validate({"harmful": end})
        assert _plan(_policy(gate, signals={name: declared}), {}, frame).signal.harmful == end


SUMMARY: dict[str, Any] = {
    "baseline": {"mean": 0.7, "se": 0.02, "n": 400},
    "candidate": {"mean": 0.66, "se": 0.025, "n": 300},
    "source": "a model card",
}


def test_summary_figures_need_nothing_that_answers() -> None:
    """They are taken as they stand, after what was brought and before a suite; use cases have no use of them."""
    spec = SignalSpec.model_validate({"summary": SUMMARY, "harmful": "low"})
    policy = _policy(GATE, signals={TONE: spec})
    plan = _plan(policy, {})
    assert (plan.source, plan.method, plan.summary, plan.clusters) == ("summary", "fixed", spec.summary, ())
    assert plan.signal == declared_signal(TONE, spec)
    assert (plan.signal.instrument.name, plan.signal.harmful) == ("evidence/summary", "low")
    assert (plan.standing.may_gate, plan.standing.slope) == (True, 1.0)
    assert "Weaker evidence" in plan.standing.why
    assert _plan(policy, {}, _evidence(TONE, "elsewhere")).source == "evidence"
    with pytest.raises(PolicyError, match="summary figures say nothing of use cases"):
        _plan(_policy(GATE.model_copy(update={"per": "use_case"}), signals={TONE: spec}), {})


@pytest.mark.parametrize(
    ("sources", "instrument", "sessions"),
    [
        (["elsewhere"], "evidence/file", None),
        (["blinded session 2", "blinded session 1", "blinded session 2"], "raters/blinded", ("1", "2")),
        (["blinded session 1", "elsewhere"], "evidence/file", None),
        (["a.jsonl, read by text/length"], "text/length", None),
    ],
)
def test_evidence_is_read_by_what_its_source_says(
    sources: list[str], instrument: str, sessions: tuple[str, ...] | None
) -> None:
    """The sources of a signal, each once, say what made its numbers: raters, an instrument, or something unnamed."""
    frame = pl.concat([_evidence(TONE, *sources), _evidence("behavior/other", "x, read by text/format")])
    plan = _plan(_policy(GATE), {}, frame)
    assert (plan.signal.name, plan.signal.instrument.name) == (TONE, instrument)
    wanted = sessions and tuple(f"blinded session {number}" for number in sessions)
    assert getattr(plan.signal.instrument, "sessions", None) == wanted


def test_an_unknown_signal_says_what_there_is(tone: Path) -> None:
    """A signal that nothing provides is refused, with the closest name or else with all of them."""
    frame, declared = _evidence("behavior/brought", "x"), {"behavior/declared": SignalSpec()}
    policy = _policy(Gate(signal="behavior/ton", margin=0.1), suites=[tone], signals=declared)
    head = "gate {}: no suite, evidence file or `signals:` entry provides it"
    near = head.format("behavior/ton") + "{}; did you mean behavior/tone?"
    with pytest.raises(PolicyError, match=_exactly(near.format(""))):
        _plan(policy, _models(), frame)
    unasked = near.format(" (scores hold no answers, so suites cannot be asked)")
    with pytest.raises(PolicyError, match=_exactly(unasked)):
        _plan(policy, {}, frame)
    known = ", ".join(sorted({*find_suites([tone]), *declared, "behavior/brought"}))
    far = policy.model_copy(update={"gates": [Gate(signal="zzz/qqq", margin=0.1)]})
    with pytest.raises(PolicyError, match=_exactly(f"{head.format('zzz/qqq')}; known here: {known}.")):
        _plan(far, _models(), frame)
    with pytest.raises(PolicyError, match="suites cannot be asked"):
        _plan(_policy(GATE, suites=[tone]), {})


@pytest.mark.parametrize(
    ("available", "instrument", "max_tokens", "alternatives"),
    [((20, 5), "probe/affirm", 1, 5), ((1, 20), "probe/affirm", 1, 1), ((20, 0), "text/refusal", 33, 0)],
)
def test_a_suite_is_read_by_what_both_models_can_serve(
    tone: Path, available: tuple[int, int], instrument: str, max_tokens: int, alternatives: int
) -> None:
    """A probe asks one token with the alternatives that both give; where one gives none the text is read."""
    models = _models(Held(logprobs=available[0]), Held(logprobs=available[1]))
    plan = _plan(_policy(GATE, suites=[tone]), models)
    assert plan.signal.instrument.name == instrument
    assert (plan.max_tokens, plan.top_logprobs) == (max_tokens, alternatives)


def test_a_gate_names_its_instrument_or_its_judge(tone: Path) -> None:
    """An instrument that the gate names is taken; a judge is asked for by name with the suite; neither is guessed."""
    asked: list[tuple[str, Suite]] = []

    def judge(name: str, suite: Suite) -> Judge:
        asked.append((name, suite))
        return Judge(f"judge/{name}", suite, "strict")

    models = _models(Held(logprobs=9), Held(logprobs=9))
    named = _policy(Gate(signal=TONE, margin=0.1, instrument="text/length"), suites=[tone])
    plan = _plan(named, models, judge=judge)
    assert (plan.signal.instrument.name, plan.max_tokens, plan.top_logprobs, asked) == ("text/length", 33, 0, [])
    judged = _policy(Gate(signal=TONE, margin=0.1, instrument="judge/strict"), suites=[tone])
    plan = _plan(judged, models, judge=judge)
    assert asked == [("strict", load_suite(tone))]
    assert plan.signal.instrument == Judge("judge/strict", load_suite(tone), "strict")
    assert (plan.max_tokens, plan.top_logprobs, plan.suite) == (33, 0, load_suite(tone))
    assert _plan(_policy(GATE, suites=[tone]), models, judge=judge).max_tokens == 1
    with pytest.raises(PolicyError, match="judge/strict"):
        _plan(judged, models)


@pytest.mark.parametrize(
    ("live", "source"),
    [((True, True), "live"), ((True, False), "live"), ((False, True), "live"), ((False, False), "recorded")],
)
def test_a_suite_is_asked_in_rounds_where_a_model_is_live(tone: Path, live: tuple[bool, bool], source: str) -> None:
    """Only where both models' answers are recorded is a suite read at once."""
    models = _models(Held(live=live[0]), Held(live=live[1]))
    assert _plan(_policy(GATE, suites=[tone]), models).source == source


def test_held_out_items_are_asked_too(tone: Path, tmp_path: Path) -> None:
    """A team's own items join the suite's."""
    row = {"id": "own", "use_case": "work", "prompt": "And what about ours?"}
    (tmp_path / "tone.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    plan = _plan(_policy(GATE, suites=[tone], held_out=[tmp_path]), _models())
    assert plan.suite == with_held_out(load_suite(tone), [tmp_path])
    assert [item.part for item in plan.items if item.id == "own"] == ["held out"]


def test_the_order_hangs_on_seed_and_signal_alone(tone: Path, tmp_path: Path) -> None:
    """Clusters come in the order that the seed and the signal draw, whole, with their items as in the file."""
    for seed in (1, 2):
        drawn = generator(seed, "order", TONE).permutation(9)
        for models in (_models(), _models(Held(identity="x"), Held(identity="y", live=False))):
            plan = _plan(_policy(GATE, suites=[tone], seed=seed), models)
            assert _ids(plan) == [[f"{place}-theirs", f"{place}-mine"] for place in drawn]
    assert list(generator(1, "order", TONE).permutation(9)) != list(generator(2, "order", TONE).permutation(9))


def test_all_gates_are_planned_in_the_policys_order(tone: Path) -> None:
    """There is one plan a gate, in the order in which the policy names them, each with its own order of clusters."""
    gates = [Gate(signal="behavior/pushback", margin=0.1), Gate(signal=TONE, margin=0.2)]
    plans = plan_gates(_policy(*gates, suites=[tone]), _models(), None, {})
    assert [plan.gate for plan in plans] == gates
    assert plans[1] == _plan(_policy(gates[1], suites=[tone]), _models())


def _with_twins(clusters: Sequence[Sequence[Item]], share: float, identity: str) -> list[list[str]]:
    """The texts of clusters of which this share was worded anew for a candidate, drawn once more."""
    rng = generator(5, "rewritten", TONE, identity)
    chosen = rng.random(len(clusters)) < share
    made = [
        [*cluster, *rewrite(cluster, rng)] if again else cluster
        for cluster, again in zip(clusters, chosen, strict=True)
    ]
    return [[item.messages[0].content for item in cluster] for cluster in made]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_share_of_the_clusters_has_twins(tone: Path, share: float) -> None:
    """Twins stand beside their items, worded by seed, signal and candidate, so that no two candidates get the same."""
    plain = _plan(_policy(GATE, suites=[tone], seed=5), _models())
    policy = _policy(GATE, suites=[tone], seed=5, rewritten=share)
    for identity in ("one", "two"):
        plan = _plan(policy, _models(Held(live=False), Held(identity=identity)))
        texts = [[item.messages[0].content for item in cluster] for cluster in plan.clusters]
        assert texts == _with_twins(plain.clusters, share, identity)
        assert {item.part for item in plan.items} == ({""} if share == 0 else {"", "rewritten"})
    assert (_with_twins(plain.clusters, share, "one") == _with_twins(plain.clusters, share, "two")) is (share == 0)


def test_recorded_candidates_get_no_twins(tone: Path) -> None:
    """A candidate that answered already cannot answer another wording."""
    plan = _plan(_policy(GATE, suites=[tone], rewritten=1.0), _models(Held(), Held(live=False)))
    assert {item.part for item in plan.items} == {""}


RUDE = SignalSpec(column="rude")


def _read(baseline: Sequence[Item], candidate: Sequence[Item], spec: SignalSpec = RUDE, seed: int = 1) -> GatePlan:
    models = _models(_recorded(*baseline), _recorded(*candidate, name="transcripts/b"))
    return _plan(_policy(GATE, signals={TONE: spec}, seed=seed), models)


def test_items_of_either_transcript_count() -> None:
    """An item that only one file holds is a missing answer, not none; where both hold it the baseline's row counts."""
    a, b, c = _item("a", "k", n="1"), _item("b", "k", n="1"), _item("c", "k", n="1")
    other = _item("b", "k", n="2")
    plan = _read([a, other], [b, c])
    assert [list(cluster) for cluster in plan.clusters] == [[other, c, a]]
    assert plan.signal == declared_signal(TONE, RUDE)
    assert (plan.source, plan.gate) == ("recorded", GATE)
    chosen = _read([a, other], [b, c], SignalSpec(column="rude", where={"n": ["1"]}))
    assert _ids(chosen) == [["c", "a"]]


@pytest.mark.parametrize("seed", [1, 2])
def test_transcripts_are_read_in_the_order_that_the_seed_draws(seed: int) -> None:
    """Recorded clusters follow seed and signal as asked ones do."""
    items = [_item(f"i{place}") for place in range(9)]
    drawn = generator(seed, "order", TONE).permutation(9)
    assert _ids(_read(items, items[::-1], seed=seed)) == [[f"i{place}"] for place in drawn]


@pytest.mark.parametrize(
    "models", [{}, _models(), _models(_recorded(_item("a"))), _models(None, _recorded(_item("a")))]
)
def test_a_declared_signal_needs_two_transcripts(models: dict[Role, Model]) -> None:
    """Columns and instruments of the policy read answers that were recorded, on both sides."""
    with pytest.raises(PolicyError, match=r"signals: behavior/tone: .* must both be transcripts/PATH"):
        _plan(_policy(GATE, signals={TONE: RUDE}), models)


def test_a_label_that_is_no_number_is_refused_with_its_place(tmp_path: Path) -> None:
    """A column that a signal reads is checked whole when it is planned, before anything is decided on other rows."""
    rows = [{"prompt": f"{n}?", "completion": "Well.", "rude": "often" if n == 3 else "0.5"} for n in range(5)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    spec = ModelSpec(model=f"transcripts/{tmp_path}/a.jsonl")
    file, _ = open_models(spec, spec)
    with pytest.raises(EvidenceError, match=r"a\.jsonl.*4.*often"):
        _plan(_policy(GATE, signals={TONE: RUDE}), {"baseline": file, "candidate": file})


def test_what_is_compared_of_two_transcripts_is_checked() -> None:
    """Rows that `where` leaves out are not looked at; a match over those left needs accepted answers."""
    other = _item("b", text="another question", n="2")
    chosen = SignalSpec(column="rude", where={"n": ["!2"]})
    assert _ids(_read([_item("a", n="1"), _item("b", n="2")], [_item("a", n="1"), other], chosen)) == [["a"]]
    with pytest.raises(EvidenceError, match="the item 'b' has one prompt in transcripts/a and another"):
        _read([_item("a", n="1"), _item("b", n="2")], [_item("a", n="1"), other])
    with pytest.raises(EvidenceError, match="signals: behavior/tone: match/contains compares answers"):
        _read([_item("a")], [_item("a")], SignalSpec(instrument="match/contains"))


@pytest.mark.parametrize(
    ("margin", "limit", "refused"),
    [
        (9.99, None, None),
        (10.0, None, r"a margin of 10 .* lie in \[-4, 6\], .* must be below 10$"),
        (11.0, None, r"a margin of 11 .* must be below 10$"),
        (1.0, -4.0, None),
        (1.0, 6.0, None),
        (1.0, -4.1, r"the limit -4.1 is outside the signal's scale \[-4, 6\]"),
        (1.0, 6.1, r"the limit 6.1 is outside the signal's scale \[-4, 6\]"),
    ],
)
def test_margin_and_limit_must_fit_the_scale(margin: float, limit: float | None, refused: str | None) -> None:
    """A margin as large as the whole scale can be broken by nothing; a limit may be either end and nothing beyond."""
    policy = _policy(Gate(signal=TONE, margin=margin, limit=limit), signals={TONE: SignalSpec(bounds=(-4, 6))})
    with pytest.raises(PolicyError, match=refused) if refused else nullcontext():
        assert _plan(policy, {}, _evidence(TONE, "x")).gate == policy.gates[0]


@pytest.mark.parametrize(
    "openings",
    [({"mien": "Well,"}, None), (None, {"mien": "Well,"}), ({"mine": "Well,", "mien": "Well,"}, {"mine": "Well,"})],
)
def test_an_opening_for_a_variant_that_no_item_has_is_refused(
    tone: Path, openings: tuple[dict[str, str] | None, dict[str, str] | None]
) -> None:
    """A misspelt variant of either model would leave every answer free; the message names those that there are."""
    for kept in (_opened("Well,"), _opened({"mine": "Well,", "theirs": "So,"})):
        assert _plan(_policy(GATE, suites=[tone], baseline=kept, candidate=kept), _models()).source == "live"
    models = dict(zip(("baseline", "candidate"), map(_opened, openings), strict=True))
    with pytest.raises(PolicyError, match=r"has the variant 'mien'; there are: mine, theirs$"):
        _plan(_policy(GATE, suites=[tone], **models), _models())
    alike = Gate(signal="behavior/over-refusal", margin=0.1)
    with pytest.raises(PolicyError, match=r"there are: none$"):
        _plan(_policy(alike, **models), _models())
    with pytest.raises(PolicyError, match=r"there are: mine, theirs$"):
        _plan(_policy(GATE, alike, suites=[tone], **models), _models())


def test_a_plan_knows_what_its_instrument_may_do() -> None:
    """The standing is that of the instrument's record for this very signal."""
    name, records = "behavior/negative-spiral", load_records([])
    models = _models(Held(logprobs=5), Held(logprobs=5))
    (plan,) = plan_gates(_policy(Gate(signal=name, margin=0.1)), models, None, records)
    probe = find_instrument("probe/affirm")
    assert plan.standing == standing(probe, name, records)
    assert plan.standing.slope not in (standing(probe, "behavior/x", records).slope, UNKNOWN.slope)


@pytest.mark.parametrize(("one", "other"), [("baseline", "candidate"), ("openai-compatible/m", "candidate")])
def test_error_that_was_measured_on_both_models_is_known_to_the_plan(one: str, other: str) -> None:
    """A record's groups are the two under review by their names, or by their roles."""
    name, records = "behavior/over-refusal", load_records([])
    (record,) = records["text/refusal"]
    held = next(found for found in record.measurements if len(found.groups) > 1)
    first, second = held.groups[:2]
    of_both = replace(held, groups=((one, *first[1:]), (other, *second[1:])))
    known = {"text/refusal": [replace(record, measurements=(of_both,))]}
    gate = Gate(signal=name, margin=0.1, instrument="text/refusal")
    (plan,) = plan_gates(_policy(gate, candidate=ModelSpec(model="openai-compatible/n")), _models(), None, known)
    assert plan.standing.between > 0
    stranger = {"text/refusal": [replace(record, measurements=(replace(of_both, groups=held.groups[:2]),))]}
    (plan,) = plan_gates(_policy(gate), _models(), None, stranger)
    assert math.isnan(plan.standing.between)


def _told(*, draws: int | str = "auto", temperature: float = 1.0) -> dict[str, Any]:
    spec = ModelSpec.model_validate({"model": "openai-compatible/m", "generation": {"temperature": temperature}})
    return {"draws": draws, "candidate": spec}


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every instrument may gate."""
    monkeypatch.setattr("seatrial.gates.plan.standing", lambda *_: BY_NATURE)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("draws", "temperature", "live", "logprobs", "at_once", "depth"),
    [
        (1, 1.0, True, 0, 1, 1),
        (3, 1.0, True, 0, 3, 1),
        (3, 0.0, True, 0, 1, 1),
        (3, 1.0, False, 0, 1, 1),
        (3, 1.0, True, 5, 1, 1),
        ("auto", 1.0, True, 0, 1, MOST_DRAWS),
        ("auto", 0.0, True, 0, 1, 1),
        ("auto", 1.0, False, 0, 1, 1),
        ("auto", 1.0, True, 5, 1, 1),
    ],
)
def test_items_are_asked_again_only_where_answers_may_differ(
    tone: Path, draws: int | str, temperature: float, live: bool, logprobs: int, at_once: int, depth: int
) -> None:
    """At no temperature, from a file or by a first token's chances, asking again would bring the same."""
    model = Held(live=live, logprobs=logprobs)
    policy = _policy(GATE, suites=[tone], budget=Budget(calls=10**6), **_told(draws=draws, temperature=temperature))
    plan = _plan(policy, _models(model, model))
    assert (plan.at_once, plan.depth, plan.most) == (at_once, depth, 9 * depth)
    if live:
        first = [(role, one.draw) for role, one in plan.asks(0, 1) if one.item == plan.items[0]]
        assert first == [(role, number) for number in range(at_once) for role in ROLES]
        assert plan.calls == 2 * len(plan.items) * at_once


OTHER = Gate(signal="behavior/pushback", margin=0.1)
"""A gate on another suite of 100 clusters or more."""


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("gates", "calls", "most"),
    [
        ([GATE], 200, 50),
        ([GATE, OTHER], 200, 50),
        ([GATE, OTHER, Gate(signal="behavior/verbosity", margin=0.1)], 200, 50),
        ([GATE, OTHER, *(Gate(signal=f"behavior/{n}", margin=0.1) for n in ("verbosity", "coldness"))], 200, 43),
        ([GATE, Gate(signal="behavior/pushback", margin=0.1, advisory="not ours to block")], 200, 50),
        ([GATE, *(Gate(signal=f"behavior/{n}", margin=0.1) for n in ("verbosity", "coldness", "pushback"))], 1, 9),
    ],
)
def test_a_gate_may_ask_several_times_its_part_of_the_budget(
    tone: Path, gates: Sequence[Gate], calls: int, most: int
) -> None:
    """Of 200 calls a gate alone may have all; among four that count each may have 3.5 quarters; never under a round."""
    policy = _policy(*gates, suites=[tone], budget=Budget(calls=calls), **_told())
    plans = plan_gates(policy, _models(), None, {})
    assert plans[0].calls == 36  # four a cluster
    assert plans[0].most == most
    assert TIMES_ITS_PART == 3.5


def test_what_may_only_advise_is_asked_once(tone: Path) -> None:
    """Neither an advisory gate nor one whose instrument has no record gets a second answer, or lessens the others'."""
    advisory = Gate(signal=TONE, margin=0.1, advisory="not ours to block", instrument="text/length")
    plan = _plan(_policy(advisory, suites=[tone], **_told()), _models())
    assert (plan.standing.may_gate, plan.depth, plan.most) == (True, 1, 9)
    unknown = _plan(_policy(GATE, suites=[tone], **_told()), _models())
    assert (unknown.standing.may_gate, unknown.depth, unknown.most) == (False, 1, 9)


def test_what_a_policy_trusts_counts_without_a_record(tone: Path) -> None:
    """Where a person vouches for an instrument, its gate may decide and its plan keeps the reason."""
    reason = "read 200 of its answers, A. Lee"
    plan = _plan(_policy(GATE.model_copy(update={"trust": reason}), suites=[tone]), _models())
    assert (plan.standing.may_gate, plan.standing.trust) == (True, reason)


def test_recorded_answers_are_counted_by_item(tone: Path, tmp_path: Path) -> None:
    """The plan knows how many answers a file holds of each item, and asks the other model alone."""
    items = load_suite(tone).items
    held = [(item, 0) for item in items[:17]] + [(items[3], 1)]
    rows = [{"prompt": item.messages[0].content, "completion": "Well.", "draw": draw} for item, draw in held]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    spec = ModelSpec(model=f"transcripts/{tmp_path}/a.jsonl")
    file, _ = open_models(spec, spec)
    plan = _plan(_policy(GATE, suites=[tone]), {"baseline": file, "candidate": cast(Model, Held())})
    assert set(plan.recorded) == {"baseline"}
    odd = {item: count for item, count in plan.recorded["baseline"].items() if count != 1}
    assert odd == {items[3].id: 2, items[17].id: 0}
    assert (plan.calls, plan.source) == (18, "live")


# Families

SYCOPHANCY = Gate(signal="family/sycophancy", margin=0.05, suite_margin=0.2)


def _family(folder: Path, suites: Mapping[str, str]) -> Path:
    """Suites of a family `own`, by name; each is read by its instruments."""
    for name, instruments in suites.items():
        (folder / name).mkdir()
        front = FRONT.replace("behavior/tone", f"behavior/{name}") + f"\nfamily: own\ninstruments: [{instruments}]"
        (folder / name / "suite.md").write_text(f"---\n{front}\n---\nGrade it.\n", encoding="utf-8")
        rows = [
            {"id": f"{name}{n}", "use_case": "work", "prompt": f"{name} {n}?", "targets": ["yes"]} for n in range(30)
        ]
        (folder / name / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


OWN = Gate(signal="family/own", margin=0.05, suite_margin=0.2)


def test_a_family_is_planned_suite_by_suite(tmp_path: Path) -> None:
    """One plan a suite, sorted, each with the share of its own scale that keeps harm in it from hiding."""
    suites = _family(tmp_path, {"b": "text/refusal", "a": "text/length"})
    advisory = OWN.model_copy(update={"advisory": "not ours to block"})
    trusted = OWN.model_copy(update={"trust": "we know it"})
    for gate in (OWN, advisory, trusted):
        plans = plan_gates(_policy(gate, GATE, suites=[suites]), _models(), _evidence(TONE, "elsewhere"), {})
        assert [plan.gate.signal for plan in plans] == ["behavior/a", "behavior/b", TONE]
        assert [plan.family for plan in plans] == ["family/own", "family/own", ""]
        for plan in plans[:2]:
            low, high = plan.signal.bounds
            assert plan.gate.margin == pytest.approx(0.2 * (high - low))
            assert (plan.source, plan.method, len(plan.clusters)) == ("live", "looks", 30)
            assert (plan.gate.advisory, plan.gate.trust) == (gate.advisory, gate.trust)
    contrast = SYCOPHANCY.model_copy(update={"suites": ["behavior/opinion-sycophancy", "behavior/pushback"]})
    plans = plan_gates(_policy(contrast), _models(), None, {})
    assert [(plan.signal.bounds, plan.gate.margin) for plan in plans] == [((-1.0, 1.0), 0.4), ((0.0, 1.0), 0.2)]


@pytest.mark.parametrize("name", ["text/length", "text/refusal"])
def test_a_family_names_the_instrument_of_all_its_suites(tmp_path: Path, name: str) -> None:
    """Each of its suites is read by it, wherever it stands among those that the suite allows."""
    suites = _family(tmp_path, {"a": "text/length, text/refusal", "b": "text/refusal, text/length"})
    plans = plan_gates(_policy(OWN.model_copy(update={"instrument": name}), suites=[suites]), _models(), None, {})
    assert [plan.signal.instrument.name for plan in plans] == [name, name]


def test_every_built_in_suite_of_a_family_is_asked() -> None:
    """By default all suites that name the family belong to it; `suites` takes those it names alone."""
    plans = plan_gates(_policy(SYCOPHANCY), _models(), None, {})
    loaded = [load_suite(folder) for folder in find_suites().values()]
    assert [plan.gate.signal for plan in plans] == sorted(one.signal for one in loaded if one.family == "sycophancy")
    assert len(plans) > 3
    some = SYCOPHANCY.model_copy(update={"suites": ["behavior/pushback", "behavior/verbosity"]})
    assert [plan.gate.signal for plan in plan_gates(_policy(some), _models(), None, {})] == some.suites


@pytest.mark.usefixtures("trusted")
def test_a_family_shares_one_part_of_the_budget(tmp_path: Path) -> None:
    """Three suites may together ask what a gate of its own may, and all of them alike."""
    suites = _family(tmp_path, {name: "text/refusal" for name in "abc"})
    rest = [Gate(signal=f"behavior/{n}", margin=0.1) for n in ("verbosity", "coldness", "pushback")]
    plans = plan_gates(_policy(OWN, *rest, suites=[suites], budget=Budget(calls=2400), **_told()), _models(), None, {})
    assert [plan.most for plan in plans[:3]] == [2400 * 3.5 / 4 / 3 / 2] * 3
    alone = plan_gates(_policy(OWN, suites=[suites], budget=Budget(calls=600), **_told()), _models(), None, {})
    assert [plan.most for plan in alone] == [100] * 3


def test_a_family_may_be_one_suite(tmp_path: Path) -> None:
    """One suite is a family's mean and its own guard; it is looked at as others are."""
    (plan,) = plan_gates(_policy(OWN, suites=[_family(tmp_path, {"a": "text/length"})]), _models(), None, {})
    assert (plan.gate.signal, plan.family, plan.method) == ("behavior/a", "family/own", "looks")


def test_a_family_without_suites_is_refused(tmp_path: Path) -> None:
    """The message names the families that there are, and how a suite joins one."""
    nowhere = Gate(signal="family/nowhere", margin=0.05, suite_margin=0.2)
    suites = _family(tmp_path, {"a": "text/length"})
    families = sorted({load_suite(folder).family for folder in find_suites([suites]).values()} - {""})
    assert {"own", "sycophancy"} <= set(families)
    with pytest.raises(PolicyError, match=f"belongs to the family nowhere; there are {', '.join(families)}. A suite"):
        plan_gates(_policy(nowhere, suites=[suites]), _models(), None, {})
    missing = SYCOPHANCY.model_copy(update={"suites": ["behavior/pushbak"]})
    with pytest.raises(PolicyError, match=r"behavior/pushbak: no suite.*did you mean behavior/pushback"):
        plan_gates(_policy(missing), _models(), None, {})


def test_a_suite_that_two_gates_ask_is_refused() -> None:
    """A family's suite has no gate of its own, nor another family; the message names both and what to do."""
    alone = Gate(signal="behavior/pushback", margin=0.1)
    for gates in ((SYCOPHANCY, alone), (alone, SYCOPHANCY)):
        words = r"behavior/pushback is asked by (family/sycophancy|a gate of its own) and by (?!\1).*`suites:`"
        with pytest.raises(PolicyError, match=words):
            plan_gates(_policy(*gates), _models(), None, {})
    twice = Gate(signal="family/manner", margin=0.05, suite_margin=0.2, suites=["behavior/pushback"])
    with pytest.raises(PolicyError, match="by family/sycophancy and by family/manner"):
        plan_gates(_policy(SYCOPHANCY, twice), _models(), None, {})


def test_a_judge_grades_the_suites_of_a_family_that_have_a_rubric(tmp_path: Path) -> None:
    """Answers that are compared with accepted ones need no judge; all others are graded by the one that is named."""
    suites = _family(tmp_path, {"a": "match/contains", "b": "text/length", "c": "text/length, match/contains"})
    judged = OWN.model_copy(update={"instrument": "judge/strict"})

    def judge(name: str, suite: Suite) -> Judge:
        return Judge(f"judge/{name}", suite, name)

    plans = plan_gates(_policy(judged, suites=[suites]), _models(), None, {}, judge)
    names = [plan.signal.instrument.name for plan in plans]
    assert names == ["match/contains", "judge/strict", "judge/strict"]
    read = OWN.model_copy(update={"instrument": "text/length", "suites": ["behavior/b", "behavior/c"]})
    plans = plan_gates(_policy(read, suites=[suites]), _models(), None, {}, judge)
    assert {plan.signal.instrument.name for plan in plans} == {"text/length"}


def test_a_judge_reads_recorded_answers_by_a_suites_rubric(tmp_path: Path) -> None:
    """The signal keeps its own name, and the judge's record for the rubric's suite counts."""
    suites = _family(tmp_path, {"a": "match/contains", "b": "text/length"})
    gate = Gate(signal="behavior/here", margin=0.1)
    models = _models(_recorded(_item("x"), _item("y")), _recorded(_item("x"), _item("y"), name="transcripts/b"))

    def plan(rubric: str, records: Mapping[str, Any] | None = None) -> GatePlan:
        spec = SignalSpec(instrument="judge/strict", rubric=rubric)
        policy = _policy(gate, suites=[suites], signals={gate.signal: spec})
        return plan_gates(policy, models, None, records or {}, lambda name, held: Judge(f"judge/{name}", held, name))[0]

    found = plan("behavior/b")
    judge = found.signal.instrument
    assert isinstance(judge, Judge)
    assert (found.source, found.signal.name, judge.name, judge.suite.signal) == (
        "recorded", "behavior/here", "judge/strict", "behavior/b"
    )  # fmt: skip
    assert sorted(_ids(found)) == [["x"], ["y"]]
    assert not found.standing.may_gate
    readings = np.array([0.9, 0.1] * 60)
    rows = [Labelled(f"answer {n}", float(1 - n % 2), f"c{n}") for n in range(120)]
    measured = replace(measure_readings(readings, rows, Read("logs", "ana"), 0.5), signal="behavior/b")
    own = Record("judge/strict", version_of(judge), (measured,))
    assert plan("behavior/b", {"judge/strict": [own]}).standing.may_gate
    blind = replace(measured, signal="behavior/elsewhere", youden=(0.0, -0.1, 0.1))
    both = {"judge/strict": [replace(own, measurements=(measured, blind))]}
    assert plan("behavior/b", both).standing == standing(judge, "behavior/b", both)
    assert plan("behavior/b", both).standing.may_gate
    with pytest.raises(PolicyError, match=r"behavior/here: no suite behavior/bb.*did you mean behavior/b\?"):
        plan("behavior/bb")
    with pytest.raises(PolicyError, match=r"no suite nothing-like-it whose rubric to grade by; `suites:` names"):
        plan("nothing-like-it")
    with pytest.raises(PolicyError, match="behavior/a compares answers with accepted ones and has no rubric"):
        plan("behavior/a")


def test_a_judged_contrast_counts_each_answer_by_itself() -> None:
    """A rubric words the harm of each answer, so that the difference of two sides would cancel it."""
    gate = Gate(signal="behavior/opinion-sycophancy", margin=0.1, instrument="judge/strict")
    plan = _plan(_policy(gate), _models(), judge=lambda name, suite: Judge(f"judge/{name}", suite, name))
    assert (plan.signal.contrast, plan.signal.bounds) == (None, (0.0, 1.0))
    probed = gate.model_copy(update={"instrument": "text/agreement"})
    assert _plan(_policy(probed), _models()).signal.contrast is not None


def test_what_was_brought_serves_a_family(tmp_path: Path) -> None:
    """Evidence on a suite goes before asking it; without models the family is the suites that were brought."""
    suites = _family(tmp_path, {"a": "text/length", "b": "text/length"})
    brought = pl.concat([_evidence("behavior/b", "elsewhere"), _evidence("behavior/other", "elsewhere")])
    policy = _policy(OWN, suites=[suites])
    plans = plan_gates(policy, _models(), brought, {})
    assert [(plan.gate.signal, plan.source) for plan in plans] == [("behavior/a", "live"), ("behavior/b", "evidence")]
    first = pl.concat([_evidence("behavior/a", "elsewhere"), _evidence("behavior/other", "elsewhere")])
    taken, asked = with_most(policy, plan_gates(policy, _models(), first, {}))
    assert (taken.source, taken.most, asked.source) == ("evidence", 0, "live")
    assert asked.most >= len(asked.clusters) > 0
    (only,) = plan_gates(policy, {}, brought, {})
    assert (only.gate.signal, only.source, only.gate.margin) == ("behavior/b", "evidence", 0.2)
    for evidence in (None, _evidence("behavior/other", "elsewhere")):
        with pytest.raises(PolicyError, match="family/own: the evidence holds none of its suites: behavior/a, behav"):
            plan_gates(policy, {}, evidence, {})
