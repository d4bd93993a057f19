"""The exceptions and the exit codes."""

from __future__ import annotations

import inspect
import re

from seatrial import errors
from seatrial.errors import CallFailed, ExitCode, MissingWeights, ModelError, NoAnswer, SeatrialError

RAISED = {name: made for name, made in inspect.getmembers(errors, inspect.isclass) if issubclass(made, Exception)}


def test_the_exit_codes_are_a_contract() -> None:
    """Scripts go by these numbers; changing one breaks the pipelines that read it."""
    assert {code.name: int(code) for code in ExitCode} == {
        "LAUNCH": 0,
        "BLOCK": 1,
        "USAGE": 2,
        "HOLD": 3,
        "WAIVED": 4,
    }


def test_every_error_is_one_that_the_command_line_catches() -> None:
    """All exceptions descend from the one that is printed as a sentence, so none ends in a traceback."""
    assert len(RAISED) > 10
    assert all(issubclass(made, SeatrialError) for made in RAISED.values())


def test_a_failed_call_is_a_model_error_and_no_answer_a_failed_call() -> None:
    """What counts a failed call also counts what was never recorded; what ends a review on a model ends it on both."""
    assert issubclass(CallFailed, ModelError)
    assert issubclass(NoAnswer, CallFailed)
    assert issubclass(MissingWeights, ModelError)
    assert not issubclass(MissingWeights, CallFailed)


def test_the_tree_at_the_top_of_the_file_is_the_tree() -> None:
    """The drawing names every exception, under the one that it descends from."""
    drawn: dict[str, str] = {}
    stack: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^((?:[│ ]   )*)(?:[├└]── )?([A-Z]\w+) {2,}\S", line)
        if found:
            depth = 0 if "── " not in line else len(found.group(1)) // 4 + 1
            stack[depth:] = [found.group(2)]
            drawn[found.group(2)] = stack[depth - 1] if depth else "Exception"
    assert drawn == {name: made.__bases__[0].__name__ for name, made in RAISED.items()}


def test_what_the_module_offers_is_what_it_defines() -> None:
    """Each exception, the exit codes and what keeps them are public, and nothing else is."""
    assert set(errors.__all__) == {*RAISED, "ExitCode", "complain", "exit_with", "flushed"}
