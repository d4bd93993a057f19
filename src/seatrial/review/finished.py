"""A finished review, as Python sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from seatrial.errors import ExitCode, StoreError
from seatrial.formats.whole_files import make_folder
from seatrial.ledger import Entry, covers, entry_of, ledger_for
from seatrial.report import AnswerPair, ReviewResult, save_result, write_reports
from seatrial.report.wording import HEADLINES, interval, number, with_suites
from seatrial.review.apply_waivers import exit_code, finished_review
from seatrial.types import GateVerdict, Outcome

__all__ = ["Review", "load_review"]


@dataclass(frozen=True, slots=True)
class Review:
    """A finished review: the decision, what it rests on, and where its files lie.

    `print(review)` says it in a few lines.

    Attributes:
        result: Everything that the report shows.
        folder: Where its files lie; None where nothing was written yet.
        entry: Its entry in the ledger; None where it was only decided, or loaded.
    """

    result: ReviewResult
    folder: Path | None = None
    entry: Entry | None = None

    @property
    def outcome(self) -> Outcome:
        """`launch`, `launch-on-trust`, `hold` or `block`, before any waiver."""
        return self.result.decision.outcome

    @property
    def status(self) -> Literal["launch", "launch-on-trust", "hold", "block", "waived"]:
        """The outcome under the waivers in force."""
        return self.result.status

    @property
    def exit_code(self) -> ExitCode:
        """What the command line returns for it: 0 launch, 1 block, 3 hold, 4 launch under a waiver or on trust."""
        return exit_code(self.result)

    @property
    def reason(self) -> str:
        """Why, in a sentence."""
        return self.result.decision.reason

    @property
    def verdicts(self) -> tuple[GateVerdict, ...]:
        """The verdict of each gate, in the policy's order."""
        return self.result.decision.verdicts

    @property
    def failed(self) -> tuple[GateVerdict, ...]:
        """The blocking gates in which more harm than the margin allows is shown."""
        return tuple(verdict for verdict in self.verdicts if verdict.blocking and verdict.verdict == "fail")

    @property
    def pairs(self) -> tuple[AnswerPair, ...]:
        """The pairs of answers that show best what changed."""
        return self.result.examples

    @property
    def blind_spots(self) -> tuple[str, ...]:
        """What the review could not see, a sentence each."""
        return self.result.blind_spots

    def write(self, folder: str | Path) -> Review:
        """Write the report and its machine-readable siblings into a folder and return the review that lies there.

        The files are `report.html`, `summary.md`, `junit.xml`, `decision.json` and `evidence.json`, from which
        `load_review` reads it back. In the review's own folder `evidence.json` stays as the ledger covers it.

        Raises:
            StoreError: the folder cannot be written, or holds another review that the ledger covers.
            LedgerError: the ledger beside the folder cannot be trusted.
        """
        place = Path(folder)
        make_folder(place, "the folder of the report", StoreError)
        entry = entry_of(place, ledger_for(place).verify())
        own = self.folder is not None and self.folder.resolve() == place.resolve()
        if entry is not None and covers(entry) and not own:
            raise StoreError(f"{place}: holds the review of entry {entry.number} in the ledger; give another folder")
        result = self.result if own else replace(self.result, entry=None)
        if not covers(entry):
            save_result(result, place)
        write_reports(result, place)
        return replace(self, result=result, folder=place)

    def __str__(self) -> str:
        """The decision and a line a gate."""
        shown = with_suites(self.verdicts)
        wide = max((len(name) for name, _ in shown), default=0)
        lines = [f"{HEADLINES[self.status].upper()}: {self.reason}"]
        for name, verdict in shown:
            found = verdict.evidence
            word = verdict.verdict if verdict.blocking else f"({verdict.verdict})"
            lines.append(
                f"  {word:<14} {name:<{wide}}  {number(found.estimate, sign=True)} {interval(found)}"
                f", margin {verdict.margin:g}"
            )
        lines.append(
            f"{len(self.blind_spots)} blind spots.{f' Report: {self.folder}/report.html' if self.folder else ''}"
        )
        return "\n".join(lines)


def load_review(folder: str | Path) -> Review:
    """Return the finished review in a folder, under the waivers now in force.

    Raises:
        StoreError: there is no finished review, or its file cannot be read back.
        LedgerError: the ledger beside it cannot be trusted, or a file is not what the review's entry covers.

    Example:
        >>> review = load_review("reviews/support-1f2e3d4c")  # doctest: +SKIP
        >>> [verdict.signal for verdict in review.failed]  # doctest: +SKIP
        ['behavior/unearned-praise']
    """
    return Review(finished_review(Path(folder)), Path(folder))
