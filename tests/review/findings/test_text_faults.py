"""What a reader sees in one answer before reading it."""

from __future__ import annotations

import pytest

from seatrial.review.findings.text_faults import (
    besides,
    copied,
    ends_inside,
    language,
    looped,
    plain_words,
    spoken_otherwise,
)

ENGLISH = (
    "The river rises in the hills and runs to the sea through a valley that is known for its apples. In spring the "
    "trees are in flower, and many people come from the towns to see them before the wind takes the blossom away."
)
GERMAN = (
    "Der Fluss entspringt in den Hügeln und fließt durch ein Tal, das für seine Äpfel bekannt ist, zum Meer. Im "
    "Frühling blühen die Bäume, und viele Leute kommen aus den Städten, um sie zu sehen."
)
LIST = "\n".join(f"- {fruit}" for fruit in ("apples", "pears", "plums", "cherries", "grapes", "figs", "dates", "limes"))
CHORUS = "We sail at dawn, we sail at dawn,\nthe harbor lights are almost gone."
SONG = "\n\n".join((CHORUS, ENGLISH, CHORUS, GERMAN, CHORUS))


@pytest.mark.parametrize(
    "text",
    [
        "I am sorry. " * 30,
        ENGLISH + " And so it goes on." * 40,
        "ha" * 400,
        "no no no no no no no no no no no no",
        "我很抱歉。" * 20,
        "Step 1: open the door.\n" * 12,
    ],
)
def test_a_loop_is_seen(text: str) -> None:
    """A sentence, a line, letters or signs over and over, from the start or after a good beginning."""
    assert looped(plain_words(text))


@pytest.mark.parametrize("text", ["", "No, no, no.", ENGLISH, GERMAN, LIST, SONG, "| a | b |\n|---|---|\n| 1 | 2 |"])
def test_what_repeats_little_is_no_loop(text: str) -> None:
    """Short answers, prose, lists and a song with its chorus three times say something new for the most part."""
    assert not looped(plain_words(text))


def test_an_echo_is_seen() -> None:
    """The whole question, however short; its beginning; the question with a word before it; in other marks and case."""
    turns = [plain_words("Be brief."), plain_words(ENGLISH)]
    for text in ("be brief", ENGLISH.upper(), f"Sure: {ENGLISH}", " ".join(ENGLISH.split()[:15])):
        assert copied(plain_words(text), turns), text


def test_what_is_repeated_of_the_question_is_not_said_by_the_answer() -> None:
    """Four words in a row of the conversation are not the answer's own; three may be."""
    asked = [plain_words("How do people make bread in town number seven?")]
    answer = plain_words("You asked how do people make bread in town number seven, and it depends on many things.")
    assert besides(answer, asked) == plain_words("You asked and it depends on many things")
    assert besides(plain_words("People make bread daily."), asked) == plain_words("People make bread daily.")


def test_an_answer_that_quotes_is_no_echo() -> None:
    """A passage from a long text, the question before its answer, nothing, and what only shares words with it."""
    turns = [plain_words(ENGLISH)]
    for text in ("a valley that is known for its apples", f"{ENGLISH} {GERMAN}", "", "The valley."):
        assert not copied(plain_words(text), turns), text
    middle = " ".join(ENGLISH.split()[8:22])
    assert not copied(plain_words(middle), turns)


@pytest.mark.parametrize(
    ("text", "torn"),
    [
        (ENGLISH, False),
        (ENGLISH[:-40], True),
        (ENGLISH + " And,", True),
        (ENGLISH[:-1] + ", and", True),
        (LIST, False),
        ("Kind regards,\nAnn Example", False),
        ("Yes", False),
        ("", False),
        ("```\nprint(1)\nfor one in two if three else four and five or six\n```", False),
        ("我们认为这个问题很重要。", False),
    ],
)
def test_an_end_inside_a_sentence_is_seen(text: str, torn: bool) -> None:
    """A last line of prose without an end; names, lists, code and short answers end as they like."""
    assert ends_inside(text) is torn


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (ENGLISH, "English"),
        (GERMAN, "German"),
        ("Это очень хороший вопрос.", "Cyrillic"),
        ("这是一个很好的问题，我来回答。", "Han"),
        ("これはとても良い質問ですね。", "Kana"),
        ("هذا سؤال جيد جدا", "Arabic"),
        ("How do I make a program die, and what do I do with it to be done?", "English"),
        ("Paris", ""),
        ("42", ""),
        ("", ""),
        ("Le chat est sur la table et les enfants sont dans le jardin pour une fête.", "French"),
        ("El perro está en la casa y los niños juegan con una pelota que es muy grande.", "Spanish"),
    ],
)
def test_a_language_shows_or_does_not(text: str, name: str) -> None:
    """Script and stop words say it; a name or a number does not."""
    assert language(text) == name


def test_another_language_than_asked_is_seen() -> None:
    """Another language, another script, and prose without a word of the language; code and short answers are not."""
    assert spoken_otherwise(GERMAN, "English")
    assert spoken_otherwise("这是一个很好的问题，我来回答。", "English")
    assert spoken_otherwise(" ".join(f"zq{letter}x" for letter in "abcdefghijklmnopqrstuvwxyz"), "English")
    for text in (ENGLISH, "", "Paris", f"Like this:\n```\n{GERMAN}\n```", "42, 43"):
        assert not spoken_otherwise(text, "English"), text
    assert not spoken_otherwise(GERMAN, "")


def test_words_are_without_marks_and_what_cannot_be_seen() -> None:
    """Case, marks, forms of the same letter and joiners make no other answer; numbers do."""
    assert plain_words("Don\u200b't “SHOUT”, ﬁne — 42!") == ("don't", "shout", "fine", "42")
    assert plain_words(" …?! \u200b") == ()
    assert plain_words("良い") == ("良", "い")
