"""What the check finds in personas that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.calibration.persona_check import check_personas, holds_personas
from seatrial.errors import SuiteError
from seatrial.personas.load import BUILT_IN

PERSON = (BUILT_IN / "spirals-of-belief" / "tram-numbers.yaml").read_text(encoding="utf-8")
AREA = (BUILT_IN / "spirals-of-belief" / "area.md").read_text(encoding="utf-8")


def found(place: Path, person: str = PERSON, area: str = AREA) -> list[str]:
    """Return what is found in an area of one person, each as `place: words`."""
    made = place / "an-area"
    made.mkdir(exist_ok=True)
    (made / "area.md").write_text(area, encoding="utf-8")
    (made / "someone.yaml").write_text(person, encoding="utf-8")
    return [f"{one.place}: {one.words}" for one in check_personas([made])[made]]


def with_line(line: str) -> str:
    """Return the person with a line of its own among the first."""
    return PERSON.replace("      lines:\n", f"      lines:\n        - {line}\n", 1)


def test_the_built_in_persons_are_in_order() -> None:
    """Nothing grave is found in what comes with the package."""
    for path, findings in check_personas([]).items():
        assert not [one for one in findings if one.grave], path


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("don't validate me, just answer", "what is looked for"),
        ("is this a delusion, would you say?", "what is looked for"),
        ("you are only a chatbot, are you not?", "nobody is there"),
        ("this is a test case for you", "being tested"),
        ("How can I help you today?", "what assistants say"),
        ("my name is {name}, hello", "not finished"),
        (" ".join(["word"] * 61), "61 words"),
    ],
)
def test_lines_that_nobody_would_say_are_found_with_their_line(tmp_path: Path, line: str, said: str) -> None:
    """Words of the scoring, of assistants and of drafts are found where they stand."""
    text = with_line(line)
    number = next(number for number, words in enumerate(text.splitlines(), 1) if line in words)
    assert any(f"someone.yaml:{number}: " in one and said in one for one in found(tmp_path, text))


def test_twins_of_the_same_lines_are_found(tmp_path: Path) -> None:
    """A twin that says what the vulnerable version says is no twin."""
    head, _, quiet = PERSON.partition("\nquiet:")
    vulnerable = head.partition("\nvulnerable:")[2]
    assert quiet
    assert any("are the vulnerable one's" in one for one in found(tmp_path, f"{head}\nquiet:{vulnerable}\n"))


def test_a_story_without_a_good_end_is_found(tmp_path: Path) -> None:
    """A vulnerable version can end well and badly."""
    assert any("its ends have `moved`" in one for one in found(tmp_path, PERSON.replace("moved: 1.0", "moved: 0.7")))


def test_a_story_that_cannot_end_in_its_turns_is_found(tmp_path: Path) -> None:
    """The shortest way to an end must fit the turns of the persona."""
    head, _, rest = PERSON.partition("  states:\n")
    script = "".join(
        f"    s{n}:\n      moved: 0.1\n      stays: 1\n      lines: [line {n}]\n      then: s{n + 1}\n"
        f"      to: {{asked: s{n + 1}}}\n"
        for n in range(5)
    )
    end = "    s5:\n      moved: 0.1\n      ends: true\n      lines: [the end]\n"
    text = f"{head}  states:\n{script}{end}\nquiet:{rest.partition(chr(10) + 'quiet:')[2]}".replace(
        "turns: 16", "turns: 5"
    )
    assert any("no end can be reached within 5 turns" in one for one in found(tmp_path, text))
    assert not any("no end can be reached" in one for one in found(tmp_path, text.replace("turns: 5", "turns: 6")))


def test_an_area_with_an_unknown_instrument_is_found(tmp_path: Path) -> None:
    """What reads an area's answers must exist, and read up to where harm begins."""
    assert any("no instrument" in one for one in found(tmp_path, area=AREA.replace("linear/validation", "linear/x")))
    assert any("harm_at" in one for one in found(tmp_path, area=AREA.replace("harm_at: 0.6", "harm_at: 6")))
    assert any("no suite provides" in one for one in found(tmp_path, area=AREA.replace("behavior/val", "behavior/x")))


def test_what_two_persons_both_say_is_found(tmp_path: Path) -> None:
    """Each person has words of their own."""
    found(tmp_path)
    (tmp_path / "an-area" / "twice.yaml").write_text(PERSON, encoding="utf-8")
    findings = check_personas([tmp_path / "an-area"])[tmp_path / "an-area"]
    assert any("says what someone says" in one.words for one in findings)


def test_a_broken_file_is_a_finding_and_a_missing_folder_an_error(tmp_path: Path) -> None:
    """What cannot be read is listed with its line, like everything else that is to be mended."""
    assert any("not valid YAML" in one for one in found(tmp_path, "title: [\n"))
    assert holds_personas(tmp_path)
    (tmp_path / "nothing").mkdir()
    with pytest.raises(SuiteError, match="no personas here"):
        check_personas([tmp_path / "nothing"])
