"""The models of a run of conversations: those that are asked, or what stands for them once they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from seatrial.collect import ResponseStore, call_key
from seatrial.errors import CallFailed
from seatrial.evidence.conversations.conversation import Conversation
from seatrial.evidence.conversations.conversation_policy import Product
from seatrial.instruments.judges import Unscored
from seatrial.models import Model, open_models
from seatrial.models.base import as_asked
from seatrial.policy import ModelSpec
from seatrial.report.basis import AskedModel, Talks
from seatrial.types import Request, Response, Role

__all__ = ["JUDGE", "Opening", "StoredTalkers", "as_cast", "called", "failures", "live"]

Opening = Callable[[Mapping[str, ModelSpec], ResponseStore], Sequence[Model]]
"""Gives the models of a run by their names in it, in their order, each not entered yet."""
JUDGE = "judge:"
"""How the names of judges' models begin in a run; no product's can begin so."""
EVERY = 1000
"""Draws of a simulated user's model from one try to the next."""


def called(product: Product, role: Role) -> str:
    """Return the name of a model in a run: its role, after the product's name where there is one."""
    return f"{product.name}/{role}" if product.name else role


def live(specs: Mapping[str, ModelSpec], _: ResponseStore) -> Sequence[Model]:
    """Return the models themselves."""
    return open_models(*specs.values())


def as_cast(opened: Mapping[str, Model]) -> tuple[tuple[str, AskedModel], ...]:
    """Return the models of a run as they were asked."""
    return tuple(
        (name, AskedModel(one.identity, one.live, one.logprobs, getattr(one, "max_tokens", None)))
        for name, one in opened.items()
    )


def failures(talks: Sequence[Conversation], begins: str = "") -> list[tuple[str, str, int, str]]:
    """Return the calls that got no answer: who was asked, item, draw, and why.

    Args:
        talks: The conversations.
        begins: How what was asked is called in front, where there is a second user.
    """
    cut = {"failed": "", "context": "", "user": "user"}
    return [
        (
            f"{begins}{cut[one.ending] or one.role}",
            f"{one.meeting.unit}/{len(one.turns) + 1}",
            one.meeting.draw,
            one.why,
        )
        for one in talks
        if one.ending in cut
    ]


class StoredTalkers:
    """What stands for the models of conversations that were held before.

    Attributes:
        missing: Calls whose answers should be in the store and are not, in words.
    """

    def __init__(self, talks: Talks, begins: str = "") -> None:
        """Stand for the models of conversations.

        Args:
            talks: What is kept of them.
            begins: How the names of these models begin.
        """
        self._asked = dict(talks.models)
        self._why = {(name, item, draw): why for name, item, draw, why in talks.failed}
        self._begins = begins
        self.missing: list[str] = []

    def __call__(self, specs: Mapping[str, ModelSpec], store: ResponseStore) -> Sequence[Model]:
        """Return what stands for the models.

        Raises:
            CallFailed: never; a model whose name is not kept has an identity of its own, so that no answer is found.
        """
        none = AskedModel("", False)
        return [_Stored(name, self._asked.get(f"{self._begins}{name}", none), store, self) for name in specs]

    def why(self, role: str, request: Request) -> str:
        """Return why a call got no answer; one that the review does not know to have failed is noted as missing."""
        found = self._why.get((f"{self._begins}{role}", request.item.id, request.draw % EVERY))
        if found is None:
            self.missing.append(f"{self._begins}{role}, item {request.item.id}, draw {request.draw}")
        return found or "its answer is not in the store"


class _Stored:
    """One model that answers from the store alone."""

    live = False
    concurrency = 64

    def __init__(self, name: str, asked: AskedModel, store: ResponseStore, talkers: StoredTalkers) -> None:
        self.name = name
        self.identity = asked.identity
        self.logprobs = asked.logprobs
        self.max_tokens = asked.longest
        self._role = name.rpartition("/")[2]
        self._store, self._talkers = store, talkers

    async def ask(self, request: Request) -> Response:
        """Answer from the store.

        Raises:
            CallFailed: the answer is not there.
            Unscored: it is a judge, whose replies are all found in the store before it is asked: it had none.
        """
        if self.name.startswith(JUDGE):
            raise Unscored("the judge's reply is not in the store")
        kept = self._store.get(call_key(self.identity, self._role, as_asked(self, request)))
        if kept is None:
            raise CallFailed(self._talkers.why(self._role, request))
        return replace(kept, item=request.item.id, suite=request.item.suite)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass
