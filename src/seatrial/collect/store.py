"""The answers of a review, in an append-only file that survives being killed at any moment.

Every answer is one line, written before anyone reads it, under a key made of everything that decides it: the
model's identity, its role, the conversation, the draw, and what was asked for. A line that a crash cut short is
dropped when the file is opened next; only the call that was in flight is asked again.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from filelock import FileLock, Timeout

from seatrial.errors import LedgerError, StoreError
from seatrial.formats.jsonl import unique
from seatrial.formats.private_files import keep_private
from seatrial.formats.whole_files import write_whole
from seatrial.ledger import covered_answers, ledger_for
from seatrial.models.identity import identity_hash
from seatrial.types import Request, Response, Usage

__all__ = ["Answer", "ResponseStore", "call_key"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is kept.

    Attributes:
        response: What was answered.
        at: When, with its time zone; None where the file does not say.
        review: Folder of the review that asked, where it was taken over from another one.
    """

    response: Response
    at: datetime | None
    review: str = ""


_ANSWER, _USAGE = (tuple(one.name for one in fields(kind)) for kind in (Response, Usage))
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
"""What a line that is no answer raises."""
_in_json = json.JSONEncoder(ensure_ascii=False).encode
CHANGED = "changed.json"
"""Beside the answers: that a model was found changed, and when."""


def call_key(identity: str, role: str, request: Request) -> str:
    """Return the SHA-256 of all that decides an answer.

    The role is part of it, so that a review of a model against itself asks both: reused answers would show no
    difference by construction.
    """
    conversation = [[message.role, message.content] for message in request.item.messages]
    parts = [identity, role, conversation, request.draw, request.max_tokens, request.top_logprobs]
    parts += [request.numbers] if request.numbers else []
    return hashlib.sha256(_in_json(parts).encode()).hexdigest()


class ResponseStore:
    """The answers of one review. A context manager: one process at a time holds it.

    The baseline's answers of the reviews beside it can be taken over, as far as the ledger covers them; the candidate's
    never are. A key says which model was named, not what stood behind the name that day, so whoever takes answers over
    has to see that they still hold.
    """

    def __init__(self, folder: Path) -> None:
        """Use `folder`/responses/answers.jsonl."""
        self.path = folder / "responses" / "answers.jsonl"
        self._known: dict[str, Answer] = {}
        self._beside: dict[str, Answer] | None = None
        self._loose: set[str] = set()
        self._file: IO[bytes] | None = None
        self._lock = FileLock(self.path.with_suffix(".lock"), blocking=False, thread_local=False)

    def __enter__(self) -> Self:
        """Lock and read the file.

        Raises:
            StoreError: the file cannot be used, is in use, or a line of it is broken.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            self._file = self.path.open("ab")  # one that is read too asks the system where it is at every flush
            keep_private(self.path)
            self._read(self._file)
        except Timeout:
            raise StoreError(
                f"{self.path}: another review is writing here. Wait for it, or give another --out."
            ) from None
        except OSError as error:
            self._close()
            raise StoreError(f"{self.path}: cannot be written: {error.strerror}") from error
        except StoreError:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close and unlock the file."""
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._lock.release()

    def _read(self, file: IO[bytes]) -> None:
        content = self.path.read_bytes()
        whole, _, torn = content.rpartition(b"\n")
        if torn:
            file.truncate(len(content) - len(torn))
        for number, line in enumerate(whole.split(b"\n") if whole else [], 1):
            try:
                entry = json.loads(line, object_pairs_hook=unique)
                self._keep(entry["key"], _answer(entry, ""))
            except _UNREADABLE as error:
                raise StoreError(
                    f"{self.path}:{number}: not an answer. Take this line out to have its call asked again."
                ) from error

    def _keep(self, key: str, answer: Answer) -> None:
        """Know an answer from now on; this review's own first one stands, so that no line put below it replaces it."""
        if self.own(key) is None:
            self._known[key] = answer

    def get(self, key: str) -> Response | None:
        """Return the answer stored under `key`, if there is one."""
        found = self._known.get(key)
        return found.response if found is not None else None

    def own(self, key: str) -> Answer | None:
        """Return the answer that this review itself got, if there is one."""
        found = self._known.get(key)
        return found if found is not None and not found.review else None

    def taken_over(self, key: str) -> Answer | None:
        """Return the baseline's latest answer from another review, if there is one: taken over already, or beside."""
        own = self._known.get(key)
        copy = own if own is not None and own.review else None
        return _later(copy, self._others().get(key))

    @property
    def has_others(self) -> bool:
        """Whether there are the baseline's answers of other reviews: taken over already, or beside."""
        return bool(self._others()) or any(answer.review for answer in self._known.values())

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

        Args:
            key: Of `call_key`.
            role: Who answered.
            response: The answer.
            taken: Where it was taken over from; None where it was given now.

        Raises:
            StoreError: it cannot be written (disk full, file removed).
        """
        if self._file is None:
            raise RuntimeError("the store is not open")
        kept = taken or Answer(response, datetime.now(UTC))
        entry = {
            "key": key,
            "role": role,
            "response": _content(response),
            "at": kept.at.isoformat() if kept.at else None,
        }
        line = _in_json(entry | ({"from": kept.review} if kept.review else {}))
        try:
            self._file.write(line.encode("utf-8", "surrogatepass") + b"\n")
            self._file.flush()
        except OSError as error:
            why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
            raise StoreError(
                f"{self.path}: {why}. {len(self._known)} answers are kept; make room and run the same command again."
            ) from error
        self._keep(key, kept)

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
                at = _time(entry["at"]) if entry["model"] == identity_hash(identity) else None
            except (OSError, *_UNREADABLE):
                continue
            if at is not None and (latest is None or at > latest):
                latest = at
        return latest

    def __len__(self) -> int:
        """Return how many answers are stored."""
        return len(self._known)


def _baseline_answers(content: bytes, review: str) -> Iterator[tuple[str, Answer]]:
    """Yield keys and answers of the baseline in another review's file; what cannot be read there is not used here."""
    for line in content.split(b"\n"):
        try:
            entry = json.loads(line, object_pairs_hook=unique)
            if entry["role"] == "baseline":
                yield str(entry["key"]), _answer(entry, review)
        except _UNREADABLE:
            continue


def _answer(entry: Mapping[str, Any], review: str) -> Answer:
    return Answer(_response(entry["response"]), _time(entry.get("at")), str(entry.get("from") or review))


def _later(one: Answer | None, other: Answer | None) -> Answer | None:
    """Return the later of two answers; one without a date is earlier than all."""
    if one is None or other is None:
        return one or other
    return other if one.at is None or (other.at is not None and other.at > one.at) else one


def _time(written: object) -> datetime | None:
    """Return a date and time with its zone; None for anything else."""
    try:
        at = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _content(response: Response) -> dict[str, Any]:
    """Return what is written of an answer: its fields as they are, for copying them takes as long as a call."""
    content = {name: getattr(response, name) for name in _ANSWER}
    content["usage"] = {name: getattr(response.usage, name) for name in _USAGE}
    if response.served == ("", ""):
        del content["served"]
    return content


def _response(content: Mapping[str, Any]) -> Response:
    thinking = content.get("thinking")
    served, fingerprint = content.get("served", ("", ""))
    return Response(
        item=_word(content["item"]),
        suite=_word(content["suite"]),
        draw=_number(content["draw"], int),
        text=_word(content["text"]),
        first=tuple((_word(token), float(_number(logprob))) for token, logprob in content["first"]),
        stop=_word(content["stop"]),
        usage=Usage(**{name: _number(content["usage"][name]) for name in _USAGE}),
        labels=tuple((_word(name), _word(value)) for name, value in content["labels"]),
        thinking=thinking if thinking is None else _word(thinking),
        served=(_word(served), _word(fingerprint)),
    )


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _number(value: Any, *kinds: type) -> Any:
    if type(value) not in (kinds or (int, float)) or value != value:
        raise TypeError("no number")
    return value
