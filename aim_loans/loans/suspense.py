"""The money in that is on no loan: what the ledger's suspense account must equal."""

from datetime import date
from typing import Any

from sqlalchemy import Select, func, select, true, union_all

from aim_loans.cash.models import money_in, number_series
from aim_loans.cash.operations import IMPORT_ACCOUNT
from aim_loans.cash.series import INCOME_OF_SERIES
from aim_loans.db.bulk import whole_sum
from aim_loans.ledger.chart import Account
from aim_loans.loans.models import loan_fact


def money_on_no_loan(until: date | None = None) -> Select[Any]:
    """Add up by branch and fund the money on no loan by a day (paisa; a liability: negative).

    Fees and gifts are income when they come in, and never wait; nor does an imported book.
    """
    original = money_in.alias("original")
    # What cancels money in has no number of its own.
    series_id = func.coalesce(money_in.c.series_id, original.c.series_id)
    came = (
        select(
            money_in.c.branch_code.label("branch"),
            money_in.c.fund_code.label("fund"),
            (-money_in.c.amount).label("amount"),
        )
        .outerjoin(original, original.c.id == money_in.c.reverses_id)
        .join(number_series, number_series.c.id == series_id)
        .where(money_in.c.account != IMPORT_ACCOUNT)
        .where(number_series.c.series.not_in(INCOME_OF_SERIES))
        .where(true() if until is None else money_in.c.received_on <= until)
    )
    applied = select(loan_fact.c.contra_branch, loan_fact.c.fund_code, loan_fact.c.amount).where(
        loan_fact.c.contra == Account.SUSPENSE,
        true() if until is None else loan_fact.c.value_on <= until,
    )
    both = union_all(came, applied).subquery("both")
    by = (both.c.branch, both.c.fund)
    return select(*by, whole_sum(both.c.amount).label("amount")).group_by(*by)
