"""Static embeddings of texts, from a wheel: no network, no graphics card, the same numbers everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["embed"]


@cache
def _embedder() -> Any:
    import wordllama

    folder = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=folder, disable_download=True)


def embed(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return unit vectors of texts, shape (n, d); zeros where nothing in a text is known.

    Each text is embedded once, short ones together: the embedder pads all texts of a batch to the longest.
    """
    if not texts:
        return np.zeros((0, 0))
    parts = sorted(set(texts), key=len)
    with np.errstate(invalid="ignore"):  # nothing known has no direction
        vectors = np.nan_to_num(_embedder().embed(parts, norm=True).astype(np.float64))
    place = {part: number for number, part in enumerate(parts)}
    found: NDArray[np.float64] = vectors[[place[text] for text in texts]]
    return found
