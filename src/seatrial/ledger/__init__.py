"""The ledger: decisions and waivers in an append-only file whose entries are chained by hashes."""

from seatrial.ledger.chain import Entry, Ledger, ledger_for
from seatrial.ledger.waivers import Waiver, enter_waiver, remarks, waivers_for

__all__ = ["Entry", "Ledger", "Waiver", "enter_waiver", "ledger_for", "remarks", "waivers_for"]
