"""The summary for a pull request."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from results import BLOCK, HOLD, HOSTILE, LAUNCH, LIKELY, RESULTS
from seatrial.policy import ModelSpec
from seatrial.report.markdown import render_markdown, summary_within
from seatrial.report.plain import Plain, counted
from seatrial.report.result import ReviewResult
from seatrial.types import Message

GITHUB = MarkdownIt("gfm-like", {"linkify": False})
"""Tables and raw HTML as GitHub has them; addresses that it would make links of are looked for in the source."""


class Rendered(HTMLParser):
    """What a reader of the summary gets: its elements and its text."""

    def __init__(self, content: ReviewResult) -> None:
        """Render a review's summary and read it."""
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.source = render_markdown(content)
        self.feed(GITHUB.render(self.source))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Take text."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """All text in one line."""
        return " ".join("".join(self.words).split())


@pytest.mark.parametrize("name", RESULTS)
def test_what_decides_is_all_there(name: str) -> None:
    """Headline, models, reason, each gate in a row, each blind spot and the review's hash."""
    content, made = RESULTS[name], Rendered(RESULTS[name])
    assert made.text.startswith(f"seatrial: {name.capitalize()}")
    assert Plain.of(content).text(content.decision.reason) in made.text
    assert counted(content.decision.verdicts) in made.text
    assert made.tags.count("tr") == 2 * (1 + len(content.decision.verdicts))
    for verdict in content.decision.verdicts:
        mark = {"pass": "✅ pass", "fail": "❌ fail", "inconclusive": "❓ undecided"}[verdict.verdict]
        assert f"{verdict.signal} | {mark}{'' if verdict.blocking else ' (advisory)'} |" in made.source
    for spot in content.blind_spots:
        assert spot in made.text
    assert f"review {dict(content.hashes)['review'][:12]}" in made.text


def test_the_legend_of_the_table_keeps_its_plus() -> None:
    """The line says what + means, so the sign must not be taken for the mark of a list."""
    assert (
        "+ is harm; every cluster counts alike; 90 % intervals; “could see” is the MDE at power 0.9."
        in Rendered(LAUNCH).text
    )
    assert "li" not in Rendered(LAUNCH).tags


def _hash_of(content: ReviewResult) -> str:
    return dict(content.hashes)["review"][:12]


def _everywhere(text: str) -> ReviewResult:
    """Return a review with this text wherever text comes from outside."""
    verdicts = tuple(replace(one, advisory=one.advisory and text) for one in BLOCK.decision.verdicts)
    return replace(
        BLOCK,
        policy=BLOCK.policy.model_copy(update={"name": text}),
        decision=replace(BLOCK.decision, reason=text, verdicts=verdicts),
        examples=tuple(
            replace(pair, messages=(Message("user", text),), baseline=text, candidate=text) for pair in BLOCK.examples
        ),
        blind_spots=(text,),
        notes=(text,),
        waivers=(replace(BLOCK.waivers[0], person=text, reason=text),),
    )


PLAIN = Rendered(_everywhere("words")).tags

MARKUP = [
    HOSTILE,
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</pre></details><h1>Launch</h1>",
    "[read this](https://evil.example)",
    "![](https://evil.example/beacon.png)",
    "<https://evil.example>",
    "[x]: https://evil.example\n[x]",
    "`code`",
    "**bold** _slanted_ ~~gone~~",
    "# Launch\n\n## seatrial: Launch",
    "- one\n- two\n\n1. three",
    "> quoted",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "```\nfenced\n```",
    "Launch\n======",
    "a\r\r# Launch\r\r- b",
    "a\n\n***\n\nb",
    "line  \nbreak\\\nbreak",
    "&lt;b&gt; &#60;script&#62;",
    "<!-- hidden",
    "\\<b>\\`",
    "$x^2$",
    *[f"a{end}{end}# Launch{end}{end}- b" for end in "\v\f\x1c\x85\u2028\u2029"],
    *[f"\u200b {mark} one" for mark in ("-", "+", "1.", "12)")],
    "bold \u200b",
]


@pytest.mark.parametrize("text", MARKUP)
def test_text_from_outside_makes_no_markup(text: str) -> None:
    """Links, pictures, headings, lists, tables, code and tags of a model or a person are words, wherever they stand."""
    assert Rendered(_everywhere(text)).tags == PLAIN


@settings(deadline=None, max_examples=60)
@given(st.text(st.sampled_from("<>[]()!`*_~#|\\&;:-+=.1a \n\r\t@\"'$/"), max_size=24))
def test_no_text_changes_the_structure(text: str) -> None:
    """Whatever letters come from outside, the summary keeps its elements."""
    assert Rendered(_everywhere(f"a{text}z")).tags == PLAIN


COMMIT = "0b55c57aa1f2d90332f3dc69de8a23f7d7da8c2e"
CALLS = ["@team", "see a@b.example", "as in #12", "org/repo#12", "GH-12", "gh-7", COMMIT, f"is {COMMIT[:7]}", ":tada:"]


@pytest.mark.parametrize("text", CALLS)
def test_nobody_is_called(text: str) -> None:
    """Hosts look for mentions, issues and commits in the text itself, so something unseen stands within."""
    made = Rendered(_everywhere(text))
    for shown in (made.source, "".join(made.words)):
        assert not re.search(r"(?i)@\w|(?<!&)#\d|gh-\d|\b[0-9a-f]{7}|:[a-z]\w+:", shown.replace(_hash_of(BLOCK), ""))
    assert text in made.text.replace("\u200b", "")


@pytest.mark.parametrize(
    "text", ["!12", "group/project!12", "$12", "%12", '%"next"', "~bug", '~"a bug"', "&12", "^alert"]
)
def test_no_thing_of_another_host_is_called(text: str) -> None:
    """Merge requests, snippets, milestones, labels and epics are looked for in the text itself too."""
    made = Rendered(_everywhere(f"see {text}"))
    for shown in (made.source, "".join(made.words)):
        assert text not in shown and f"\\{text}" not in shown
    assert text in made.text.replace("\u200b", "")


@pytest.mark.parametrize(
    "letter", list("\x00\x07\x1b\x7f\x9b\xad\u061c\u200b\u200d\u200e\u202e\u2066\u2069\ufeff\U000e0041")
)
def test_no_letter_steers_or_hides(letter: str) -> None:
    """Control letters, marks of direction and letters of no width are in no text from outside, code included."""
    content = _everywhere(f"one{letter}two")
    named = content.policy.model_copy(update={"baseline": ModelSpec(model=f"transcripts/o{letter}ld.csv")})
    made = Rendered(replace(content, policy=named))
    assert letter not in made.source.replace("&#8203;", "")
    assert letter == "\u200b" or letter not in made.text
    assert made.text.count("onetwo") >= 8
    assert made.tags == PLAIN


@pytest.mark.parametrize("mark", ["", "_", "*", "~", "(", "x"])
@pytest.mark.parametrize(
    "text", ["https://evil.example/x", "www.evil.example", "WWW.evil.example", "ftp://evil.example", "rdar://1"]
)
def test_no_address_becomes_a_link(text: str, mark: str) -> None:
    """A bare address in a model's words is none that a host makes a link of, whatever stands before it.

    Some hosts look in the source, others in what it shows. It can still be read.
    """
    made = Rendered(_everywhere(f"see {mark}{text}"))
    for shown in (made.source, "".join(made.words)):
        assert not re.search(r"://|www\.", shown, re.IGNORECASE)
    assert f"{mark}{text}" in made.text.replace("\u200b", "")


def test_words_are_kept() -> None:
    """What a model or a person wrote can be read as it was written."""
    said = "It's <b>50 %</b> off – [see](x) `this` & that: *all* of_it | 1 @you 2^10 C:\\dir &amp; \\* $x$"
    shown = Rendered(_everywhere(said)).text.replace("\u200b", "")
    assert shown.count(said) == 8 + 3 * 2


def test_an_answers_lines_stay_lines() -> None:
    """A line break within an answer is one in the summary too, and an empty line ends nothing."""
    pair = replace(BLOCK.examples[0], candidate="one\n\n\ntwo")
    made = Rendered(replace(BLOCK, examples=(pair,)))
    assert any(re.search(r"one\n+two", words) for words in ["".join(made.words)])
    assert made.tags.count("pre") == 3


def test_one_pair_a_gate() -> None:
    """Of each gate's pairs the first is shown, and a long answer is cut."""
    made = Rendered(BLOCK)
    assert made.tags.count("details") == 1 + len({pair.signal for pair in BLOCK.examples}) == 3
    pair = replace(BLOCK.examples[0], candidate="x" * 5000)
    assert "(4,400 more letters)" in Rendered(replace(BLOCK, examples=(pair,))).text


@pytest.mark.slow
@pytest.mark.parametrize("text", ["x" * 1000, "@<b>" * 200, "a\n" * 400])
def test_a_long_summary_fits_a_comment(text: str) -> None:
    """What is too long for a comment is cut between parts, never within an answer, and says where the rest is."""
    pair = replace(BLOCK.examples[0], messages=(Message("user", text),), baseline=text, candidate=text)
    others = Rendered(replace(BLOCK, blind_spots=())).tags.count("li")
    for spots, pairs in ((1, 0), (7, 3), (7, 200), (300, 3)):
        named = tuple(replace(pair, signal=f"behavior/n{number}") for number in range(pairs))
        content = replace(BLOCK, blind_spots=(text,) * spots, examples=named)
        made = Rendered(content)
        assert len(made.source) < 65_536
        listed, shown = made.tags.count("li") - others, made.text.count("the pair that shows")
        assert ("… cut; the rest is in report.html\n" in made.source) is (listed < spots or shown < pairs)
        assert made.source.count("<details>") == made.source.count("</details>")
        assert made.source.count("<pre>") == made.source.count("</pre>") == 3 * shown
        assert made.source.rstrip().endswith("</sub>")
        assert f"review {_hash_of(BLOCK)}" in made.text


def test_no_name_makes_a_summary_too_long() -> None:
    """However long a name, a reason or a waiver is, decision, fold and foot are there."""
    made = Rendered(_everywhere("@" * 100_000))
    assert len(made.source) < 65_536
    assert made.text.startswith("seatrial: Block")
    assert f"review {_hash_of(BLOCK)}" in made.text


def test_calls_cost_and_level_are_the_reviews() -> None:
    """The foot counts all models; a cost of nothing is not mentioned; the interval's level follows alpha."""
    assert "884 calls, 125 answers kept from an earlier run, $13.80" in Rendered(BLOCK).text
    assert "384 calls, 128 answers kept from an earlier run · review" in Rendered(LAUNCH).text
    assert "95 % intervals; “could see” is the MDE at power 0.8" in Rendered(HOLD).text


def test_a_waiver_is_as_loud_as_the_decision() -> None:
    """It stands above the gates, with who, until when and why."""
    made = Rendered(replace(BLOCK, status="waived"))
    assert made.text.startswith("seatrial: Launch, waived")
    assert "Waived: Unsafe compliance, by C. <Name>, until 2026-02-01: known, the [fix](x) ships in a week" in made.text
    assert made.source.index("> **Waived:**") < made.source.index("| gate |")


def test_likely_harm_is_in_the_first_line() -> None:
    """The first line of the comment tells it from a plain hold, and says where."""
    assert render_markdown(LIKELY).splitlines()[0] == ("## seatrial: Hold: harm likely in Sycophancy (Unearned praise)")
    assert render_markdown(HOLD).splitlines()[0] == "## seatrial: Hold"


def test_families_list_their_suites_and_steps_their_cost() -> None:
    """A suite stands below its family; the steps stand between the decision and the gates."""
    shown = render_markdown(LIKELY)
    assert shown.index("| family/sycophancy | ⚠️ harm likely |") < shown.index("| ↳ behavior/pushback | ✅ pass |")
    assert shown.index("Harm is likely in") < shown.index("1. Read the 3 worst pairs") < shown.index("| gate |")
    assert "2. 800 more calls decide Sycophancy with 90 %" in shown
    assert "What to do next" not in render_markdown(LAUNCH)


@pytest.mark.parametrize("size", [300, 600, 1_500, 4_000, 60_000])
def test_a_summary_is_cut_without_losing_the_decision(size: int) -> None:
    """So many bytes at most, whatever the letters; the headline stands in all of them."""
    content = replace(BLOCK, notes=tuple(f"Ein Übermaß an Wörtern, Nummer {n}: 模型" for n in range(300)))
    made = summary_within(content, size)
    assert len(made.encode()) <= size
    assert made.startswith(render_markdown(content).partition("\n")[0])
    assert "</details>" in made or "<details>" not in made
