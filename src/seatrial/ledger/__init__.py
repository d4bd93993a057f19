"""The ledger: decisions and waivers in an append-only file whose entries are chained by hashes."""

from seatrial.ledger.chain import Entry, Ledger, ledger_for
from seatrial.ledger.files import (
    NEXT,
    Compared,
    check_answers,
    check_files,
    compare_all,
    covered_answers,
    covers,
    entry_of,
    file_hashes,
    lost_ledger,
    settle_files,
)
from seatrial.ledger.waivers import Waiver, enter_waiver, remarks, waivers_for

__all__ = [
    "NEXT",
    "Compared",
    "Entry",
    "Ledger",
    "Waiver",
    "check_answers",
    "check_files",
    "compare_all",
    "covered_answers",
    "covers",
    "enter_waiver",
    "entry_of",
    "file_hashes",
    "ledger_for",
    "lost_ledger",
    "remarks",
    "settle_files",
    "waivers_for",
]
