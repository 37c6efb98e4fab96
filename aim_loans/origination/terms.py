"""What an application asks for, and the schedule that a payout on a day would give. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import date

from aim_loans.config.settings import Product
from aim_loans.errors import Refused
from aim_loans.loans.schedule import Holidays, Request, Schedule, ScheduleRules, build


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked for: principal in paisa."""

    product: str
    principal: int
    months: int
    sector: str
    purpose: str
    activity: str | None = None


def plan(terms: Terms, rules: ScheduleRules, *, paid_on: date, holidays: Holidays) -> Schedule:
    """Give the schedule of these terms, paid out on a day; Refused when none can be made."""
    request = Request(principal=terms.principal, disbursed_on=paid_on, months=terms.months)
    return build(request, rules, holidays)


def schedule_digest(schedule: Schedule) -> str:
    """Digest the instalments, so that another schedule than the acknowledged one shows."""
    rows = (f"{row.number} {row.due_on} {row.amount}" for row in schedule.instalments)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def check_months(terms: Terms, product: Product) -> None:
    """Refuse more months than any product runs, before a schedule of that length is built."""
    if terms.months > product.max_months:
        raise Refused(
            "This product runs {least} to {most} months.",
            field="months",
            least=product.min_months,
            most=product.max_months,
        )
