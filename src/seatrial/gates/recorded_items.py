"""The items of two transcripts that a gate compares: same questions, same accepted answers, labels that fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from seatrial.errors import EvidenceError, PolicyError
from seatrial.instruments import Signal, select
from seatrial.models.base import Model, RecordedModel
from seatrial.models.conversations import difference
from seatrial.policy import SignalSpec
from seatrial.types import Item, Role

__all__ = ["check_labels", "recorded_items"]


def recorded_items(name: str, spec: SignalSpec, models: Mapping[Role, RecordedModel]) -> list[Item]:
    """Return the items that either file holds and `where` selects; where both hold one, the baseline's row counts.

    Args:
        name: The signal, for messages.
        spec: What the policy declares of it.
        models: Both transcripts.

    Raises:
        PolicyError: `where` selects nothing.
        EvidenceError: the files share no item, or a selected one has two prompts, or no accepted answers where the
            signal's instrument compares with such.
    """
    before, after = ({item.id: item for item in models[role].items()} for role in ("baseline", "candidate"))
    files = models["baseline"].name, models["candidate"].name
    if not before.keys() & after.keys():
        raise EvidenceError(
            f"{files[0]} and {files[1]} share no item: none of their prompts or "
            "ids match. Check that both answer the same questions, or map columns with `columns: {item: …}`."
        )
    union = list({**after, **before}.values())
    items = select(union, spec.where)
    if not items:
        raise PolicyError(f"signals: {name}: `where` selects none of the {len(union)} items")
    both = sorted((item for item in items if item.id in before and item.id in after), key=lambda item: item.id)
    _check_prompts([(before[item.id], after[item.id]) for item in both], files)
    if not (spec.instrument or "").startswith("match/"):
        return items
    items = [_with_targets(item, after.get(item.id, item), files) for item in items]
    _check_targets(name, spec, items)
    return items


def _check_prompts(both: Sequence[tuple[Item, Item]], files: tuple[str, str]) -> None:
    """Refuse items of which the two files hold different prompts, white space apart."""
    torn = [(one, told) for one, other in both if (told := difference(one.messages, other.messages))]
    if torn:
        (first, told), count = torn[0], len(torn)
        items = f"the item {first.id!r} has" if count == 1 else f"{count:,} items, first {first.id!r}, have"
        raise EvidenceError(
            f"{items} one prompt in {files[0]} and another in {files[1]}: {told}. Answers to different questions "
            "cannot be compared: mend the prompt, or use ids that mean the same in both files, or leave such "
            "rows out with `where`."
        )


def _with_targets(item: Item, other: Item, files: tuple[str, str]) -> Item:
    """Return the item with the accepted answers that either file gives; two that differ are refused."""
    if item.targets and other.targets and set(item.targets) != set(other.targets):
        raise EvidenceError(
            f"the item {item.id!r} accepts {' | '.join(item.targets)} in {files[0]} and {' | '.join(other.targets)} in "
            f"{files[1]}; give the same `targets` in both files, or in one of them"
        )
    return replace(item, targets=item.targets or other.targets)


def _check_targets(name: str, spec: SignalSpec, items: Sequence[Item]) -> None:
    bare = [item.id for item in items if not item.targets]
    if bare:
        raise EvidenceError(
            f"signals: {name}: {spec.instrument} compares answers with accepted ones, and {len(bare):,} of "
            f"{len(items):,} items have none, first {bare[0]!r}. Give the transcripts a column `targets`, such as "
            "`Paris | City of Paris`, or name the column that holds them with columns: {targets: …}; leave items "
            "without any out with `where`."
        )


def check_labels(signal: Signal, items: Sequence[Item], models: Mapping[Role, Model]) -> None:
    """Refuse a label that is no number within the bounds, with its place, before anything is decided on others."""
    for model in models.values():
        if isinstance(model, RecordedModel):
            for item in items:
                for answer in model.answers(item):
                    try:
                        signal.instrument.read(item, answer)
                    except EvidenceError as wrong:
                        raise EvidenceError(f"{model.place(answer)}: {wrong}") from wrong
