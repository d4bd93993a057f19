"""The ledger: who decided what, and what came of it, in a table whose entries are chained by hashes."""

from seatrial.ledger.anchors import Anchor, anchors_in, check_anchors, write_anchor
from seatrial.ledger.chain import Addition, Ledger, ledger_for, ledger_in
from seatrial.ledger.entries import Entry
from seatrial.ledger.files import (
    NEXT,
    Compared,
    changes,
    check_answers,
    check_files,
    compare_all,
    covered_answers,
    covers,
    file_hashes,
    lost_ledger,
    settle_files,
)
from seatrial.ledger.reviews import (
    decisions_on,
    entry_of,
    folder_of,
    give_id,
    known_as,
    review_id,
    review_names,
)
from seatrial.ledger.waivers import Waiver, added_waiver, enter_waiver, remarks, waivers_for

__all__ = [
    "NEXT",
    "Addition",
    "Anchor",
    "Compared",
    "Entry",
    "Ledger",
    "Waiver",
    "added_waiver",
    "anchors_in",
    "changes",
    "check_anchors",
    "check_answers",
    "check_files",
    "compare_all",
    "covered_answers",
    "covers",
    "decisions_on",
    "enter_waiver",
    "entry_of",
    "file_hashes",
    "folder_of",
    "give_id",
    "known_as",
    "ledger_for",
    "ledger_in",
    "lost_ledger",
    "remarks",
    "review_id",
    "review_names",
    "settle_files",
    "waivers_for",
    "write_anchor",
]
