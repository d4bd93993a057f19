"""How far a review is."""

from __future__ import annotations

import io

import pytest

from seatrial.collect.progress import Progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_plain_lines_where_there_is_no_terminal() -> None:
    """Without a terminal progress is plain lines with rate and time left."""
    stream = io.StringIO()
    progress = Progress(None, stream)
    assert progress.mode == "lines"
    progress.plan(10)
    with progress:
        progress.advance()
        progress.say("1 passed")
    assert "1 of at most 10 calls" in stream.getvalue()
    assert "left · 1 passed" in stream.getvalue()


def test_a_bar_on_a_terminal() -> None:
    """On a terminal a bar shows the calls done and how the gates stand, and goes away with the last line left."""
    stream = Terminal()
    progress = Progress(None, stream)
    assert progress.mode == "bar"
    progress.plan(4)
    with progress:
        progress.advance()
        progress.say("2 open")
    assert "1/4" in stream.getvalue()
    assert "2 open" in stream.getvalue()
    last = stream.getvalue().splitlines()[-1]
    assert "1 of at most 4 calls" in last
    assert last.endswith("· 2 open")


def test_off_is_silent() -> None:
    """With progress off nothing is written."""
    stream = io.StringIO()
    with Progress("off", stream) as progress:
        progress.plan(3)
        progress.advance()
        progress.say("x")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("mode", ["bar", "lines", "off"])
def test_a_warning_is_said_in_every_mode(mode: str) -> None:
    """What matters is never swallowed by --quiet."""
    stream = io.StringIO()
    Progress(mode, stream).warn("the judges were asked for less")  # type: ignore[arg-type]
    assert stream.getvalue() == "seatrial: the judges were asked for less\n"


def test_what_was_found_in_the_store_is_counted_and_is_no_speed() -> None:
    """A resumed review shows all that is done; its rate and the time left speak of calls made now."""
    stream = io.StringIO()
    progress = Progress("lines", stream)
    progress.plan(2000)
    with progress:
        for _ in range(1500):
            progress.advance(fresh=False)
        assert progress.rate == 0.0
    (line,) = stream.getvalue().splitlines()
    assert line == "1,500 of at most 2,000 calls · asking"


def test_the_same_progress_counts_anew_when_it_is_entered_again() -> None:
    """Each round of reviews, as of doses, starts at zero."""
    progress = Progress("off", io.StringIO())
    for _ in range(2):
        with progress:
            progress.advance()
            assert progress.done == 1


def test_nothing_planned_says_nothing() -> None:
    """A review of recorded evidence alone has no calls to speak of."""
    stream = io.StringIO()
    with Progress("lines", stream) as progress:
        progress.say("3 passed")
    assert stream.getvalue() == ""


def test_the_unit_is_what_is_counted() -> None:
    """Training counts its steps, a review its calls."""
    stream = io.StringIO()
    progress = Progress("lines", stream)
    progress.unit = "steps"
    progress.plan(5)
    with progress:
        progress.advance()
    assert "1 of at most 5 steps" in stream.getvalue()


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_no_name_steers_the_terminal(stream: io.StringIO) -> None:
    """What is asked, how it stands and what is warned of are words: no control letters, no markup of the bar's."""
    progress = Progress(None, stream)
    with progress.counting("asking [red]\x1b]0;x\x07", 2, "calls") as step:
        step(True)
        progress.say("a [bold]gate\x1b]0;x\x07")
        progress.warn("the model\x9b2J says\nmore")
    said = stream.getvalue()
    assert not {"\x07", "\x9b", "\x1b]"} & {*said, *(said[place : place + 2] for place in range(len(said)))}
    assert "a [bold]gate" in said
    assert "says\n  more" in said
