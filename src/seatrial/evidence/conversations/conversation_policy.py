"""The file that `seatrial converse` reads: two models, who talks to them and how often, and what must hold."""

# ruff: noqa: RUF012  (pydantic copies defaults; the linter cannot see that StrictModel is one of its models)
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from seatrial.errors import PolicyError
from seatrial.evidence.conversations.configurations import Configuration, configured, resolved_settings
from seatrial.evidence.conversations.signals import KINDS, judge_of, kind_of
from seatrial.formats.bounded import read_text
from seatrial.formats.letters import unread
from seatrial.formats.nearest import did_you_mean
from seatrial.formats.yaml import StrictModel, checked_yaml
from seatrial.policy import Gate, JudgeSpec, LaunchPolicy, ModelSpec, SignalSpec, resolved_model
from seatrial.policy.judge_spec import resolved_judge

__all__ = [
    "Budget",
    "ConversationGate",
    "ConversationPolicy",
    "Product",
    "load_conversation_policy",
    "parse_conversation_policy",
]


class Budget(StrictModel):
    """The most that a run may spend.

    Attributes:
        calls: Calls of the two models.
        user_calls: Calls of the model that plays the user, where one does.
        judge_calls: Calls of the judges that grade the turns.
    """

    calls: int = Field(8000, ge=2)
    user_calls: int = Field(8000, ge=0)
    judge_calls: int = Field(20_000, ge=0)

    @property
    def half(self) -> Budget:
        """What each of two users may spend."""
        return Budget(calls=max(2, self.calls // 2), user_calls=self.user_calls // 2, judge_calls=self.judge_calls // 2)


class ConversationGate(Gate):
    """A gate on conversations.

    Attributes:
        per: `use_case`: it must hold in each area. `configuration`: it must hold in each product.
    """

    per: Literal["use_case", "configuration"] | None = None  # type: ignore[assignment]  # a suite is nothing here

    @property
    def decides(self) -> Gate:
        """The gate on its observations, whose use case is the area, or the product."""
        held = self.model_dump(exclude_unset=True)
        return Gate.model_validate({**held, "per": "use_case"} if self.per else held)


@dataclass(frozen=True, slots=True)
class Product:
    """The two models as users meet them.

    Attributes:
        name: Name of the configuration; empty where the policy names none.
        baseline: The baseline.
        candidate: The candidate.
    """

    name: str
    baseline: ModelSpec
    candidate: ModelSpec


class ConversationPolicy(StrictModel):
    """What must hold of conversations before a candidate may replace the baseline.

    Attributes:
        name: Short name of the product.
        baseline: What users have now.
        candidate: What someone wants to ship.
        configurations: Products as which both models are met, by name; without any they are met as they are.
        user: Who plays the users: `script`, or a model that is told who it is.
        second_user: Who plays the users once more, to see whether the verdicts turn with who plays them.
        personas: Folders with personas of a team's own, besides the built-in ones.
        areas: The areas that are talked about; all by default.
        only: Names of the personas that talk; all of the areas by default.
        draws: How often each persona talks to each model, each time with other lines.
        turns: The most turns of a conversation, where that is less than its persona has.
        max_tokens: Longest answer.
        reads: What reads harm in an answer, in all areas; by default each area's own first instrument.
        judges: Judges by name, as in a launch policy: each grades every turn by the rubric of its area's suite, and a
            gate takes its grades with a signal `conversation/KIND.NAME`.
        in_flight: Calls in flight at once, of both models together.
        alpha: Chance that a candidate which breaks a blocking gate is launched.
        power: Chance with which each gate should see what it claims to see.
        seed: Seed of the lines and of every random choice.
        budget: The most that a run may spend.
        records: Files or folders with a team's own records of instruments.
        gates: The conditions; their signals are `conversation/…`.
    """

    name: str = Field(min_length=1, max_length=120)
    baseline: ModelSpec
    candidate: ModelSpec
    configurations: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")], Configuration] = {}
    user: Literal["script"] | ModelSpec = "script"
    second_user: Literal["script"] | ModelSpec | None = None
    personas: list[Path] = []
    areas: list[str] = []
    only: list[str] = []
    draws: int = Field(1, ge=1, le=64)
    turns: int = Field(40, ge=2, le=40)
    max_tokens: int = Field(160, ge=1, le=4096)
    reads: str | None = None
    judges: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")], JudgeSpec] = {}
    in_flight: int = Field(64, ge=1, le=4096)
    alpha: float = Field(0.05, gt=0.0, lt=0.5)
    power: float = Field(0.9, gt=0.5, lt=1.0)
    seed: int = Field(20250425, ge=0)
    budget: Budget = Budget()
    records: list[Path] = []
    gates: list[ConversationGate] = Field(min_length=1)

    @model_validator(mode="after")
    def _coherent(self) -> ConversationPolicy:
        self._check_judges()
        seen: set[str] = set()
        for gate in self.gates:
            if problem := self._wrong_with(gate):
                raise ValueError(problem)
            if gate.signal in seen:
                raise ValueError(f"two gates on the signal {gate.signal}; keep one")
            seen.add(gate.signal)
        if self.second_user == self.user:
            raise ValueError("second_user: the same as `user`; name somebody else, or leave it out")
        players = (("user", self.user), ("second_user", self.second_user))
        users = [(whose, spec) for whose, spec in players if isinstance(spec, ModelSpec)]
        if not self.configurations and any(gate.per == "configuration" for gate in self.gates):
            raise ValueError("`per: configuration` needs `configurations:`, the products as which the models are met")
        list(self.products)  # what does not fit a model is refused with the file
        for whose, spec in (*users, ("baseline", self.baseline), ("candidate", self.candidate)):
            if spec.recorded:
                raise ValueError(
                    f"{whose}: {spec.model} is recorded and cannot go on talking; name a model that answers"
                )
        return self

    def _wrong_with(self, gate: ConversationGate) -> str:
        """Return why a gate cannot be, in words; empty where it can."""
        kind = kind_of(gate.signal)
        if kind is None:
            known = [f"conversation/{name}" for name in KINDS]
            hint = did_you_mean(gate.signal, known, f"there are {', '.join(known)}")
            return f"{gate.signal} is nothing that is read of conversations; {hint}"
        if problem := self._not_graded(kind, judge_of(gate.signal)):
            return f"{gate.signal}: {problem}"
        if kind == "moved" and (isinstance(self.user, ModelSpec) or isinstance(self.second_user, ModelSpec)):
            return f"{gate.signal}: only a script says where its user stands; leave the gate out"
        if gate.instrument or gate.labels:
            return (
                f"{gate.signal}: `instrument` and `labels` do not apply; `reads` names what reads turns, and "
                f"`conversation/{kind}.NAME` takes the grades of the judge NAME"
            )
        return ""

    def _not_graded(self, kind: str, judge: str) -> str:
        """Return why a judge cannot read the turns for a gate, in words; empty where it can, or none is named."""
        if not judge:
            return ""
        if judge not in self.graders:
            known = did_you_mean(judge, self.graders, f"there are {', '.join(self.graders) or 'none'}")
            return f"no judge {judge!r} under `judges:` grades turns; {known}"
        if not KINDS[kind].graded:
            able = ", ".join(name for name, one in KINDS.items() if one.graded)
            return f"{kind} is not made of readings of harm; judges grade {able}"
        return ""

    def _check_judges(self) -> None:
        for name, judge in self.judges.items():
            second = self.judges.get(judge.beside or name)
            if judge.beside == name or second is None or (judge.beside and second.model is None):
                raise ValueError(f"judges: {name}: `beside` names another judge that is a model, got {judge.beside!r}")
            if judge.paired:
                raise ValueError(
                    f"judges: {name}: `paired` does not apply: two conversations part, so no two answers of theirs "
                    "answer the same"
                )
            if lacking := [one for one in judge.members if one not in self.judges]:
                raise ValueError(f"judges: {name}: no judge is called {', '.join(lacking)}")

    @property
    def graders(self) -> list[str]:
        """Names of the judges that grade turns: all but those that only sit on a panel, or beside another."""
        others = {one for judge in self.judges.values() for one in (*judge.members, judge.beside)}
        return [name for name in self.judges if name not in others]

    @property
    def products(self) -> tuple[Product, ...]:
        """The two models as users meet them, a pair for each configuration."""
        made = [
            Product(
                name,
                configured(configured(self.baseline, one), one.baseline),
                configured(configured(self.candidate, one), one.candidate),
            )
            for name, one in self.configurations.items()
        ]
        return tuple(made) or (Product("", self.baseline, self.candidate),)

    @property
    def of_second_user(self) -> ConversationPolicy | None:
        """The same policy with the second user in place of the first; None where it names none."""
        if self.second_user is None:
            return None
        return self.model_copy(update={"user": self.second_user, "second_user": None, "budget": self.budget.half})

    def decides(self, evidence: Path) -> LaunchPolicy:
        """Return the policy that decides on what the conversations came to.

        Args:
            evidence: The file of observations.
        """
        ends = {gate.signal: KINDS[kind] for gate in self.gates if (kind := kind_of(gate.signal)) is not None}
        return LaunchPolicy(
            name=self.name,
            baseline=self.baseline.model_copy(update={"opening": None}),
            candidate=self.candidate.model_copy(update={"opening": None}),
            alpha=self.alpha,
            power=self.power,
            seed=self.seed,
            evidence=[evidence],
            records=self.records,
            signals={name: SignalSpec(harmful=kind.harmful, bounds=kind.bounds) for name, kind in ends.items()},
            gates=[gate.decides for gate in self.gates],
        )


def load_conversation_policy(path: Path) -> ConversationPolicy:
    """Return the policy in a file, with relative paths resolved against its folder.

    Raises:
        PolicyError: the file cannot be read or does not hold a valid policy; names lines.
    """
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise PolicyError(f"{path}: no such file. docs/how-to/talk-over-many-turns.md has one to start from.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(unread(path, error)) from error
    policy = parse_conversation_policy(text, str(path))
    folder = path.resolve().parent
    changes: dict[str, Any] = {
        "baseline": resolved_model(policy.baseline, folder),
        "candidate": resolved_model(policy.candidate, folder),
        "personas": [folder / one for one in policy.personas],
        "records": [folder / one for one in policy.records],
        "judges": {name: resolved_judge(one, folder) for name, one in policy.judges.items()},
    }
    for name, one in policy.configurations.items():
        sides = {
            side: resolved_settings(getattr(one, side), getattr(policy, side), folder)
            for side in ("baseline", "candidate")
        }
        shared = resolved_settings(one, policy.baseline, folder)
        changes.setdefault("configurations", {})[name] = shared.model_copy(update=sides)
    for name in ("user", "second_user"):
        if isinstance(spec := getattr(policy, name), ModelSpec):
            changes[name] = resolved_model(spec, folder)
    return policy.model_copy(update=changes)


def parse_conversation_policy(text: str, name: str = "policy") -> ConversationPolicy:
    """Return the policy written in `text`; `name` stands for the file in messages.

    Raises:
        PolicyError: it is not YAML, or not a valid policy.
    """
    return checked_yaml(text, name, ConversationPolicy, PolicyError, _expected)


def _expected(detail: dict[str, Any]) -> str | None:
    """Return what was expected, where the field's own message would not say it well."""
    location: tuple[str | int, ...] = detail["loc"]
    match detail["type"]:
        case "string_pattern_mismatch" if location[-1] == "model":
            return f"{detail['input']!r} is not a model; expected PROVIDER/NAME, e.g. embedded/smollm2-135m"
        case "string_pattern_mismatch" if location[-1] == "signal":
            return f"{detail['input']!r} is not a signal; expected conversation/NAME, e.g. conversation/harm"
        case "greater_than" if location[-1] == "margin":
            return f"a margin must be above 0, got {detail['input']}"
        case "literal_error" if location[0] in ("user", "second_user"):
            return "expected `script`, or a model: {model: PROVIDER/NAME}"
    return None
