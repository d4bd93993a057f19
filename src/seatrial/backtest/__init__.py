"""What another policy would have decided of every past release, and what each signal was worth."""

from seatrial.backtest.run import Backtest, backtest

__all__ = ["Backtest", "backtest"]
