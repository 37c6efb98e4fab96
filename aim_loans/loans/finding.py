"""Finding borrowers and loans from one box, and persons who may be one; changes nothing.

Somebody finds the persons registered at a branch within reach, and those with a loan there.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from aim_loans.borrowers.details import PersonDetails
from aim_loans.borrowers.identifiers import CNIC_DIGITS
from aim_loans.borrowers.mobile import parse_mobile
from aim_loans.borrowers.models import person, person_name_key
from aim_loans.borrowers.spelling import name_keys, same_name
from aim_loans.cash.models import money_in, number_series
from aim_loans.db.bulk import whole_sum
from aim_loans.errors import Refused
from aim_loans.loans.models import loan, loan_fact, loan_position

MOST_FOUND = 20
# So many persons of one word, or of one reach, are looked at; more are told to write more.
MOST_LOOKED_AT = 10_000
MOST_COMPARED = 2_000
_RECEIPT_NUMBER = re.compile(r"([^/]+)/([^/]+)/(\d{4})/(\d{1,9})")
# Sorts after every letter of a key.
_LAST_LETTER = "\U0010ffff"

Branches = frozenset[str] | None


class FoundBorrower(NamedTuple):
    """A person in a list: the loans that run at branches within reach, and their sum (paisa)."""

    person_id: int
    name: str
    father_or_husband_name: str | None
    cnic: str | None
    branch_code: str | None
    running: int
    outstanding: int


class Found(NamedTuple):
    """What one search found: a loan by its number, or borrowers; `more` when there are others."""

    loan_ids: Sequence[int]
    borrowers: Sequence[FoundBorrower]
    more: bool = False


class _Looked(NamedTuple):
    """Persons to look at, and whether there are others."""

    ids: Select[Any]
    more: bool


def find(connection: Connection, wanted: str, *, branches: Branches) -> Found:
    """Find by loan or receipt number, CNIC, mobile, or name in either script.

    Only what these branches hold is found (None: all), 20 at most.
    """
    loan_ids = _loans_numbered(connection, wanted, branches)
    if len(loan_ids) == 1:
        return Found(loan_ids, ())
    if loan_ids:
        of_loans = select(loan.c.borrower_id.label("id")).where(loan.c.id.in_(loan_ids))
        return Found(loan_ids, _borrowers(connection, of_loans, branches))
    number = _by_number(wanted)
    if number is not None:
        rows = select(person.c.id).where(number, _within(person.c.id, branches))
        return Found((), _borrowers(connection, rows, branches))
    return _find_name(connection, wanted, branches)


def likely_duplicates(
    connection: Connection, given: PersonDetails, *, branches: Branches
) -> list[FoundBorrower]:
    """Give who may be this person already: the same CNIC or mobile, or the same name and day.

    The name counts in any spelling, with the birth date or the father's or husband's name.
    """
    same = [person.c.cnic == given.cnic] if given.cnic else []
    same += [person.c.mobile == given.mobile] if given.mobile else []
    ids = set(_same_name(connection, given, branches))
    if same:
        rows = select(person.c.id).where(or_(*same), _within(person.c.id, branches))
        ids |= set(connection.execute(rows.limit(MOST_FOUND)).scalars())
    if not ids:
        return []
    newest = sorted(ids, reverse=True)[:MOST_FOUND]
    return _borrowers(connection, select(person.c.id).where(person.c.id.in_(newest)), branches)


def _loans_numbered(connection: Connection, wanted: str, branches: Branches) -> list[int]:
    """Give the loan with this number, or the loans that a receipt's number leads to."""
    written = _RECEIPT_NUMBER.fullmatch(wanted)
    numbered = loan.c.ref == wanted
    if written:
        branch, series, year, number = written.groups()
        numbered = loan.c.id.in_(_loans_of_receipt(branch, series, int(year), int(number)))
    rows = (
        select(loan.c.id)
        .join(loan_position, loan_position.c.loan_id == loan.c.id)
        .where(numbered)
        .order_by(loan.c.id.desc())
        .limit(MOST_FOUND)
    )
    if branches is not None:
        rows = rows.where(loan_position.c.branch_code.in_(branches))
    return list(connection.execute(rows).scalars())


def _loans_of_receipt(branch: str, series: str, year: int, number: int) -> Select[Any]:
    return (
        select(loan_fact.c.loan_id)
        .join(money_in, money_in.c.id == loan_fact.c.money_in_id)
        .join(number_series, number_series.c.id == money_in.c.series_id)
        .where(
            number_series.c.branch_code == branch,
            number_series.c.series == series,
            number_series.c.fiscal_year == year,
            money_in.c.number == number,
        )
    )


def _by_number(wanted: str) -> ColumnElement[bool] | None:
    """Give the condition of a CNIC or a mobile number; None for any other text."""
    digits = wanted.replace("-", "").replace(" ", "")
    if digits.isdecimal() and len(digits) == CNIC_DIGITS:
        return person.c.cnic == str(int(digits)).zfill(CNIC_DIGITS)
    try:
        return person.c.mobile == parse_mobile(_western(wanted))
    except Refused:
        return None


def _western(text: str) -> str:
    return "".join(str(int(letter)) if letter.isdecimal() else letter for letter in text)


def _find_name(connection: Connection, wanted: str, branches: Branches) -> Found:
    *whole, last = name_keys(wanted) or ("",)
    if not last:
        return Found((), ())
    beginning = (person_name_key.c.key >= last) & (person_name_key.c.key < last + _LAST_LETTER)
    words = [person_name_key.c.key == key for key in whole]
    looked = _looked_at(connection, [*words, beginning], branches)
    # Some may come twice, as one set may name a person by two loans or two words.
    borrowers = _borrowers(connection, looked.ids.limit(3 * MOST_FOUND), branches)
    return Found((), borrowers[:MOST_FOUND], looked.more or len(borrowers) > MOST_FOUND)


def _same_name(connection: Connection, given: PersonDetails, branches: Branches) -> list[int]:
    words = [person_name_key.c.key == key for key in name_keys(given.name)]
    father = given.father_or_husband_name
    if not words or not (given.birth_date or father):
        return []
    names = _looked_at(connection, words, branches).ids.subquery()
    day = person.c.birth_date == given.birth_date if given.birth_date else literal(value=False)
    told = person.c.father_or_husband_name.is_not(None)
    rows = connection.execute(
        select(person.c.id, person.c.name, person.c.father_or_husband_name, day.label("day"))
        .join(names, names.c[0] == person.c.id)
        .where(or_(day, told))
        .limit(MOST_COMPARED)
    )
    return [
        row.id
        for row in rows
        if same_name(row.name, given.name)
        and (row.day or same_name(row.father_or_husband_name, father or ""))
    ]


def _looked_at(
    connection: Connection, words: Sequence[ColumnElement[bool]], branches: Branches
) -> _Looked:
    """Give the persons with all of these words, of these branches.

    The smallest set leads, of the persons with one word and those within reach: for each
    member the others are asked. So a search costs no more than the rarest word does.
    """
    sets = [select(person_name_key.c.person_id.label("id")).where(word) for word in words]
    if branches is not None:
        sets.append(_held(branches))
    sizes = _sizes(connection, sets)
    smallest = min(range(len(sets)), key=sizes.__getitem__)
    leader = sets[smallest].limit(MOST_LOOKED_AT).subquery("leader")
    ids = select(leader.c.id)
    for place, word in enumerate(words):
        if place != smallest:
            mine = person_name_key.c.person_id == leader.c.id
            # OFFSET keeps PostgreSQL from reading the whole set of a common word.
            ids = ids.where(exists(select(person_name_key.c.key).where(word, mine).offset(0)))
    if branches is not None and smallest < len(words):
        ids = _of_branches(ids, leader.c.id, branches)
    return _Looked(ids, more=sizes[smallest] > MOST_LOOKED_AT)


def _of_branches(
    ids: Select[Any], person_id: ColumnElement[int], branches: frozenset[str]
) -> Select[Any]:
    """Keep the persons that these branches hold.

    The list of branches stands outside of any inner query, where SQLite makes a table of it
    once and not for each person.
    """
    here = or_(person.c.branch_code.in_(branches), loan_position.c.branch_code.in_(branches))
    return (
        ids.join(person, person.c.id == person_id)
        .outerjoin(loan_position, loan_position.c.borrower_id == person_id)
        .where(here)
    )


def _sizes(connection: Connection, sets: Sequence[Select[Any]]) -> list[int]:
    """Count each set, up to one more than are looked at."""
    counts = [
        select(literal(place).label("place"), func.count().label("size")).select_from(
            each.limit(MOST_LOOKED_AT + 1).subquery()
        )
        for place, each in enumerate(sets)
    ]
    rows = connection.execute(union_all(*counts))
    return [row.size for row in sorted(rows, key=lambda row: row.place)]


def _held(branches: frozenset[str]) -> Select[Any]:
    """Give the persons that these branches hold; one with several loans more than once."""
    lent = select(loan_position.c.borrower_id.label("id")).where(
        loan_position.c.branch_code.in_(branches)
    )
    registered = select(person.c.id).where(person.c.branch_code.in_(branches))
    held: Subquery = union_all(registered, lent).subquery()
    return select(held.c.id)


def _within(person_id: ColumnElement[int], branches: Branches) -> ColumnElement[bool]:
    """Give the condition that these branches hold a person; for few persons."""
    if branches is None:
        return literal(value=True)
    lent = select(loan_position.c.loan_id).where(
        loan_position.c.borrower_id == person_id, loan_position.c.branch_code.in_(branches)
    )
    registered = person.alias("registered")
    here = select(registered.c.id).where(
        registered.c.id == person_id, registered.c.branch_code.in_(branches)
    )
    return or_(exists(lent), exists(here))


def _borrowers(connection: Connection, ids: Select[Any], branches: Branches) -> list[FoundBorrower]:
    """Give these persons with their loans within reach, the newest first."""
    mine = loan_position.c.borrower_id == person.c.id
    if branches is not None:
        mine &= loan_position.c.branch_code.in_(branches)
    rows = connection.execute(
        select(
            person.c.id,
            person.c.name,
            person.c.father_or_husband_name,
            person.c.cnic,
            func.coalesce(func.max(loan_position.c.branch_code), person.c.branch_code),
            func.count(loan_position.c.loan_id).filter(loan_position.c.outstanding > 0),
            whole_sum(loan_position.c.outstanding),
        )
        .outerjoin(loan_position, mine)
        .where(person.c.id.in_(ids))
        .group_by(person.c.id)
        .order_by(person.c.id.desc())
        .limit(MOST_FOUND + 1)
    )
    return [FoundBorrower(*row) for row in rows]
