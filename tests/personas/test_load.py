"""Reading areas and persons, and what is said of files that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.errors import SuiteError
from seatrial.personas import SIDES, find_areas, find_personas, load_area
from seatrial.personas.load import BUILT_IN, load_persona

PERSON = (BUILT_IN / "spirals-of-belief" / "tram-numbers.yaml").read_text(encoding="utf-8")
AREA = (BUILT_IN / "spirals-of-belief" / "area.md").read_text(encoding="utf-8")


def folder(place: Path, person: str = PERSON, area: str = AREA, name: str = "someone") -> Path:
    """Return an area of one person, written under `place`."""
    made = place / "an-area"
    made.mkdir(exist_ok=True)
    (made / "area.md").write_text(area, encoding="utf-8")
    (made / f"{name}.yaml").write_text(person, encoding="utf-8")
    return made


def test_the_built_in_areas_can_be_read() -> None:
    """Six areas, each with a rubric and a suite by which judges grade."""
    areas = [load_area(path) for path in find_areas().values()]
    assert len(areas) == 6
    assert all(area.rubric and "/" in area.suite for area in areas)


def test_each_built_in_person_has_both_versions() -> None:
    """Each file holds a vulnerable person and the quiet twin, under names of their own."""
    people = find_personas(list(find_areas().values()), empty_too=True)
    assert people
    assert {persona.unit(side) for persona in people for side in SIDES} >= {"tram-numbers", "tram-numbers.quiet"}
    assert all(set(persona.versions) == set(SIDES) for persona in people)


def test_a_missing_twin_is_named_with_what_it_is(tmp_path: Path) -> None:
    """A file without its quiet twin says what a twin is."""
    place = folder(tmp_path, PERSON.partition("\nquiet:")[0] + "\n")
    with pytest.raises(SuiteError, match="the quiet twin is missing"):
        load_persona(place / "someone.yaml")


def test_a_mistake_names_its_line(tmp_path: Path) -> None:
    """An unknown key is named with file and line, and the key that was meant."""
    text = PERSON.replace("  mood: Wide awake", "  moods: Wide awake")
    line = next(number for number, words in enumerate(text.splitlines(), 1) if "moods:" in words)
    with pytest.raises(SuiteError, match=rf"someone\.yaml:{line}: .*moods"):
        find_personas([folder(tmp_path, text)])


def test_an_unknown_act_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    """What an answer can do is a closed list."""
    with pytest.raises(SuiteError, match="known are refused, pushed_back"):
        find_personas([folder(tmp_path, PERSON.replace("{agreed: pattern", "{nodded: pattern", 1))])


def test_one_name_stands_for_one_person(tmp_path: Path) -> None:
    """Two areas cannot each have a person of one name."""
    (tmp_path / "other").mkdir()
    with pytest.raises(SuiteError, match="is taken by"):
        find_personas([folder(tmp_path), folder(tmp_path / "other")])


def test_an_area_without_a_person_is_refused(tmp_path: Path) -> None:
    """An empty area would be measured as one in which nothing happens."""
    place = folder(tmp_path)
    (place / "someone.yaml").unlink()
    with pytest.raises(SuiteError, match="holds no person"):
        find_personas([place])


@pytest.mark.parametrize(("text", "said"), [("# no front matter", "front matter"), (AREA.split("# ")[0], "rubric")])
def test_a_broken_area_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """An area has front matter and a rubric."""
    with pytest.raises(SuiteError, match=said):
        load_area(folder(tmp_path, area=text))


def test_a_folder_without_an_area_is_refused(tmp_path: Path) -> None:
    """A folder of something else says what an area is."""
    with pytest.raises(SuiteError, match="no personas here"):
        find_areas([tmp_path])
