"""What must hold before a launch: the policy file, its gates and what they are judged by.

A mistake in the file is reported with its line and with what was expected there.
"""

# ruff: noqa: RUF012  (pydantic copies defaults; the linter cannot see that StrictModel is one of its models)
from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import Field, field_validator, model_validator

from seatrial.errors import PolicyError
from seatrial.formats.bounded import read_text
from seatrial.formats.letters import unread
from seatrial.formats.yaml import StrictModel, checked_yaml
from seatrial.policy.judge_spec import JudgeSpec, resolved_judge
from seatrial.policy.model_spec import Generation, ModelSpec, resolved_model
from seatrial.policy.runs_spec import EvidenceSpec, resolved_evidence
from seatrial.policy.summary_spec import SummarySpec, check_figures
from seatrial.policy.task_spec import TaskSpec, why_no_task

__all__ = [
    "Budget",
    "Gate",
    "Generation",
    "JudgeSpec",
    "LaunchPolicy",
    "Measure",
    "ModelSpec",
    "Reuse",
    "SignalSpec",
    "load_policy",
    "parse_policy",
]

Measure = Literal["distinct", "empty", "cut_off", "loops", "copied", "language", "refusals", "lengths"]
"""What a review looks at in all answers before it reads one."""
FAMILY = "family"
"""Kind of the signals that are means over suites."""
SignalName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9._-]*$")]


class SignalSpec(StrictModel):
    """A signal that the policy declares itself, for material that brings its own labels or scores.

    Attributes:
        harmful: Which end of the scale is harm; by default `low` for `benchmark/…` and `feedback/thumbs-up`.
        bounds: Smallest and largest possible value.
        column: Column of the transcripts that holds a label of each answer.
        values: Number for each label; a label that is not listed is refused, not skipped.
        instrument: Instrument that reads each recorded answer, instead of a column.
        summary: Means, standard errors and numbers of items of both models, where no more is known: weaker evidence.
        where: Select rows: column → one value or a list; `*` and `?` match as in file names, and a value that begins
            with `!` (in quotes, for YAML) leaves out what it matches.
    """

    harmful: Literal["high", "low"] | None = None
    bounds: tuple[float, float] = (0.0, 1.0)
    column: str | None = None
    values: dict[str, float] = {}
    instrument: str | None = None
    rubric: str | None = None
    summary: SummarySpec | None = None
    where: dict[str, list[str]] = {}

    @field_validator("where", mode="before")
    @classmethod
    def _patterns_are_words(cls, value: Any) -> Any:
        """Take one pattern as a list of one, and numbers as the words that they are in the file."""
        if not isinstance(value, dict):
            return value
        listed = {column: wanted if isinstance(wanted, list) else [wanted] for column, wanted in value.items()}
        if any(pattern is None or isinstance(pattern, list | dict) for wanted in listed.values() for pattern in wanted):
            raise ValueError('a pattern is a word or a list of words; "" is a blank cell, and brackets stand in quotes')
        return {str(column): [str(pattern) for pattern in wanted] for column, wanted in listed.items()}

    @field_validator("values", mode="before")
    @classmethod
    def _labels_are_words(cls, value: Any) -> Any:
        """Take labels such as 1 or 2.5 as the words that they are in the file."""
        return {str(label): number for label, number in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _sensible(self) -> SignalSpec:
        low, high = self.bounds
        if not low < high:
            raise ValueError(f"bounds must be [smallest, largest], got [{low:g}, {high:g}]")
        if self.column and self.instrument:
            raise ValueError("give either a column of labels or an instrument, not both")
        if (self.instrument or "").startswith("judge/") is not bool(self.rubric):
            raise ValueError(
                "a judge grades recorded answers by a suite's rubric: give both `instrument: judge/NAME` and "
                "`rubric: behavior/…`, or neither"
            )
        if self.rubric and (self.harmful or self.model_fields_set & {"bounds", "values"}):
            raise ValueError("a rubric says itself which end is harm and how far its scale goes: leave out the others")
        if self.summary is not None:
            if self.column or self.instrument or self.values or self.where:
                raise ValueError("`summary` stands alone: leave out `column`, `instrument`, `values` and `where`")
            check_figures(self.summary, self.bounds)
        for label, value in self.values.items():
            if not low <= value <= high:
                raise ValueError(f"value {value:g} of label {label!r} is outside the bounds [{low:g}, {high:g}]")
        return self


class Gate(StrictModel):
    """One condition of a launch.

    Attributes:
        signal: What is measured; `family/NAME` is the mean over the suites of one kind of harm.
        margin: Largest rise in harm tolerated against the baseline, in the signal's units; of a family, in shares of
            each suite's scale.
        limit: Ceiling on the candidate's own level of harm.
        per: `use_case`: the gate must hold in every cell. `suite`: each suite of a family must hold `suite_margin`.
        suite_margin: Largest rise of harm tolerated in any one suite of a family, in shares of its scale.
        use_case_margin: Largest rise of harm tolerated in any one use case of a family, over its suites.
        suites: The suites of a family that are asked; all that belong to it by default.
        advisory: Why this gate does not block; every gate without it blocks.
        trust: Why it counts although no record shows that its instrument sees harm: its slope is then taken as 1, and a
            launch is one on trust.
        instrument: Which of the suite's instruments to use; the first usable one by default.
        labels: People's scores of a random part of the answers, JSONL with `item`, `answer` and `score` from 0 to 10;
            the report joins them with the instrument's scores of all answers.
    """

    signal: SignalName
    margin: float = Field(gt=0.0)
    limit: float | None = None
    per: Literal["use_case", "suite"] | None = None
    suite_margin: float | None = Field(None, gt=0.0, lt=1.0)
    use_case_margin: float | None = Field(None, gt=0.0, lt=1.0)
    suites: list[SignalName] = []
    advisory: str | None = None
    trust: str | None = None
    instrument: str | None = None
    labels: Path | None = None

    @field_validator("advisory")
    @classmethod
    def _a_reason(cls, value: str | None) -> str | None:
        if value is not None and len(value.strip()) < 8:
            raise ValueError('an advisory gate needs its reason in words, e.g. advisory: "style, not ours to block"')
        return value

    @field_validator("trust")
    @classmethod
    def _a_word_for_it(cls, value: str | None) -> str | None:
        if value is not None and len(value.strip()) < 8:
            raise ValueError('trust needs its reason in words, e.g. trust: "read 200 of its grades, A. Lee"')
        return value

    @model_validator(mode="after")
    def _counts_or_not(self) -> Gate:
        if self.advisory is not None and self.trust is not None:
            raise ValueError("`advisory` keeps a gate from counting and `trust` makes it count; keep one")
        return self

    @model_validator(mode="after")
    def _of_a_family(self) -> Gate:
        if self.family:
            _check_family(self)
        elif self.suite_margin is not None or self.use_case_margin is not None or self.suites or self.per == "suite":
            raise ValueError(
                "`per: suite`, `suite_margin`, `use_case_margin` and `suites` are for gates on family/NAME"
            )
        return self

    @property
    def family(self) -> str:
        """Name of the family that it gates; empty where it gates one signal."""
        kind, _, name = self.signal.partition("/")
        return name if kind == FAMILY else ""

    @property
    def blocking(self) -> bool:
        """Whether a failure of this gate blocks the launch."""
        return self.advisory is None


def _check_family(gate: Gate) -> None:
    """Refuse what only a gate on one signal can have, and a family in whose mean a suite could hide."""
    if gate.margin >= 1.0:
        raise ValueError(f"the margin of a family is a share of its suites' scales, below 1; got {gate.margin:g}")
    if gate.limit is not None or gate.labels is not None:
        raise ValueError("`limit` and `labels` belong to one suite: give the suite a gate of its own")
    if gate.per == "use_case":
        raise ValueError("a family holds `per: suite`; for use cases give a `use_case_margin`")
    if gate.suite_margin is None:
        raise ValueError("a family needs a `suite_margin`, so that no suite hides in its mean, e.g. suite_margin: 0.2")
    if gate.suite_margin < gate.margin:
        raise ValueError(
            f"suite_margin {gate.suite_margin:g} is below the family's margin {gate.margin:g}: a gate on that suite "
            "alone says so better"
        )
    if len(set(gate.suites)) < len(gate.suites):
        raise ValueError("`suites` names one suite twice")


class Budget(StrictModel):
    """The most that a review may spend.

    Attributes:
        calls: Calls of the two models.
        judge_calls: Calls of judges.
    """

    calls: int = Field(6000, ge=1)
    judge_calls: int = Field(20_000, ge=0)


class Reuse(StrictModel):
    """Whether the baseline's answers of the reviews in the same folder are taken over instead of asked for.

    Attributes:
        days: How old an answer may be that is taken over; 0 to ask for all of them.
        recheck: Share of the answers to take over that is asked anew, to see that they still hold; of each gate's at
            least 20.
    """

    days: float = Field(7.0, ge=0.0, le=3650.0)
    recheck: float = Field(0.1, gt=0.0, le=1.0)


class LaunchPolicy(StrictModel):
    """What must hold before a candidate may replace the baseline.

    Attributes:
        name: Short name of the product or policy.
        baseline: What users have now; may be left out where all gates rest on `evidence`.
        candidate: What someone wants to ship; may be left out with the baseline.
        alpha: Chance that a candidate which breaks a blocking gate is launched.
        power: Chance with which each gate should see what it claims to see.
        budget: The most that a review may spend.
        reuse: Which of the baseline's answers of other reviews are taken over.
        suites: Folders with suites of the user's own.
        evidence: Files of observations made elsewhere, pairs of runs that other tools recorded, and tasks of Inspect to
            run on both models.
        signals: Signals declared here, by name.
        judges: Judges by name; a gate takes one with `instrument: judge/NAME`.
        records: Files or folders with a team's own records of instruments, which go before the built-in ones.
        gates: The conditions.
        draws: Answers asked for each item and model, where they are sampled and read as text; `auto` asks as often as
            a gate's part of the budget pays for, and all items once before one is asked twice.
        seed: Seed of the order of items and of every random choice.
        rewritten: Share of each suite's clusters that are asked in other words too, worded anew for each candidate, to
            see whether a model does better on the public wording.
        held_out: Folders with items of a team's own for suites, never published: `SUITE.jsonl`, lines as in
            `items.jsonl`.
        expected: What may look odd at a glance, each with the reason in words: `lengths: "we shortened them"`.
        drift: Whether all answers of words are searched for whatever else changed.
    """

    name: str = Field(min_length=1, max_length=120)
    baseline: ModelSpec = ModelSpec(model="evidence/baseline")
    candidate: ModelSpec = ModelSpec(model="evidence/candidate")
    alpha: float = Field(0.05, gt=0.0, lt=0.5)
    power: float = Field(0.9, gt=0.5, lt=1.0)
    budget: Budget = Budget()
    reuse: Reuse = Reuse()
    suites: list[Path] = []
    evidence: list[EvidenceSpec] = []
    records: list[Path] = []
    signals: dict[SignalName, SignalSpec] = {}
    judges: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")], JudgeSpec] = {}
    gates: list[Gate] = Field(min_length=1)
    draws: Annotated[int, Field(ge=1, le=64)] | Literal["auto"] = "auto"
    seed: int = Field(20250425, ge=0)
    rewritten: float = Field(0.0, ge=0.0, le=1.0)
    held_out: list[Path] = []
    expected: dict[Measure, Annotated[str, Field(min_length=8, pattern=r"\S")]] = {}
    drift: bool = True

    @model_validator(mode="after")
    def _coherent(self) -> LaunchPolicy:
        seen: set[str] = set()
        for gate in self.gates:
            if gate.signal in seen:
                raise ValueError(f"two gates on the signal {gate.signal}; keep one")
            seen.add(gate.signal)
        for name, judge in self.judges.items():
            second = self.judges.get(judge.beside or name)
            if judge.beside == name or second is None or (judge.beside and second.model is None):
                raise ValueError(f"judges: {name}: `beside` names another judge that is a model, got {judge.beside!r}")
        kinds = {model.provider if not model.answers else "answers" for model in (self.baseline, self.candidate)}
        if len(kinds) > 1:
            if "scores" in kinds:
                raise ValueError("scores can only be compared with scores")
            raise ValueError("name both `baseline` and `candidate`, or neither where all gates rest on `evidence`")
        reasons = [why_no_task(model) for model in (self.baseline, self.candidate)] if self.tasks else []
        if any(reasons):
            raise ValueError(f"evidence: {self.tasks[0].task}: {next(filter(None, reasons))}")
        return self

    @property
    def tasks(self) -> tuple[TaskSpec, ...]:
        """The tasks of Inspect that a review runs on both models."""
        return tuple(one for one in self.evidence if isinstance(one, TaskSpec))

    @property
    def samples(self) -> bool:
        """Whether asking a model again could give another answer."""
        return any(model.generation.temperature != 0 for model in (self.baseline, self.candidate))

    def to_yaml(self) -> str:
        """Return the policy as YAML, from which `parse_policy` makes the same one."""
        plain = self.model_dump(mode="json", exclude_defaults=True)
        written: str = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
        return written

    @property
    def digest(self) -> str:
        """SHA-256 of the policy's content, independent of comments and layout of the file."""
        since = {"drift"} if self.drift else None  # what earlier policies could not say
        return hashlib.sha256(self.model_dump_json(exclude=since).encode()).hexdigest()


def load_policy(path: str | Path) -> LaunchPolicy:
    """Return the policy in the file at `path`, with relative paths resolved against its folder.

    Raises:
        PolicyError: the file cannot be read or does not hold a valid policy; names lines.
    """
    try:
        text = read_text(Path(path))
    except FileNotFoundError:
        raise PolicyError(f"{path}: no such file. `seatrial init` writes a policy to start from.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(unread(Path(path), error)) from error
    policy = parse_policy(text, str(path))
    return _resolved(policy, Path(path).resolve().parent)


def parse_policy(text: str, name: str = "policy") -> LaunchPolicy:
    """Return the policy written in `text`; `name` stands for the file in messages.

    Raises:
        PolicyError: it is not YAML, or not a valid policy.
    """
    return checked_yaml(text, name, LaunchPolicy, PolicyError, _expected)


def _expected(detail: dict[str, Any]) -> str | None:
    """Return what was expected, where the field's own message would not say it well."""
    location: tuple[str | int, ...] = detail["loc"]
    match detail["type"]:
        case "string_pattern_mismatch" if location[-1] == "signal" or "signals" in location:
            return f"{detail['input']!r} is not a signal; expected kind/name, e.g. behavior/unearned-praise"
        case "string_pattern_mismatch" if location[-1] == "model":
            return f"{detail['input']!r} is not a model; expected PROVIDER/NAME, e.g. embedded/smollm2-135m"
        case "greater_than" if location[-1] == "margin":
            return f"a margin must be above 0, got {detail['input']}"
        case "string_too_short" | "string_pattern_mismatch" | "string_type" if location[0] == "expected":
            return f"why {location[1]} is expected, in words (8 letters or more), got {detail['input']!r}"
        case "literal_error" if location[0] == "expected":
            return f"{detail['input']!r} is not looked at; `expected` knows {', '.join(get_args(Measure))}"
        case "too_short" if location[-1] == "gates":
            return "a policy without gates would launch anything; add at least one"
    return None


def _resolved(policy: LaunchPolicy, folder: Path) -> LaunchPolicy:
    """Return the policy with its relative paths made absolute and system prompts read from their files."""
    return policy.model_copy(
        update={
            "baseline": resolved_model(policy.baseline, folder),
            "candidate": resolved_model(policy.candidate, folder),
            "suites": [folder / path for path in policy.suites],
            "evidence": [resolved_evidence(one, folder) for one in policy.evidence],
            "records": [folder / path for path in policy.records],
            "held_out": [folder / path for path in policy.held_out],
            "gates": [
                gate if gate.labels is None else gate.model_copy(update={"labels": folder / gate.labels})
                for gate in policy.gates
            ],
            "judges": {name: resolved_judge(spec, folder) for name, spec in policy.judges.items()},
        }
    )


def margin_fits(margin: float, bounds: tuple[float, float]) -> bool:
    """Return whether a margin is smaller than the largest change a signal with these bounds can show."""
    return math.isfinite(margin) and 0.0 < margin < bounds[1] - bounds[0]
