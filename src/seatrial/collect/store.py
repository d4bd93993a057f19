"""The answers of a review, in an append-only file that survives being killed at any moment.

Every answer is one line, written before anyone uses it, under a key made of everything that decides it: the
model's identity, its role, the conversation, the draw, and what was asked for. A line that a crash cut short is
dropped when the file is opened next; only the call that was in flight is asked again. Memory holds where each answer
is, and none of their text.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from seatrial.collect.answer_files import Part, answer_file, is_remote, reason
from seatrial.collect.answer_lines import (
    UNREADABLE,
    Answer,
    answer_of,
    at_a_glance,
    entry_of,
    in_json,
    line_of,
    string_in_json,
    time_of,
)
from seatrial.errors import LedgerError, StoreError
from seatrial.formats.whole_files import write_whole
from seatrial.ledger import covered_answers, ledger_for
from seatrial.models.identity import identity_hash
from seatrial.types import Request, Response

__all__ = ["Answer", "ResponseStore", "call_key"]

CHANGED = "changed.json"
"""Beside the answers: that a model was found changed, and when."""
GONE = "an answer is no longer where it was. See what else writes there, and run the same command again."


def call_key(identity: str, role: str, request: Request) -> str:
    """Return the SHA-256 of all that decides an answer.

    The role is part of it, so that a review of a model against itself asks both: reused answers would show no
    difference by construction.
    """
    conversation = ", ".join(
        f"[{string_in_json(message.role)}, {string_in_json(message.content)}]" for message in request.item.messages
    )
    numbers = f", {in_json(request.numbers)}" if request.numbers else ""
    key = _begun(identity, role).copy()
    key.update(f"{conversation}], {request.draw}, {request.max_tokens}, {request.top_logprobs}{numbers}]".encode())
    return str(key.hexdigest())


@lru_cache(maxsize=64)
def _begun(identity: str, role: str) -> Any:
    """Return the hash of what all calls of one model begin with."""
    return hashlib.sha256(f"[{string_in_json(identity)}, {string_in_json(role)}, [".encode())


class ResponseStore:
    """The answers of one review. A context manager: one process at a time holds it.

    The baseline's answers of the reviews beside it can be taken over, as far as the ledger covers them; the candidate's
    never are. A key says which model was named, not what stood behind the name that day, so whoever takes answers over
    has to see that they still hold.
    """

    def __init__(self, folder: Path | str, part: Part | None = None) -> None:
        """Use the folder, or the address of an object store.

        Args:
            folder: Whose `responses/answers.jsonl` holds the answers.
            part: Part of a replay whose answers these are; those of other parts are read too, in other files.

        Raises:
            StoreError: nothing here opens such an address.
        """
        self._part = part
        self._file = answer_file(folder, part)
        self.path = Path() if is_remote(folder) else Path(folder) / "responses" / "answers.jsonl"
        self._known: dict[bytes, int] = {}
        self._copies: set[bytes] = set()
        self._beside: dict[str, Answer] | None = None
        self._loose: set[str] = set()
        self._open = False
        self._handed_over = 0
        self._due = False
        self._failed: StoreError | None = None

    def __enter__(self) -> Self:
        """Lock and read the file.

        Raises:
            StoreError: the file cannot be used, is in use, or a line of it is broken.
        """
        try:
            self._file.open()
            self._read()
        except StoreError:
            self._file.close()
            raise
        except Exception as error:  # what opens an address raises errors of its own
            self._file.close()
            raise StoreError(f"{self._file.place}: cannot be written: {reason(error)}") from error
        self._open, self._handed_over = True, len(self._known)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what waits; close and unlock the file."""
        self._open = False
        try:
            self.flush()
        finally:
            self._file.close()

    def _read(self) -> None:
        for place, position, line in self._file.lines():
            try:
                self._read_line(line, position)
            except UNREADABLE as error:
                raise StoreError(f"{place}: not an answer. Take this line out to have its call asked again.") from error

    def _read_line(self, line: bytes, position: int) -> None:
        plain, review = at_a_glance(line), ""
        if plain is not None:
            key, item = plain
        else:
            entry = entry_of(line)
            answer = answer_of(entry, "")
            key, item, review = entry["key"], answer.response.item, answer.review
        if self._part is None or self._part.holds(item):
            self._keep(key, position, review)

    def _keep(self, key: str, position: int, review: str) -> None:
        """Know an answer from now on; this review's own first one stands, so that no line put below it replaces it."""
        short = _short(key)
        if short in self._known and short not in self._copies:
            return
        self._known[short] = position
        if review:
            self._copies.add(short)
        else:
            self._copies.discard(short)

    def _found(self, key: str) -> Answer | None:
        """Return the answer known under a key, read from its line.

        Raises:
            StoreError: the line is not there any more.
        """
        position = self._known.get(_short(key))
        if position is None:
            return None
        if not self._open:
            raise RuntimeError("the store is not open")
        try:
            entry = entry_of(self._file.read(position))
            if entry["key"] != key:
                raise ValueError("the line of another answer")
            return answer_of(entry, "")
        except (OSError, *UNREADABLE) as error:
            raise StoreError(f"{self._file.place}: {GONE}") from error

    def get(self, key: str) -> Response | None:
        """Return the answer stored under `key`, if there is one."""
        found = self._found(key)
        return found.response if found is not None else None

    def own(self, key: str) -> Answer | None:
        """Return the answer that this review itself got, if there is one."""
        found = self._found(key)
        return found if found is not None and not found.review else None

    def taken_over(self, key: str) -> Answer | None:
        """Return the baseline's latest answer from another review, if there is one: taken over already, or beside."""
        own = self._found(key)
        copy = own if own is not None and own.review else None
        return _later(copy, self._others().get(key))

    @property
    def has_others(self) -> bool:
        """Whether there are the baseline's answers of other reviews: taken over already, or beside."""
        return bool(self._others()) or bool(self._copies)

    def not_covered(self, key: str) -> bool:
        """Return whether a review beside has the baseline's answer, but no entry of the ledger covers it."""
        self._others()
        return key in self._loose

    def _others(self) -> dict[str, Answer]:
        """Return the baseline's answers in the reviews beside this one, the latest of each key.

        Anyone can add a line to a file; so only those count that the entry of their review in the ledger covers.
        """
        if self._beside is None:
            self._beside = {}
            folders = [path.parent.parent for path in self._files_beside("answers.jsonl")]
            entries = ledger_for(self.path.parent.parent).verify() if folders else []
            for folder in folders:
                try:
                    held = covered_answers(folder, entries)
                except LedgerError:  # a file that cannot be read
                    continue
                for key, answer in _baseline_answers(held.covered, folder.name):
                    self._beside[key] = _later(self._beside.get(key), answer) or answer
                self._loose |= {key for key, _ in _baseline_answers(held.others, folder.name)}
        return self._beside

    def _files_beside(self, name: str) -> list[Path]:
        """Return the files of that name of the other reviews."""
        own = self.path.parent.resolve()
        found = sorted(self.path.parent.parent.parent.glob(f"*/responses/{name}"))
        return [path for path in found if path.parent.resolve() != own]

    def put(self, key: str, role: str, response: Response, taken: Answer | None = None) -> None:
        """Write one answer; when this returns, a killed process does not lose it.

        At the address of an object store it may lose the answers of its last second.

        Args:
            key: Of `call_key`.
            role: Who answered.
            response: The answer.
            taken: Where it was taken over from; None where it was given now.

        Raises:
            StoreError: it cannot be written (disk full, file removed).
        """
        self._take(key, role, response, taken)
        self.hand_over()

    def put_soon(self, key: str, role: str, response: Response) -> None:
        """Write one answer together with the others that come in the same turn of the event loop.

        Writing them one by one takes much of the time of many fast calls. A process that is killed before the turn
        is over loses no more than it would have lost a moment before, when these calls were in flight.

        Raises:
            StoreError: it, or one before it, cannot be written.
        """
        self._take(key, role, response)
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._turn_over)

    def _take(self, key: str, role: str, response: Response, taken: Answer | None = None) -> None:
        if not self._open:
            raise RuntimeError("the store is not open")
        if self._failed is not None:
            raise self._failed
        kept = taken or Answer(response, datetime.now(UTC))
        try:
            position = self._file.write(line_of(key, role, kept))
        except Exception as error:  # what opens an address raises errors of its own
            raise self._unwritten(error) from error
        self._keep(key, position, kept.review)

    def _turn_over(self) -> None:
        """Write what came in this turn; nobody waits for it, so an error is told to whoever comes next."""
        self._due = False
        try:
            self.hand_over()
        except StoreError as error:
            self._failed = error

    def hand_over(self) -> None:
        """See that all answers are written, as far as the file writes them at once.

        Raises:
            StoreError: they cannot be written.
        """
        self._written(self._file.hand_over)

    def flush(self) -> None:
        """See that all answers are kept, also where they wait for others.

        Raises:
            StoreError: they cannot be written.
        """
        self._written(self._file.flush)

    def _written(self, write: Callable[[], None]) -> None:
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed
        try:
            write()
        except Exception as error:  # what opens an address raises errors of its own
            raise self._unwritten(error) from error
        self._handed_over = len(self._known)

    def _unwritten(self, error: Exception) -> StoreError:
        """Return what is told where something cannot be written, with what is kept."""
        return StoreError(
            f"{self._file.place}: {reason(error)}. {self._handed_over} answers are kept; make room and run the same "
            "command again."
        )

    def note_change(self, identity: str, at: datetime) -> None:
        """Note for the reviews to come that answers which the model gave before `at` no longer hold.

        Raises:
            StoreError: it cannot be written.
        """
        entry = {"model": identity_hash(identity), "at": at.isoformat()}
        write_whole(self.path.with_name(CHANGED), json.dumps(entry), StoreError)

    def changed_at(self, identity: str) -> datetime | None:
        """Return when the reviews beside this one last found that the model had changed, if ever."""
        latest = None
        for path in self._files_beside(CHANGED):
            try:
                entry = json.loads(path.read_bytes())
                at = time_of(entry["at"]) if entry["model"] == identity_hash(identity) else None
            except (OSError, *UNREADABLE):
                continue
            if at is not None and (latest is None or at > latest):
                latest = at
        return latest

    def __len__(self) -> int:
        """Return how many answers are stored."""
        return len(self._known)


def _short(key: str) -> bytes:
    """Return what stands for a key in memory: 16 bytes in which a million keys differ."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _baseline_answers(content: bytes, review: str) -> Iterator[tuple[str, Answer]]:
    """Yield keys and answers of the baseline in another review's file; what cannot be read there is not used here."""
    for line in content.split(b"\n"):
        try:
            entry = entry_of(line)
            if entry["role"] == "baseline":
                yield str(entry["key"]), answer_of(entry, review)
        except UNREADABLE:
            continue


def _later(one: Answer | None, other: Answer | None) -> Answer | None:
    """Return the later of two answers; one without a date is earlier than all."""
    if one is None or other is None:
        return one or other
    return other if one.at is None or (other.at is not None and other.at > one.at) else one
