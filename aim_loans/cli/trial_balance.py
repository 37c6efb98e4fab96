"""The command `aim-loans trial-balance`."""

import sys
from collections.abc import Iterable
from datetime import date

import click

from aim_loans.cells import Column, Row
from aim_loans.cli.door import DAY, Door, known_at_moment
from aim_loans.db.engine import reading
from aim_loans.identity.permissions import Deed, require
from aim_loans.ledger.chart import Account
from aim_loans.ledger.queries import TrialLine, trial_lines
from aim_loans.portfolio.output import FORMATS, write_rows

GROUPS = ("fund", "branch")


@click.command("trial-balance")
@click.option("--as-of", required=True, type=DAY, help="The day D, by the days of booking.")
@click.option("--known-at", help="The moment K: ISO with offset, or a day's end in Karachi.")
@click.option("--by", "group", type=click.Choice(GROUPS), default="fund", show_default=True)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table")
@click.pass_obj
def trial_balance_command(
    door: Door, *, as_of: date, known_at: str | None, group: str, form: str
) -> None:
    """Print what each account holds; what is dated by the day and booked later stands beside."""
    require(door.actor, Deed.VERIFY, branch=None)
    moment = known_at_moment(door, known_at)
    with reading(door.ready_engine) as connection:
        lines = trial_lines(connection, day=as_of, known_at=moment)
    amounts = [Column(name, "amount") for name in ("booked", "booked_later", "restated")]
    rows = _added_up(lines, group)
    sums = (sum(row[place] for row in rows) for place in (2, 3, 4))
    write_rows(
        rows,
        [Column("account", "text"), Column(group, "text"), *amounts],
        form=form,
        stream=sys.stdout,
        words=door.words,
        total=(door.words.heading("total"), "", *sums),
        grouping=door.settings.currency.grouping,
    )
    door.note("Amounts in rupees; a credit balance is negative.")


def _added_up(lines: Iterable[TrialLine], group: str) -> list[Row]:
    """Add lines up by account and group, in the order of the chart; nothing where all is 0."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for line in lines:
        key = (line.account, getattr(line, group))
        booked, later = sums.get(key, (0, 0))
        sums[key] = (booked + line.booked, later + line.booked_later)
    chart = [account.value for account in Account]
    return [
        (*key, booked, later, booked + later)
        for key, (booked, later) in sorted(
            sums.items(), key=lambda each: (chart.index(each[0][0]), each[0][1])
        )
        if booked or later
    ]
