"""The pages of the reward mix: what they say, and in a real browser how they look and whom they serve."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from playwright.sync_api import Browser

from accessible import Scheme, violations
from seatrial.evidence.rewards.audit import Audit, audit
from seatrial.evidence.rewards.forecast import Forecast, forecast
from seatrial.evidence.rewards.forecast_check import Reached
from seatrial.evidence.rewards.frontier import critical_weights, frontier
from seatrial.evidence.rewards.page import render_rewards
from seatrial.evidence.rewards.pictures import forecast_pictures, reached_picture
from seatrial.evidence.rewards.table import RewardTable, table_of
from seatrial.review.dose_page import render_doses
from seatrial.review.dose_response import Curve, DoseResponse, Step, seen_from
from seatrial.stats.intervals import Estimate
from seatrial.types import Evidence, GateVerdict, Outcome, Verdict

HOSTILE = "<script>document.title='owned'</script>"
BEFORE = {"primary": 1.0}
AFTER = {"primary": 1.0, "thumbs": 0.7, HOSTILE: 0.2}
MARGINS = {"linear/praise": 0.15, "linear/agreement": 0.3}


@pytest.fixture(scope="module")
def table() -> RewardTable:
    """Simulated completions: `primary` punishes praise, `thumbs` rewards it; one signal and one behavior are dead."""
    rng = np.random.default_rng(31)
    prompts, draws = 48, 16
    rows = prompts * draws
    praise, agreement, noise = rng.normal(size=(3, rows))
    frame = pl.DataFrame(
        {
            "prompt": np.repeat([f"prompt {place}" for place in range(prompts)], draws),
            "use_case": np.repeat(np.array(["health", "work", "everyday facts"])[np.arange(prompts) % 3], draws),
            "reward/primary": -0.5 * praise + 0.2 * agreement + 0.5 * rng.normal(size=rows),
            "reward/thumbs": 0.9 * praise + 0.2 * rng.normal(size=rows),
            f"reward/{HOSTILE}": 0.3 * noise,
            "reward/silent": np.ones(rows),
            "behavior/linear/praise": 0.2 * praise + 0.05 * noise,
            "behavior/linear/agreement": 0.3 * agreement,
            "behavior/text/length": 20.0 * noise + 4.0 * agreement,
            f"behavior/{HOSTILE}": rng.normal(size=rows),
            "behavior/unread": [None] * rows,
        },
        schema_overrides={"behavior/unread": pl.Float64},
    )
    return table_of(frame, "simulated")


@pytest.fixture(scope="module")
def found(table: RewardTable) -> Audit:
    """The audit of adding thumbs."""
    return audit(table, BEFORE, AFTER, 1.0)


@pytest.fixture(scope="module")
def forecasts(table: RewardTable) -> list[Forecast]:
    """Both mixes, borne at beta 1, and one far beyond what the completions bear."""
    return [forecast(table, "before", BEFORE, 1.0), forecast(table, "after", AFTER, 1.0)]


@pytest.fixture(scope="module")
def full(table: RewardTable, found: Audit, forecasts: list[Forecast]) -> str:
    """A page with everything on it."""
    critical = critical_weights(table, AFTER, "thumbs", MARGINS, 1.0, 2.0)
    return render_rewards(
        f"mix {HOSTILE}", found, forecasts, critical, frontier(table, BEFORE, AFTER, MARGINS, 1.0), _reached()
    )


@pytest.fixture(scope="module")
def refused(table: RewardTable, found: Audit) -> str:
    """A page whose wanted mix the completions do not bear."""
    made = [forecast(table, "before", BEFORE, 1.0), forecast(table, "after", AFTER, 0.05)]
    critical = critical_weights(table, AFTER, "thumbs", MARGINS, 0.05, 2.0)
    return render_rewards("refused", found, made, critical, frontier(table, BEFORE, AFTER, MARGINS, 0.05))


def _reached() -> list[Reached]:
    """Two that fit, one off in size, one of the wrong sign, one within its noise, one that nobody measured."""
    pairs = [
        ("linear/praise", (0.20, 0.15, 0.25), (0.18, 0.10, 0.26)),
        ("linear/agreement", (0.05, 0.02, 0.08), (0.06, 0.02, 0.10)),
        ("text/length", (9.0, 6.0, 12.0), (2.0, 0.5, 3.5)),
        (HOSTILE, (0.3, 0.1, 0.5), (-0.4, -0.6, -0.2)),
        ("text/hook", (0.01, -0.02, 0.04), (-0.01, -0.05, 0.03)),
        ("unread", (0.1, 0.0, 0.2), (float("nan"),) * 3),
    ]
    return [Reached("after", name, Estimate(*made), Estimate(*came)) for name, made, came in pairs]


def _doses(alarm: bool = False, zero: bool = True) -> DoseResponse:
    """Simulated reviews at five doses: one gate sees the harm, one is too blind, one is not measured throughout."""
    doses = (0.0, 0.1, 0.25, 0.5, 1.0) if zero else (0.1, 0.5, 1.0)

    def curve(signal: str, slope: float, half: float, blocking: bool = True, unread: float = -1.0) -> Curve:
        steps = []
        for dose in doses:
            change = slope * dose + (0.3 if alarm and signal == "behavior/praise" else 0.0)
            word: Verdict = "fail" if change - half > 0.05 else "pass" if change + half < 0.05 else "inconclusive"
            made = Evidence(change, change - half, change + half, 40, 40, mde=1.4 * half, method="clustered-t")
            if dose == unread:
                made, word = Evidence(), "inconclusive"
            verdict = GateVerdict(signal, word, blocking, 0.05, made, f"{signal} at {dose:g}: {word}.")
            steps.append(Step(dose, verdict))
        seen = seen_from([(s.dose, s.verdict.evidence.estimate, s.verdict.evidence.mde) for s in steps])
        first = steps[0]
        return Curve(signal, 0.05, blocking, tuple(steps), seen, first.dose == 0.0 and first.verdict.verdict == "fail")

    curves = (
        curve("behavior/praise", 0.4, 0.04),
        curve("behavior/over-refusal", 0.01, 0.09),
        curve(f"behavior/{HOSTILE}", 0.1, 0.02, blocking=False, unread=0.25),
    )
    held: list[tuple[float, Outcome]] = []
    for place, dose in enumerate(doses):
        words = [one.steps[place].verdict.verdict for one in curves if one.blocking]
        held.append((dose, "block" if "fail" in words else "hold" if "inconclusive" in words else "launch"))
    return DoseResponse(f"warmer {HOSTILE}", 0.9, tuple(held), curves)


class _Text(HTMLParser):
    """The text of a page that a person reads, without its style sheet."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self.inside:
            self.text.append(data)


def _read(page: str) -> str:
    parser = _Text()
    parser.feed(page)
    return re.sub(r"\s+", " ", " ".join(parser.text))


def test_the_sentences_come_before_the_pictures(full: str, found: Audit) -> None:
    """Who held what in check, and what the wanted mix does to gates, is said in words before anything is drawn."""
    text = _read(full)
    pull = next(one for one in found.pulls if one.behavior == "linear/praise")
    said = pull.sentence.removeprefix("linear/praise: ")
    assert "primary held it in check" in said
    assert text.index(said) < text.index("Which signal pulls which behavior")
    assert text.index("stays within its margin of 0.15.") < text.index("Which signal pulls which behavior")
    assert re.search(r"linear/praise \+0\.\d{3} \[[^]]+\] (lies beyond|is not sure to stay within|stays)", text)
    for note in found.notes:
        assert note in text


@pytest.mark.parametrize("page", ["full", "refused", "doses"])
def test_names_are_escaped_and_no_number_is_nan(page: str, request: pytest.FixtureRequest) -> None:
    """A name that is a script stays text, and where there is no number there is a dash with its reason."""
    made = render_doses(_doses()) if page == "doses" else request.getfixturevalue(page)
    assert "<script" not in made
    assert "&lt;script&gt;" in made
    text = _read(made)
    assert not re.search(r"(?<![a-z])(nan|inf)(?![a-z])", text, re.IGNORECASE)
    assert not re.search(r'="[^"]*\bnan\b', made, re.IGNORECASE)
    assert "—" in text
    reasons = re.findall(r"— (\S+ \S+)", text)
    assert reasons


def test_a_refused_mix_is_loud_and_has_no_numbers(refused: str) -> None:
    """A mix that the completions do not bear is refused at the top, has no row of numbers, and is not drawn as one."""
    text = _read(refused)
    assert "No forecast" in text
    assert text.index("Refused: after: at beta 0.05") < text.index("What held each behavior")
    assert "after as written is refused: the completions bear 0.1 of it" in text
    assert "The completions do not bear the wanted mix, so it is compared with no others." in text
    assert "after as written</th>" not in refused
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", refused.split('id="forecast"')[1].split("<details>")[0])
    assert len(rows) == 9
    for row in rows:
        cells = re.findall(r"<td.*?</td>", row)
        assert "refused" in cells[2]
        assert not re.search(r"\d", cells[2])


def test_the_numbers_of_the_pictures_stand_in_the_tables(full: str, found: Audit, forecasts: list[Forecast]) -> None:
    """Each influence, each share and each forecast as written can be read as text."""
    text = _read(full)

    def number(value: float, sign: str = "+") -> str:
        return "0.000" if abs(value) < 0.0005 else f"{value:{sign}.3f}".replace("-", "−")

    pulled = [made for pull in found.pulls for made in pull.by_signal.values()]
    forecast_ = [made for one in forecasts for made in one.wanted.shifts.values()]
    for made in [*pulled, *forecast_]:
        if made.value == made.value:
            assert re.search(re.escape(f"{number(made.value)} [{number(made.low, '')}, {number(made.high, '')}]"), text)
    for mixes in found.shares.values():
        assert f"{100 * mixes['after']['thumbs'].value:.0f} % [" in text


def test_misses_of_the_forecast_are_counted_and_come_first(full: str) -> None:
    """A wrong sign is said in a sentence, marked in the picture and stands first in the table."""
    text = _read(full)
    assert "4 of 6 changes came out larger than their noise; the forecast had the sign of 3." in text
    assert "It missed the sign of 1." in text
    table = full.split('id="reached"')[1]
    assert table.index("wrong sign</span>") < table.index("off in size</span>") < table.index("fits</span>")
    kinds = [mark.kind for mark in reached_picture(_reached()).marks]
    assert sorted(kinds) == ["apart", "fits", "fits", "noise", "wrong"]


def test_nothing_is_drawn_beyond_what_the_completions_bear(table: RewardTable) -> None:
    """A refused mix has no mark as written, its line ends where the samples do, and what lies beyond is hatched."""
    made = [forecast(table, "before", BEFORE, 1.0), forecast(table, "after", AFTER, 0.05)]
    for picture in forecast_pictures(made, {}):
        assert [line.wanted is None for line in picture.lines] == [False, True]
        ends = [line.end[0] for line in picture.lines if line.end]
        assert max(ends) == pytest.approx(picture.beyond, abs=0.2)
        assert picture.beyond < picture.x.end
    assert "unread" not in [picture.behavior for picture in forecast_pictures(made, {})]


def test_an_alarm_at_dose_zero_is_loud_and_none_is_said_truthfully() -> None:
    """Alarm, no alarm though no launch either, and no dose 0 at all are three different sentences."""
    loud = _read(render_doses(_doses(alarm=True)))
    assert "False alarm" in loud
    assert "Alarm at dose 0, where nothing differs: behavior/praise failed" in loud
    assert "Seen from dose 0 on" not in loud
    quiet = _read(render_doses(_doses()))
    assert "No alarm at dose 0" in quiet
    assert "But the decision there was hold : behavior/over-refusal could not rule its margin out" in quiet
    unknown = _read(render_doses(_doses(zero=False)))
    assert "Dose 0 was not reviewed , so nothing is known of false alarms." in unknown
    assert "No alarm" not in unknown


def test_a_gate_is_said_to_see_from_its_dose_on() -> None:
    """The dose that a gate sees from stands under its curve; a gate that never sees is said not to."""
    found = _doses()
    text = _read(render_doses(found))
    assert f"Seen from dose {found.curves[0].seen_from:.3g} on." in text
    assert "Not seen at any of these doses." in text
    assert "Blocked from dose 0.25" in text
    uneven = replace(found, outcomes=tuple((d, "hold" if d == 0.5 else o) for d, o in found.outcomes))
    assert "Blocked at some doses" in _read(render_doses(uneven))
    never = replace(found, outcomes=tuple((dose, "hold") for dose, _ in found.outcomes))
    assert "Never blocked" in _read(render_doses(never))


def test_a_page_of_an_audit_alone(found: Audit) -> None:
    """Without forecasts the page is about the audit, and draws nothing that was not asked."""
    text = _read(render_rewards("alone", found))
    assert "The reward mix" in text
    assert "Who has the say in the advantage" in text
    for absent in ("What each mix would do", "Critical weights", "The frontier", "against what was reached"):
        assert absent not in text


_OVERLAPS = """() => {
  const wrong = [];
  for (const svg of document.querySelectorAll('figure svg')) {
    const frame = svg.getBoundingClientRect();
    const boxes = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
    boxes.forEach(([words, a], i) => {
      if (a.left < frame.left - 1 || a.right > frame.right + 1 || a.top < frame.top - 1 || a.bottom > frame.bottom + 1)
        wrong.push('out: ' + words);
      for (const [other, b] of boxes.slice(i + 1))
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
          wrong.push(words + ' on ' + other);
    });
  }
  return wrong;
}"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_on_phone_and_desktop(
    full: str, refused: str, browser: Browser, tmp_path: Path, width: int, scheme: Scheme
) -> None:
    """Nothing runs off a page or is fetched, no label lies on another, pictures have names, and axe finds nothing."""
    pages = {
        "rewards": full,
        "refused": refused,
        "doses": render_doses(_doses()),
        "alarm": render_doses(_doses(alarm=True)),
    }
    for name, made in pages.items():
        path = tmp_path / f"{name}.html"
        path.write_text(made, encoding="utf-8")
        assert _wrong(browser, path, width, scheme) == [], name


def _wrong(browser: Browser, path: Path, width: int, scheme: Scheme) -> list[str]:
    """Return what is wrong with a page at a width, in words."""
    page = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        bypass_csp=True,
    )
    wrong: list[str] = []
    page.on("request", lambda request: None if request.url.startswith("file:") else wrong.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(path.as_uri())
    for _ in ("closed", "open"):
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append("runs off the page")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    if page.title() == "owned" or page.locator("script, img").count():
        wrong.append("something hostile is in it")
    wrong += page.evaluate(_OVERLAPS)
    pictures = page.locator("figure svg").all()
    wrong += [] if pictures else ["no pictures"]
    for svg in pictures:
        named = svg.get_attribute("role") == "img" and svg.get_attribute("aria-label")
        if not named or svg.locator("> title").count() != 1:
            wrong.append(f"a picture without a name: {svg.get_attribute('aria-label')}")
    wrong += violations(page)
    page.close()
    return wrong
