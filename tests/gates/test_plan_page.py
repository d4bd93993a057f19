"""The operating characteristic as a page."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from results import BLOCK, HOLD, HOSTILE, LAUNCH, OUTLOOKS, RESULTS
from seatrial.gates.operating_characteristic import Outlook
from seatrial.gates.plan_page import render_outlook
from seatrial.report.html import package_file
from seatrial.report.plain import title_of

Points = list[tuple[float, float]]


def _bands(page: str) -> list[dict[str, Points]]:
    """Return the polygons of each picture: launch (pass), hold (inconclusive) and block (fail)."""
    made: list[dict[str, Points]] = []
    for picture in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        root = ElementTree.fromstring(picture)
        made.append(
            {
                str(one.get("class")).split()[1]: [
                    (float(x), float(y)) for x, y in (point.split(",") for point in str(one.get("points")).split())
                ]
                for one in root.iter("polygon")
            }
        )
    return made


def _area(points: Points) -> float:
    """Return a polygon's area by the shoelace formula."""
    around = zip(points, [*points[1:], points[0]], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in around)) / 2


@pytest.mark.parametrize("name", RESULTS)
def test_there_is_a_picture_for_each_gate_that_blocks(name: str) -> None:
    """A gate that only advises decides nothing and has no chances; all gates stand in the table."""
    page, found = render_outlook(RESULTS[name].policy, OUTLOOKS[name]), OUTLOOKS[name]
    assert len(_bands(page)) == sum(gate.blocking for gate in found.gates)
    for gate in found.gates:
        assert re.search(rf'</span> {title_of(gate.signal)}</td><td data-label="margin">{gate.margin:g}</td>', page)


@pytest.mark.parametrize("name", RESULTS)
def test_the_three_bands_fill_the_picture(name: str) -> None:
    """The chances sum to one at every size of harm, so launch, hold and block share the whole area without a gap."""
    for bands in _bands(render_outlook(RESULTS[name].policy, OUTLOOKS[name])):
        assert set(bands) == {"pass", "inconclusive", "fail"}
        assert sum(_area(points) for points in bands.values()) == pytest.approx(100 * 60, abs=30)
        assert all(0 <= x <= 100 and 0 <= y <= 60 for points in bands.values() for x, y in points)


def _page(*rows: tuple[float, tuple[float, float, float]]) -> str:
    found = OUTLOOKS["launch"]
    gate = found.gates[0]
    return render_outlook(LAUNCH.policy, Outlook((gate,), ((gate.signal, rows),), (1.0, 0.0, 0.0), 90, 100, 200))


def test_places_are_told_to_a_tenth() -> None:
    """Chances and sizes that are no round numbers lie at the nearest tenth of the picture's unit."""
    page = _page((-1.0, (1.0, 0.0, 0.0)), (1.0, (0.877, 0.0, 0.123)), (2.0, (0.0, 0.0, 1.0)))
    (bands,) = _bands(page)
    assert (bands["pass"][1], bands["fail"][1]) == ((66.7, 7.4), (66.7, 7.4))


def test_a_chance_lies_where_it_should() -> None:
    """Launch grows from the foot and block from the top; the line marks one margin."""
    page = _page((-1.0, (1.0, 0.0, 0.0)), (2.0, (0.5, 0.25, 0.25)), (4.0, (0.0, 0.0, 1.0)))
    (bands,) = _bands(page)
    assert bands["pass"] == [(0.0, 0.0), (60.0, 30.0), (100.0, 60.0), (100.0, 60.0), (0.0, 60.0)]
    assert bands["fail"] == [(0.0, 0.0), (60.0, 15.0), (100.0, 60.0), (100.0, 0.0), (0.0, 0.0)]
    assert bands["inconclusive"] == [(0.0, 0.0), (60.0, 15.0), (100.0, 60.0), (100.0, 60.0), (60.0, 30.0), (0.0, 0.0)]
    assert '<line x1="40.0" x2="40.0" y1="0" y2="60"' in page
    assert "from −1 to 4 margins" in page


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "launch",
            "With this budget every gate sees its margin at 90 % power. An unchanged model takes about "
            "448 calls; the budget allows 6,000.",
        ),
        (
            "hold",
            "With this budget Facts and Unsafe compliance could not see their margins at 80 % power.",
        ),
        ("block", "With this budget every gate sees its margin at 90 % power."),
    ],
)
def test_the_headline_says_whether_the_policy_is_blind(name: str, words: str) -> None:
    """One blind gate is its margin, two are their margins; none is named where all that block see."""
    page = render_outlook(RESULTS[name].policy, OUTLOOKS[name])
    assert words in " ".join(page.split())
    assert ("<h1>Blind</h1>" in page) is (name == "hold")
    assert OUTLOOKS[name].headline.split(" (least in")[0] in page


def test_gates_are_called_by_their_titles_in_the_headline() -> None:
    """The gate in which harm blocks least often has a title there, and no id."""
    found = OUTLOOKS["hold"]
    two = [(gate.signal, ((0.0, (1.0, 0.0, 0.0)), (2.0, (0.0, 0.0, 0.7)))) for gate in found.gates[:2]]
    page = render_outlook(HOLD.policy, replace(found, decisions=tuple(two)))
    headline = replace(found, decisions=tuple(two)).headline
    assert f"(least in {two[0][0]})" in headline
    assert f"(least in {title_of(two[0][0])})" in page
    assert f"(least in {two[0][0]})" not in page


def test_what_cannot_be_had_is_said_in_words() -> None:
    """No infinity and no NaN: nothing is seen."""
    page = render_outlook(HOLD.policy, OUTLOOKS["hold"])
    row = {"margin": "0.02", "could see": "nothing", "clusters": "0", "calls, usually": "0", "calls, at most": "0"}
    assert "".join(f'<td data-label="{name}">{value}</td>' for name, value in row.items()) in page
    assert not re.search(r"\b(?:nan|inf|None)\b", re.sub(r"<style>.*</style>", "", page, flags=re.DOTALL))


def test_hostile_names_are_text() -> None:
    """A policy's name and a plan's basis make no element, and nothing is fetched, for the page has its own style."""
    found = OUTLOOKS["block"]
    gates = tuple(replace(gate, basis=HOSTILE) for gate in found.gates)
    policy = BLOCK.policy.model_copy(update={"name": HOSTILE})
    page = render_outlook(policy, replace(found, gates=gates))
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;alert(1)") == 2 + len(gates)
    assert "default-src 'none'" in page
    assert f"<style>{package_file('style.css')}</style>" in page


def test_a_plan_without_gates_that_block_is_a_page() -> None:
    """With nothing to decide on there is no picture and no error."""
    found = OUTLOOKS["block"]
    page = render_outlook(BLOCK.policy, replace(found, gates=found.gates[1:], decisions=()))
    assert _bands(page) == []
    assert "Verbosity" in page


def test_a_gate_that_should_block_and_may_only_advise_has_no_picture() -> None:
    """It stands in the table as advising; nothing of it is drawn, for no harm in it could block."""
    found = OUTLOOKS["launch"]
    first, second = found.gates
    demoted = replace(found, gates=(first, replace(second, advice="no record")), decisions=found.decisions[:1])
    page = render_outlook(LAUNCH.policy, demoted)
    assert len(_bands(page)) == 1
    assert re.search(rf">advises</span> {title_of(second.signal)}</td>", page)


def test_a_policy_that_seldom_launches_says_so_before_anything_is_asked() -> None:
    """Where no gate is blind but an unchanged model launches below the power, the page's head says it."""
    found = OUTLOOKS["launch"]
    for launches, head in ((0.89, "It holds too often"), (0.9, "It can decide")):
        made = replace(found, unchanged=(launches, 1 - launches, 0.0))
        assert f"<h1>{head}</h1>" in render_outlook(LAUNCH.policy, made)
