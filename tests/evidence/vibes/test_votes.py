"""Votes brought from elsewhere: read with their places, and turned into observations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import DATA, Command
from seatrial.errors import EvidenceError
from seatrial.evidence.vibes import Vote, left_out, read_votes, remarks, to_observations, vote_codes
from tables import BLANKS, FORMATS, write_table

LLMFAO = DATA / "llmfao" / "crowd-comparisons.csv"


def _file(folder: Path, text: str, name: str = "votes.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("word", "side"),
    [
        ("left", "left"), ("a", "left"), ("A", "left"), ("model_a", "left"), ("Old Model", "left"),
        ("right", "right"), ("b", "right"), ("model_b", "right"), ("new", "right"), ("NEW", "right"),
        ("tie", "tie"), ("Both", "tie"), ("neither", "tie"), ("draw", "tie"), ("equal", "tie"), ("same", "tie"),
        (" tie ", "tie"), ("tie (bothbad)", "both bad"), ("both_bad", "both bad"), ("Both good", "tie"),
        ("Skip", "skip"), ("no-vote", "skip"),
    ],
)  # fmt: skip
def test_a_vote_is_read_in_any_usual_word(tmp_path: Path, word: str, side: str) -> None:
    """Sides by word, letter, number or the model's own name, in any case."""
    path = _file(tmp_path, f"rater,item,vote,left,right\nana,p1,{word},Old Model,new\nana,p2,tie,,\n")
    assert read_votes(path)[0] == Vote("ana", "p1", side, "Old Model", "new", "p1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("rater,item,vote,left,right,prompt", None),
        ("worker,pair,winner,model_a,model_b,question", None),
        ("annotator,question_id,choice,model_left,model_right,cluster", None),
        ("user,pair_id,label,left,right,prompt", None),
        (
            "who,which,what,one,other,of",
            {"rater": "who", "item": "which", "vote": "what", "left": "one", "right": "other", "prompt": "of"},
        ),
        ("item,id,vote,left,right,prompt", {"rater": "item", "item": "id"}),
    ],
)
def test_columns_go_by_their_usual_names_or_as_told(
    tmp_path: Path, header: str, columns: dict[str, str] | None
) -> None:
    """What other tools call a rater, a pair and a vote is known; anything else is named."""
    path = _file(tmp_path, f"{header}\nana,p1,a,old,new,m1\n")
    assert read_votes(path, columns) == [Vote("ana", "p1", "left", "old", "new", "m1")]


def test_json_lines_hold_the_same_votes(tmp_path: Path) -> None:
    """Numbers are read as names, and what is null is empty; pairs without a prompt stand alone."""
    rows = [
        {"rater": 7, "item": 1, "vote": "tie", "left": None, "prompt": None},
        {"rater": 8, "item": 1, "vote": "B", "prompt": "m"},
    ]
    path = _file(tmp_path, "\n".join(map(json.dumps, rows)) + "\n", "votes.jsonl")
    assert read_votes(path) == [Vote("7", "1", "tie", "", "", "1"), Vote("8", "1", "right", "", "", "m")]


def test_a_spreadsheets_mark_and_quoted_lines_are_no_hindrance(tmp_path: Path) -> None:
    """A byte-order mark before the header, commas and line ends inside quotes."""
    path = _file(tmp_path, '\ufeffrater,item,vote,prompt\nana,p1,left,"one,\ntwo"\nben,p1,right,"one,\ntwo"\n')
    assert [vote.cluster for vote in read_votes(path)] == ["one,\ntwo"] * 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no votes"),
        ("rater,item,vote\n", "no votes"),
        ("rater,item\nr,1\n", "no column for the vote; it has rater, item. Name it with --column vote=NAME"),
        ("rater,item,vote\nr,1,up\n", "votes.csv:2: the vote 'up' is no side"),
        ("rater,item,vote\nr,1,\n", "the vote '' is no side"),
        (
            "rater,item,vote\nr,1,left\nr,2,left\nr,1,right\n",
            "votes.csv:4: rater r voted on the pair 1 in row 2 already",
        ),
        ("rater,item,vote\n,1,left\n", "votes.csv:2: the rater or the pair is missing"),
        ("rater,item,vote\nr, ,left\n", "votes.csv:2: the rater or the pair is missing"),
        ("rater,item,vote\nr,1\n", "votes.csv:2: has not as many fields"),
        ("rater,item,vote\nr,1,left,more\n", "votes.csv:2: has not as many fields"),
        ('rater,item,vote\nr,1,"left\n', "not valid CSV"),
    ],
)
def test_wrong_votes_are_refused_with_their_place(tmp_path: Path, text: str, words: str) -> None:
    """A missing column, a word that is no side, a doubled vote: the row and the mend."""
    with pytest.raises(EvidenceError) as refused:
        read_votes(_file(tmp_path, text))
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"[1]\n", "votes.jsonl", "votes.jsonl:1: "),
        (b'{"rater": "r"\n', "votes.jsonl", "votes.jsonl:1: "),
        (b"rater,item,vote\nr\xff,1,left\n", "votes.csv", "votes.csv:2: not UTF-8 text"),
    ],
)
def test_files_that_hold_no_rows_are_refused(tmp_path: Path, content: bytes, name: str, words: str) -> None:
    """Lines that are no objects, and bytes that are no text."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(EvidenceError) as refused:
        read_votes(path)
    assert words in str(refused.value)
    with pytest.raises(EvidenceError, match=r"none\.csv: no such file"):
        read_votes(tmp_path / "none.csv")


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A name given by hand is not replaced by a usual one without a word."""
    with pytest.raises(EvidenceError, match="no column for the prompt"):
        read_votes(_file(tmp_path, "rater,item,vote,prompt\nr,1,left,p\n"), {"prompt": "topic"})


def test_observations_name_the_preferred() -> None:
    """1 for the preferred model, ½ each for a tie, pairs of a prompt in one cluster; other models are left out."""
    votes = [
        Vote("r", "p1", "left", "new", "old", "prompt 1"),
        Vote("s", "p1", "tie", "old", "new", "prompt 1"),
        Vote("t", "p1", "left", "old", "new", "prompt 1"),
        Vote("r", "p2", "right", "old", "third", "prompt 2"),
    ]
    made = to_observations(votes, "old", "new", "a file")
    assert [(one.role, one.value) for one in made] == [
        ("baseline", 0.0), ("candidate", 1.0), ("baseline", 0.5), ("candidate", 0.5), ("baseline", 1.0),
        ("candidate", 0.0),
    ]  # fmt: skip
    assert {(one.signal, one.cluster, one.source, one.draw) for one in made} == {
        ("vibe/preference", "prompt 1", "a file", 0)
    }
    assert [(one.item, one.rater) for one in made[::2]] == [("p1 by r", "r"), ("p1 by s", "s"), ("p1 by t", "t")]
    swapped = to_observations(votes, "new", "old")
    assert [one.value for one in swapped] == [1 - one.value for one in made]


@pytest.mark.parametrize(("baseline", "candidate"), [("old", "nobody"), ("old", "old"), ("", "")])
def test_two_models_that_nobody_compared_are_refused(baseline: str, candidate: str) -> None:
    """The models that there are votes on are named."""
    votes: list[Any] = [Vote("r", "p1", "left", "new", "old"), Vote("r", "p2", "left", "old", "third")]
    with pytest.raises(EvidenceError, match="there are new, old, third"):
        to_observations(votes, baseline, candidate)


@pytest.mark.slow
@pytest.mark.skipif(not LLMFAO.exists(), reason="third-party data not present")
def test_votes_between_two_models_become_evidence(seatrial: Command, tmp_path: Path) -> None:
    """The public votes on the two models that were compared most are written as observations, two a vote."""
    votes = read_votes(LLMFAO)
    pairs: dict[tuple[str, str], int] = {}
    for vote in votes:
        key = (min(vote.left, vote.right), max(vote.left, vote.right))
        pairs[key] = pairs.get(key, 0) + 1
    first, second = max(pairs, key=pairs.__getitem__)
    out = tmp_path / "votes.parquet"
    done = seatrial("vibe", "import", LLMFAO, "--baseline", first, "--candidate", second, "--out", out)
    assert done.code == 0, done.err
    assert out.exists()
    assert f"{2 * pairs[first, second]:,} observations" in done.out


def test_evidence_needs_both_models(seatrial: Command, tmp_path: Path) -> None:
    """Where the evidence should go without saying whose, is refused; JSON Lines and other column names are read."""
    path = tmp_path / "votes.jsonl"
    rows = [{"who": f"r{n}", "pair": str(m), "pick": "a"} for n in range(2) for m in range(3)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    named = ("--column", "rater=who", "--column", "item=pair", "--column", "vote=pick")
    assert seatrial("vibe", "import", path, *named).code == 0
    lost = seatrial("vibe", "import", path, *named, "--out", tmp_path / "x.parquet")
    assert lost.code == 2
    assert "go together" in lost.err


def _votes(tmp_path: Path, kind: str, *rows: dict[str, Any]) -> list[Vote]:
    return read_votes(write_table(tmp_path / f"votes.{kind}", rows))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_blank_is_the_default_in_every_format(tmp_path: Path, kind: str) -> None:
    """A pair without a prompt stands alone, and nobody stands on a side that is blank."""
    rows = [
        {"rater": 7, "item": n, "vote": "left", "left": blank, "right": blank, "prompt": blank}
        for n, blank in enumerate((*BLANKS, " p "))
    ]
    assert _votes(tmp_path, kind, *rows) == [
        Vote("7", "0", "left", "", "", "0"),
        Vote("7", "1", "left", "", "", "1"),
        Vote("7", "2", "left", "", "", "2"),
        Vote("7", "3", "left", "p", "p", "p"),
    ]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(("column", "words"), [("rater", "missing"), ("item", "missing"), ("vote", "is no side")])
def test_a_blank_in_a_needed_column_is_refused(
    tmp_path: Path, kind: str, blank: str | None, column: str, words: str
) -> None:
    """A vote of nobody, on nothing or for nothing is none, also where the name of a side is blank."""
    row = {"rater": "r", "item": "p", "vote": "left", "left": "old", "right": blank}
    with pytest.raises(EvidenceError, match=words):
        _votes(tmp_path, kind, row, row | {"item": "q"} | {column: blank})


@pytest.mark.parametrize("kind", FORMATS)
def test_names_are_words(tmp_path: Path, kind: str) -> None:
    """Raters, pairs, models and prompts that look like numbers stay as they are written: 01 and 1 are two pairs."""
    rows = [
        {"rater": "007", "item": item, "vote": "left", "left": "010", "right": "10", "prompt": "1e3"}
        for item in ("01", "1")
    ]
    assert _votes(tmp_path, kind, *rows) == [
        Vote("007", item, "left", "010", "10", "1e3") for item in ("01", "1")
    ]  # fmt: skip


@pytest.mark.parametrize("kind", FORMATS)
def test_numbers_are_sides_only_where_they_can_be_nothing_else(tmp_path: Path, kind: str) -> None:
    """1 and 2 are left and right where both are there and no other number; 0 and 1 may be anything."""
    rows: list[dict[str, Any]] = [{"rater": "r", "item": n, "vote": vote} for n, vote in enumerate((1, 2, 1))]
    assert [vote.vote for vote in _votes(tmp_path, kind, *rows)] == ["left", "right", "left"]
    for numbers in ((0, 1), (1, 1), (0, 1, 2), (1, 2, 3), (-1, 1), (0,)):
        rows = [{"rater": "r", "item": n, "vote": vote} for n, vote in enumerate(numbers)]
        with pytest.raises(EvidenceError, match=r"what the vote .* stands for is not certain.*left, right or tie"):
            _votes(tmp_path, kind, *rows)


def test_a_word_that_is_a_side_and_a_model_is_refused(tmp_path: Path) -> None:
    """Models called A and B may stand on either side: their names are sides only where both readings agree."""
    row = {"rater": "r", "item": "p", "vote": "A", "left": "A", "right": "B"}
    assert _votes(tmp_path, "csv", row)[0].vote == "left"
    with pytest.raises(EvidenceError, match=r"votes\.csv:3: the vote 'A' may mean left or right"):
        _votes(tmp_path, "csv", row, row | {"item": "q", "left": "B", "right": "A"})
    with pytest.raises(EvidenceError, match="may mean left or right"):
        _votes(tmp_path, "csv", row | {"vote": "same one", "left": "same one", "right": "same one"})
    alike = row | {"vote": "NEW", "left": "NEW", "right": "new"}
    assert _votes(tmp_path, "csv", alike)[0].vote == "left"


def test_votes_that_became_no_evidence_are_counted(seatrial: Command, tmp_path: Path) -> None:
    """Votes on other models, and those that name none, are said with their number; so are columns read by an alias."""
    sides = [("old", "new"), ("new", "old"), ("", ""), ("old", "third"), ("third", "old"), ("old", "")]
    rows = [
        {"worker": rater, "item": n, "vote": "left", "left": left, "right": right}
        for rater in ("ana", "ben") for n, (left, right) in enumerate(sides)
    ]  # fmt: skip
    path = write_table(tmp_path / "votes.csv", rows)
    votes = read_votes(path)
    assert left_out(votes, "old", "new") == [
        "Votes that became no evidence, not naming both models: 4.",
        "Votes that became no evidence, comparing old with third: 4.",
    ]
    done = seatrial("vibe", "import", path, "--baseline", "old", "--candidate", "new", "--out", tmp_path / "o.parquet")
    assert "Votes that became no evidence, comparing old with third: 4." in done.out
    assert "votes.csv: read 'worker' as the rater." in done.out


@pytest.mark.parametrize("kind", FORMATS)
def test_codes_are_what_they_are_said_to_be(tmp_path: Path, kind: str) -> None:
    """A mapping goes before every guess: numbers, words, a blank, and a known word that means something else."""
    said = (0, 1, 2, "Neither ", None, "a", "x=y", "right")
    rows: list[dict[str, Any]] = [{"rater": "r", "item": n, "vote": vote} for n, vote in enumerate(said)]
    codes = vote_codes(["0=left,1=right", " 2 = Tie ", "neither=both_bad", "=skip", "a=right,x=y=left"])
    votes = read_votes(write_table(tmp_path / f"votes.{kind}", rows), codes=codes)
    meant = ["left", "right", "tie", "both bad", "skip", "right", "left", "right"]
    assert [vote.vote for vote in votes] == meant


def test_numbers_beside_those_that_are_said_are_read_by_themselves(tmp_path: Path) -> None:
    """Where 0 is said to be a tie, 1 and 2 are left and right as ever; without both of them they are not."""
    rows: list[dict[str, Any]] = [{"rater": "r", "item": n, "vote": vote} for n, vote in enumerate((0, 1, 2))]
    path = write_table(tmp_path / "votes.jsonl", rows)
    assert [vote.vote for vote in read_votes(path, codes=vote_codes(["0=tie"]))] == ["tie", "left", "right"]
    with pytest.raises(EvidenceError, match="what the vote 1 stands for is not certain"):
        read_votes(path, codes=vote_codes(["0=left,2=tie"]))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("0", "--vote '0': write CODE=MEANING, where the meaning is one of left, right, tie, both bad, skip, model"),
        ("0=up", "--vote '0=up': write CODE=MEANING"),
        ("0=", "--vote '0=': write CODE=MEANING"),
        ("A=left,a=right", "--vote 'a=right': 'a' stands for left already"),
    ],
)
def test_a_mapping_that_says_nothing_is_refused(words: str, told: str) -> None:
    """Without a meaning, with an unknown one, or with two for one code."""
    with pytest.raises(EvidenceError) as refused:
        vote_codes([words])
    assert told in str(refused.value)


def test_models_called_like_sides_are_told_apart_by_the_mapping(tmp_path: Path) -> None:
    """Votes for A and B name models or sides, as said; a vote that should name a model and does not is refused."""
    rows = [
        {"rater": "r", "item": n, "vote": vote, "left": left, "right": right}
        for n, (vote, left, right) in enumerate([("A", "A", "B"), ("a", "B", "A"), ("B", "B", "A"), ("tie", "A", "B")])
    ]
    path = write_table(tmp_path / "votes.csv", rows)
    with pytest.raises(EvidenceError, match=r"--vote 'a=model' where votes name models"):
        read_votes(path)
    named, sides = (read_votes(path, codes=vote_codes([code])) for code in ("A=model,B=model", "A=left,B=right"))
    assert [vote.vote for vote in named] == ["left", "right", "left", "tie"]
    assert [vote.vote for vote in sides] == ["left", "left", "right", "tie"]
    for left, right, told in (("A", "A", "both have that name"), ("x", "", "none has that name: 'x' is left")):
        lost = write_table(tmp_path / "lost.csv", [rows[0] | {"left": left, "right": right}])
        with pytest.raises(EvidenceError, match=told):
            read_votes(lost, codes=vote_codes(["A=model"]))


def test_a_vote_that_is_no_side_is_told_with_the_mapping_to_write(tmp_path: Path) -> None:
    """The message holds the code, and numbers get the mapping of the numbers."""
    for vote, told in (("up", "--vote 'up=left'"), ("", "--vote '=skip'"), ("0", "--vote 0=left,1=right")):
        with pytest.raises(EvidenceError) as refused:
            read_votes(_file(tmp_path, f"rater,item,vote,left\nr,1,{vote},x\n"))
        assert told in str(refused.value)


def test_votes_on_several_models_about_one_item_stand_side_by_side(tmp_path: Path) -> None:
    """A rater may vote on an item once for every two models, whichever stood left; a second vote on two is refused."""
    head = "rater,item,vote,left,right\nr,q,left,x,y\nr,q,right,x,z\nr,q,tie,z,y\n"
    votes = read_votes(_file(tmp_path, head))
    assert [one.value for one in to_observations(votes, "x", "z")] == [0.0, 1.0]
    assert left_out(votes, "x", "z") == [
        "Votes that became no evidence, comparing x with y: 1.",
        "Votes that became no evidence, comparing y with z: 1.",
    ]
    with pytest.raises(EvidenceError, match=r"votes\.csv:5: rater r voted on the pair q in row 2 already"):
        read_votes(_file(tmp_path, head + "r,q,left,y,x\n"))


def test_skipped_votes_and_both_bad_have_their_place(tmp_path: Path) -> None:
    """A skipped vote is no evidence and is counted, both bad is half a vote for each; skips alone are no votes."""
    votes = [
        Vote("r", "p1", "skip", "old", "new"),
        Vote("r", "p2", "both bad", "old", "new"),
        Vote("r", "p3", "right", "old", "new"),
    ]
    made = to_observations(votes, "old", "new")
    assert [(one.item, one.value) for one in made] == [
        ("p2 by r", 0.5), ("p2 by r", 0.5), ("p3 by r", 0.0), ("p3 by r", 1.0),
    ]  # fmt: skip
    assert left_out(votes, "old", "new") == ["Votes that became no evidence, skipped: 1."]
    assert remarks(votes) == [
        "Skipped votes, which count nowhere: 1.",
        "Votes that both answers are bad, which count as ties: 1.",
    ]
    assert remarks(votes[2:]) == []
    with pytest.raises(EvidenceError, match="no votes: all 1 were skipped"):
        read_votes(_file(tmp_path, "rater,item,vote\nr,1,skip\n"))


def test_two_spellings_of_a_rater_are_remarked_on() -> None:
    """Case and spaces make no other person; whoever is spelled one way is not mentioned."""
    names = ("Ana@x.org", "ana@X.org", "ben", "A  na", "a na", "ben")
    votes = [Vote(name, str(place), "left") for place, name in enumerate(names)]
    assert remarks(votes) == [
        "Ana@x.org and ana@X.org may be one rater and count as 2. If they are one, write one spelling.",
        "A  na and a na may be one rater and count as 2. If they are one, write one spelling.",
    ]


def test_one_rater_or_nobodys_preference_still_becomes_evidence(seatrial: Command, tmp_path: Path) -> None:
    """The command writes the evidence and says in words what is not known; `--vote` reaches it, and skips are said."""
    out = tmp_path / "o.parquet"
    rows: list[dict[str, Any]] = [
        {"rater": "ana", "item": n, "vote": n % 2, "left": "old", "right": "new"} for n in range(12)
    ]
    path = write_table(tmp_path / "one.jsonl", rows)
    wanted = ("--baseline", "old", "--candidate", "new", "--out", out)
    unsaid = seatrial("vibe", "import", path, *wanted)
    assert unsaid.code == 2
    assert not out.exists()
    done = seatrial("vibe", "import", path, *wanted, "--vote", "0=left,1=right")
    assert done.code == 0, done.err
    assert "it takes two raters on one pair, and there is one" in done.out
    assert "24 observations" in done.out
    apart = write_table(tmp_path / "apart.jsonl", [row | {"rater": f"r{n}"} for n, row in enumerate(rows)])
    shown = seatrial("vibe", "import", apart, "--vote", "0=tie", "--vote", "1=both bad")
    assert "no pair has votes of two" in shown.out
    assert "Nobody preferred a side: all votes are ties." in shown.out
    assert "Votes that both answers are bad, which count as ties: 6." in shown.out
    assert "nan" not in shown.out
    kept = json.loads(seatrial("vibe", "import", apart, "--vote", "0=tie,1=both bad", "--json").out)
    assert kept["remarks"] == ["Votes that both answers are bad, which count as ties: 6."]
    assert kept["kappa"] is None


def test_a_models_name_is_known_however_its_letters_are_written(tmp_path: Path) -> None:
    """An accent apart, full width or a double space are nothing to go by."""
    text = "rater,item,vote,left,right\nana,p1,mode\u0301le  1,mod\u00e9le 1,new\nana,p2,\uff4e\uff45\uff57,old,new\n"
    assert [vote.vote for vote in read_votes(_file(tmp_path, text))] == ["left", "right"]
