"""What is asked for the gates of a policy."""

from __future__ import annotations

import pytest

from seatrial.errors import PolicyError
from seatrial.policy import parse_policy
from seatrial.review.run import plan_review

POLICY = """\
name: p
baseline: {{model: openai-compatible/m, base_url: "http://localhost:1/v1"}}
candidate: {{model: openai-compatible/m, base_url: "http://localhost:1/v1", opening: {{{variant}: "Well,"}}}}
gates: [{{signal: behavior/authorship-feedback, margin: 0.2}}]
"""


def test_an_opening_for_a_variant_that_no_item_has_is_refused() -> None:
    """A misspelt variant would leave every answer free; the message names those that there are."""
    plan_review(parse_policy(POLICY.format(variant="mine")))
    with pytest.raises(PolicyError, match=r"has the variant 'myne'; there are: mine, theirs"):
        plan_review(parse_policy(POLICY.format(variant="myne")))
