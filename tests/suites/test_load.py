"""Reading suites."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from seatrial.errors import SuiteError
from seatrial.instruments import find_instrument
from seatrial.suites import Anchor, find_suites, load_suite
from seatrial.suites.load import held_out_anchors, with_held_out

FRONT = """---
signal: behavior/mine
title: Mine
version: 1
harmful: high
instruments: [text/praise]
licence: CC0-1.0
---
# Mine
What it is.
"""
USER = '{"role": "user", "content": "Hm?"}'
ITEM = '{"id": "a", "use_case": "work", "prompt": "Is it?"}\n'


def _suite(tmp_path: Path, items: str = ITEM, front: str = FRONT, anchors: str | None = None) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir(exist_ok=True)
    (folder / "suite.md").write_text(front, encoding="utf-8")
    (folder / "items.jsonl").write_text(items, encoding="utf-8")
    if anchors is not None:
        (folder / "anchors.jsonl").write_text(anchors, encoding="utf-8")
    return folder


@pytest.mark.parametrize("signal", sorted(find_suites()))
def test_built_in_suites_are_whole(signal: str) -> None:
    """Each built-in suite has 30 clusters, 12 use cases, existing instruments, and answers of known degree."""
    suite = load_suite(find_suites()[signal])
    assert len(suite.clusters) >= 30
    assert len(suite.use_cases) >= 12
    assert all(find_instrument(name) for name in suite.instruments)
    assert "| score |" in suite.rubric
    by_score: dict[float, set[str]] = {}
    for anchor in suite.anchors:
        by_score.setdefault(anchor.score, set()).add(anchor.item)
    assert len(by_score[0.0] & by_score[10.0]) >= 16
    texts = Counter(item.messages for item in suite.items)
    assert max(texts.values()) == 1, "two items ask the same"


def test_there_are_the_eight_first_suites() -> None:
    """The first eight behaviors are there under their names."""
    names = {
        *(
            "behavior/opinion-sycophancy",
            "behavior/unearned-praise",
            "behavior/pushback",
            "behavior/validating-delusion",
        ),
        *("behavior/impulsive-actions", "behavior/over-refusal", "safety/unsafe-compliance", "benchmark/facts"),
    }
    assert names <= set(find_suites())


@pytest.mark.parametrize("signal", sorted(find_suites()))
def test_a_contrast_shares_its_last_question(signal: str) -> None:
    """Both sides of a contrast end in the same words, so that only who asks differs."""
    suite = load_suite(find_suites()[signal])
    sides: dict[str, list[str]] = {}
    for item in suite.items if suite.contrast else ():
        sides.setdefault(item.contrast, []).append(item.messages[-1].content)
    for one, two in sides.values():
        shorter, longer = sorted((one, two), key=len)
        shared = next((n for n in range(len(shorter)) if shorter[-n - 1] != longer[-n - 1]), len(shorter))
        assert shared >= 15, (one, two)
        assert one != two


USERS = {
    "stance": ("for", "against"),
    "certainty": ("certain", "unsure"),
    "emotion": ("upset", "calm", "furious", "low"),
    "expertise": ("expert", "novice"),
    "age": ("teen", "retired"),
    "turn": ("first turn", "late"),
    "memory": ("memory",),
}
"""What may differ between users, and how items word it as their variant."""


def test_users_differ_in_every_way_that_matters() -> None:
    """Stance, certainty, emotion, expertise, age, place in the conversation and memory are each asked about."""
    items = [item for folder in find_suites().values() for item in load_suite(folder).items]
    asked = Counter(item.variant for item in items)
    for variants in USERS.values():
        assert all(asked[variant] >= 10 for variant in variants), asked
    assert all(len(item.messages) > 1 for item in items if item.variant in ("late", "memory"))


def test_no_target_stands_in_its_question() -> None:
    """A benchmark's question does not give its answer away."""
    from seatrial.instruments.match import plain

    for item in load_suite(find_suites()["benchmark/facts"]).items:
        question = f" {plain(item.messages[-1].content)} "
        assert not any(f" {plain(target)} " in question for target in item.targets), item.id


def test_a_users_own_folder_loads_alike(tmp_path: Path) -> None:
    """A folder of one's own, or a folder of such folders, is found by its signal."""
    folder = _suite(tmp_path, anchors='{"item": "a", "score": 10, "text": "Great!"}\n')
    for extra in (folder, tmp_path):
        assert find_suites([extra])["behavior/mine"] == folder
    suite = load_suite(folder)
    assert (suite.items[0].cluster, suite.anchors[0].score, suite.max_tokens) == ("a", 10.0, 512)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ("", "holds no item"),
        (ITEM + "{broken\n", r"items\.jsonl:2: not JSON"),
        (ITEM + ITEM, r"items\.jsonl:2: the id 'a' stands already in .*:1"),
        ("[]\n", r"items\.jsonl:1: expected a JSON object"),
        ('{"id": "a", "use_case": "work"}\n', "either `prompt`"),
        ('{"id": "a", "prompt": "x"}\n', "use_case: Field required"),
        ('{"id": "a", "use_case": "w", "prompt": "x", "promt": "y"}\n', "promt: Extra inputs"),
        ('{"id": "a", "use_case": "w", "messages": [{"role": "assistant", "content": "x"}]}\n', "must be the user's"),
        (
            ITEM.replace('"prompt": "Is it?"', f'"messages": [{USER}, {USER}]'),
            r"items\.jsonl:1: `messages` must go user,",
        ),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, items: str, words: str) -> None:
    """Each wrong line is reported with file and line."""
    with pytest.raises(SuiteError, match=words):
        load_suite(_suite(tmp_path, items))


def test_another_encoding_is_named_with_its_line_and_a_mark_at_the_start_is_read(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are refused with their line; the mark that some editors put first does no harm."""
    folder = _suite(tmp_path, ITEM)
    path = folder / "items.jsonl"
    path.write_bytes(ITEM.encode() + ITEM.replace('"a"', '"é"').encode("latin-1"))
    with pytest.raises(SuiteError, match=r"items\.jsonl:2: not UTF-8 text \(byte \d+\); save it as UTF-8"):
        load_suite(folder)
    path.write_bytes(ITEM.encode("utf-8-sig"))
    assert load_suite(folder).items[0].id == "a"


def test_at_most_twenty_errors_are_listed(tmp_path: Path) -> None:
    """A file that is wrong throughout lists twenty lines and how many more there are."""
    with pytest.raises(SuiteError) as error:
        load_suite(_suite(tmp_path, "x\n" * 30))
    assert str(error.value).count("not JSON") == 20
    assert "and 10 more" in str(error.value)


@pytest.mark.parametrize(
    ("front", "words"),
    [
        ("# Mine\n", "must start with front matter"),
        (FRONT.replace("harmful: high", "harmful: up"), r"suite\.md:5: harmful"),
        (FRONT.replace("version: 1\n", ""), r"suite\.md:1: version: Field required"),
        (FRONT.replace("licence:", "license: MIT\nlicence:"), r"suite\.md:7: license: Extra inputs"),
        (FRONT.replace("title: Mine", "title: ["), r"suite\.md:\d+: not valid YAML"),
        (FRONT.split("# Mine")[0], "the rubric is missing"),
    ],
)
def test_front_matter_is_checked(tmp_path: Path, front: str, words: str) -> None:
    """The front matter must be there and valid, the rubric below it."""
    with pytest.raises(SuiteError, match=words):
        load_suite(_suite(tmp_path, front=front))


@pytest.mark.parametrize(
    ("anchors", "words"),
    [
        ('{"item": "b", "score": 1, "text": "x"}\n', "no item has the id 'b'"),
        ('{"item": "a", "score": 11, "text": "x"}\n', "score"),
    ],
)
def test_anchors_are_checked(tmp_path: Path, anchors: str, words: str) -> None:
    """An answer of known degree belongs to an item and has a score from 0 to 10."""
    with pytest.raises(SuiteError, match=words):
        load_suite(_suite(tmp_path, anchors=anchors))


@pytest.mark.parametrize(
    ("sides", "words"),
    [
        ([("for", "work")], r"items\.jsonl:1: the contrast 'c' needs one item 'for' and one 'against'"),
        ([("for", "work"), ("against", "law")], "spans two"),
        ([("for", "work"), ("maybe", "work")], "variant 'maybe' must be one of"),
    ],
)
def test_contrasts_are_checked(tmp_path: Path, sides: list[tuple[str, str]], words: str) -> None:
    """A contrast has each variant once, in one cluster and use case."""
    rows = [
        {"id": f"c-{variant}", "contrast": "c", "variant": variant, "use_case": use_case, "prompt": f"{variant}?"}
        for variant, use_case in sides
    ]
    front = FRONT.replace("version: 1", "version: 1\ncontrast: [for, against]")
    with pytest.raises(SuiteError, match=words):
        load_suite(_suite(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), front))


def test_folders_without_suites_and_taken_signals(tmp_path: Path) -> None:
    """An empty folder, a missing file and a signal that is taken are refused with the place."""
    with pytest.raises(SuiteError, match="no suite here"):
        find_suites([tmp_path])
    folder = _suite(tmp_path, front=FRONT.replace("behavior/mine", "behavior/pushback"))
    with pytest.raises(SuiteError, match="already provided"):
        find_suites([folder])
    (folder / "items.jsonl").unlink()
    with pytest.raises(SuiteError, match=r"items\.jsonl: missing"):
        load_suite(folder)


def test_the_suites_cover_the_surface() -> None:
    """Twenty suites, 1,500 items, 300 clusters and more; no use case is asked about in fewer than five suites."""
    suites = [load_suite(folder) for folder in find_suites().values()]
    assert len(suites) >= 20
    assert sum(len(suite.items) for suite in suites) >= 1500
    assert sum(len(suite.clusters) for suite in suites) >= 300
    covered = Counter(case for suite in suites for case in suite.use_cases)
    assert min(covered.values()) >= 5
    assert len(covered) >= 15


@pytest.mark.parametrize("signal", ["behavior/grandiosity", "behavior/spiritual-delusion"])
def test_scripts_escalate_over_several_turns(signal: str) -> None:
    """At least twenty scripts of four to eight turns, each beside its short form in one cluster."""
    suite = load_suite(find_suites()[signal])
    scripts = [item for item in suite.items if 4 <= len(item.messages) <= 8]
    assert len(scripts) >= 20
    short = {item.cluster for item in suite.items if item.variant == "short"}
    assert sum(item.cluster in short for item in scripts) >= 20


def _held_out(tmp_path: Path, *rows: Mapping[str, object]) -> Path:
    folder = tmp_path / "own"
    folder.mkdir(exist_ok=True)
    (folder / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def test_held_out_items_are_marked_and_change_the_hash(tmp_path: Path) -> None:
    """A team's own items join the suite's, known as held out, and a decision names that they were asked."""
    suite = load_suite(_suite(tmp_path))
    more = with_held_out(suite, [_held_out(tmp_path, {"id": "b", "use_case": "work", "prompt": "Is that?"})])
    assert [(item.id, item.part, item.suite) for item in more.items] == [("a", "", "mine"), ("b", "held out", "mine")]
    assert more.content_hash != suite.content_hash
    (tmp_path / "empty").mkdir()
    assert with_held_out(suite, [tmp_path / "empty"]) == suite


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"id": "a", "use_case": "work", "prompt": "Again?"}, r"own/mine\.jsonl:1: the id 'a' is one of the suite's"),
        ({"id": "b", "prompt": "Is that?"}, r"own/mine\.jsonl:1: use_case: Field required"),
    ],
)
def test_wrong_held_out_items_are_refused(tmp_path: Path, row: dict[str, object], words: str) -> None:
    """A team's own items are checked like any other, and none may stand for one of the suite's."""
    with pytest.raises(SuiteError, match=words):
        with_held_out(load_suite(_suite(tmp_path)), [_held_out(tmp_path, row)])


def test_a_missing_folder_of_held_out_items_is_an_error(tmp_path: Path) -> None:
    """A folder that is not there is a mistake of the policy, not a suite without items of one's own."""
    with pytest.raises(SuiteError, match="no such folder"):
        with_held_out(load_suite(_suite(tmp_path)), [tmp_path / "nowhere"])


def test_held_out_contrasts_are_whole(tmp_path: Path) -> None:
    """One side of a contrast alone would measure who asks, not what changed."""
    sides = [
        {"id": f"c-{side}", "contrast": "c", "variant": side, "use_case": "work", "prompt": f"{side}?"}
        for side in ("for", "against")
    ]
    front = FRONT.replace("version: 1", "version: 1\ncontrast: [for, against]")
    folder = _suite(tmp_path, "".join(json.dumps(side) + "\n" for side in sides), front)
    torn = {**sides[0], "id": "d-for", "contrast": "d"}
    with pytest.raises(SuiteError, match="the contrast 'd' needs one item 'for' and one 'against'"):
        with_held_out(load_suite(folder), [_held_out(tmp_path, torn)])


@pytest.mark.parametrize("name", ["suite.md", "items.jsonl", "anchors.jsonl"])
def test_the_hash_of_a_suite_sees_every_file(tmp_path: Path, name: str) -> None:
    """A letter more in any file is another suite; the same content elsewhere is the same one."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = (_suite(tmp_path / where, anchors="") for where in ("one", "two"))
    with (two / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    before = load_suite(one)
    assert before.content_hash != load_suite(two).content_hash
    (tmp_path / "three").mkdir()
    assert load_suite(_suite(tmp_path / "three", anchors="")).content_hash == before.content_hash


def test_a_use_case_that_the_front_matter_does_not_name_is_refused(tmp_path: Path) -> None:
    """Where a suite says which use cases it covers, a misspelt one is no new use case."""
    front = FRONT.replace("version: 1", "version: 1\nuse_cases: [law]")
    with pytest.raises(SuiteError, match="the use case 'work' is not among those"):
        load_suite(_suite(tmp_path, front=front))


def test_counts_are_of_items_by_use_case(tmp_path: Path) -> None:
    """The map of what is covered counts items, most first."""
    rows = [{"id": str(number), "use_case": case, "prompt": f"{number}?"} for number, case in enumerate("abb")]
    suite = load_suite(_suite(tmp_path, "".join(json.dumps(row) + "\n" for row in rows)))
    assert list(suite.counts.items()) == [("b", 2), ("a", 1)]
    assert suite.use_cases == ("a", "b")


def test_lines_end_as_windows_ends_them(tmp_path: Path) -> None:
    """A suite written by an editor of another system reads alike, and the numbers of its lines stay right."""
    folder = _suite(tmp_path)
    for name in ("suite.md", "items.jsonl"):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_bytes(text.replace("\n", "\r\n").encode())
    suite = load_suite(folder)
    assert (suite.items[0].id, suite.lines, suite.rubric) == ("a", (1,), "# Mine\nWhat it is.")


@pytest.mark.parametrize("title", ["No", "2025-04-25", "12:30"])
def test_front_matter_takes_words_for_words(tmp_path: Path, title: str) -> None:
    """What older YAML takes for a boolean, a date or a time is a title like any other, as in a policy."""
    assert load_suite(_suite(tmp_path, front=FRONT.replace("title: Mine", f"title: {title}"))).title == title


def test_held_out_answers_belong_to_the_suite_and_to_held_out_items(tmp_path: Path) -> None:
    """Of every folder that has some; the suite itself stays as it is, and a wrong line is named."""
    held = _held_out(tmp_path, {"id": "b", "use_case": "work", "prompt": "Is that?"})
    suite = with_held_out(load_suite(_suite(tmp_path)), [held])
    path = held / f"{suite.name}.anchors.jsonl"
    assert held_out_anchors(suite, [held]) == []
    path.write_text('{"item": "b", "score": 10, "text": "Ours."}\n', encoding="utf-8")
    assert held_out_anchors(suite, [held, held]) == [Anchor("b", 10.0, "Ours.")] * 2
    assert with_held_out(load_suite(_suite(tmp_path)), [held]) == suite
    path.write_text('{"item": "b", "score": 11, "text": "Ours."}\n', encoding="utf-8")
    with pytest.raises(SuiteError, match=r"anchors\.jsonl:1"):
        held_out_anchors(suite, [held])
