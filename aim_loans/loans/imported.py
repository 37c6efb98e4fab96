"""What the book holds already of what an imported file names; changes nothing."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, literal_column, select

from aim_loans.cash.models import money_in
from aim_loans.cash.operations import IMPORT_ACCOUNT
from aim_loans.db.bulk import texts_as_rows
from aim_loans.db.tables import to_micros
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import instalment, loan, loan_fact, schedule_version


class BookLoan(NamedTuple):
    """A loan of the book; `digest` is the fingerprint of the row it came from, if it did."""

    id: int
    fund: str
    digest: str | None


class BookMoney(NamedTuple):
    """Imported money as it came in; `loan_ref` is the loan it was first put on."""

    loan_ref: str
    received_on: date
    amount: int
    channel: str | None
    recorded_micros: int | None


class Ending(NamedTuple):
    """A waiver or write-off that the book holds, whether or not it was reversed since."""

    amount: int
    fund: str


def loans_in_book(connection: Connection, refs: Sequence[str]) -> dict[str, BookLoan]:
    """Give those of the references that are loans."""
    found = connection.execute(
        select(loan.c.ref, loan.c.id, loan.c.fund_code, loan.c.source_digest).where(
            loan.c.ref.in_(texts_as_rows(connection, refs))
        )
    )
    return {row[0]: BookLoan(*row[1:]) for row in found}


def money_in_book(connection: Connection, references: Sequence[str]) -> dict[str, BookMoney]:
    """Give those of the references under which an import brought money in.

    What was moved to another loan since, or cancelled, counts as it came in.
    """
    found = connection.execute(
        select(
            money_in.c.reference,
            loan.c.ref,
            money_in.c.received_on,
            money_in.c.amount,
            money_in.c.channel,
            money_in.c.source_recorded_at,
        )
        .join(loan_fact, loan_fact.c.money_in_id == money_in.c.id)
        .join(loan, loan.c.id == loan_fact.c.loan_id)
        .where(
            # Written out, so that both databases see that the index of such references will do.
            money_in.c.account == literal_column(f"'{IMPORT_ACCOUNT}'"),
            money_in.c.reference.in_(texts_as_rows(connection, references)),
        )
        .order_by(loan_fact.c.id.desc())
    )
    known: dict[str, BookMoney] = {}
    for reference, loan_ref, received_on, amount, channel, recorded in found:
        micros = None if recorded is None else to_micros(recorded)
        known[reference] = BookMoney(loan_ref, received_on, amount, channel, micros)
    return known


def endings_in_book(
    connection: Connection, loan_ids: Iterable[int]
) -> dict[tuple[int, str, date], Ending]:
    """Give the waivers and write-offs of loans by loan, kind and day."""
    found = connection.execute(
        select(
            loan_fact.c.loan_id,
            loan_fact.c.kind,
            loan_fact.c.value_on,
            loan_fact.c.amount,
            loan_fact.c.fund_code,
        ).where(
            loan_fact.c.loan_id.in_(list(loan_ids)),
            loan_fact.c.kind.in_([Kind.WAIVER, Kind.WRITE_OFF]),
            loan_fact.c.reverses_id.is_(None),
        )
    )
    return {(row[0], row[1], row[2]): Ending(row[3], row[4]) for row in found}


def first_schedules(
    connection: Connection, loan_ids: Iterable[int]
) -> dict[tuple[int, int], tuple[date, int]]:
    """Give due date and amount of each instalment as first agreed, by loan and number."""
    found = connection.execute(
        select(
            schedule_version.c.loan_id,
            instalment.c.number,
            instalment.c.due_on,
            instalment.c.amount,
        )
        .join(instalment, instalment.c.version_id == schedule_version.c.id)
        .where(schedule_version.c.loan_id.in_(list(loan_ids)), schedule_version.c.number == 1)
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in found}
