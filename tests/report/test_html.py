"""The report that a person signs."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results import BLOCK, HOLD, HOSTILE, LAUNCH, LIKELY, RESULTS
from seatrial.policy import ModelSpec
from seatrial.report.html import render_html
from seatrial.report.plain import Plain
from seatrial.report.result import AnswerPair, Cell, ReviewResult, Unanswered, WaiverNote
from seatrial.types import Evidence, Look, Message

VOID = {"meta", "br", "img", "rect", "line", "polygon", "polyline", "circle", "path", "link", "input"}


class Page(HTMLParser):
    """A page as a browser would read it: its elements, their attributes, its text; anything left open is an error."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element that closes itself."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Close what is open."""
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Take text."""
        self.texts.append((self.open[-1] if self.open else "", data))

    @property
    def text(self) -> str:
        """All text but the style."""
        return " ".join("".join(text for tag, text in self.texts if tag != "style").split())

    def of(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements of a kind."""
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and all((attributes.get(key) or "") == value for key, value in wanted.items())
        ]


def _page(content: ReviewResult) -> Page:
    return Page(render_html(content))


@pytest.mark.parametrize("name", RESULTS)
def test_the_page_is_whole_and_needs_nothing(name: str) -> None:
    """Every element is closed, no id stands twice, nothing runs and nothing is fetched, and its policy says so."""
    page = _page(RESULTS[name])
    assert page.elements[0] == ("html", {"lang": "en"})
    assert {"script", "img", "link", "iframe", "form", "a"} & {tag for tag, _ in page.elements} == set()
    assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on") or key == "src"]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    (policy,) = [one["content"] for one in page.of("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "http" not in "".join(str(value) for _, attributes in page.elements for value in attributes.values())


@pytest.mark.parametrize("name", RESULTS)
def test_nothing_that_decides_is_missing(name: str) -> None:
    """Headline, reason, every gate with its verdict, every blind spot, instrument and hash stand on the page."""
    content, page = RESULTS[name], _page(RESULTS[name])
    assert page.of("header") == [{"class": name}]
    assert Plain.of(content).text(content.decision.reason) in page.text
    for verdict in content.decision.verdicts:
        assert verdict.signal in page.text
    assert page.text.count("Blind spots") == 1
    for spot in content.blind_spots:
        assert Plain.of(content).text(spot).replace("`", "") in page.text
    for note in content.instruments:
        assert all(words in page.text for words in (note.name, note.about, note.error))
    for title, value in content.hashes:
        assert f"{title}{value[:16]}" in page.text
        assert value not in page.text


@pytest.mark.parametrize("name", RESULTS)
def test_what_is_no_number_is_never_shown_as_one(name: str) -> None:
    """NaN and infinity reach neither the text nor a place in a picture."""
    page = _page(RESULTS[name])
    assert not re.search(r"\b(?:nan|inf|True|False)\b", page.text)
    places = [
        str(attributes.get(key)) for _, attributes in page.elements for key in ("style", "points", "x1", "y1", "height")
    ]
    assert not [place for place in places if "nan" in place or "inf" in place]


def _everywhere(text: str) -> ReviewResult:
    """Return a review with this text wherever text comes from outside."""
    verdicts = tuple(
        replace(one, reason=text, advisory=one.advisory and text, instrument=text) for one in BLOCK.decision.verdicts
    )
    spec = ModelSpec.model_construct(model=text, system=text, opening={text: text}, name=text)
    return replace(
        BLOCK,
        policy=BLOCK.policy.model_copy(update={"name": text, "baseline": spec, "candidate": spec}),
        decision=replace(BLOCK.decision, reason=text, verdicts=verdicts),
        author=text,
        versions=((text, text),),
        hashes=((text, text), ("review", "1")),
        cells=tuple(replace(cell, use_case=text) for cell in BLOCK.cells[:5]),
        examples=tuple(
            AnswerPair(pair.signal, text, text, (Message("user", text),), text, text + "x", 0.1, 0.2, 0.1, pair.probe)
            for pair in BLOCK.examples
        ),
        instruments=tuple(replace(note, name=text, about=text, error=text) for note in BLOCK.instruments),
        unanswered=(Unanswered("x/y", "candidate", text, text),),
        blind_spots=(text,),
        notes=(text,),
        spend=((text, BLOCK.spend[0][1]),),
        waivers=(WaiverNote("x/y", text, text, text, text),),
    )


def test_hostile_text_is_text_wherever_it_stands() -> None:
    """Markup in an answer, a name, an id, a reason or a prompt makes no element and no attribute, and is all there."""
    hostile = HOSTILE.replace("`x` ", "") + "\" autofocus onfocus='alert(3)' x=\""
    page, plain = _page(_everywhere(hostile)), _page(_everywhere("words"))
    assert [tag for tag, _ in page.elements if tag not in ("del", "ins")] == [
        tag for tag, _ in plain.elements if tag not in ("del", "ins")
    ]
    assert [sorted(attributes) for tag, attributes in page.elements if tag not in ("del", "ins")] == [
        sorted(attributes) for tag, attributes in plain.elements if tag not in ("del", "ins")
    ]
    assert page.text.count("<script>alert(1)</script>") >= 25
    assert "{{ 7 * 7 }}" in page.text
    assert "49" not in page.text.replace("490", "")


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(st.text(st.sampled_from("<>\"'&`/ =ab{}%#!-\n\x00\u202e\ud83d"), max_size=30))
def test_no_text_breaks_the_page(text: str) -> None:
    """Whatever letters come from outside, the page keeps its elements."""
    page = _page(_everywhere(text))
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in _page(_everywhere("words")).elements} | {
        *("code", "del", "ins", "details", "summary", "blockquote", "p", "section", "li", "ul", "h2", "span")
    }


def test_no_text_turns_the_page_around_or_steers_a_terminal() -> None:
    """A name stands in a line with our words: what turns text around would turn them too."""
    made = render_html(_everywhere("a\x1b[2J\u202eb\u2066c\x07d\x9be"))
    assert not set(made) & set("\x1b\u202e\u2066\x07\x9b")


def test_what_stands_between_backticks_is_code_and_still_text() -> None:
    """A command in a blind spot is set as code; markup within it is text."""
    page = _page(replace(LAUNCH, blind_spots=("Run `seatrial plan <b>` or wait",)))
    assert ("code", "seatrial plan <b>") in page.texts
    assert page.of("b") == _page(LAUNCH).of("b")


def test_long_answers_and_prompts_are_cut_and_say_so() -> None:
    """A page stays readable: of a very long answer and prompt the beginning is shown and the rest counted."""
    pair = replace(BLOCK.examples[0], candidate="a" * 10_000, messages=(Message("user", "q" * 10_000),))
    text = _page(replace(BLOCK, examples=(pair,))).text
    assert "(6,000 more letters)" in text
    assert "(8,500 more letters)" in text
    assert len(text) < 20_000


def _rows(page: Page) -> list[dict[str, str | None]]:
    return [one for one in page.of("i") if str(one.get("class")).startswith(("bar", "dot", "mde"))]


def _bar(low: float, estimate: float, high: float, mde: float = math.nan) -> list[tuple[str, str]]:
    """Return class and style of what the forest plot draws of one gate with a margin of 0.1."""
    found = Evidence(estimate=estimate, low=low, high=high, mde=mde, clusters=9)
    verdict = replace(LAUNCH.decision.verdicts[0], evidence=found, margin=0.1)
    content = replace(LAUNCH, decision=replace(LAUNCH.decision, verdicts=(verdict,)))
    return [(str(one["class"]), str(one["style"])) for one in _rows(_page(content))]


def test_the_forest_plot_is_in_units_of_each_gates_margin() -> None:
    """On an axis from −2 to 3 margins: no change lies at 40 %, the margin at 60 %."""
    assert _bar(-0.1, 0.0, 0.1, 0.05) == [
        ("bar pass", "left:20.0%;width:40.0%"),
        ("dot pass", "left:40.0%"),
        ("mde", "left:50.0%"),
    ]


@pytest.mark.parametrize(
    ("low", "high", "kind", "style"),
    [
        (-0.9, 0.1, "bar pass off-left", "left:0.0%;width:60.0%"),
        (0.1, 0.9, "bar pass off-right", "left:60.0%;width:40.0%"),
        (-9.0, 9.0, "bar pass off-left off-right", "left:0.0%;width:100.0%"),
        (0.05, 0.05, "bar pass", "left:50.0%;width:0.5%"),
        (0.8, 0.9, "bar pass off-right", "left:100.0%;width:0.5%"),
    ],
)
def test_an_interval_beyond_the_axis_ends_at_it_and_is_marked(low: float, high: float, kind: str, style: str) -> None:
    """A bar never leaves its axis, is never too thin to be seen, and where it goes on it says so."""
    assert _bar(low, (low + high) / 2, high)[0] == (kind, style)


@pytest.mark.parametrize(
    ("mde", "drawn"),
    [(0.2, ("mde blind", "left:80.0%")), (math.inf, ("mde blind", "left:100.0%")), (0.1, ("mde", "left:60.0%"))],
)
def test_a_gate_that_is_blind_at_its_margin_is_marked(mde: float, drawn: tuple[str, str]) -> None:
    """The triangle right of the margin is another one than that at or left of it."""
    assert _bar(-0.1, 0.0, 0.1, mde)[-1] == drawn


def test_half_an_interval_is_not_drawn() -> None:
    """Where an end is unknown the row says that it was not measured."""
    assert _bar(math.nan, 0.0, 0.1) == []
    assert "not measured" in _page(HOLD).text


def test_a_cell_says_whether_it_was_measured_and_whether_it_could_be() -> None:
    """Hatched where items wait, dashed where no item covers it, else the change; each with its words."""
    cells = (
        Cell("work", "x/a", 4, 2, "fail", 0.3, 0.2, 0.4, 9),
        Cell("work", "x/b", 0, 0, None, math.nan, math.nan, math.nan, 9),
        Cell("work", "x/c", 0, 0, None, math.nan, math.nan, math.nan, 0),
    )
    found = [(one["class"], one["title"]) for one in _page(replace(LAUNCH, cells=cells)).of("td") if "title" in one]
    assert found == [
        ("d0 fail", "work, A: fail, +0.300 [0.200, 0.400], 2 clusters"),
        ("never", "work, B: never measured"),
        ("uncovered", "work, C: no item covers it"),
    ]


@pytest.mark.parametrize(("count", "parts"), [(1, [1]), (9, [9]), (10, [5, 5]), (19, [7, 7, 5]), (26, [9, 9, 8])])
def test_a_wide_map_is_shown_in_parts(count: int, parts: list[int]) -> None:
    """Never more than nine behaviors beside one another, none left out, the parts about alike."""
    cells = tuple(
        Cell(use_case, f"x/s{number}", 1, 1, "pass", 0.0, 0.0, 0.0, 1)
        for use_case in ("law", "work")
        for number in range(count)
    )
    page = _page(replace(LAUNCH, cells=cells))
    maps = [str(one["aria-label"]) for one in page.of("div") if str(one.get("aria-label")).startswith("Map")]
    assert len(maps) == len(parts)
    titles = [str(one["title"]) for one in page.of("td") if "title" in one]
    drawn = [re.sub(r"^(\w+), S(\d+):.*", r"\1 \2", title).split() for title in titles]
    sizes, start = [], 0
    for size in parts:
        assert drawn[2 * start : 2 * (start + size)] == [
            [use_case, str(number)] for use_case in ("law", "work") for number in range(start, start + size)
        ]
        sizes.append(size)
        start += size
    assert sum(sizes) == count


def test_the_path_is_drawn_where_there_is_more_than_one_look() -> None:
    """The band runs forth along upper bounds and back along lower ones, cut at the axis; unknown looks are left out."""
    looks = (
        Look(10, 5, 0.0, -9.0, 9.0),
        Look(20, 10, 0.0, math.nan, 0.1),
        Look(40, 20, 0.1, 0.0, 0.2),
    )
    verdict = replace(LAUNCH.decision.verdicts[0], evidence=replace(Evidence(), path=looks), margin=0.1)
    page = _page(replace(LAUNCH, decision=replace(LAUNCH.decision, verdicts=(verdict,))))
    (band,) = page.of("polygon")
    assert band["points"] == "25.0,0.0 100.0,8.0 100.0,24.0 25.0,40.0"
    one = replace(verdict, evidence=replace(verdict.evidence, path=looks[:1]))
    assert _page(replace(LAUNCH, decision=replace(LAUNCH.decision, verdicts=(one,)))).of("polygon") == []


def test_only_so_many_unanswered_items_are_listed() -> None:
    """Two hundred rows, and the count of all, keep the page in bounds."""
    lost = tuple(Unanswered("x/y", "candidate", f"item-{number}", "empty") for number in range(260))
    text = _page(replace(LAUNCH, unanswered=lost)).text
    assert "item-199" in text
    assert "item-200" not in text
    assert "260" in text


def test_a_waived_page_says_what_the_decision_was() -> None:
    """A waiver is shown at the top, with who, why and until when, beside the decision that it overrides."""
    text = _page(replace(BLOCK, status="waived")).text
    assert text.index("Launch, waived") < text.index("Waived:") < text.index("Users have now")
    assert "The decision itself was block. A waiver is an override, not an approval." in text
    assert "by C. <Name>, until 2026-02-01. “known, the [fix](x) ships in a week”" in text


def test_a_use_case_without_a_slash_in_its_signal_is_not_needed() -> None:
    """The map's heads are the second parts of the signals, in the order of the gates."""
    page = _page(BLOCK)
    heads = [text for tag, text in page.texts if tag == "span" and text in ("Unearned praise", "Over refusal", "Off")]
    assert heads == ["Unearned praise", "Over refusal", "Off"]


def test_rendering_is_the_same_every_time() -> None:
    """The same result gives the same page, to the letter."""
    pages: set[Any] = {render_html(BLOCK) for _ in range(3)}
    assert len(pages) == 1


# Families, and harm that is likely


def test_a_hold_with_likely_harm_looks_unlike_a_plain_one() -> None:
    """Its headline, its color and its first card say so; a plain hold has none of them, nor has a waived one."""
    page = _page(LIKELY)
    assert ("h1", "Hold: harm likely") in page.texts
    assert page.of("header")[0]["class"] == "hold likely"
    assert "Harm likely 1" in page.text
    assert "Sycophancy (Unearned praise)" in page.text
    for plain in (HOLD, replace(LIKELY, status="waived")):
        shown = _page(plain)
        assert "likely" not in (shown.of("header")[0]["class"] or "")
        assert not [text for tag, text in shown.texts if tag == "h1" and "likely" in text]


def test_the_suites_of_a_family_stand_below_it() -> None:
    """Each suite has a row of its own, set in and named as the family's, after it and before the next gate."""
    page = _page(LIKELY)
    rows = [one["aria-label"] or "" for one in page.of("div", role="img")]
    assert [row.split(":")[0] for row in rows] == [
        "Sycophancy",
        "Unearned praise",
        "Pushback",
        "Over refusal",
    ]
    assert len(page.of("div", **{"class": "gate suite"})) == 2
    badges = [text for tag, text in page.texts if tag == "span" and text in ("harm likely", "pass")]
    assert badges == ["harm likely", "harm likely", "pass", "pass"]


def test_each_gate_says_why_asking_ended() -> None:
    """Decided or out of budget; a gate that was not asked says nothing."""
    assert "· the budget ended it" in _page(LIKELY).text
    assert "· asked until it was decided" in _page(LIKELY).text
    assert "asked until" not in _page(LAUNCH).text


def test_the_next_steps_stand_directly_under_the_decision() -> None:
    """Numbered, each with its cost and what it assumes; not on a launch; where a waiver lifted it, when that ends."""
    page = render_html(LIKELY)
    assert page.index('class="reason"') < page.index('class="forest"') < page.index("What to do next")
    assert page.index("What to do next") < page.index('class="models"')
    text = _page(LIKELY).text
    assert "Read the 3 worst pairs of answers of Sycophancy. Cost: about 6 minutes of reading." in text
    assert "Cost: 800 calls. Assumed: further answers vary as those so far" in text
    assert "800 calls" not in render_html(replace(LIKELY, status="launch"))
    waived = render_html(replace(LIKELY, status="waived", waivers=BLOCK.waivers))
    assert "800 calls" not in waived
    assert "The waiver ends by itself after 2026-02-01" in waived


def test_a_gate_that_counts_on_trust_is_called_so_in_the_picture() -> None:
    """Its green badge alone would say that a record stands behind it."""
    first, *others = LAUNCH.decision.verdicts
    trusted = replace(LAUNCH.decision, verdicts=(replace(first, trust="we read 200 by hand"), *others))
    page = render_html(replace(LAUNCH, decision=trusted))
    assert page.count('<span class="quiet">on trust</span>') == 1
    assert '<span class="quiet">on trust</span>' not in render_html(LAUNCH)
