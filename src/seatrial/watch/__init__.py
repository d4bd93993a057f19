"""A model that its vendor may change behind its name: the same items again each day, compared with the days before."""

from seatrial.watch.daily import Watching, watch_day
from seatrial.watch.found import Watch

__all__ = ["Watch", "Watching", "watch_day"]
