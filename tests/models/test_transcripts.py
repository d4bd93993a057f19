"""Recorded answers as a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seatrial.errors import EvidenceError, NoAnswer
from seatrial.models.transcripts import TranscriptsModel
from seatrial.policy import ModelSpec
from seatrial.types import Item, Message, Request
from tables import BLANKS, FORMATS, write_table


def _model(path: Path, text: str, **settings: object) -> TranscriptsModel:
    path.write_text(text, encoding="utf-8")
    return TranscriptsModel(ModelSpec.model_validate({"model": f"transcripts/{path}", **settings}))


KINDS = {
    "a.jsonl": '{"prompt": "Hi?", "completion": "Yes."}\n\n',
    "a.csv": 'prompt,completion\nHi?,"Yes."\n',
    "b.jsonl": json.dumps({"messages": [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Yes."}]}),
    "a.json": json.dumps([{"instruction": "Hi?", "output": "Yes.", "generator": "m"}]),
}


@pytest.mark.parametrize("name", KINDS)
async def test_every_format_answers_the_same_conversation(tmp_path: Path, name: str) -> None:
    """Whatever the format, a suite's item with the same conversation gets the recorded answer."""
    model = _model(tmp_path / name, KINDS[name])
    async with model:
        response = await model.ask(Request(Item("x", "suite", (Message("user", "Hi? "),))))
    assert (response.text, response.item, response.suite) == ("Yes.", "x", "suite")


async def test_what_is_not_recorded_is_said(tmp_path: Path) -> None:
    """An item without a recorded answer is an error that names the file, whether absent or null."""
    model = _model(tmp_path / "a.jsonl", '{"id": "q", "prompt": "Hi?", "completion": null}\n')
    for item in (Item("x", "s", (Message("user", "Other?"),)), model.items()[0]):
        with pytest.raises(NoAnswer, match=r"a\.jsonl"):
            await model.ask(Request(item))
    assert model.answers(model.items()[0]) == ()


async def test_an_empty_text_is_an_answer(tmp_path: Path) -> None:
    """An empty completion was given; it is for the instrument to refuse."""
    model = _model(tmp_path / "a.csv", "prompt,completion\nHi?,\n")
    assert (await model.ask(Request(model.items()[0]))).text == ""


def test_other_columns_become_labels(tmp_path: Path) -> None:
    """Columns without a role of their own are kept as labels; use case and cluster take theirs."""
    model = _model(tmp_path / "a.csv", "id,prompt,completion,grade,use_case,cluster\nq,Hi?,Yes,good,law,c7\n")
    (item,) = model.items()
    assert (item.id, item.labels, item.use_case, item.cluster) == ("q", (("grade", "good"),), "law", "c7")
    assert model.answers(model.items()[0])[0].labels == (("grade", "good"),)


def test_columns_can_be_mapped(tmp_path: Path) -> None:
    """The policy may name the columns."""
    model = _model(tmp_path / "a.csv", "Q,A\nHi?,Yes\n", columns={"prompt": "Q", "completion": "A"})
    assert model.answers(model.items()[0])[0].text == "Yes"


def test_ids_agree_between_files(tmp_path: Path) -> None:
    """Without ids, the same prompt has the same id in every file."""
    one = _model(tmp_path / "a.csv", "prompt,completion\nHi?,Yes\n")
    two = _model(tmp_path / "b.jsonl", '{"prompt": "Hi?", "completion": "No"}')
    assert one.items()[0].id == two.items()[0].id


def test_draws_are_kept_apart(tmp_path: Path) -> None:
    """Numbered answers to one question are its draws, in order."""
    model = _model(tmp_path / "a.csv", "prompt,completion,draw\nHi?,B,1\nHi?,A,0\n")
    assert [answer.text for answer in model.answers(model.items()[0])] == ["A", "B"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "a.csv",
            "id,prompt,completion\nq,Hi?,Yes\nq,Hi?,No\n",
            r"a\.csv:3: the item 'q' stands already in .*a\.csv:2",
        ),
        ("a.csv", "id,prompt,completion,draw\nq,Hi?,Yes,0\nq,Ho?,No,1\n", "another prompt"),
        ("a.csv", "prompt,completion\n,Yes\n", r"a\.csv:2: prompt is empty"),
        ("a.csv", "prompt,completion\nHi?\n", "not as many fields"),
        ("a.csv", 'prompt,completion\n"Hi?,Yes\n', "not valid CSV"),
        ("a.csv", "id,prompt,completion\n ,Hi?,Yes\n", "the id is empty"),
        ("a.csv", "a,b\n1,2\n", "expected `prompt` and `completion`"),
        ("a.csv", "prompt,completion\n", "holds no row"),
        ("a.jsonl", '{"prompt": "Hi?", "completion": NaN}\n', "not text: nan"),
        ("a.jsonl", '{"prompt": "Hi?", "completion": "Yes", "grade": NaN}\n', "grade is not a number"),
        ("a.jsonl", '{"prompt": \n', r"a\.jsonl:1: not JSON"),
        ("a.jsonl", "[1]\n", "expected a JSON object"),
        ("a.jsonl", '{"messages": [{"role": "user", "content": "Hi?"}]}\n', "end with the assistant's"),
        ("a.json", "{}", "expected a list"),
        ("a.json", "[1]", "record 1: expected"),
        ("a.txt", "x", "transcripts come as"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, name: str, text: str, words: str) -> None:
    """Every row that cannot be trusted is refused with its place."""
    with pytest.raises(EvidenceError, match=words):
        _model(tmp_path / name, text)


def test_a_mapped_column_must_exist(tmp_path: Path) -> None:
    """Mapping to a column that is not there names those that are."""
    with pytest.raises(EvidenceError, match=r"no column 'Q'; found prompt, completion"):
        _model(tmp_path / "a.csv", "prompt,completion\nHi?,Yes\n", columns={"prompt": "Q"})


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder and bytes that are no text are refused in a sentence."""
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    for path, words in (
        (tmp_path / "no.csv", "no such file"),
        (tmp_path, "cannot be read"),
        (tmp_path / "a.csv", "UTF-8"),
    ):
        with pytest.raises(EvidenceError, match=words):
            TranscriptsModel(ModelSpec(model=f"transcripts/{path}"))


async def test_a_system_turn_and_spaces_make_no_other_conversation(tmp_path: Path) -> None:
    """Recorded answers are found by what user and assistant said, however it is spaced and whoever was told what."""
    turns = [
        {"role": "system", "content": "Be warm."},
        {"role": "user", "content": "Hi,\n  there?"},
        {"role": "assistant", "content": "Yes."},
    ]
    model = _model(tmp_path / "a.jsonl", json.dumps({"messages": turns}))
    answer = await model.ask(Request(Item("x", "suite", (Message("user", "Hi, there?"),))))
    assert answer.text == "Yes."
    with pytest.raises(NoAnswer):
        await model.ask(Request(Item("x", "suite", (Message("assistant", "Hi, there?"),))))


async def test_a_draw_that_was_not_recorded_is_no_answer(tmp_path: Path) -> None:
    """The first answer is never given out as a second one."""
    model = _model(tmp_path / "a.csv", "prompt,completion\nHi?,Yes\n")
    with pytest.raises(NoAnswer):
        await model.ask(Request(model.items()[0], draw=1))


def test_the_identity_is_the_files_content(tmp_path: Path) -> None:
    """Another name or place is the same recording; a letter more is another."""
    text = "prompt,completion\nHi?,Yes\n"
    one, two = (_model(tmp_path / name, text) for name in ("a.csv", "b.csv"))
    assert one.identity == two.identity != _model(tmp_path / "c.csv", text + "Ho?,No\n").identity


def test_hostile_text_is_kept_as_it_is(tmp_path: Path) -> None:
    """Line separators, control characters and the mark that some editors put first change no answer."""
    said = "one\u2028two\x00\x1b[2J“three”"
    model = _model(tmp_path / "a.jsonl", "\ufeff" + json.dumps({"prompt": "Hi?", "completion": said}))
    assert model.answers(model.items()[0])[0].text == said


def test_labels_that_are_no_text_are_kept_as_json(tmp_path: Path) -> None:
    """A number, a list and nothing become the words that a policy's `values` name."""
    row = {"prompt": "Hi?", "completion": "Yes", "grade": 3, "tags": ["a"], "bad": True, "none": None}
    model = _model(tmp_path / "a.jsonl", json.dumps(row))
    assert dict(model.items()[0].labels) == {"grade": "3", "tags": '["a"]', "bad": "true", "none": ""}


def _of(path: Path, *rows: dict[str, Any]) -> TranscriptsModel:
    return TranscriptsModel(ModelSpec(model=f"transcripts/{write_table(path, rows)}"))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_blank_is_the_default_in_every_format(tmp_path: Path, kind: str) -> None:
    """Without a cluster an item is its own, without a use case it is general, whatever a blank cell holds."""
    rows: list[dict[str, Any]] = [
        {"item": n, "prompt": f"{n}?", "completion": "Yes", "cluster": blank, "use_case": blank, "draw": blank}
        for n, blank in enumerate((*BLANKS, " c "))
    ]
    items = _of(tmp_path / f"a.{kind}", *rows).items()
    assert [(item.id, item.cluster, item.use_case) for item in items] == [
        ("0", "0", "general"), ("1", "1", "general"), ("2", "2", "general"), ("3", "c", "c")
    ]  # fmt: skip


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_item_is_refused_with_its_row(tmp_path: Path, kind: str, blank: str | None) -> None:
    """Rows are not pooled because nobody says which item they are of."""
    row: dict[str, Any] = {"item": "q", "prompt": "Hi?", "completion": "Yes"}
    with pytest.raises(EvidenceError, match=r"a\.\w+: ?(row |record )?[23]: the id is empty"):
        _of(tmp_path / f"a.{kind}", row, row | {"item": blank, "prompt": "Ho?"})


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("column", ["draw", "epoch", "repeat", "sample"])
@pytest.mark.parametrize("names", [(10, 9), (1, 0), ("b", "a"), ("x", "10")])
async def test_all_answers_are_found_whatever_draws_are_called(
    tmp_path: Path, kind: str, column: str, names: tuple[Any, Any]
) -> None:
    """Answers are numbered from 0 in the order of their draws: by number where all are numbers, else by name."""
    rows = [
        {"item": "q", "prompt": "Hi?", "completion": text, column: name, "label": text}
        for name, text in zip(names, ("second", "first"), strict=True)
    ]
    model = _of(tmp_path / f"a.{kind}", *rows)
    (item,) = model.items()
    assert [(one.text, one.draw, one.labels) for one in model.answers(item)] == [
        ("first", 0, (("label", "first"),)),
        ("second", 1, (("label", "second"),)),
    ]
    assert (await model.ask(Request(item, draw=1))).text == "second"


async def test_answers_to_one_question_under_several_ids_are_all_given(tmp_path: Path) -> None:
    """Where a suite asks the question, every row that answers it is one of its draws."""
    rows = [{"item": n, "prompt": "Hi?", "completion": f"{n}"} for n in range(3)]
    model, asked = _of(tmp_path / "a.csv", *rows), Item("x", "suite", (Message("user", "Hi?"),))
    given = [await model.ask(Request(asked, draw)) for draw in range(3)]
    assert [(one.text, one.draw, one.item) for one in given] == [("0", 0, "x"), ("1", 1, "x"), ("2", 2, "x")]
    assert len(model.answers(asked)) == 3


async def test_what_was_not_read_is_counted(tmp_path: Path) -> None:
    """Columns under other names, rows without an answer, uneven draws and answers that nobody asked for are said."""
    rows: list[dict[str, Any]] = [
        {"id": "q", "prompt": "Hi?", "output": "Yes", "epoch": 1},
        {"id": "q", "prompt": "Hi?", "output": "No", "epoch": 2},
        {"id": "r", "prompt": "Ho?", "output": "Yes", "epoch": 1},
        {"id": "r", "prompt": "Ho?", "output": None, "epoch": 2},
    ]
    model = _of(tmp_path / "a.jsonl", *rows)
    await model.ask(Request(model.items()[0]))
    assert model.told() == (
        "a.jsonl: read 'id' as the item, 'output' as the completion, 'epoch' as the draw.",
        "a.jsonl: 1 of 4 rows hold no answer.",
        "a.jsonl: some items have 1 answers, others up to 2; all count.",
        "a.jsonl: 2 of 3 recorded answers were not read, for no gate asked for them.",
    )


@pytest.mark.parametrize("kind", ["jsonl", "json"])
def test_columns_are_the_same_in_all_rows(tmp_path: Path, kind: str) -> None:
    """A row that lacks a column has a blank there, and is not read by another."""
    rows: list[dict[str, Any]] = [
        {"item": "q", "prompt": "Hi?", "completion": "Yes"}, {"id": "r", "prompt": "Ho?", "completion": "No"}
    ]  # fmt: skip
    with pytest.raises(EvidenceError, match="the id is empty"):
        _of(tmp_path / f"a.{kind}", *rows)
    with pytest.raises(EvidenceError, match="the completion may be 'response' or 'answer'"):
        _of(tmp_path / f"a.{kind}", {"prompt": "Hi?", "response": "Yes", "answer": "No"})


def test_a_draw_in_another_place_is_refused(tmp_path: Path) -> None:
    """The draws of an item stand in one cluster and one use case."""
    rows = [{"item": "q", "prompt": "Hi?", "completion": "Yes", "draw": n, "cluster": f"c{n}"} for n in range(2)]
    with pytest.raises(EvidenceError, match=r"a\.csv:3: the item 'q' has another cluster or use case"):
        _of(tmp_path / "a.csv", *rows)


def test_recorded_thinking_is_no_part_of_the_answer(tmp_path: Path) -> None:
    """Recorded replies are read as live ones are: parts joined, thinking apart, and how they ended used."""
    rows: list[dict[str, object]] = [
        {"prompt": "a", "completion": "<think>I refuse.</think>Sure!"},
        {"prompt": "b", "completion": "<think>I refuse."},
        {"prompt": "c", "completion": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Sure!"}]},
        {"prompt": "d", "completion": "Sure", "finish_reason": "content_filter"},
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    model = TranscriptsModel(ModelSpec(model=f"transcripts/{tmp_path / 't.jsonl'}"))
    said = [response for item in model.items() for response in model.answers(item)]
    assert [one.text for one in said] == ["Sure!", "", "Sure!", ""]
    assert [one.no_answer for one in said] == ["", "thinking", "", "filter"]


@pytest.mark.parametrize(
    ("column", "word", "why"),
    [
        ("finish_reason", "FinishReason.SAFETY", "filter"),
        ("finishReason", "content-filter", "filter"),
        ("stopReason", "toolUse", "tool"),
        ("stop_reason", "pause_turn", "tool"),
        ("finish_reason", "error", "fault"),
        ("done_reason", "stop", ""),
    ],
)
def test_how_a_recorded_answer_ended_is_known_by_any_spelling(tmp_path: Path, column: str, word: str, why: str) -> None:
    """Packages write the same end in many ways, and call its column by several names."""
    model = _of(tmp_path / "a.jsonl", {"prompt": "a", "completion": "Sure", column: word})
    assert model.answers(model.items()[0])[0].no_answer == why


def test_a_cut_off_answer_is_told_as_one_whoever_cut_it(tmp_path: Path) -> None:
    """All words of providers for the longest length are one."""
    model = _of(tmp_path / "a.jsonl", {"prompt": "a", "completion": "Sure", "stop_reason": "max_tokens"})
    assert model.answers(model.items()[0])[0].stop == "length"


CHAT = [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": [{"type": "text", "text": "Hi?"}]}]


@pytest.mark.parametrize(
    ("turn", "text", "why"),
    [
        ({"content": "Sure"}, "Sure", ""),
        ({"content": [{"type": "text", "text": "Sure"}]}, "Sure", ""),
        ({"content": "Sure", "reasoning_content": "I refuse."}, "Sure", ""),
        ({"content": "Let me look.", "tool_calls": [{"id": "1"}]}, "", "tool"),
        ({"content": None, "tool_calls": [{"id": "1"}]}, "", "tool"),
        ({"content": None, "refusal": "I cannot."}, "I cannot.", ""),
    ],
)
def test_the_last_turn_of_a_chat_is_read_as_a_live_message(
    tmp_path: Path, turn: dict[str, Any], text: str, why: str
) -> None:
    """Parts are joined, thinking is kept apart, and a tool's call is no answer; a CSV holds a chat as JSON."""
    messages = [*CHAT, {"role": "assistant"} | turn]
    for path, held in ((tmp_path / "a.jsonl", messages), (tmp_path / "a.csv", json.dumps(messages))):
        model = _of(path, {"messages": held})
        (answer,) = model.answers(model.items()[0])
        assert (answer.text, answer.no_answer) == (text, why)
        assert answer.thinking == ("I refuse." if "reasoning_content" in turn else answer.thinking)
        assert [turn.role for turn in model.items()[0].messages] == ["system", "user"]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"prompt": "Hi?", "completion": ["Yes", "No"]}, r"a list of 2 texts.*give each its own row"),
        ({"messages": [*CHAT, {"role": "assistant", "content": "Yes"}], "prompt": "Hi?", "completion": "No"},
         r"'messages' ends with one answer, and 'completion' holds another"),
        ({"messages": [{"role": "human", "content": "Hi?"}, {"role": "assistant", "content": "Yes"}]},
         r"turn 1 has the role 'human'"),
        ({"messages": [{"role": "assistant", "content": "Yes"}, {"role": "user", "content": "Hi?"}]},
         r"the last turn is the user's"),
    ],
)  # fmt: skip
def test_a_row_with_two_answers_or_none_is_refused(tmp_path: Path, row: dict[str, Any], told: str) -> None:
    """Which of two answers is meant is never guessed, and two are not glued into one."""
    with pytest.raises(EvidenceError, match=rf"a\.jsonl:1: .*{told}"):
        _of(tmp_path / "a.jsonl", row)


@pytest.mark.parametrize("kind", FORMATS)
def test_accepted_answers_come_as_a_column(tmp_path: Path, kind: str) -> None:
    """Parts between bars, or a list; a number is a word, a blank is none; the column stays a label to select by."""
    rows: list[dict[str, Any]] = [
        {"item": n, "prompt": f"{n}?", "completion": "Yes", "targets": said}
        for n, said in enumerate(("Paris | City of Paris", '["a|b", 7]', "", None, "[1", "|x||"))
    ]
    found = [item.targets for item in _of(tmp_path / f"a.{kind}", *rows).items()]
    assert found == [("Paris", "City of Paris"), ("a|b", "7"), (), (), ("[1",), ("x",)]
    assert dict(_of(tmp_path / f"a.{kind}", *rows).items()[0].labels) == {"targets": "Paris | City of Paris"}


def test_accepted_answers_are_a_list_of_words_and_one_set_an_item(tmp_path: Path) -> None:
    """A real list and a number are taken, a nested list is refused, and so are two sets for one item."""
    row: dict[str, Any] = {"id": "q", "prompt": "Hi?", "completion": "Yes"}
    for said, meant in ((["a", " b ", 7.0, ""], ("a", "b", "7")), (12, ("12",)), (True, ("true",))):
        assert _of(tmp_path / "a.jsonl", row | {"targets": said}).items()[0].targets == meant
    with pytest.raises(EvidenceError, match=r"a\.jsonl:1: targets is no list of accepted answers"):
        _of(tmp_path / "a.jsonl", row | {"targets": [["a"]]})
    with pytest.raises(EvidenceError, match=r"a\.jsonl:2: the item 'q' accepts other answers than in an earlier row"):
        _of(tmp_path / "a.jsonl", row | {"targets": "a", "draw": 0}, row | {"targets": "b", "draw": 1})
    again = [row | {"targets": "a|b", "draw": 0}, row | {"targets": ["b", "a"], "draw": 1}]
    assert len(_of(tmp_path / "a.jsonl", *again).items()) == 1


def test_draws_of_a_prompt_may_differ_in_white_space(tmp_path: Path) -> None:
    """A space more is no other prompt; a word is, and is shown."""
    row = {"id": "q", "completion": "Yes"}
    said = _of(tmp_path / "a.csv", row | {"prompt": "Hi  you ", "draw": 0}, row | {"prompt": "Hi you", "draw": 1})
    assert len(said.answers(said.items()[0])) == 2
    with pytest.raises(EvidenceError, match="another prompt than in an earlier row: turn 1 reads 'Hi you' and 'Hi me'"):
        _of(tmp_path / "a.csv", row | {"prompt": "Hi you", "draw": 0}, row | {"prompt": "Hi me", "draw": 1})


def _named(path: Path, name: str | None, *rows: dict[str, Any], **columns: str) -> TranscriptsModel:
    spec = ModelSpec(model=f"transcripts/{write_table(path, rows)}", name=name, columns=columns)
    return TranscriptsModel(spec)


BOTH: list[dict[str, Any]] = [
    {"item": item, "prompt": f"{item}?", "completion": f"{item} by {model}", "model": model}
    for item in "pq" for model in ("old", "new", " new ")[:2]
]  # fmt: skip


@pytest.mark.parametrize("kind", FORMATS)
def test_one_file_may_hold_several_models(tmp_path: Path, kind: str) -> None:
    """`name` picks one model's rows, says how many others there are, and makes another model of the same file."""
    path = tmp_path / f"runs.{kind}"
    old, new = (_named(path, name, *BOTH) for name in ("old", "new"))
    assert [answer.text for item in new.items() for answer in new.answers(item)] == ["p by new", "q by new"]
    assert [answer.text for item in old.items() for answer in old.answers(item)] == ["p by old", "q by old"]
    assert f"runs.{kind}: 2 rows of other models than new were not read." in new.told()
    assert (new.name, old.name) == (f"transcripts/runs.{kind} (new)", f"transcripts/runs.{kind} (old)")
    assert old.identity != new.identity
    assert f"runs.{kind}: 2 of 2 recorded answers were not read, for no gate asked for them." in new.told()
    assert dict(new.items()[0].labels) == {"model": "new"}


def test_a_name_picks_a_model_that_is_there(tmp_path: Path) -> None:
    """Without a column, with a name that is not there, with a row of nobody, or without a name for several: refused."""
    path = tmp_path / "runs.csv"
    with pytest.raises(EvidenceError, match=r"no model 'third'; it holds old, new"):
        _named(path, "third", *BOTH)
    with pytest.raises(EvidenceError, match=r"holds answers of 2 models; pick one with `name`: old, new"):
        _named(path, None, *BOTH)
    with pytest.raises(EvidenceError, match=r"pick one with `name`: \(none named\), new"):
        _named(path, None, BOTH[0] | {"model": " "}, BOTH[3])
    with pytest.raises(EvidenceError, match=r"runs\.csv:3: model names no model, and `name` picks 'old'"):
        _named(path, "old", BOTH[0], BOTH[2] | {"model": ""})
    plain = {"item": "p", "prompt": "p?", "completion": "Yes", "generator": "old"}
    with pytest.raises(EvidenceError, match="`name` is given, yet the transcripts have no column `model`"):
        _named(path, "old", plain)
    named = _named(path, "old", plain, plain | {"generator": "new"}, model="generator")
    assert [answer.text for answer in named.answers(named.items()[0])] == ["Yes"]
    alone = _named(path, None, BOTH[0])
    assert alone.name == "transcripts/runs.csv"
    assert alone.identity == _named(tmp_path / "other.csv", None, BOTH[0]).identity


def test_a_column_without_a_name_is_nobodys(tmp_path: Path) -> None:
    """As programs write one behind a comma at the end of each line."""
    model = _model(tmp_path / "t.csv", "id,prompt,completion,\n1,Hi?,Yes.,\n2,Ho?,No.,x\n")
    assert [answer.text for item in model.items() for answer in model.answers(item)] == ["Yes.", "No."]
