"""The same item under the same name in two runs, and its draws in their order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.errors import EvidenceError
from seatrial.runs.draws import compared_draws
from seatrial.runs.recorded_run import RecordedRun
from seatrial.runs.wording import how_many
from seatrial.types import ROLES

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FEW", "Aligned", "aligned", "who"]

FEW = 0.5
"""Share of a run's items that the other must hold too for the two to be called runs of one evaluation."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """Two runs whose rows belong together where item and draw are alike.

    Attributes:
        sides: The baseline's and the candidate's scores.
        by_question: Whether items are named by their questions, for their ids did not tell.
        odd: What holds a launch.
        told: How they were paired, and what was left out.
    """

    sides: tuple[pl.DataFrame, pl.DataFrame]
    by_question: bool
    odd: tuple[str, ...]
    told: tuple[str, ...]


def who(run: RecordedRun) -> str:
    """Return the file and the model of a run."""
    return f"{run.path}{f' ({run.model})' if run.model else ''}"


def aligned(runs: tuple[RecordedRun, RecordedRun], accepted: Collection[str]) -> Aligned:
    """Return two runs with the same item under the same name, and of what both asked for.

    Args:
        runs: The baseline's and the candidate's.
        accepted: Facts that may differ.

    Raises:
        EvidenceError: one holds nothing, they share no item, or what belongs together cannot be told.
    """
    for run in runs:
        if run.scores.is_empty():
            raise EvidenceError(f"{who(run)}: no sample is in it, so there is nothing to compare")
    made = _Alignment(runs)
    made.name(accepted)
    made.share()
    made.draw()
    made.place()
    return Aligned((made.sides[0], made.sides[1]), made.by_question, tuple(made.odd), tuple(made.told))


class _Alignment:
    """Two runs on their way to the same names."""

    def __init__(self, runs: tuple[RecordedRun, RecordedRun]) -> None:
        self._runs = runs
        self.sides = [run.scores for run in runs]
        self.by_question = False
        self.odd: list[str] = []
        self.told: list[str] = []

    def name(self, accepted: Collection[str]) -> None:
        """Name items by their questions where ids lie or none is in both runs, and the questions tell."""
        import polars as pl

        places = [side.select("item", "digest").unique(maintain_order=True) for side in self.sides]
        asked = [place.filter(pl.col("digest") != "") for place in places]
        both = asked[0].join(asked[1], on="item", suffix="_other")
        lying = len(both.filter(pl.col("digest") != pl.col("digest_other")))
        common = asked[0].join(asked[1], on="digest", how="semi").height
        shared = places[0].join(places[1], on="item", how="semi").height
        lie = f"{how_many(lying, 'id')} {'names' if lying == 1 else 'name'} another question in the other run"
        if lying and not common:
            said = f"{lie}, and no question stands in both"
            if "dataset" in accepted:
                self.told.append(f"{said}: items were paired by their ids.")
            else:
                self.odd.append(
                    f"{said}: the two were asked other questions. Where an id is one item all the same, in other "
                    "words: --accept dataset"
                )
            return
        if not lying and (shared or not common):
            return
        torn = sum(int(place["digest"].is_duplicated().sum()) for place in asked)
        why = lie if lying else "no id stands in both runs"
        if torn:
            raise EvidenceError(
                f"{why}, and {how_many(torn, 'question')} stand under several ids: what belongs together cannot be "
                "told. Give items the same ids in both runs"
            )
        self.told.append(f"{why[:1].upper()}{why[1:]}: items were paired by their questions.")
        self.by_question = True
        question = pl.when(pl.col("digest") != "").then(pl.col("digest")).otherwise(pl.col("item"))
        own = pl.when(pl.col("cluster") == pl.col("item")).then(question).otherwise(pl.col("cluster"))
        self.sides = [side.with_columns(own.alias("cluster"), question.alias("item")) for side in self.sides]

    def share(self) -> None:
        """Leave out what only one run was asked, and say what one of them lacks.

        Raises:
            EvidenceError: no item is in both.
        """
        sides = self.sides
        shared = sides[0].select("item").unique().join(sides[1].select("item").unique(), on="item")
        counts = [side["item"].n_unique() for side in sides]
        if not len(shared):
            raise EvidenceError(
                f"{who(self._runs[0])} and {who(self._runs[1])} share no item: their ids are {_example(sides[0])} "
                f"and {_example(sides[1])}. {self._advice()}"
            )
        few = min(len(shared) / count for count in counts)
        if few < FEW:
            self.odd.append(
                f"The runs share {how_many(len(shared), 'item')}, of {counts[0]:,} and {counts[1]:,}: they are hardly "
                "runs of one evaluation"
            )
        limits = [run.facts.get("samples asked for") for run in self._runs]
        asked_apart = limits[0] != limits[1] or few < FEW
        for count, role in zip(counts, ROLES, strict=True):
            if alone := count - len(shared):
                only = how_many(alone, "item")
                what = f"{only} that only the {role} was asked {'was' if alone == 1 else 'were'} not compared."
                lack = f"{only} of {count:,} {'is' if alone == 1 else 'are'} in the {role}'s run alone: what the "
                self.told.append(what if asked_apart else f"{lack}other lacks counts as harm.")
        if asked_apart:
            self.sides = [side.join(shared, on="item") for side in sides]

    def _advice(self) -> str:
        if all(run.tool == "a table" for run in self._runs):
            return "Name the column of the item with --column item=NAME"
        return "Give two runs of one evaluation, whose items bear the same ids"

    def draw(self) -> None:
        """Number the draws of each item from 0 in their order, and say where an item has fewer than others."""
        import polars as pl

        number = pl.col("draw").rank("dense").over("score", "item").cast(pl.Int64) - 1
        self.sides = [side.with_columns(number.alias("draw")) for side in self.sides]
        compared = compared_draws(self.sides[0], self.sides[1])
        for side, role, most in zip(self.sides, ROLES, compared, strict=True):
            draws = side.group_by("item").agg(pl.col("draw").n_unique())["draw"]
            if lacking := int((draws < most).sum()):
                verb = "has" if lacking == 1 else "have"
                self.told.append(
                    f"{lacking:,} of the {role}'s {how_many(len(draws), 'item')} {verb} fewer than {most:,} answers: "
                    "those that lack count as harm."
                )

    def place(self) -> None:
        """Give each item one cluster and one use case in both runs: the baseline's."""
        import polars as pl

        places = pl.concat([side.select("item", "cluster", "use_case") for side in self.sides])
        first = places.unique("item", keep="first", maintain_order=True)
        if torn := places.unique().height - first.height:
            verb = "has" if torn == 1 else "have"
            self.told.append(
                f"{how_many(torn, 'item')} {verb} another cluster or use case in the other run: the first one counts."
            )
        plain = [side.drop("cluster", "use_case") for side in self.sides]
        self.sides = [side.join(first, on="item", how="left", maintain_order="left") for side in plain]


def _example(side: pl.DataFrame) -> str:
    return ", ".join(f"{item!r:.30}" for item in side["item"].unique(maintain_order=True)[:2].to_list())
