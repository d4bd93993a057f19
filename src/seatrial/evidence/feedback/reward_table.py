"""A log as a table of rewards: what would training on these thumbs pull on?

`seatrial rewards audit` compares completions of one prompt. A log with a column of prompts is grouped by it. Without
one, the votes in one use case of a part of the users stand for the completions of one prompt, and the part, drawn by
hashes, is the cluster: users are independent, so parts of them are.
"""

from __future__ import annotations

import polars as pl

from seatrial.errors import EvidenceError
from seatrial.evidence.feedback.log import Log, collected

__all__ = ["reward_table"]

LARGEST = 5_000_000
"""Votes that the table may hold."""
EACH, PARTS = 10, 200
"""Votes that stand for the completions of one prompt, in the mean, and parts of the users at most."""


def reward_table(log: Log) -> tuple[pl.DataFrame, str]:
    """Return the votes of a log as `seatrial rewards audit` reads them, and how they were grouped, in a sentence.

    Columns: `prompt`, `reward/thumbs` (1 up, 0 down), and as far as the log has them `completion`, its `behavior/…`,
    and `behavior/benefit`. Without prompts also `cluster`, the part of the users, and `use_case`.

    Raises:
        EvidenceError: the log has nothing that thumbs could pull on, no two prompts with two votes, or too many votes.
    """
    own = [name for name in log.frame.collect_schema().names() if name.startswith("=behavior/")]
    made = {"reward/thumbs": pl.col("up").cast(pl.Float64)}
    votes = log.frame.filter(pl.col("vote") > 0)
    if "prompt" in log.names:
        made |= {"prompt": pl.col(f"={log.names['prompt']}").cast(pl.String)}
        told = "Completions of one prompt are compared with each other."
    else:
        case = pl.col("use_case").fill_null("all conversations")
        parts = _parts(log, votes, case)
        part = (pl.col("user") % parts).cast(pl.String)
        made |= {"prompt": pl.format("{} · users {}", case, part), "cluster": part, "use_case": case}
        told = f"Without a column of prompts, votes in one use case of one of {parts} parts of the users are compared."
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
            f"{log.path}: fewer than two prompts (or users) have two votes, so no reward can be compared within one"
        )
    return several, told


def _parts(log: Log, votes: pl.LazyFrame, case: pl.Expr) -> int:
    """Return into how many parts users are put, so that each has some votes in each use case whose benefit is known."""
    graded = votes.filter(pl.col("benefit").is_not_null()) if "benefit" in log.names else votes
    found = collected(log.path, graded.select(pl.len(), case.n_unique().alias("cases")))
    count, cases = int(found["len"][0]), max(int(found["cases"][0]), 1)
    return max(2, min(PARTS, count // (EACH * cases)))
