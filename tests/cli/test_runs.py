"""Options that name recorded runs."""

from __future__ import annotations

import pytest

from seatrial.cli.runs import declared_of, spec_of
from seatrial.errors import EvidenceError


def test_options_become_a_pair_of_runs() -> None:
    """As a policy would name it."""
    made = spec_of("a", None, ("x", "y"), ["item=id"], ["f1"], "group", ["judge"])
    assert made.model_dump() == {
        "baseline": "a", "candidate": "", "baseline_model": "x", "candidate_model": "y", "columns": {"item": "id"},
        "scores": ["f1"], "cluster": "group", "accept": ["judge"],
    }  # fmt: skip


def test_what_is_said_of_scores_is_read_in_one_way() -> None:
    """Ends and scales; a score that is harmful at both ends, and a scale that is none, are refused."""
    made = declared_of(["a"], ["b"], ["b=1:5"])
    assert (made.harmful, made.scales) == ({"a": "low", "b": "high"}, {"b": (1.0, 5.0)})
    with pytest.raises(EvidenceError, match="give it to one"):
        declared_of(["a"], ["a"], None)
    for wrong in ("b=5", "b=5:1", "b=x:1", "b=1:1", "b=0:inf", "b=0:1e308", "b=nan:1", "b=0:1e400", "b=-1e308:1e308"):
        with pytest.raises(EvidenceError, match="SMALLEST:LARGEST"):
            declared_of(None, None, [wrong])


def test_an_empty_name_is_no_file() -> None:
    """As a variable of a script that was never set leaves it; left out, the baseline's file is meant."""
    for sides, role in ((("", "b"), "baseline"), (("a", " "), "candidate")):
        with pytest.raises(EvidenceError, match=f"the {role} is an empty name"):
            spec_of(*sides, ("", ""), None, None, "", None)
