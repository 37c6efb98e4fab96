"""The database itself keeps the rules of facts, whoever writes to it."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Row, Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from aim_loans.borrowers.complaints import CATEGORIES, OUTCOMES
from aim_loans.borrowers.complaints import CHANNELS as COMPLAINT_CHANNELS
from aim_loans.borrowers.consents import MANNERS
from aim_loans.borrowers.enterprises import LISTED, RUN_BY
from aim_loans.borrowers.models import (
    complaint,
    complaint_step,
    consent,
    enterprise,
    enterprise_review,
    referral,
)
from aim_loans.cash.models import money_in
from aim_loans.checks.tables import all_tables
from aim_loans.config.settings import CHANNELS, SECTOR_KEYS
from aim_loans.db.engine import is_postgresql
from aim_loans.db.tables import to_micros
from aim_loans.identity.models import staff_grant
from aim_loans.identity.permissions import Role
from aim_loans.ledger.models import journal_line
from aim_loans.loans.models import instalment, loan, loan_fact, schedule_version
from aim_loans.loans.schedule import from_rows
from aim_loans.mou.models import survey_answer, training
from aim_loans.mou.partner_models import sent_referral
from aim_loans.origination.committee import RANKS
from aim_loans.origination.models import acknowledgement, application_step
from aim_loans.repayment.models import backdating_request, ending_request
from aim_loans.repayment.receivable import PAYERS
from aim_loans.texts import LANGUAGES
from tests.book import TODAY, Book
from tests.lived import PRINCIPAL

DAY = timedelta(days=1)
APPEND_ONLY = sorted(
    table.name
    for table in all_tables().sorted_tables
    if "fact" in table.info or table.info.get("append_only")
)


@pytest.fixture
def connection(lived: Book) -> Iterator[Connection]:
    """A transaction of nobody's, rolled back at the end."""
    immediate = lived.engine.execution_options(sqlite_begin="IMMEDIATE")
    with immediate.connect() as opened, opened.begin() as transaction:
        yield opened
        transaction.rollback()


def expect_refused(connection: Connection, statement: Any, sentence: str = "") -> None:
    """Expect the database to refuse, in its own words where they are given."""
    with pytest.raises(DBAPIError) as caught, connection.begin_nested():
        connection.execute(statement)
    assert sentence in str(caught.value)


def expect_accepted(connection: Connection, statement: Any) -> None:
    """Expect the database to accept; the row is taken out again."""
    inner = connection.begin_nested()
    connection.execute(statement)
    inner.rollback()


def one(connection: Connection, table: Table, **wanted: Any) -> Row[Any]:
    """Give the first row with these values."""
    rows = select(table).order_by(*table.primary_key.columns)
    return connection.execute(
        rows.where(*(table.c[name] == value for name, value in wanted.items())).limit(1)
    ).one()


def fact(connection: Connection, ref: str, kind: str) -> Row[Any]:
    """Give the first fact of a kind on a loan."""
    wanted = select(loan_fact).join(loan, loan.c.id == loan_fact.c.loan_id)
    mine = wanted.where(loan.c.ref == ref, loan_fact.c.kind == kind)
    return connection.execute(mine.order_by(loan_fact.c.id).limit(1)).one()


def copy_of(row: Row[Any], table: Table, **other: Any) -> Any:
    """Insert a copy of a row under a new id, with other values in some columns."""
    values: Mapping[str, Any] = {**row._asdict(), "id": 9_000_000, **other}
    return insert(table).values(**values)


def opposite(row: Row[Any], **other: Any) -> Any:
    """Insert the reversal of a fact, with other values in some columns."""
    return copy_of(row, loan_fact, **{"amount": -row.amount, "reverses_id": row.id, **other})


def money_again(connection: Connection, **other: Any) -> int:
    """Insert money of one's own to apply; gives its id."""
    row = one(connection, money_in, reverses_id=None)
    series = {"id": 8_000_000, "number": 900, "reference": None, **other}
    connection.execute(copy_of(row, money_in, **series))
    return int(series["id"])


# Nothing is changed


@pytest.mark.parametrize("name", APPEND_ONLY)
def test_no_row_is_changed_or_deleted(connection: Connection, name: str) -> None:
    table = all_tables().tables[name]
    assert connection.execute(select(func.count()).select_from(table)).scalar_one() > 0
    sentence = f"rows of {name} are never changed"
    for column in table.columns:
        expect_refused(connection, table.update().values({column: column}), sentence)
    expect_refused(connection, table.delete(), sentence)
    first = one(connection, table)
    keys = [column == getattr(first, column.name) for column in table.primary_key.columns]
    expect_refused(connection, table.delete().where(*keys), sentence)
    if is_postgresql(connection):
        expect_refused(connection, text(f"TRUNCATE {name} CASCADE"), "are never changed")


def test_every_table_of_facts_is_append_only() -> None:
    assert {"money_in", "loan_fact", "journal_line", "instalment", "loan"} <= set(APPEND_ONLY)
    assert {"act", "audit_entry", "cut", "loan_dimension"} <= set(APPEND_ONLY)
    changing = {table.name for table in all_tables().sorted_tables} - set(APPEND_ONLY)
    assert {"loan_position", "number_series", "audit_chain"} <= changing


# Columns whose values come from a list


@pytest.mark.parametrize(
    ("column", "listed", "beside"),
    [
        (acknowledgement.c.language, LANGUAGES, {}),
        (application_step.c.rank, RANKS, {"taken_by": "somebody else"}),
        (backdating_request.c.channel, CHANNELS, {}),
        (backdating_request.c.payer, PAYERS, {}),
        (complaint.c.category, CATEGORIES, {}),
        (complaint.c.channel, COMPLAINT_CHANNELS, {}),
        (complaint_step.c.outcome, OUTCOMES, {"kind": "closed"}),
        (consent.c.manner, MANNERS, {}),
        (ending_request.c.channel, CHANNELS, {"kind": "refund", "amount": 1}),
        (enterprise.c.sector, SECTOR_KEYS, {}),
        *((enterprise_review.c[name], values, {}) for name, values in LISTED.items()),
        (staff_grant.c.role, tuple(Role), {}),
        (survey_answer.c.run_by, RUN_BY, {}),
    ],
    ids=lambda given: str(given) if isinstance(given, Column) else "",
)
def test_a_column_holds_what_its_list_names_and_nothing_else(
    connection: Connection, column: Column[Any], listed: tuple[str, ...], beside: dict[str, Any]
) -> None:
    table = column.table
    row = one(connection, table)
    for value in listed:
        expect_accepted(connection, copy_of(row, table, **beside, **{column.name: value}))
    expect_refused(
        connection, copy_of(row, table, **beside, **{column.name: "unlisted"}), f"ck_{table.name}_"
    )


# Reversals


@pytest.mark.parametrize(
    "other",
    [
        {"amount": -1},
        {"amount": -500_01},
        {"kind": "recovery"},
        {"fund_code": "women"},
        {"money_in_id": 2},
        {"loan_id": 2},
        {"value_on": TODAY - DAY},
        {"reverses_id": 7_000_000},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_reversal_is_the_exact_opposite(connection: Connection, other: dict[str, Any]) -> None:
    receipt = fact(connection, "L1", "receipt")
    expect_accepted(connection, opposite(receipt))
    expect_accepted(connection, opposite(receipt, value_on=receipt.value_on + 5 * DAY))
    expect_refused(connection, opposite(receipt, **other), "not the exact opposite")


def test_a_reversal_is_negative_and_all_else_positive(connection: Connection) -> None:
    receipt = fact(connection, "L1", "receipt")
    expect_refused(connection, opposite(receipt, amount=receipt.amount))
    expect_refused(connection, opposite(receipt, reverses_id=None))
    expect_refused(connection, copy_of(receipt, loan_fact, amount=0))
    expect_refused(connection, opposite(receipt, amount=0))


def test_a_fact_is_reversed_once_and_a_reversal_never(connection: Connection) -> None:
    receipt = fact(connection, "L1", "receipt")
    connection.execute(opposite(receipt))
    expect_refused(connection, opposite(receipt, id=9_000_001))
    reversal = one(connection, loan_fact, id=9_000_000)
    again = {"id": 9_000_002, "amount": -reversal.amount, "reverses_id": reversal.id}
    expect_refused(connection, copy_of(reversal, loan_fact, **again))
    again["amount"] = reversal.amount
    expect_refused(connection, copy_of(reversal, loan_fact, **again), "not the exact opposite")


# What the state of a loan allows


@pytest.mark.parametrize(
    ("ref", "kind", "allowed"),
    [
        ("L1", "receipt", True),
        ("L1", "recovery", False),
        ("L1", "credit", False),
        ("L2", "receipt", False),
        ("L2", "recovery", True),
        ("L2", "credit", False),
        ("L3", "receipt", False),
        ("L3", "recovery", False),
        ("L3", "credit", True),
        ("L4", "receipt", False),
        ("L4", "recovery", False),
        ("L4", "credit", False),
        ("L5", "receipt", True),
    ],
)
def test_money_is_what_the_loan_says(
    connection: Connection, ref: str, kind: str, *, allowed: bool
) -> None:
    model = fact(connection, "L1", "receipt")
    money, loan_id = money_again(connection), one(connection, loan, ref=ref).id
    row = copy_of(model, loan_fact, loan_id=loan_id, kind=kind, money_in_id=money)
    if allowed:
        expect_accepted(connection, row)
    else:
        expect_refused(connection, row, "the state of the loan does not allow")


@pytest.mark.parametrize("kind", ["waiver", "write_off"])
@pytest.mark.parametrize(
    ("ref", "allowed"), [("L1", True), ("L2", False), ("L3", False), ("L4", False)]
)
def test_a_loan_ends_once(connection: Connection, kind: str, ref: str, *, allowed: bool) -> None:
    model = fact(connection, "L2", "write_off")
    loan_id = one(connection, loan, ref=ref).id
    row = copy_of(model, loan_fact, loan_id=loan_id, kind=kind, amount=1)
    if allowed:
        expect_accepted(connection, row)
    else:
        expect_refused(connection, row, "the state of the loan does not allow")


def test_an_end_taken_back_opens_the_loan_again(connection: Connection) -> None:
    lost, receipt = fact(connection, "L2", "write_off"), fact(connection, "L1", "receipt")
    money = money_again(connection)
    row = copy_of(receipt, loan_fact, id=9_000_001, loan_id=lost.loan_id, money_in_id=money)
    expect_refused(connection, row, "the state of the loan does not allow")
    connection.execute(opposite(lost))
    expect_accepted(connection, row)


def test_nothing_happens_before_the_loan_was_paid_out(connection: Connection) -> None:
    paid_out, receipt = fact(connection, "L1", "disbursement"), fact(connection, "L1", "receipt")
    money = money_again(connection)
    on_the_day = copy_of(receipt, loan_fact, money_in_id=money, value_on=paid_out.value_on)
    before = copy_of(receipt, loan_fact, money_in_id=money, value_on=paid_out.value_on - DAY)
    expect_accepted(connection, on_the_day)
    expect_refused(connection, before, "the state of the loan does not allow")


@pytest.mark.parametrize("kind", ["receipt", "recovery", "credit"])
def test_money_kinds_name_their_money_and_others_none(connection: Connection, kind: str) -> None:
    receipt = fact(connection, "L1", "receipt")
    expect_refused(connection, copy_of(receipt, loan_fact, kind=kind, money_in_id=None))
    expect_refused(connection, copy_of(receipt, loan_fact, kind="write_off"))


# Paying out


def test_a_loan_is_paid_out_once(connection: Connection) -> None:
    paid_out = fact(connection, "L1", "disbursement")
    for amount in (PRINCIPAL, 1):
        row = copy_of(paid_out, loan_fact, amount=amount)
        expect_refused(connection, row, "a loan is paid out once")


def test_no_more_than_the_principal_is_paid_out(connection: Connection) -> None:
    paid_out, agreed = fact(connection, "L1", "disbursement"), one(connection, loan, ref="L4")
    expect_accepted(connection, copy_of(paid_out, loan_fact, loan_id=agreed.id))
    row = copy_of(paid_out, loan_fact, loan_id=agreed.id, amount=PRINCIPAL + 1)
    expect_refused(connection, row, "a loan is paid out once")


def test_a_disbursement_taken_back_may_be_made_again(connection: Connection) -> None:
    paid_out = fact(connection, "L1", "disbursement")
    connection.execute(opposite(paid_out))
    expect_accepted(connection, copy_of(paid_out, loan_fact, id=9_000_001))


@pytest.mark.parametrize("amounts", [(PRINCIPAL - 1,), (PRINCIPAL, 1), ()])
def test_a_schedule_that_does_not_sum_pays_nothing_out(
    connection: Connection, amounts: tuple[int, ...]
) -> None:
    agreed, paid_out = one(connection, loan, ref="L1"), fact(connection, "L1", "disbursement")
    version = one(connection, schedule_version, loan_id=agreed.id)
    connection.execute(copy_of(agreed, loan, ref="L9"))
    connection.execute(copy_of(version, schedule_version, loan_id=9_000_000))
    total = 0
    for number, amount in enumerate(amounts, start=1):
        total += amount
        row = (9_000_000, number, date(2025, 3, number), amount, total)
        connection.execute(insert(instalment).values(row))
    row = copy_of(paid_out, loan_fact, loan_id=9_000_000)
    expect_refused(connection, row, "a schedule that sums to its principal")


@pytest.mark.parametrize(("amount", "due_total"), [(0, 0), (-1, 5), (5, 4)])
def test_an_instalment_is_above_zero(connection: Connection, amount: int, due_total: int) -> None:
    version = one(connection, schedule_version)
    row = (version.id, 99, TODAY, amount, due_total)
    expect_refused(connection, insert(instalment).values(row))


def test_a_given_schedule_of_another_sum_is_refused_before_it_is_written() -> None:
    with pytest.raises(Exception, match="sum to"):
        from_rows(PRINCIPAL, [(1, date(2025, 3, 1), PRINCIPAL - 1)])


# Money


def test_no_more_is_applied_than_came_in(connection: Connection) -> None:
    receipt = fact(connection, "L1", "receipt")
    money = money_again(connection, amount=1_000_00)
    first = copy_of(receipt, loan_fact, money_in_id=money, amount=1_000_00)
    expect_accepted(connection, first)
    expect_refused(
        connection,
        copy_of(receipt, loan_fact, money_in_id=money, amount=1_000_01),
        "more is applied than came in",
    )
    connection.execute(first)
    second = copy_of(receipt, loan_fact, id=9_000_001, money_in_id=money, amount=1)
    expect_refused(connection, second, "more is applied than came in")
    connection.execute(opposite(one(connection, loan_fact, id=9_000_000), id=9_000_002))
    expect_accepted(connection, second)


def test_cancelled_money_is_not_applied(connection: Connection) -> None:
    cancelled = connection.execute(
        select(money_in.c.reverses_id).where(money_in.c.reverses_id.is_not(None))
    ).scalar_one()
    receipt = fact(connection, "L1", "receipt")
    row = copy_of(receipt, loan_fact, money_in_id=cancelled, amount=1)
    expect_refused(connection, row, "more is applied than came in")


def cancelling(row: Row[Any], **other: Any) -> Any:
    """Insert the row that cancels money in, with other values in some columns."""
    plain = {"amount": -row.amount, "number": None, "series_id": None, "reference": None}
    return copy_of(row, money_in, **{**plain, "reverses_id": row.id, **other})


@pytest.mark.parametrize(
    "other",
    [
        {"amount": -1},
        {"branch_code": "MUL-01"},
        {"fund_code": "women"},
        {"received_on": TODAY - DAY},
        {"reverses_id": 7_000_000},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_cancellation_is_the_opposite_of_its_money(
    connection: Connection, other: dict[str, Any]
) -> None:
    money = one(connection, money_in, reverses_id=None)
    expect_accepted(connection, cancelling(money))
    expect_refused(connection, cancelling(money, **other), "not the opposite of its money in")


def test_money_is_cancelled_once_and_keeps_its_number(connection: Connection) -> None:
    money = one(connection, money_in, reverses_id=None)
    expect_refused(connection, cancelling(money, number=77))
    expect_refused(connection, cancelling(money, amount=money.amount))
    connection.execute(cancelling(money))
    expect_refused(connection, cancelling(money, id=9_000_001))
    back = one(connection, money_in, id=9_000_000)
    expect_refused(connection, cancelling(back, id=9_000_002, amount=-1), "not the opposite")


@pytest.mark.parametrize("amount", [0, -1])
def test_money_that_comes_in_is_above_zero(connection: Connection, amount: int) -> None:
    money = one(connection, money_in, reverses_id=None)
    expect_refused(connection, copy_of(money, money_in, number=900, amount=amount))


def test_a_number_is_given_out_once_and_always(connection: Connection) -> None:
    money = one(connection, money_in, reverses_id=None)
    expect_refused(connection, copy_of(money, money_in))
    expect_refused(connection, copy_of(money, money_in, number=None))
    expect_accepted(connection, copy_of(money, money_in, number=900))


def test_a_reference_comes_in_once_an_account_and_channel(connection: Connection) -> None:
    known = {"channel": "raast", "account": "HBL", "reference": "R-1"}
    money_again(connection, **known)
    money = one(connection, money_in, id=8_000_000)
    again = {"id": 8_000_001, "number": 901}
    expect_refused(connection, copy_of(money, money_in, **again))
    expect_accepted(connection, copy_of(money, money_in, **again, account="MCB"))
    expect_accepted(connection, copy_of(money, money_in, **again, channel="bank"))
    expect_accepted(connection, copy_of(money, money_in, **again, reference="R-2"))


def test_an_imported_reference_comes_in_once_whatever_its_channel(connection: Connection) -> None:
    money_again(connection, channel="raast", account="import", reference="R-1")
    money = one(connection, money_in, id=8_000_000)
    again = {"id": 8_000_001, "number": 901}
    for channel in ("cash", None):
        expect_refused(connection, copy_of(money, money_in, **again, channel=channel))
    expect_accepted(connection, copy_of(money, money_in, **again, account="HBL"))


# Journal lines


@pytest.mark.parametrize(
    "other",
    [
        {"amount": 0},
        {"amount": -1},
        {"credit": "suspense", "debit": "suspense"},
        {"debit": "petty cash"},
        {"credit": "petty cash"},
        {"branch_code": "nowhere"},
        {"fund_code": "nobody's"},
        {"booked_on": date(2020, 1, 1)},
        {"source": "thin air"},
        {"amount": None},
        {"act_id": 7_000_000},
    ],
    ids=str,
)
def test_a_line_moves_an_amount_between_two_accounts(
    connection: Connection, other: dict[str, Any]
) -> None:
    line = one(connection, journal_line)
    expect_accepted(connection, copy_of(line, journal_line))
    expect_refused(connection, copy_of(line, journal_line, **other))


def test_no_line_can_be_out_of_balance(connection: Connection) -> None:
    """One amount, one account to debit, one to credit, one branch and fund: all required."""
    columns: Mapping[str, Column[Any]] = dict(journal_line.columns.items())
    required = ("amount", "debit", "credit", "branch_code", "fund_code", "value_on")
    assert not any(columns[name].nullable for name in required)
    assert [name for name in columns if "amount" in name] == ["amount"]
    lines = connection.execute(select(journal_line)).all()
    assert {line.debit == line.credit for line in lines} == {False}


# Codes of SMEDA


@pytest.mark.parametrize(
    ("table", "standing", "taken_back"),
    [(referral, "S-1", "S-7"), (sent_referral, "S-9", "S-8"), (training, "S-3", "T-8")],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_code_of_smeda_stands_once_until_it_is_taken_back(
    connection: Connection, table: Table, standing: str, taken_back: str
) -> None:
    row = one(connection, table, smeda_code=standing)
    expect_refused(connection, copy_of(row, table), "a code of SMEDA stands once")
    again = copy_of(one(connection, table, smeda_code=taken_back), table)
    expect_accepted(connection, again)
    connection.execute(again)
    more = copy_of(one(connection, table, id=9_000_000), table, id=9_000_001)
    expect_refused(connection, more, "a code of SMEDA stands once")


# A row is not replaced either


def test_a_row_is_not_replaced_under_its_own_key(connection: Connection) -> None:
    """SQLite's INSERT OR REPLACE deletes; PostgreSQL's upsert updates."""
    row = one(connection, journal_line)
    names = [column.name for column in journal_line.columns]
    into = f"journal_line ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"
    statement = f"INSERT OR REPLACE INTO {into}"
    if is_postgresql(connection):
        statement = f"INSERT INTO {into} ON CONFLICT (id) DO UPDATE SET amount = 1"
    values = {**row._asdict(), "amount": 1, "recorded_at": to_micros(row.recorded_at)}
    expect_refused(connection, text(statement).bindparams(**values), "never changed")
