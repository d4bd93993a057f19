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
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from filelock import FileLock, Timeout

from seatrial.errors import StoreError
from seatrial.types import Request, Response, Usage

__all__ = ["ResponseStore", "call_key"]


def call_key(identity: str, role: str, request: Request) -> str:
    """Return the SHA-256 of all that decides an answer.

    The role is part of it, so that a review of a model against itself asks both: reused answers would show no
    difference by construction.
    """
    conversation = [[message.role, message.content] for message in request.item.messages]
    parts = [identity, role, conversation, request.draw, request.max_tokens, request.top_logprobs]
    parts += [request.numbers] if request.numbers else []
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


class ResponseStore:
    """The answers of one review. A context manager: one process at a time holds it.

    The baseline's answers of the reviews beside it are used again: users have the same model now as in the last review,
    and its key says so to the letter. The candidate is always asked.
    """

    def __init__(self, folder: Path) -> None:
        """Use `folder`/responses/answers.jsonl."""
        self.path = folder / "responses" / "answers.jsonl"
        self._known: dict[str, Response] = {}
        self._beside: dict[str, Response] | None = None
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
            self._file = self.path.open("a+b")
        except Timeout:
            raise StoreError(
                f"{self.path}: another review is writing here. Wait for it, or give another --out."
            ) from None
        except OSError as error:
            self._close()
            raise StoreError(f"{self.path}: cannot be written: {error.strerror}") from error
        try:
            self._read(self._file)
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
        file.seek(0)
        content = file.read()
        whole, _, torn = content.rpartition(b"\n")
        if torn:
            file.truncate(len(content) - len(torn))
        for number, line in enumerate(whole.split(b"\n") if whole else [], 1):
            try:
                entry = json.loads(line)
                self._known[entry["key"]] = _response(entry["response"])
            except (ValueError, KeyError, TypeError) as error:
                raise StoreError(
                    f"{self.path}:{number}: not an answer. Take this line out to have its call asked again."
                ) from error

    def get(self, key: str) -> Response | None:
        """Return the answer stored under `key`, if there is one."""
        return self._known.get(key)

    def from_other_reviews(self, key: str) -> Response | None:
        """Return the baseline's answer under `key` from a review beside this one, if there is one."""
        if self._beside is None:
            own = self.path.resolve()
            others = sorted(self.path.parent.parent.parent.glob("*/responses/answers.jsonl"))
            self._beside = dict(entry for path in others if path.resolve() != own for entry in _baseline_answers(path))
        return self._beside.get(key)

    def put(self, key: str, role: str, response: Response) -> None:
        """Write one answer; when this returns, a killed process does not lose it.

        Raises:
            StoreError: it cannot be written (disk full, file removed).
        """
        if self._file is None:
            raise RuntimeError("the store is not open")
        line = json.dumps({"key": key, "role": role, "response": asdict(response)}, ensure_ascii=False)
        try:
            self._file.write(line.encode("utf-8", "surrogatepass") + b"\n")
            self._file.flush()
        except OSError as error:
            why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
            raise StoreError(
                f"{self.path}: {why}. {len(self._known)} answers are kept; make room and run the same command again."
            ) from error
        self._known[key] = response

    def __len__(self) -> int:
        """Return how many answers are stored."""
        return len(self._known)


def _baseline_answers(path: Path) -> Iterator[tuple[str, Response]]:
    """Yield keys and answers of the baseline in another review's file; what cannot be read there is not used here."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return
    for line in lines:
        try:
            entry = json.loads(line)
            if entry["role"] == "baseline":
                yield entry["key"], _response(entry["response"])
        except (ValueError, KeyError, TypeError):
            continue


def _response(content: Mapping[str, Any]) -> Response:
    return Response(
        item=content["item"],
        suite=content["suite"],
        draw=content["draw"],
        text=content["text"],
        first=tuple((token, float(logprob)) for token, logprob in content["first"]),
        stop=content["stop"],
        usage=Usage(**content["usage"]),
        labels=tuple((name, value) for name, value in content["labels"]),
        thinking=content.get("thinking"),
    )
