"""The exceptions and the exit codes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from seatrial import errors
from seatrial.errors import (
    CallFailed,
    ExitCode,
    MissingWeights,
    ModelError,
    NoAnswer,
    PolicyError,
    SeatrialError,
    exit_with,
    printable,
)

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
    """Each exception, the exit codes, what keeps them and what prints them are public, and nothing else is."""
    assert set(errors.__all__) == {*RAISED, "ExitCode", "complain", "exit_with", "flushed", "message", "printable"}


def _raising(error: BaseException) -> Callable[[], object]:
    def command() -> object:
        raise error

    return command


def _interrupted() -> None:
    raise typer.Abort from KeyboardInterrupt()


class Panic(BaseException):
    """What a library in another language raises."""


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (lambda: None, 0, ""),
        (lambda: 0, 0, ""),
        (lambda: 1, 2, ""),
        (lambda: "done", 2, ""),
        (lambda: ExitCode.BLOCK, 1, ""),
        (lambda: ExitCode.HOLD, 3, ""),
        (lambda: 130, 130, "stopped."),
        (_raising(PolicyError("line 3 is wrong")), 2, "seatrial: line 3 is wrong"),
        (_raising(SystemExit(0)), 2, "SystemExit: 0. This is a fault"),
        (_raising(SystemExit(1)), 2, "SystemExit: 1. This is a fault"),
        (_raising(SystemExit("gone")), 2, "SystemExit: gone. This is a fault"),
        (_raising(KeyboardInterrupt()), 130, "stopped."),
        (_interrupted, 130, "stopped."),
        (_raising(BrokenPipeError(32, "Broken pipe")), 2, "closed it before the end"),
        (_raising(OSError(28, "No space left on device", "a/b")), 2, "seatrial: a/b: No space left on device."),
        (_raising(MemoryError()), 2, "MemoryError"),
        (_raising(RecursionError("deep\n\ndown")), 2, "RecursionError: deep down. This is a fault"),
        (
            _raising(ModuleNotFoundError(name="nh3")),
            2,
            "needs nh3, which is not installed; get it with: pip",
        ),
        (_raising(ModuleNotFoundError(name="markdown_it.main")), 2, 'pip install "seatrial[web]"'),
        (_raising(ModuleNotFoundError(name="inspect_ai")), 2, 'pip install "seatrial[inspect]"'),
        (_raising(ModuleNotFoundError(name="scipy.stats")), 2, 'pip install "seatrial"'),
        (_raising(ModuleNotFoundError("No module named 'mine'", name="mine")), 2, "'mine'. This is a fault"),
        (_raising(typer.Abort()), 2, "Abort"),
        (_raising(typer.BadParameter("no such thing")), 2, "no such thing"),
        (_raising(ExceptionGroup("two", [ValueError("a")])), 2, "ExceptionGroup"),
        (_raising(Panic("in Rust")), 2, "Panic: in Rust"),
    ],
)
def test_only_a_decision_of_the_commands_own_is_one(
    command: Callable[[], object], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever a command or a library ends in, 0 and 1 and 3 are said by returning them."""
    with pytest.raises(SystemExit) as stopped:
        exit_with(command)
    assert stopped.value.code == code
    assert words in capsys.readouterr().err


@given(st.text(st.characters() | st.sampled_from("\n\r\x1b\x9b\x85\u2028\u202e\u200b")))
def test_what_is_printed_is_one_line_that_steers_nothing(text: str) -> None:
    """Each letter that cannot be printed is a space, all others stay where they are; what is named stays too."""
    shown = printable(text)
    assert shown.isprintable()
    assert shown == "".join(letter if letter.isprintable() else " " for letter in text)
    assert printable(text, but="\n") == "\n".join(printable(line) for line in text.split("\n"))


@pytest.mark.parametrize(
    "error", [PolicyError("a\x9b2Jb"), OSError(28, "full", "a\x9b2Jb"), typer.BadParameter("a\x9b2Jb")]
)
def test_no_error_steers_the_terminal(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    """Names in errors of ours, of the system and of the command line's parser are printed without control letters."""
    with pytest.raises(SystemExit):
        exit_with(_raising(error))
    said = capsys.readouterr().err
    assert "a 2Jb" in said
    assert "\x9b" not in said


def test_no_line_of_a_message_can_pose_as_another(capsys: pytest.CaptureFixture[str]) -> None:
    """A name with line ends in it begins no line of its own: only the first says that it is seatrial's."""
    with pytest.raises(SystemExit):
        exit_with(_raising(PolicyError("no rater 'a\nseatrial: launch\r\nb'")))
    assert capsys.readouterr().err == "seatrial: no rater 'a\n  seatrial: launch \n  b'\n"


def test_a_traceback_that_was_asked_for_changes_no_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever looks for a fault of ours gets the traceback, and the same exit code."""
    monkeypatch.setenv("SEATRIAL_TRACEBACK", "1")
    with pytest.raises(SystemExit) as stopped:
        exit_with(_raising(RuntimeError("ours")))
    assert stopped.value.code == ExitCode.USAGE
    assert "Traceback" in capsys.readouterr().err
