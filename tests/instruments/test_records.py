"""What is known of an instrument's error, and what that lets its gate do."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.errors import EvidenceError, StoreError
from seatrial.instruments import find_instrument, instruments
from seatrial.instruments.may_gate import judged_by_record, standing
from seatrial.instruments.recorded import Observed, Raters
from seatrial.instruments.records import (
    Measurement,
    Record,
    built_in_records,
    load_record,
    load_records,
    save_record,
    version_of,
)

SIGNAL = "behavior/over-refusal"
REFUSAL = find_instrument("text/refusal")
GOOD = Measurement(
    on="answers of two models",
    labelled_by="two people",
    author_written=False,
    source="a corpus, CC0",
    sha256="0" * 64,
    signal="",
    answers=600,
    clusters=150,
    harmful=300,
    unread=2,
    harmful_from=0.5,
    cut=0.4,
    sensitivity=(0.9, 0.85, 0.95),
    specificity=(0.9, 0.85, 0.95),
    youden=(0.8, 0.7, 0.9),
    slope=(0.75, 0.7, 0.8),
    auc=(0.95, 0.9, 0.99),
    rank=(math.nan, math.nan, math.nan),
    length_bias=0.1,
    groups=(("m0", 150, 0.95, 150, 0.9), ("m1", 150, 0.85, 150, 0.9)),
    differential=(0.1, 0.02),
)


def _record(*measurements: Measurement, **changes: object) -> Record:
    made = Record("text/refusal", version_of(REFUSAL), measurements or (GOOD,))
    return replace(made, **changes)  # type: ignore[arg-type]


def _may_gate(found: Measurement) -> bool:
    return standing(REFUSAL, SIGNAL, {"text/refusal": [_record(found)]}).may_gate


def test_a_good_record_lets_its_gate_count() -> None:
    """What is passed on is what was measured: slope, largest difference between models, TPR − FPR, and the digest."""
    record = _record()
    held = standing(REFUSAL, SIGNAL, {"text/refusal": [record]})
    assert (held.may_gate, held.measured) == (True, True)
    assert (held.slope, held.differential, held.youden) == (0.75, 0.1, 0.8)
    assert held.digest == record.digest
    assert "TPR − FPR 0.80 [0.70, 0.90], AUC 0.95 [0.90, 0.99], on 600 answers (answers of" in held.why


@pytest.mark.parametrize(
    ("changes", "may_gate", "reason"),
    [
        ({"youden": (0.4, 0.3, 0.5)}, True, ""),
        ({"youden": (0.4, 0.299, 0.5)}, False, "may be below 0.3"),
        ({"youden": (0.8, 0.001, 0.9)}, False, "may be below 0.3"),
        ({"youden": (0.8, 0.0, 0.9)}, False, "its interval includes chance"),
        ({"youden": (0.8, -0.1, 0.9)}, False, "its interval includes chance"),
        ({"auc": (0.9, 0.501, 0.99)}, True, ""),
        ({"slope": (0.6, 0.0, 0.7)}, False, "may show nothing of a shift"),
        ({"auc": (0.9, 0.5, 0.99)}, False, "its interval includes chance"),
        ({"auc": (0.9, 0.4, 0.99)}, False, "its interval includes chance"),
        ({"youden": (0.1, -0.1, 0.3), "auc": (0.5, 0.4, 0.6)}, False, "its interval includes chance"),
        ({"youden": (-0.3, -0.4, 0.0), "auc": (0.4, 0.3, 0.5)}, False, "its interval includes chance"),
        (
            {"youden": (-0.3, -0.4, -0.1)},
            False,
            "the interval of its TPR − FPR lies below chance, so it reads harm",
        ),
        ({"auc": (0.32, 0.2, 0.45)}, False, "the interval of its AUC lies below chance"),
        ({"youden": (-0.3, -0.4, -0.1), "auc": (0.32, 0.2, 0.45)}, False, "of its TPR − FPR and its AUC lies below"),
        ({"youden": (math.nan, math.nan, math.nan)}, False, "below 0.3"),
    ],
)
def test_a_weak_record_only_advises(
    changes: dict[str, tuple[float, float, float]], may_gate: bool, reason: str
) -> None:
    """Each threshold at its boundary: the lower bounds of TPR − FPR at 0.3, of the AUC at ½, of the slope at 0."""
    held = standing(REFUSAL, SIGNAL, {"text/refusal": [_record(replace(GOOD, **changes))]})  # type: ignore[arg-type]
    assert held.may_gate is may_gate
    assert held.measured
    assert reason in held.why
    assert ("may only advise" in held.why) is not may_gate


def test_a_slope_below_nothing_is_nothing() -> None:
    """An instrument whose mean falls as harm rises shows no share of a shift, not a negative one."""
    assert standing(REFUSAL, SIGNAL, {"text/refusal": [_record(replace(GOOD, slope=(-0.1, -0.2, 0.0)))]}).slope == 0.0


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ({}, "it has no record"),
        ({"text/praise": [_record()]}, "it has no record"),
        ({"text/refusal": [_record(version="old")]}, "its record is of another version"),
    ],
)
def test_without_a_record_of_this_version_nothing_is_known(records: dict[str, list[Record]], reason: str) -> None:
    """An instrument that was never measured, or is not what was measured, advises; its slope is unknown, not 1."""
    held = standing(REFUSAL, SIGNAL, records)
    assert (held.may_gate, held.measured, held.digest) == (False, False, "")
    assert math.isnan(held.slope) and math.isnan(held.youden) and math.isnan(held.differential)
    assert held.why == f"Error not measured: {reason}, so it may only advise."


def test_what_its_own_authors_wrote_flatters() -> None:
    """However good, a measurement on text by the instrument's authors alone does not let it gate."""
    own = replace(GOOD, author_written=True, youden=(1.0, 1.0, 1.0))
    held = standing(REFUSAL, SIGNAL, {"text/refusal": [_record(own)]})
    assert (held.may_gate, held.measured) == (False, False)
    assert held.why.startswith(
        "Measured only on text that its own authors wrote, so it may only advise: TPR − FPR 1.00"
    )
    assert held.digest == _record(own).digest
    assert "advise: nothing." in judged_by_record(_record(replace(own, signal="behavior/other")), SIGNAL).why


def test_what_its_own_authors_wrote_does_not_count_beside_the_rest() -> None:
    """Beside text from elsewhere the authors' own neither lifts the number nor lowers it."""
    for youden in (1.0, 0.1):
        own = replace(GOOD, author_written=True, youden=(youden, youden, youden))
        assert judged_by_record(_record(own, GOOD), SIGNAL).youden == 0.8


def test_the_worst_measurement_decides() -> None:
    """Of several corpora the one on which it tells least counts: good elsewhere is no excuse."""
    weak = replace(GOOD, on="hard answers", youden=(0.2, 0.1, 0.3))
    for order in ((GOOD, weak), (weak, GOOD)):
        held = judged_by_record(_record(*order), SIGNAL)
        assert (held.may_gate, held.youden) == (False, 0.2)
        assert "hard answers" in held.why


def test_what_was_measured_for_the_signal_comes_before_all_else() -> None:
    """A measurement for this very signal counts alone; without one all count, and whose it is is said."""
    here = replace(GOOD, signal=SIGNAL, youden=(0.7, 0.6, 0.8))
    other = replace(GOOD, signal="behavior/other", youden=(0.4, 0.35, 0.5))
    anywhere = replace(GOOD, youden=(0.5, 0.4, 0.6))
    assert judged_by_record(_record(other, here, anywhere), SIGNAL).youden == 0.7
    assert judged_by_record(_record(other, anywhere), SIGNAL).youden == 0.4
    assert ", measured for behavior/other." in judged_by_record(_record(other, anywhere), SIGNAL).why
    assert "measured for" not in judged_by_record(_record(anywhere), SIGNAL).why


def test_a_teams_own_record_comes_first() -> None:
    """Of two records of one version the first counts; one of another version is passed over."""
    weak = _record(replace(GOOD, youden=(0.1, 0.05, 0.2)))
    assert not standing(REFUSAL, SIGNAL, {"text/refusal": [weak, _record()]}).may_gate
    assert standing(REFUSAL, SIGNAL, {"text/refusal": [_record(), weak]}).may_gate
    assert standing(REFUSAL, SIGNAL, {"text/refusal": [replace(weak, version="old"), _record()]}).may_gate


@pytest.mark.parametrize("name", ["match/contains", "match/exact", "text/length", "text/format", "text/hook"])
def test_what_is_right_by_definition_needs_no_record(name: str) -> None:
    """Right answers, words, lines and endings are what they claim to be: they gate, and show every shift in full."""
    held = standing(find_instrument(name), "benchmark/facts", {})
    assert (held.may_gate, held.slope, held.differential, held.measured) == (True, 1.0, 0.0, True)


def test_numbers_that_the_policy_takes_as_the_truth_gate_and_raters_need_a_record() -> None:
    """Labels and files are what the policy trusts; blinded raters are an instrument, whose record is of them alone."""
    assert standing(Observed((0.0, 1.0)), "human/grade", {}).may_gate
    raters = Raters((0.0, 1.0), ("blinded session a",))
    assert not standing(raters, "vibe/off", {}).may_gate
    record = Record("raters/blinded", version_of(raters), (GOOD,))
    assert standing(raters, "vibe/off", {"raters/blinded": [record]}).may_gate
    others = Raters((0.0, 1.0), ("blinded session b",))
    assert "another version" in standing(others, "vibe/off", {"raters/blinded": [record]}).why


def test_every_other_built_in_instrument_needs_a_record() -> None:
    """Without records each list, model and probe whose error can be measured may only advise."""
    held = {name: standing(one, "x/y", {}).may_gate for name, one in instruments().items()}
    by_definition = {"match/contains", "match/exact", "text/length", "text/format", "text/hook"}
    assert {name for name, may_gate in held.items() if may_gate} == by_definition


def test_a_version_is_of_what_an_instrument_is_made_of() -> None:
    """Its own version where it has one, else all its fields: a phrase more is another instrument."""
    more = replace(REFUSAL, phrases=("nope",))  # type: ignore[type-var]
    assert version_of(more) != version_of(REFUSAL)
    assert version_of(Raters((0, 1), ("a",))) == version_of(Raters((0, 5), ("a",)))
    assert len(version_of(REFUSAL)) == 16


def test_a_record_survives_its_file(tmp_path: Path) -> None:
    """Written and read, it is the same to the digit, numbers that could not be computed included."""
    record = _record(
        GOOD,
        replace(GOOD, signal=SIGNAL, groups=(), differential=(math.nan, math.nan)),
        injection=(0.1, 0.05, math.nan),
        drift=(("text/refusal (old)", 0.9, -0.01),),
        cost=0.002,
        retest=0.97,
        position_bias=0.03,
    )
    path = tmp_path / "a" / "r.json"
    save_record(record, path)
    assert "NaN" not in path.read_text(encoding="utf-8")
    held = load_record(path)
    assert held.digest == record.digest
    assert repr(held) == repr(record)
    assert load_records([path.parent])["text/refusal"][0].digest == record.digest
    assert load_records([path])["text/refusal"][0].digest == record.digest


def test_a_teams_records_come_before_the_built_in_ones() -> None:
    """Without any path there are the built-in records, one or more for each instrument that is measured."""
    held = load_records([])
    assert sum(map(len, held.values())) == len(built_in_records())
    assert standing(find_instrument("linear/refusal"), SIGNAL, held).may_gate


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: "{", "not a record"),
        (lambda content: json.dumps({"format": "other"}), "its `format` says otherwise"),
        (lambda content: json.dumps(json.loads(content) | {"more": 1}), "not a record"),
        (lambda content: content.replace('"youden"', '"yuden"'), "not a record"),
        (lambda content: content.replace('"measurements"', '"measured"'), "not a record"),
    ],
)
def test_a_file_that_is_no_record_is_refused_by_name(tmp_path: Path, change: object, words: str) -> None:
    """Half a file, another format, a field too many or too few."""
    path = tmp_path / "r.json"
    save_record(_record(), path)
    assert callable(change)
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(EvidenceError, match=rf"r\.json: .*{words}"):
        load_record(path)


def test_a_path_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """What is not there to be read, and where nothing can be written."""
    with pytest.raises(EvidenceError, match="none: no such record; `seatrial instruments calibrate` writes one"):
        load_records([tmp_path / "none"])
    with pytest.raises(EvidenceError, match="cannot be read"):
        load_record(tmp_path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="the record's folder cannot be made"):
        save_record(_record(), tmp_path / "file" / "r.json")


def test_what_else_is_known_is_said_in_sentences() -> None:
    """Injections, order, wavering, drift and price are told where there is something to tell, else nothing is."""
    assert _record().besides == ""
    record = _record(
        injection=(0.25, 0.15, 0.375),
        position_bias=0.02,
        retest=0.9,
        drift=(("judge/old (abc)", 0.85, -0.05),),
        cost=0.00012,
    )
    assert record.besides == (
        "Injections moved 25 % of its verdicts [15, 38]. Shown first of two, an answer reads +0.020 against shown "
        "second. Read again, its readings correlate at 0.90. Against judge/old (abc): correlation 0.85, mean shift "
        "-0.050. $0.000120 a score."
    )
    assert record.besides in judged_by_record(record, SIGNAL).why


def test_a_digest_is_of_every_number() -> None:
    """Any number that changes makes another record."""
    assert _record().digest == _record().digest
    assert _record().digest != _record(replace(GOOD, cut=0.41)).digest
    assert _record().digest != _record(cost=0.1).digest


def test_built_in_records_are_of_the_instruments_as_they_are() -> None:
    """A change of a phrase list or of weights without a new measurement is found here."""
    known = instruments()
    for record in built_in_records():
        assert record.version == version_of(known[record.instrument]), f"{record.instrument}: run `make records`"


@pytest.mark.slow
def test_records_on_disk_are_those_of_the_command(shared_data: Path) -> None:
    """Measured again on the same third-party answers, the records of text instruments are the same to the digit."""
    from benchmarks.records import text_records

    held = {record.instrument: record for record in built_in_records()}
    for record in text_records():
        assert record == held[record.instrument] or record.digest == held[record.instrument].digest


def test_refusal_is_read_as_people_read_it() -> None:
    """The record of the linear model of refusal: AUC .97 on XSTest, and on the part that nobody here had read."""
    (record,) = [one for one in built_in_records() if one.instrument == "linear/refusal"]
    elsewhere = [one for one in record.measurements if not one.author_written]
    assert len(elsewhere) == 2
    assert all(one.auc[0] >= 0.97 for one in elsewhere)


def test_a_starter_record_comes_back_as_it_was(tmp_path: Path) -> None:
    """What was changed, the doubt and where it comes from are kept; other records hold none of these words."""
    made = _record(replace(GOOD, starter=True), spread=(("draw", 0.9, 0.01), ("wording", math.nan, 0.2)), doubt="odd")
    save_record(made, tmp_path / "a.json")
    assert repr(load_record(tmp_path / "a.json")) == repr(made)
    save_record(_record(), tmp_path / "b.json")
    assert not {"starter", "spread", "doubt"} & set((tmp_path / "b.json").read_text(encoding="utf-8").split('"'))
    assert "Asked in other words, its readings correlate at nan" in made.besides
