"""`seatrial ledger backtest`: another policy, held against what came of past releases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seatrial.cli.ledger import Where, ledger_at
from seatrial.cli.options import Json, print_json, say, status
from seatrial.cli.releases import ledger_app

__all__ = ["ledger_app"]


@ledger_app.command(
    "backtest", epilog="Example: seatrial ledger backtest stricter.yaml --html backtest.html --hold-days 5"
)
def ledger_backtest(
    policy_path: Annotated[Path, typer.Argument(metavar="POLICY", help="The policy to look back with.")],
    where: Where = None,
    clean_after: Annotated[
        int, typer.Option("--clean-after", min=1, max=3650, help="Days without an incident until a release is clean.")
    ] = 30,
    hold_days: Annotated[
        float | None,
        typer.Option("--hold-days", min=0, max=3650, help="Days that a hold lasts; else as holds in the ledger did."),
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as a page here.")] = None,
    advise: Annotated[
        Path | None,
        typer.Option("--advise", help="Write the policy here, its new gates advising until they have a track record."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what a policy would have decided for every past release, and what each signal has been worth.

    The stored observations of the reviews are weighed again; no model is called. A gate of which nothing was observed
    then is never a pass. Says nothing about whether anything may launch, so it ends with 0 whatever it finds.
    """
    from seatrial.backtest import backtest
    from seatrial.backtest.advise import told, write_advised
    from seatrial.backtest.page import write_page
    from seatrial.cli.output.backtest import backtest_json, backtest_summary
    from seatrial.policy import load_policy

    policy = load_policy(policy_path)
    with status("Weighing past releases") as step:
        found = backtest(ledger_at(where), policy, clean_after=clean_after, hold_days=hold_days, step=step)
    if html is not None:
        write_page(found, html)
    made = write_advised(policy_path, found, advise) if advise is not None else None
    if as_json:
        rule = None if made is None else {"advises": list(made.advises), "blocks": list(made.blocks)}
        print_json({**backtest_json(found), "rule": rule})
        return
    say(backtest_summary(found))
    if made is not None and advise is not None:
        say("\n" + "\n".join(told(made, advise)))
    if html is not None:
        say(f"\nPage: {html}")
