"""Summary figures of a policy: a mean, its standard error and the items behind it, of either model by itself."""

from __future__ import annotations

import math

from pydantic import Field

from seatrial.formats.yaml import StrictModel

__all__ = ["Figures", "SummarySpec", "check_figures"]


class Figures(StrictModel):
    """One model's summary figures.

    Attributes:
        mean: Mean over independent items, in the signal's units.
        se: Standard error of that mean; of 0/1 scores √(mean · (1 − mean) / n).
        n: Independent items; where several stand or fall together, the groups of them.
    """

    mean: float
    se: float = Field(ge=0.0)
    n: int = Field(ge=2)


class SummarySpec(StrictModel):
    """Both models' summary figures, which somebody measured or published without the items behind them.

    Attributes:
        baseline: Of the baseline.
        candidate: Of the candidate.
        source: Where the figures are from, in words.
    """

    baseline: Figures
    candidate: Figures
    source: str = Field(min_length=8)

    @property
    def items(self) -> int:
        """Independent items of the model that has fewer."""
        return min(self.baseline.n, self.candidate.n)


def check_figures(summary: SummarySpec, bounds: tuple[float, float]) -> None:
    """Refuse figures that no sample on the scale can have.

    Raises:
        ValueError: a mean lies outside the bounds, or a standard error is larger or smaller than it could be.
    """
    low, high = bounds
    for role, one in (("baseline", summary.baseline), ("candidate", summary.candidate)):
        if not low <= one.mean <= high:
            raise ValueError(f"the mean {one.mean:g} of the {role} is outside the bounds [{low:g}, {high:g}]")
        most = math.sqrt((one.mean - low) * (high - one.mean) / (one.n - 1))
        if one.se > most * 1.01:
            raise ValueError(
                f"the se {one.se:g} of the {role} is more than {one.n} items in [{low:g}, {high:g}] with this mean "
                f"can have ({most:.3g}); `se` is the standard error, the standard deviation over √n"
            )
        if one.se == 0.0 and low < one.mean < high:
            raise ValueError(
                f"the se of the {role} is 0, which a mean of {one.mean:g} can hardly have; give it unrounded"
            )
