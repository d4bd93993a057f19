"""The policy file and the messages about its mistakes."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from seatrial.errors import PolicyError
from seatrial.policy import LaunchPolicy, load_policy, margin_fits, parse_policy

GOOD = """\
name: support
baseline: {model: embedded/smollm2-135m}
candidate:
  model: embedded/smollm2-135m
  system: Be warm.
gates:
  - {signal: behavior/unearned-praise, margin: 0.05}
"""


def test_a_plain_policy_has_the_documented_defaults() -> None:
    """Alpha is 0.05, power 0.9, every gate blocks, and items are asked again where that pays."""
    policy = parse_policy(GOOD)
    assert (policy.alpha, policy.power, policy.gates[0].blocking) == (0.05, 0.9, True)
    assert policy.draws == "auto"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("margin: 0.05", "margn: 0.05", 7, "did you mean 'margin'"),
        ("margin: 0.05", "margin: -0.05", 7, "a margin must be above 0, got -0.05"),
        ("margin: 0.05", "margin: .nan", 7, "a number with an end"),
        ("behavior/unearned-praise", "praise", 7, "is not a signal; expected kind/name"),
        ("  - {signal: behavior/unearned-praise, margin: 0.05}", "  []", 6, "would launch anything"),
        ("candidate:", "candidat:", 3, "did you mean 'candidate'"),
        ("  model: embedded/smollm2-135m\n  system", "  model: smollm\n  system", 4, "is not a model"),
        ("name: support", "name: support\nname: again", 2, "stands twice"),
        ("name: support", "name: support\nalpha: 0.7", 2, "less than 0.5"),
        ("name: support", "name: support\nseed: -1", 2, "greater than or equal to 0"),
        ("name: support", "name: [", 3, "not valid YAML"),
        ("system: Be warm.", "opening: 'Sure, '", 5, "no space or line break after them"),
        ("system: Be warm.", "opening: {mine: 3}", 5, "an opening is words"),
        ("margin: 0.05}", "margin: 0.05, advisory: true}", 7, "advisory"),
        ("margin: 0.05}", "margin: 0.05, advisory: 'short'}", 7, "needs its reason in words"),
    ],
)
def test_a_mistake_names_its_line_and_what_was_expected(old: str, new: str, line: int, words: str) -> None:
    """Every mistake is reported with file, line and what was expected there."""
    with pytest.raises(PolicyError) as error:
        parse_policy(GOOD.replace(old, new), "policy.yaml")
    assert any(row.startswith(f"policy.yaml:{line}:") and words in row for row in str(error.value).splitlines()), (
        error.value
    )


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("  - {signal: behavior/unearned-praise, margin: 0.1}\n", "two gates on the signal"),
        ("signals:\n  behavior/x: {bounds: [1, 0]}\n", "bounds must be"),
        ("signals:\n  behavior/x: {column: a, instrument: text/length}\n", "either a column"),
        ("signals:\n  behavior/x: {instrument: judge/main}\n", "give both `instrument: judge/NAME` and `rubric"),
        (
            "signals:\n  behavior/x: {instrument: text/length, rubric: behavior/y}\n",
            "give both `instrument: judge/NAME`",
        ),
        ("signals:\n  behavior/x: {rubric: behavior/y}\n", "give both `instrument: judge/NAME` and `rubric"),
        ("signals:\n  behavior/x: {instrument: judge/a, rubric: behavior/y, harmful: low}\n", "a rubric says itself"),
        ("signals:\n  behavior/x: {instrument: judge/a, rubric: behavior/y, bounds: [0, 2]}\n", "a rubric says itself"),
        ("signals:\n  behavior/x: {column: a, values: {yes: 3}}\n", "outside the bounds"),
        ("judges:\n  strict: {draws: 2}\n", "either a `model`"),
        ("judges:\n  strict: {scores: a.jsonl, members: [b]}\n", "either a `model`"),
        ("judges:\n  strict: {model: {model: transcripts/a.csv}}\n", "answers live and takes no `system`"),
        ("judges:\n  strict: {model: {model: a/b, system: Grade.}}\n", "answers live and takes no `system`"),
        ("judges:\n  strict: {model: {model: a/b, opening: Well}}\n", "answers live and takes no `system`"),
        ("judges:\n  Strict: {scores: a.jsonl}\n", "String should match pattern"),
        ("draws: 65\n", "less than or equal to 64"),
        ("draws: often\n", "draws"),
        ("budget: {calls: 0}\n", "greater than or equal to 1"),
        ("rewritten: 1.5\n", "less than or equal to 1"),
        ("expected: {tone: we changed it}\n", "'tone' is not looked at; `expected` knows distinct, empty, cut_off"),
        ("expected: {identical: the same model}\n", "'identical' is not looked at"),
        ("expected: {lengths: yes}\n", "expected"),
        ("expected: {lengths: ok}\n", "why lengths is expected, in words"),
        ("expected: {lengths: '          '}\n", "why lengths is expected, in words"),
    ],
)
def test_contradictions_are_refused(extra: str, words: str) -> None:
    """Parts that contradict each other are refused."""
    with pytest.raises(PolicyError, match=words):
        parse_policy(GOOD + extra)


FAMILY = "signal: family/sycophancy, margin: 0.05, suite_margin: 0.2"


def test_a_gate_on_a_family() -> None:
    """A family has a margin for its mean and one for each suite, a margin for use cases if it says so, and its suites.

    What gates one signal is no family, whatever it is called.
    """
    text = GOOD.replace(
        "signal: behavior/unearned-praise, margin: 0.05",
        f"{FAMILY}, per: suite, use_case_margin: 0.3, suites: [behavior/a, behavior/b]",
    )
    (gate,) = parse_policy(text).gates
    assert (gate.family, gate.margin, gate.suite_margin, gate.use_case_margin) == ("sycophancy", 0.05, 0.2, 0.3)
    assert (gate.per, gate.suites, gate.blocking) == ("suite", ["behavior/a", "behavior/b"], True)
    (plain,) = parse_policy(GOOD.replace("behavior/unearned-praise", "families/x")).gates
    assert (plain.family, plain.suite_margin, plain.suites) == ("", None, [])
    (bare,) = parse_policy(GOOD.replace("signal: behavior/unearned-praise, margin: 0.05", FAMILY)).gates
    assert (bare.per, bare.use_case_margin, bare.suites) == (None, None, [])


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ("signal: family/x, margin: 0.05", "needs a `suite_margin`, so that no suite hides in its mean"),
        (f"{FAMILY}, per: use_case", "for use cases give a `use_case_margin`"),
        (f"{FAMILY}, limit: 0.1", "`limit` and `labels` belong to one suite"),
        (f"{FAMILY}, labels: a.jsonl", "`limit` and `labels` belong to one suite"),
        (f"{FAMILY}, suites: [behavior/a, behavior/a]", "`suites` names one suite twice"),
        (f"{FAMILY}, suites: [praise]", "is not a signal|String should match pattern"),
        ("signal: family/x, margin: 1.0, suite_margin: 0.9", "share of its suites' scales, below 1; got 1"),
        ("signal: family/x, margin: 0.3, suite_margin: 0.2", "suite_margin 0.2 is below the family's margin 0.3"),
        ("signal: family/x, margin: 0.3, suite_margin: 1.0", "less than 1"),
        ("signal: family/x, margin: 0.3, suite_margin: 0.4, use_case_margin: 0", "greater than 0"),
        ("signal: behavior/a, margin: 0.3, suite_margin: 0.4", "are for gates on family/NAME"),
        ("signal: behavior/a, margin: 0.3, use_case_margin: 0.4", "are for gates on family/NAME"),
        ("signal: behavior/a, margin: 0.3, suites: [behavior/b]", "are for gates on family/NAME"),
        ("signal: behavior/a, margin: 0.3, per: suite", "are for gates on family/NAME"),
    ],
)
def test_what_a_family_and_one_signal_cannot_have(gate: str, words: str) -> None:
    """A family in whose mean a suite could hide is refused, and so is what only the other kind of gate can have."""
    with pytest.raises(PolicyError, match=words) as error:
        parse_policy(GOOD.replace("signal: behavior/unearned-praise, margin: 0.05", gate), "policy.yaml")
    assert str(error.value).startswith("policy.yaml:7:")


def test_a_suite_margin_may_be_as_narrow_as_the_family_s() -> None:
    """Each suite at the margin of the mean is the narrowest that a family holds."""
    gate = "signal: family/x, margin: 0.2, suite_margin: 0.2"
    assert parse_policy(GOOD.replace("signal: behavior/unearned-praise, margin: 0.05", gate)).gates[0].family == "x"


def test_a_list_is_no_policy() -> None:
    """A file that is no mapping is refused in a sentence."""
    with pytest.raises(PolicyError, match=r"^policy:1: expected a mapping with `name`.* and `gates`$"):
        parse_policy("- 1")


def test_the_digest_ignores_comments_and_sees_margins() -> None:
    """Comments and layout do not change the digest; a margin does."""
    digest = parse_policy(GOOD).digest
    assert parse_policy("# a comment\n" + GOOD).digest == digest
    assert parse_policy(GOOD.replace("0.05", "0.06")).digest != digest


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """A system prompt named as a file is read from beside the policy; transcripts get absolute paths."""
    (tmp_path / "warm.md").write_text("Be warm.\n", encoding="utf-8")
    path = tmp_path / "policy.yaml"
    path.write_text(
        GOOD.replace("system: Be warm.", "system: warm.md").replace(
            "{model: embedded/smollm2-135m}", "{model: transcripts/a.csv}"
        ),
        encoding="utf-8",
    )
    policy = load_policy(path)
    assert policy.candidate.system == "Be warm."
    assert policy.baseline.target == str(tmp_path / "a.csv")


def test_a_missing_policy_says_how_to_get_one(tmp_path: Path) -> None:
    """The message for a missing file names the command that writes one."""
    with pytest.raises(PolicyError, match="seatrial init"):
        load_policy(tmp_path / "none.yaml")


def test_a_margin_fits_below_the_range() -> None:
    """A margin must be smaller than the largest change that the scale can show."""
    assert margin_fits(0.9, (0, 1))
    assert margin_fits(1.9, (-1, 1))
    assert not margin_fits(1.0, (0, 1))
    assert not margin_fits(0.0, (0, 1))
    assert not margin_fits(math.nan, (0, 1))
    assert not margin_fits(math.inf, (0, math.inf))


def test_scores_compare_with_scores_only() -> None:
    """A table of scores cannot be compared with a live model."""
    with pytest.raises(PolicyError, match="scores can only be compared with scores"):
        parse_policy(GOOD.replace("{model: embedded/smollm2-135m}", "{model: scores/a.csv}"))


def test_labels_and_patterns_are_words_as_in_the_file() -> None:
    """Numbers, `yes` and one pattern alone in a declared signal mean what they mean in a table: text."""
    spec = parse_policy(
        GOOD
        + "signals:\n  human/bad: {column: a, values: {1: 1.0, 2.5: 0.5, no: 0}, where: {kind: x*, year: [1, 2]}}\n"
    ).signals["human/bad"]
    assert spec.values == {"1": 1.0, "2.5": 0.5, "no": 0.0}
    assert spec.where == {"kind": ["x*"], "year": ["1", "2"]}


@pytest.mark.parametrize(("temperature", "samples"), [("0", False), ("0.7", True)])
def test_asking_again_helps_only_where_a_model_samples(temperature: str, samples: bool) -> None:
    """One model with a temperature above 0 is enough for another answer to be possible."""
    text = GOOD.replace("  system: Be warm.", f"  generation: {{temperature: {temperature}}}")
    assert parse_policy(text).samples is samples


def test_all_paths_of_a_policy_are_resolved(tmp_path: Path) -> None:
    """Every file and folder that a policy names is looked for beside it, wherever the command is run."""
    path = tmp_path / "policy.yaml"
    path.write_text(
        GOOD.replace("margin: 0.05", "margin: 0.05, labels: people.jsonl")
        + "suites: [s]\nevidence: [e.csv]\nrecords: [r]\nheld_out: [h]\n"
        "judges: {a: {scores: a.jsonl}, b: {model: {model: embedded/x, adapter: b.gguf}}, c: {members: [a, b]}}\n",
        encoding="utf-8",
    )
    policy = load_policy(path)
    assert [*policy.suites, *policy.evidence, *policy.records, *policy.held_out] == [
        tmp_path / name for name in ("s", "e.csv", "r", "h")
    ]
    assert policy.gates[0].labels == tmp_path / "people.jsonl"
    assert policy.judges["a"].scores == tmp_path / "a.jsonl"
    assert policy.judges["b"].model is not None
    assert policy.judges["b"].model.adapter == tmp_path / "b.gguf"
    assert policy.judges["c"].members == ["a", "b"]


def test_a_policy_survives_json() -> None:
    """A policy that was written with a review is read back as the same policy, with the same digest."""
    policy = parse_policy(GOOD + "draws: auto\nalpha: 0.01\n")
    again = LaunchPolicy.model_validate_json(policy.model_dump_json())
    assert again == policy
    assert again.digest == policy.digest


def test_a_policy_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 end in a sentence that names the file."""
    path = tmp_path / "policy.yaml"
    path.write_bytes(b"name: \xff\n")
    with pytest.raises(PolicyError, match=r"policy\.yaml:1: not UTF-8 text \(byte 6\); save it as UTF-8"):
        load_policy(path)


def test_trust_needs_a_reason_and_no_advice() -> None:
    """Somebody says why in words, and a gate cannot both count on trust and not count."""
    text = "name: p\ngates: [{signal: behavior/pushback, margin: 0.1, %s}]\n"
    assert parse_policy(text % 'trust: "read 200 of its grades"').gates[0].trust == "read 200 of its grades"
    with pytest.raises(PolicyError, match="trust needs its reason in words"):
        parse_policy(text % 'trust: "yes"')
    with pytest.raises(PolicyError, match="keep one"):
        parse_policy(text % 'trust: "read 200 of its grades", advisory: "style, watched only"')


@pytest.mark.parametrize("pattern", ["", "[[a]]", "{a: b}", "[a, {b: c}]"])
def test_a_pattern_is_words(pattern: str) -> None:
    """Nothing at all, or a list of lists, is no selection that somebody meant; a blank cell is written in quotes."""
    signals = f"signals:\n  human/bad: {{column: a, where: {{kind: {pattern}}}}}\n"
    with pytest.raises(PolicyError, match="a pattern is a word or a list of words"):
        parse_policy(GOOD + signals)
