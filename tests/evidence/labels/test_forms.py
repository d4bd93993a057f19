"""What the page of an answer may send."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from seatrial.evidence.labels.forms import Graded


@pytest.mark.parametrize("wrong", [{"harm": "maybe"}, {"version": -1}, {"tab": "<b>"}, {"more": 1}, {"seconds": -1}])
def test_what_is_no_label_is_refused(wrong: dict[str, Any]) -> None:
    """Only the three words, and nothing that the form does not have."""
    with pytest.raises(ValidationError):
        Graded.model_validate({"version": 0, **wrong})


def test_a_draft_has_no_label_yet() -> None:
    """It may be missing while the rater is still at it."""
    assert Graded(version=0).harm is None
