"""The ledger: decisions and waivers in an append-only file whose entries are chained by hashes."""

from seatrial.ledger.chain import Entry, Ledger, ledger_for
from seatrial.ledger.files import (
    changes,
    check_answers,
    check_files,
    covered_answers,
    covers,
    entry_of,
    file_hashes,
)
from seatrial.ledger.waivers import Waiver, enter_waiver, remarks, waivers_for

__all__ = [
    "Entry",
    "Ledger",
    "Waiver",
    "changes",
    "check_answers",
    "check_files",
    "covered_answers",
    "covers",
    "enter_waiver",
    "entry_of",
    "file_hashes",
    "ledger_for",
    "remarks",
    "waivers_for",
]
