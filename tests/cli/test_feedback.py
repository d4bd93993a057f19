"""`seatrial feedback`, as a person drives it: what is printed, written and refused, and what comes of it next."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Command

Row = list[str]
HEAD = ["user", "arm", "conversation", "time", "thumb", "use_case", "benefit"]


def _rows(users: int = 500, up: tuple[float, float] = (0.6, 0.8), good: tuple[float, float] = (0.7, 0.4)) -> list[Row]:
    """A log in order of time in which approval rises and benefit falls, unless said otherwise."""
    chance, rows = random.Random(7), []
    for place in range(users * 4):
        user = place % users
        arm = user % 2
        at = f"2026-03-{1 + place * 20 // (users * 4):02d}T{place % 100 * 24 // 100:02d}:00:00Z"
        thumb = ("up" if chance.random() < up[arm] else "down") if place % 3 else ""
        benefit = str(int(chance.random() < good[arm])) if place % 5 < 3 else ""
        rows.append(
            [f"u{user}", ("baseline", "candidate")[arm], f"c{place}", at, thumb, ("work", "health")[place % 2], benefit]
        )
    return rows


def _write(folder: Path, rows: list[Row], head: list[str] = HEAD) -> Path:
    path = folder / "log.csv"
    path.write_text("\n".join(",".join(row) for row in [head, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_log_is_said_on_the_terminal_and_on_a_page(seatrial: Command, tmp_path: Path) -> None:
    """Headline, numbers, checks, the silent and use cases are printed; the page lies where it is said; exit code 0."""
    done = seatrial("feedback", _write(tmp_path, _rows()))
    assert done.code == 0, done.err
    assert done.out.startswith("APPROVAL UP, BENEFIT DOWN\n")
    for part in (
        "approval  ",
        "benefit   ",
        "gap       ",
        "fine: ",
        "Silent: ",
        "Daily: ",
        "Novelty: ",
        "use case",
        "Liked, and",
    ):
        assert part in done.out
    assert done.out.endswith("Page: feedback.html\n")
    assert "<h1>Approval up, benefit down</h1>" in (tmp_path / "feedback.html").read_text(encoding="utf-8")


def test_programs_get_json_and_nothing_else(seatrial: Command, tmp_path: Path) -> None:
    """With --json stdout is one object, with the numbers of the words and the files written."""
    done = seatrial("feedback", _write(tmp_path, _rows()), "--json", "--page", "p.html", "--out", "p.yaml")
    found = json.loads(done.out)
    assert (found["headline"], found["trusted"], found["users"]) == ("Approval up, benefit down", True, [250, 250])
    assert (found["approval"]["verdict"], found["benefit"]["verdict"]) == ("up", "down")
    assert (found["page"], found["policy"]) == ("p.html", "p.yaml")
    assert (tmp_path / "p.html").exists() and (tmp_path / "p.yaml").exists()


@pytest.mark.slow
def test_the_policy_it_writes_blocks_a_harm_and_launches_nothing_alone(seatrial: Command, tmp_path: Path) -> None:
    """A fall of benefit blocks; an arm that is no worse holds, for two arms of users are weaker evidence."""
    assert seatrial("feedback", _write(tmp_path, _rows()), "--out", "harm.yaml").code == 0
    assert seatrial("review", "harm.yaml", "--quiet").code == 1
    fine = _write(tmp_path, _rows(up=(0.7, 0.7), good=(0.5, 0.5)))
    assert seatrial("feedback", fine, "--out", "fine.yaml", "--margin", "0.3").code == 0
    done = seatrial("review", "fine.yaml", "--quiet")
    assert done.code == 3, done.out + done.err


def test_a_policy_of_an_unfair_comparison_holds(seatrial: Command, tmp_path: Path) -> None:
    """Without figures nothing is passed; the command says so."""
    rows = [row for row in _rows() if row[1] == "baseline" or int(row[0][1:]) % 3 == 0]
    done = seatrial("feedback", _write(tmp_path, rows), "--out", "unfair.yaml")
    assert done.code == 0
    assert done.out.startswith("NO FAIR COMPARISON\n")
    assert "without figures, for this is no fair comparison" in done.out
    assert seatrial("review", "unfair.yaml", "--quiet").code in (2, 3)


def test_the_rewards_it_writes_are_audited_by_the_command_it_names(seatrial: Command, tmp_path: Path) -> None:
    """What it says to do next works as it is written."""
    done = seatrial("feedback", _write(tmp_path, _rows()), "--reward", "rewards.parquet")
    (line,) = [line for line in done.out.splitlines() if line.startswith("Next: seatrial ")]
    audited = seatrial(*line.removeprefix("Next: seatrial ").split())
    assert audited.code == 0, audited.err
    assert "- benefit: thumbs pulls it down" in audited.out or "- benefit: no signal" in audited.out


def test_columns_codes_and_arms_can_be_named(seatrial: Command, tmp_path: Path) -> None:
    """A log whose every name is another gives the same numbers once they are named."""
    rows = _rows()
    plain = json.loads(seatrial("feedback", _write(tmp_path, rows), "--json").out)
    code = {"up": "1", "down": "0", "": "9"}
    other = [[row[0], {"baseline": "A", "candidate": "B"}[row[1]], *row[2:4], code[row[4]], *row[5:]] for row in rows]
    path = _write(tmp_path, other, ["w", "x1", "x2", "x3", "x4", "x5", "x6"])
    named = (
        "--user",
        "w",
        "--arm",
        "x1",
        "--conversation",
        "x2",
        "--time",
        "x3",
        "--use-case",
        "x5",
        "--benefit",
        "x6",
    )
    codes = ("--thumb", "x4", "--thumb", "up=1,down=0,none=9", "--baseline", "A", "--candidate", "B")
    found = json.loads(seatrial("feedback", path, "--json", *named, *codes).out)
    for part in ("approval", "benefit", "gap", "silent", "use_cases", "by_day"):
        assert found[part] == plain[part]


def _changed(place: int, value: str, every: int = 1) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [
        [*row[:place], value, *row[place + 1 :]] if n % every == 0 else row for n, row in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: rows + rows[:30], "note: Rows that repeat a conversation of the same user: 30"),
        (
            lambda rows: [*rows, ["u0", "candidate", "x", "2026-03-25", "up", "work", ""]],
            "grave: Users in both arms: 1",
        ),
        (
            lambda rows: [row for row in rows if row[1] == "baseline"],
            "grave: The arm of the candidate, 'candidate', has no",
        ),
        (
            lambda rows: [*rows[:900], ["u0", "baseline", "x", "2026-01-01", "", "work", ""], *rows[900:]],
            "note: Rows earlier",
        ),
        (_changed(3, "soon", 50), "note: Rows with a time that cannot be read: 40"),
        (_changed(0, "", 100), "note: Rows without a user: 20 (the first is row 1); left out."),
        (_changed(1, "", 100), "note: Rows without an arm: 20"),
        (lambda rows: [*rows, ["u1"]], "note: Rows that cannot be read (such as"),
        (_changed(4, ""), "grave: The baseline has votes of fewer than two users"),
        (_changed(4, "up"), "note: The baseline has no thumb down at all."),
    ],
)
def test_what_is_wrong_in_a_log_is_counted_and_said(
    seatrial: Command, tmp_path: Path, change: Callable[[list[Row]], list[Row]], says: str
) -> None:
    """Faults that leave something to read are counted and reported, with exit code 0."""
    done = seatrial("feedback", _write(tmp_path, change(_rows())))
    assert done.code == 0, done.err
    assert says in " ".join(done.out.split())
    assert done.out.startswith("NO FAIR COMPARISON") is says.startswith("grave")


def test_votes_before_their_conversation_are_counted(seatrial: Command, tmp_path: Path) -> None:
    """Where the time of the vote is known and lies before the conversation, the row is left out and said."""
    rows = [[*row, "2026-02-01" if place in (4, 7) else row[3]] for place, row in enumerate(_rows())]
    done = seatrial("feedback", _write(tmp_path, rows, [*HEAD, "when"]), "--column", "voted=when")
    assert "Rows with a vote before their conversation: 2 (the first is row 5)" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("change", "more", "says"),
    [
        (_changed(4, "1", 1), (), "--thumb up=1,down=0, or --thumb up=1,none=0"),
        (_changed(1, "A"), (), "Say it with --baseline NAME --candidate NAME"),
        (_changed(6, "3", 9), (), "'benefit' is no benefit from 0 to 1 in rows: 223 (row 1, 10"),
        (_changed(3, "soon"), (), "no time in 'time' can be read"),
        (_changed(5, '"x', 9_999), (), "log.csv:2: not valid CSV: a quotation mark is opened and never closed"),
        (lambda rows: [], (), "holds no rows"),
        (lambda rows: rows, ("--user", "nobody"), "no column for the user"),
        (lambda rows: rows, ("--thumb", "up=up,up=down,down=up"), "gives 'up' two meanings"),
        (lambda rows: rows, ("--column", "voted"), "write NAME=VALUE"),
        (lambda rows: rows, ("--column", "mood=time"), "a column can be named for"),
        (lambda rows: rows, ("--baseline", "baseline"), "which arm is which?"),
        (lambda rows: rows, ("--page", "no/such/folder/p.html"), "cannot be written"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(
    seatrial: Command, tmp_path: Path, change: Callable[[list[Row]], list[Row]], more: tuple[str, ...], says: str
) -> None:
    """Exit code 2, one message that says where and what to do, and no page."""
    done = seatrial("feedback", _write(tmp_path, change(_rows())), *more)
    assert done.code == 2
    assert done.err.startswith("seatrial: ")
    assert says in done.err
    assert "a fault of seatrial" not in done.err
    assert not (tmp_path / "feedback.html").exists()


def test_an_arm_that_is_named_and_not_there_is_said(seatrial: Command, tmp_path: Path) -> None:
    """A slip in an arm's name shows the arms there are."""
    done = seatrial("feedback", _write(tmp_path, _rows()), "--baseline", "baseline", "--candidate", "candidat-2")
    assert done.code == 0
    assert "'candidat-2', has no usable row" in done.out
    assert "'candidate'" in done.out
