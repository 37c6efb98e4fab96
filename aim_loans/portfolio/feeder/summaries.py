"""The files that add loans up: by class, by gender, by programme."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    func,
    literal_column,
    select,
    union_all,
)

from aim_loans.db.bulk import whole_sum
from aim_loans.ledger.chart import Account
from aim_loans.ledger.models import journal_line
from aim_loans.loans.facts import Kind
from aim_loans.loans.models import loan_fact
from aim_loans.money import Ratio
from aim_loans.origination.models import programme
from aim_loans.portfolio.cells import Kept, kept_loans
from aim_loans.portfolio.due import sum_where
from aim_loans.portfolio.feeder.asked import AskedMonth
from aim_loans.portfolio.feeder.counted import counted_loans
from aim_loans.portfolio.provisions import BASIS_POINTS
from aim_loans.portfolio.sources import source_for
from aim_loans.value_words import WORDS

# The dimensions of the classification, in the order of the file, with their columns.
_DIMENSIONS = {
    "whole": None,
    "branch": "branch_code",
    "district": "district",
    "programme": "programme_code",
    "product": "product_code",
    "sector": "sector",
    "gender": "gender",
    "urban_rural": "urban_rural",
}
_OF_LOAN = [name for name in _DIMENSIONS.values() if name]
_CASH = (Account.VAULT, Account.CASH_WITH_OFFICER, Account.BANK)
_GIVEN = (Account.FUND_CAPITAL, Account.DONATIONS, Account.IMPORT_OPENING)

Row = tuple[Any, ...]


def classification_rows(connection: Connection, asked: AskedMonth) -> Iterator[Row]:
    """Give loans, borrowers and amounts (paisa) by dimension, value and class."""
    loans = counted_loans(connection, asked, _OF_LOAN)
    parts: list[Select[Any]] = []
    for place, column in enumerate(_DIMENSIONS.values()):
        value = loans.c[column] if column else literal_column("NULL", Text)
        parts.append(
            select(
                literal_column(str(place), Integer).label("place"),
                value.label("value"),
                loans.c.level,
                func.count().label("loans"),
                whole_sum(loans.c.by_class).label("borrowers"),
                *(whole_sum(loans.c[name]) for name in ("outstanding", "arrears", "provision")),
            )
            .where(loans.c.active == 1)
            .group_by(*([value] if column else []), loans.c.level)
        )
    found = connection.execute(union_all(*parts)).all()
    names, classes = list(_DIMENSIONS), asked.ladder.classes
    for place, value, level, *sums in sorted(found, key=lambda row: (row[0], row[1] or "", row[2])):
        *amounts, provision = sums
        rate = Ratio(classes[level].provision_bps, BASIS_POINTS)
        yield (asked.day, names[place], value, classes[level].name, *amounts, rate, provision)


def gender_rows(connection: Connection, asked: AskedMonth) -> Iterator[Row]:
    """Give every gender with its borrowers, what was lent to them and what they owe (paisa)."""
    loans = counted_loans(connection, asked, ["gender"])
    of_month = loans.c.of_month == 1
    statement = select(
        loans.c.gender,
        whole_sum(loans.c.first_of_borrower * loans.c.of_month),
        *(whole_sum(loans.c[name]) for name in ("by_size", "active", "of_month")),
        sum_where(loans.c.disbursed, of_month),
        *(whole_sum(loans.c[name]) for name in ("outstanding", "over30")),
    ).group_by(loans.c.gender)
    found = {gender: sums for gender, *sums in connection.execute(statement)}
    rows = {gender: found.get(gender, [0] * 7) for gender in WORDS["gender"]}
    new, active = (sum(row[place] for row in rows.values()) for place in (0, 1))
    for gender, (first, borrowers, count, lent, amount, owed, late) in rows.items():
        yield (
            *(asked.day, gender, first, _share(first, new)),
            *(borrowers, _share(borrowers, active)),
            *(count, lent, amount, owed, late, _share(late, owed)),
        )


def programme_rows(connection: Connection, asked: AskedMonth) -> Iterator[Row]:
    """Give every programme with what was lent, owed, received and ended, and its fund (paisa)."""
    lent, funds = _by_programme(connection, asked), _funds(connection, asked)
    known = select(programme.c.code, programme.c.name, programme.c.fund_code)
    for code, name, fund in connection.execute(known.order_by(programme.c.code)):
        one = lent.get(code, {})
        yield (
            *(asked.day, code, name, fund, None),
            *(one.get(name, 0) for name in _OF_PROGRAMME[:_BEFORE_RATIO]),
            _share(one.get("over30", 0), one.get("outstanding", 0)),
            *(one.get(name, 0) for name in _OF_PROGRAMME[_BEFORE_RATIO:]),
            *funds.get(fund, (0, 0)),
        )


# The sums of a programme in the order of the file; a ratio stands after `over30`.
_OF_PROGRAMME = (
    *("lent_in_month", "amount_in_month", "lent", "disbursed", "by_size", "active"),
    *("outstanding", "due", "paid", "receipt", "arrears", "over30"),
    *("waiver", "waived", "write_off", "written_off"),
)
_BEFORE_RATIO = _OF_PROGRAMME.index("over30") + 1


def _by_programme(connection: Connection, asked: AskedMonth) -> Mapping[str, Mapping[str, int]]:
    loans = counted_loans(connection, asked, ["programme_code"])
    sums: dict[str, ColumnElement[int]] = {
        "lent_in_month": whole_sum(loans.c.of_month),
        "amount_in_month": sum_where(loans.c.disbursed, loans.c.of_month == 1),
        "lent": func.count(),
        **{name: whole_sum(loans.c[name]) for name in _OF_PROGRAMME if name in loans.c},
    }
    statement = select(
        loans.c.programme_code, *(column.label(name) for name, column in sums.items())
    ).group_by(loans.c.programme_code)
    rows = connection.execute(statement).mappings()
    moved = _moved(connection, asked)
    return {row["programme_code"]: {**row, **moved.get(row["programme_code"], {})} for row in rows}


def _moved(connection: Connection, asked: AskedMonth) -> Mapping[str, Mapping[str, int]]:
    """Sum what was received, waived and written off in the month, by programme and kind."""
    view, fact = asked.view, loan_fact
    loans = kept_loans(source_for(connection, view), view, ["programme"], Kept()).subquery()
    statement = (
        select(loans.c.programme, fact.c.kind, whole_sum(fact.c.amount))
        .join(fact, fact.c.loan_id == loans.c.loan_id)
        .where(
            fact.c.kind.in_((Kind.RECEIPT, Kind.WAIVER, Kind.WRITE_OFF)),
            fact.c.value_on >= asked.first,
            view.counts(fact),
        )
        .group_by(loans.c.programme, fact.c.kind)
    )
    moved: dict[str, dict[str, int]] = defaultdict(dict)
    for code, kind, amount in connection.execute(statement):
        moved[code][kind] = amount
    return moved


def _funds(connection: Connection, asked: AskedMonth) -> Mapping[str, tuple[int, int]]:
    """Give what each fund received, and what of it lies in cash and bank, by the ledger."""
    line = journal_line

    def net(accounts: tuple[Account, ...]) -> ColumnElement[int]:
        debits = sum_where(line.c.amount, line.c.debit.in_(accounts))
        return debits - sum_where(line.c.amount, line.c.credit.in_(accounts))

    statement = (
        select(line.c.fund_code, -net(_GIVEN), net(_CASH))
        .where(asked.view.counts(line))
        .group_by(line.c.fund_code)
    )
    return {fund: (given, cash) for fund, given, cash in connection.execute(statement)}


def _share(part: int, whole: int) -> Ratio | None:
    return Ratio(part, whole) if whole else None
