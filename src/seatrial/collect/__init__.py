"""Asking the models, durably: what was answered once is never asked again."""

from seatrial.collect.collector import Ask, Batch, Collector, Failure
from seatrial.collect.progress import Progress
from seatrial.collect.store import Answer, ResponseStore, call_key

__all__ = ["Answer", "Ask", "Batch", "Collector", "Failure", "Progress", "ResponseStore", "call_key"]
