"""The ledger: who decided what, and what came of it, in a table whose entries are chained by hashes."""

from seatrial.ledger.anchors import Anchor, anchors_in, check_anchors, write_anchor
from seatrial.ledger.chain import Ledger, ledger_for, ledger_in
from seatrial.ledger.entries import Entry
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
    "Anchor",
    "Compared",
    "Entry",
    "Ledger",
    "Waiver",
    "anchors_in",
    "check_anchors",
    "check_answers",
    "check_files",
    "compare_all",
    "covered_answers",
    "covers",
    "enter_waiver",
    "entry_of",
    "file_hashes",
    "ledger_for",
    "ledger_in",
    "lost_ledger",
    "remarks",
    "settle_files",
    "waivers_for",
    "write_anchor",
]
