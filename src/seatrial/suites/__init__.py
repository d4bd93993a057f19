"""Suites: what is asked. One folder a behavior, with a rubric, items, and answers of known degree."""

from seatrial.suites.load import Anchor, Suite, find_suites, held_out_anchors, load_suite, with_held_out

__all__ = ["Anchor", "Suite", "find_suites", "held_out_anchors", "load_suite", "with_held_out"]
