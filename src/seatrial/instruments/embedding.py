"""Static embeddings of texts, from a wheel: no network, no graphics card, the same numbers everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["embed"]


@cache
def _embedder() -> tuple[Any, NDArray[np.float32]]:
    """Return the tokenizer, and the vector of each token, shape (tokens, d)."""
    import wordllama

    folder = Path(wordllama.__file__).parent
    loaded = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
    loaded.tokenizer.no_padding()
    return loaded.tokenizer, loaded.embedding


def embed(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return unit vectors of texts, shape (n, d); zeros where nothing in a text is known.

    Each text is the mean of its tokens' vectors. The embedder's own method pads all texts of a batch to the longest,
    which costs four times as long; here the tokens are counted in a sparse matrix. Each text is embedded once.
    """
    if not texts:
        return np.zeros((0, 0))
    tokenizer, vectors = _embedder()
    parts = list(dict.fromkeys(texts))
    plain = [part.encode("utf-8", "replace").decode("utf-8") for part in parts]  # halves of letters are no text to it
    tokens = [encoded.ids for encoded in tokenizer.encode_batch_fast(plain, add_special_tokens=False)]
    starts = np.cumsum([0, *map(len, tokens)])
    flat = np.fromiter(chain.from_iterable(tokens), np.int32, starts[-1])
    counts = sparse.csr_array((np.ones(len(flat), np.float32), flat, starts), shape=(len(parts), len(vectors)))
    sums = (counts @ vectors).astype(np.float64)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    units = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)
    place = {part: number for number, part in enumerate(parts)}
    found: NDArray[np.float64] = units[[place[text] for text in texts]]
    return found
