"""The command `aim-loans close`."""

from datetime import date

import click

from aim_loans.cli.door import MONTH, Door
from aim_loans.db.engine import cutting, reading
from aim_loans.identity.permissions import Deed, require
from aim_loans.portfolio.closing import CloseMonth, close_month, readiness


@click.command("close")
@click.option("--month", required=True, type=MONTH, help="The month, for example 2026-10.")
@click.option("--check", is_flag=True, help="Only say what stands against it.")
@click.pass_obj
def close(door: Door, *, month: date, check: bool) -> None:
    """Close a month: freeze its book, and lock its days. To reopen it takes two people."""
    require(door.actor, Deed.CLOSE_MONTH, branch=None)
    with reading(door.ready_engine) as connection:
        found = readiness(connection, month)
    for finding in (*found.faults, *found.warnings):
        door.note(finding.message, **finding.values)
    if check:
        if found.faults:
            raise SystemExit(1)
        return
    with cutting(door.engine, audit_key=door.audit_key) as tx:
        closed = close_month(tx, CloseMonth(month), actor=door.actor, today=door.today)
    door.note(
        "The month that ends on {day} is closed: edition {edition}, cut {cut}, {count} active "
        "loans.",
        day=closed.month,
        edition=closed.edition,
        cut=closed.cut_id,
        count=f"{closed.active_loans:,}",
    )
    click.echo(closed.seal)
