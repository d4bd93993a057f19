"""Letters by their kind."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from seatrial.formats.letters import without


@given(st.text(st.characters() | st.sampled_from("\n\t\u200b\u202e\ufeff\x00")))
def test_letters_of_a_category_go_and_all_others_stay(text: str) -> None:
    """As one by one; what is named stays."""
    plain = "".join(letter for letter in text if unicodedata.category(letter) not in ("Cc", "Cf"))
    assert without(text, ("Cc", "Cf")) == plain
    kept = "".join(letter for letter in text if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cf"))
    assert without(text, ("Cc", "Cf"), but="\n") == kept
