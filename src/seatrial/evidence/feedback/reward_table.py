"""A log as a table of rewards: what would training on these thumbs pull on?

`seatrial rewards audit` compares completions of one prompt. A log with a column of prompts is grouped by it. Without
one, a user's own conversations of one use case stand for one prompt: what is liked more is told from who likes more.
"""

from __future__ import annotations

import polars as pl

from seatrial.errors import EvidenceError
from seatrial.evidence.feedback.log import Log, collected

__all__ = ["reward_table"]

LARGEST = 5_000_000
"""Votes that the table may hold."""


def reward_table(log: Log) -> tuple[pl.DataFrame, str]:
    """Return the votes of a log as `seatrial rewards audit` reads them, and how they were grouped, in a sentence.

    Columns: `prompt`, `use_case`, `reward/thumbs` (1 up, 0 down), and as far as the log has them `completion`, its own
    `behavior/…`, and `behavior/benefit`. Without prompts also `cluster`, the user.

    Raises:
        EvidenceError: no user or prompt has two votes, or there are too many votes for one table.
    """
    own = [name for name in log.frame.collect_schema().names() if name.startswith("=behavior/")]
    made = {"reward/thumbs": pl.col("up").cast(pl.Float64)}
    case = pl.col("use_case").fill_null("all conversations")
    user = pl.col("user").cast(pl.String)
    if "prompt" in log.names:
        made |= {"prompt": pl.col(f"={log.names['prompt']}").cast(pl.String)}
        told = "Completions of one prompt are compared with each other."
    else:
        made |= {"prompt": pl.format("user {} · {}", user, case), "cluster": user, "use_case": case}
        told = "Without a column of prompts, votes of one user in one use case are compared with each other."
    if "completion" in log.names:
        made["completion"] = pl.col(f"={log.names['completion']}").cast(pl.String)
    if "benefit" in log.names:
        made["behavior/benefit"] = pl.col("benefit")
    made |= {name.removeprefix("="): pl.col(name) for name in own}
    if not any(name.startswith("behavior/") or name == "completion" for name in made):
        raise EvidenceError(
            f"{log.path}: for --reward the log needs something that thumbs could pull on: a column of benefit, of "
            "completions (--column completion=NAME), or behavior/NAME"
        )
    votes = log.frame.filter(pl.col("vote") > 0)
    count = collected(log.path, votes.select(pl.len())).item()
    if count > LARGEST:
        raise EvidenceError(
            f"{log.path}: {count:,} votes, and a table of rewards holds {LARGEST:,}; take a part of them"
        )
    rows = collected(log.path, votes.sort("row").select(one.alias(name) for name, one in made.items()))
    rows = rows.filter(pl.col("prompt").str.strip_chars() != "")
    several = rows.filter(pl.len().over("prompt") > 1)
    if several["prompt"].n_unique() < 2:
        raise EvidenceError(
            f"{log.path}: fewer than two users (or prompts) have two votes, so no reward can be compared within one"
        )
    return several, told
