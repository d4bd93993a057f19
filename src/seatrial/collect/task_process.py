"""One run of a task by Inspect, in a process of its own: `python -m seatrial.collect.task_process`.

Inspect has an event loop, a display and streams of its own, which must not mix with those of a review. The first line
of stdin says what to run; when stdin ends, so does whoever asked, and the run stops. Each line of stdout is an event in
JSON: `total` and `sample` while it runs, `end` or `error` at its end. Every call that was answered is a line of the
file of calls, written at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from seatrial.models.inspect_provider import key_of
from seatrial.policy import ModelSpec

if TYPE_CHECKING:
    from inspect_ai.model import Model

__all__ = ["main"]

Say = Callable[[Mapping[str, Any]], None]
CONCURRENCY = 10
MAX_FAILED = 0.1
"""Share of samples that may fail before a run ends; those few count as lost answers."""
NOT_FOUND = "No inspect tasks were found"
SELF_GRADED = (
    "its scorer has each model grade its own answers, so that the two runs have two judges. Name one for both: "
    "roles: {grader: {model: PROVIDER/NAME}}"
)


def main() -> None:
    """Run the task that stdin asks for."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what tasks print is no event
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_stop_with_stdin, daemon=True).start()

    def say(event: Mapping[str, Any]) -> None:
        print(json.dumps(event), file=events, flush=True)

    watch: dict[str, Any] = {}
    try:
        say(_run(request, say, watch))
    except BaseException as error:  # tasks and providers raise whatever they raise, exits among it
        say({"error": watch.get("stopped") or _sentence(str(error) or type(error).__name__, request)})
    events.close()
    os._exit(0)  # connections and threads that Inspect or a task left open hold nothing up


def _stop_with_stdin() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGINT)


def _run(request: Mapping[str, Any], say: Say, watch: dict[str, Any]) -> dict[str, Any]:
    """Run a task to its end, or what an earlier run of it left, and return the event of its end."""
    from inspect_ai import eval_set, list_tasks

    if request["folder"]:
        os.chdir(request["folder"])  # Inspect finds the tasks of a file by a pattern, which must be relative
        held = [] if "@" in request["task"] else [one.name for one in list_tasks(request["task"], root_dir=Path.cwd())]
        if len(held) > 1:
            return {"error": f"the file holds {len(held)} tasks: {', '.join(held)}. Name one: FILE.py@FUNCTION"}
    spec = ModelSpec.model_validate(request["model"])
    roles = {role: ModelSpec.model_validate(one) for role, one in request["roles"].items()}
    model = _model(spec, "seatrial", _usual(spec))
    graders = {role: _model(one, f"seatrial-{role}", {**_usual(one), **_said(one)}) for role, one in roles.items()}
    with open(request["calls"], "a", encoding="utf-8") as calls:
        _listen(say, calls, watch, str(model), {str(one) for one in graders.values()})
        _, logs = eval_set(
            request["task"],
            log_dir=request["log_dir"],
            log_dir_allow_dirty=True,
            model=model,
            model_roles=dict(graders) or None,
            task_args=request["args"],
            limit=request["limit"],
            epochs=request["epochs"],
            retry_attempts=0,
            retry_immediate=False,
            fail_on_error=MAX_FAILED,
            display="none",
            score_display=False,
            log_format="eval",
            log_buffer=1,  # a sample that is answered is in the log, whatever happens next
            max_connections=spec.concurrency or CONCURRENCY,
            **_said(spec),
        )
    if watch.get("stopped"):
        return {"error": watch["stopped"]}
    if len(logs) != 1:
        return {"error": f"it made {len(logs)} logs, and one is read"}
    log = logs[0]
    if log.status != "success":
        said = log.error.message if log.error else f"it ended with the status {log.status!r}"
        return {"error": _sentence(said, request)}
    return {"end": {"log": Path(log.location.removeprefix("file://")).name, "at": log.eval.created}}


def _model(spec: ModelSpec, service: str, settings: dict[str, Any]) -> Model:
    """Return a model of Inspect: of an endpoint, through its provider of OpenAI-compatible ones."""
    from inspect_ai.model import GenerateConfig, get_model

    endpoint = spec.provider == "openai-compatible"
    return get_model(
        f"openai-api/{service}/{spec.target}" if endpoint else spec.model,
        config=GenerateConfig(**settings, max_retries=8, timeout=600),
        base_url=spec.base_url.rstrip("/") if spec.base_url else None,
        api_key=key_of(spec),
        memoize=False,
    )


def _usual(spec: ModelSpec) -> dict[str, Any]:
    """Return the settings that hold where neither the policy nor the task says others."""
    return {} if "temperature" in spec.generation.model_fields_set else {"temperature": spec.generation.temperature}


def _said(spec: ModelSpec) -> dict[str, Any]:
    """Return the settings that the policy says, which go before the task's own."""
    said = {name: getattr(spec.generation, name) for name in spec.generation.model_fields_set}
    said |= {
        "system_message": spec.system,
        "extra_body": spec.extra_body or None,
        "extra_headers": spec.headers or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _listen(say: Say, calls: IO[str], watch: dict[str, Any], model: str, graders: set[str]) -> None:
    """Tell each sample, write down each call, and stop a run whose scorer asks the model that it scores."""
    from inspect_ai.hooks import BeforeModelGenerate, Hooks, ModelUsageData, SampleEnd, SampleScoring, TaskStart, hooks

    scoring = ContextVar("scoring", default=False)  # each sample has a task, and so a context, of its own

    @hooks(name="seatrial", description="Tells a review how far a task is.")
    class Listener(Hooks):
        async def on_task_start(self, data: TaskStart) -> None:
            say({"total": len(data.spec.dataset.sample_ids or ()) * (data.spec.config.epochs or 1)})

        async def on_sample_scoring(self, data: SampleScoring) -> None:
            scoring.set(True)

        async def on_before_model_generate(self, data: BeforeModelGenerate) -> None:
            own = data.model_name == model and model not in graders
            if own and scoring.get() and "stopped" not in watch:
                watch["stopped"] = SELF_GRADED
                os.kill(os.getpid(), signal.SIGINT)

        async def on_sample_end(self, data: SampleEnd) -> None:
            say({"sample": data.sample.error is None})

        async def on_model_usage(self, data: ModelUsageData) -> None:
            usage = data.usage
            took = {"model": data.model_name, "in": usage.input_tokens, "out": usage.output_tokens}
            print(json.dumps({**took, "seconds": data.call_duration}), file=calls, flush=True)


def _sentence(said: str, request: Mapping[str, Any]) -> str:
    """Return what somebody else's error says, in one line, without markup and without a key."""
    import re

    if NOT_FOUND in said:
        package, _, name = request["task"].partition("/")
        nowhere = f"{package} has no task {name}, or is not installed where seatrial is: pip install {package}"
        return "it holds no task of that name" if request["folder"] else nowhere
    for spec in (request["model"], *request["roles"].values()):
        if secret := os.environ.get(spec.get("api_key_env") or ""):
            said = said.replace(secret, "***")
    return " ".join(re.sub(r"\[/?[a-z ]*\]", "", said).split())[:400]


if __name__ == "__main__":
    main()
