"""`seatrial judge`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seatrial.cli.options import Json, print_json, say
from seatrial.errors import ExitCode, Interrupted, PolicyError

if TYPE_CHECKING:
    from seatrial.policy import JudgeSpec, LaunchPolicy

__all__ = ["judge_app"]

judge_app = typer.Typer(help="Models that grade answers, and the records that let them count.", no_args_is_help=True)


@judge_app.callback()
def _judge() -> None:
    pass


@judge_app.command(
    "setup", epilog="Example: seatrial judge setup openai-compatible/grader --base-url http://localhost:8000/v1 --yes"
)
def judge_setup(
    endpoint: Annotated[
        str, typer.Argument(help="PROVIDER/NAME of the model, or judge/NAME that the policy declares.")
    ],
    name: Annotated[str, typer.Option("--name", help="What a policy calls it.")] = "main",
    base_url: Annotated[str | None, typer.Option("--base-url", help="Where an endpoint answers.")] = None,
    api_key_env: Annotated[str | None, typer.Option("--api-key-env", help="Variable that holds the key.")] = None,
    policy_path: Annotated[
        Path | None, typer.Option("--policy", help="Try it on this policy's suites, and write the judge into it.")
    ] = None,
    records: Annotated[Path, typer.Option("--records", help="Folder for its records and replies.")] = Path("records"),
    draws: Annotated[int, typer.Option("--draws", min=1, max=16, help="How often a review has an answer graded.")] = 1,
    paired: Annotated[
        bool, typer.Option("--paired", help="Show it both models' answers at once, in both orders.")
    ] = False,
    structured: Annotated[bool, typer.Option(help="Hold its replies to a JSON schema.")] = True,
    second: Annotated[
        str | None, typer.Option("--second", help="PROVIDER/NAME of a second model, at the same address.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Spend the calls without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Try a judge on the suites' graded answers and write its records, which let it count from the first review on.

    Says first how many calls it takes. Graded answers are clear-cut: such a record counts at a discount, and gives way
    to labels of your own (seatrial instruments calibrate). Exits with 3 where its records let it gate nothing.
    """
    from seatrial.calibration.judge_setup import planned_setup, policy_block, set_up, with_block
    from seatrial.cli.output.judge import plan_lines, setup_lines
    from seatrial.collect import Progress
    from seatrial.policy import load_policy

    policy = load_policy(policy_path) if policy_path is not None else None
    if endpoint.startswith("judge/"):
        name = endpoint.partition("/")[2]
        judges = _declared(name, policy)
    else:
        judges = _judges(endpoint, name, base_url, api_key_env, draws, paired, structured, second)
    setup = planned_setup(name, judges, policy)
    say("\n".join(plan_lines(setup)), err=True)
    _agreed(yes)
    try:
        done = set_up(setup, records, Progress())
    except KeyboardInterrupt:
        raise Interrupted("stopped. What was graded is kept; the same command goes on where it stopped.") from None
    place = Path(os.path.relpath(records, policy_path.parent)) if policy_path is not None else records
    block = policy_block(judges, [place])
    written = bool(policy_path and done.records and with_block(policy_path, judges, [place]))
    gates = any(one.may_gate for one in done.standings.values())
    if as_json:
        print_json(
            {
                "judge": f"judge/{name}",
                "calls": done.spend.calls,
                "kept": done.spend.reused,
                "cost": done.spend.cost,
                "records": [
                    {
                        "signal": record.measurements[0].signal,
                        "path": str(path),
                        "may_gate": done.standings[record.measurements[0].signal].may_gate,
                        "slope": record.measurements[0].slope[0],
                        "counts_as": done.standings[record.measurements[0].signal].slope,
                        "error": done.standings[record.measurements[0].signal].why,
                    }
                    for path, record in done.records
                ],
                "without_record": done.problems,
                "policy": block,
                "written": str(policy_path) if written else None,
            }
        )
    else:
        say("\n".join(setup_lines(setup, done, block, policy_path, written)))
    raise typer.Exit(ExitCode.LAUNCH if gates else ExitCode.HOLD)


def _declared(name: str, policy: LaunchPolicy | None) -> dict[str, JudgeSpec]:
    """Return a judge that the policy declares, and the one beside it.

    Raises:
        PolicyError: there is none of that name, or it is no model.
    """
    from seatrial.collect.judge_specs import judge_spec

    if policy is None:
        raise PolicyError(f"judge/{name}: give the policy that declares it, --policy policy.yaml")
    spec = judge_spec(policy.judges, name)
    if spec.model is None:
        raise PolicyError(
            f"judge/{name} is no model: scores from a file, or a mean of others, cannot be asked anything new"
        )
    return {one: policy.judges[one] for one in (name, spec.beside) if one is not None}


def _judges(
    endpoint: str,
    name: str,
    base_url: str | None,
    api_key_env: str | None,
    draws: int,
    paired: bool,
    structured: bool,
    second: str | None,
) -> dict[str, JudgeSpec]:
    """Return the judge that the options describe, and a second one beside it.

    Raises:
        PolicyError: an option has a value that no policy could have.
    """
    from pydantic import ValidationError

    from seatrial.policy import JudgeSpec, ModelSpec

    shared = {"base_url": base_url, "api_key_env": api_key_env}
    held = {"draws": draws, "paired": paired, "structured": structured}
    beside = f"{name}-second" if second else None
    try:
        made = {name: JudgeSpec(model=ModelSpec.model_validate({"model": endpoint, **shared}), beside=beside, **held)}
        if second and beside:
            made[beside] = JudgeSpec(model=ModelSpec.model_validate({"model": second, **shared}), **held)
    except ValidationError as error:
        (first, *_) = error.errors()
        what = " ".join(str(part) for part in first["loc"]) or "the judge"
        said = str(first["msg"]).removeprefix("Value error, ")
        raise PolicyError(f"{what}: {said}" + ("" if what == "base_url" else f", got {first['input']!r}")) from None
    return made


def _agreed(yes: bool) -> None:
    """Ask whether to spend the calls.

    Raises:
        PolicyError: nobody is there to be asked.
        typer.Exit: the answer was no.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise PolicyError("nothing was asked: add --yes to spend these calls")
    if not typer.confirm("Go on?", default=True, err=True):
        raise typer.Exit(ExitCode.USAGE)
