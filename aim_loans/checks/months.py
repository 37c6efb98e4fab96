"""Checks that closed months hold what was known when they were closed."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from aim_loans.config.rows import ConfigurationFault
from aim_loans.db.bulk import same_rows, whole_sum
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.allowance import is_posted, proposed
from aim_loans.portfolio.due import View
from aim_loans.portfolio.freezing import cells, frozen_loans
from aim_loans.portfolio.frozen_book import concurrent_are_whole
from aim_loans.portfolio.frozen_moves import moves_are_whole
from aim_loans.portfolio.frozen_standings import standings_are_whole
from aim_loans.portfolio.models import month_cell, month_close, month_loan
from aim_loans.portfolio.months import last_closed, newest_close
from aim_loans.portfolio.sources import Source


def months_are_whole(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """Each closed month has as many frozen loans, outstanding and in arrears, as it says."""
    sums = select(
        month_loan.c.close_id,
        func.count().filter(month_loan.c.disbursed > 0),
        whole_sum(month_loan.c.outstanding),
        whole_sum(month_loan.c.arrears),
    ).group_by(month_loan.c.close_id)
    frozen = {close_id: tuple(found) for close_id, *found in connection.execute(sums)}
    said = select(month_close).order_by(month_close.c.id)
    for row in connection.execute(said):
        found = frozen.pop(row.id, (0, 0, 0))
        if found != (row.loans, row.outstanding, row.arrears):
            yield f"month {row.month}, edition {row.edition}: its frozen loans were changed"
    for close_id in sorted(frozen):
        yield f"month_loan {close_id}: these frozen loans belong to no closed month"


def last_close_equals_facts(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """The month closed last is what all facts say at its cut, loan by loan and in its cells.

    Of earlier months only the sums are held to what was signed (`months_are_whole`): each would
    take as long as the whole book.
    """
    last = newest_close(connection)
    if last is None:
        return
    try:
        ladder = settings_in_force(connection, known_at=last.known_at).ladder_on(last.month)
    except ConfigurationFault as fault:
        yield str(fault)
        return
    view = View(last.month, last.known_at)
    facts = frozen_loans(last.id, Source.FACTS, view, ladder)
    stored = select(month_loan).where(month_loan.c.close_id == last.id)
    for one, other in ((stored, facts), (facts, stored)):
        wrong = one.except_(other).subquery("wrong")
        found = select(wrong.c.loan_id).order_by(wrong.c.loan_id)
        for (loan_id,) in connection.execute(found):
            yield f"month {last.month}: loan {loan_id} was frozen otherwise than its facts say"
    names = [c.name for c in month_cell.c if c.name not in ("id", "act_id")]
    kept = select(*(month_cell.c[name] for name in names)).where(month_cell.c.close_id == last.id)
    if not same_rows(connection, kept, cells(last.id, ladder)):
        yield f"month {last.month}: its cells are not the sums of its frozen loans"
    if not concurrent_are_whole(connection, last.id):
        yield f"month {last.month}: its borrowers with several loans are not those of its loans"
    if not standings_are_whole(connection, last.id):
        yield f"month {last.month}: its cohorts or persons are not those of its frozen loans"
    if not moves_are_whole(connection, last, ladder):
        yield f"month {last.month}: its groups, its flows or its ledger are not what facts say"


def allowance_equals_ladder(connection: Connection, _zone: ZoneInfo) -> Iterator[str]:
    """The allowance posted last is what the ladder asks for on that month's frozen loans."""
    last = last_closed(connection)
    if last is None or not is_posted(connection, last.id):
        return
    for each in proposed(connection, last):
        if each.amount:
            yield (
                f"month {last.month}: the allowance of branch {each.branch}, fund {each.fund} is "
                f"{each.held} paisa, its ladder asks for {each.needed}"
            )
