"""What an import does not bring: officers of loans, telephones and families of borrowers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import partial

from sqlalchemy import select

from aim_loans.borrowers.details import EnterpriseDetails, PersonDetails
from aim_loans.borrowers.operations import (
    AddEnterprise,
    ChangePerson,
    add_enterprise,
    change_person,
)
from aim_loans.borrowers.queries import Person as HeldPerson
from aim_loans.borrowers.queries import last_change, persons_by_ref
from aim_loans.borrowers.queries import person as person_with
from aim_loans.config.dated import dated_row
from aim_loans.config.settings import SECTOR_KEYS
from aim_loans.db.engine import reading
from aim_loans.demo.lives import Life
from aim_loans.demo.office import Office
from aim_loans.demo.people import Person
from aim_loans.demo.towns import HEAD_OFFICE, Town, area_manager_of, officers_of
from aim_loans.identity.operations import begin_branch_act, seal_act
from aim_loans.identity.permissions import Deed, require
from aim_loans.ledger.models import journal_line
from aim_loans.loans.models import loan, loan_dimension
from aim_loans.loans.operations import change_dimensions
from aim_loans.origination.setting_requests import AskSetting, ask_setting

# Of a large book, so many borrowers get their whole record.
MOST_RECORDS = 600
# Long enough to hold the whole of the last month that is closed.
_PAID_BACK_LATELY = timedelta(days=62)
# One borrower in so many has an enterprise written down.
_ENTERPRISE_OF = 3
_COLUMNS = tuple(field.name for field in fields(PersonDetails))


@dataclass(frozen=True, slots=True)
class AssignOfficers:
    """The running loans of a branch are divided among its officers."""

    branch: str
    loans: int


def running(office: Office, book: Sequence[Life]) -> list[Life]:
    """Give the loans that are not paid back today."""
    today = office.clock.today
    return [life for life in book if life.outstanding(today)]


def officer_of(life: Life) -> str:
    """Give the user name of the officer who looks after a loan."""
    return officers_of(life.person.town)[life.person.number % 2]


def assign_officers(office: Office, town: Town, lent: Sequence[Life]) -> None:
    """Divide loans that a branch has paid out among its officers, as from their first day.

    Those paid back months before the end stay without one: nobody collects on them any more.
    """
    lately = office.clock.last_day - _PAID_BACK_LATELY
    theirs = [
        life
        for life in lent
        if life.person.town == town and (life.outstanding(lately) or life.paid_out > lately)
    ]
    if not theirs:
        return
    manager = office.somebody(area_manager_of(town))
    require(manager, Deed.CHANGE_DIMENSION, branch=town.code)
    with office.writing() as tx:
        ids = {
            row.ref: row.id for row in tx.connection.execute(select(loan.c.id, loan.c.ref)).all()
        }
        this = begin_branch_act(
            tx,
            kind="assign_officers",
            command=AssignOfficers(town.code, len(theirs)),
            actor=manager,
            subject=f"branch {town.code}",
            branch_code=town.code,
        )
        for life in theirs:
            changes = {"officer": officer_of(life), "urban_rural": life.person.urban_rural}
            day, today = life.paid_out, office.clock.today
            change_dimensions(tx, this, ids[life.ref], changes, from_on=day, today=today)
        seal_act(tx, this, (loan_dimension, journal_line))


def complete_persons(office: Office, book: Sequence[Life], *, enrolled: Collection[str]) -> None:
    """Write down telephone, family and address of the running loans' borrowers.

    Of some also the enterprise; that of those whose reference is `enrolled` is known already.
    """
    of_ref = {life.person.ref: life for life in running(office, book)[:MOST_RECORDS]}
    with reading(office.engine) as connection:
        known = persons_by_ref(connection, list(of_ref))
        held = {ref: person_with(connection, known[ref].id) for ref in of_ref}
        seen = {ref: last_change(connection, known[ref].id) for ref in of_ref}
    add = partial(add_enterprise, sectors=SECTOR_KEYS)
    for place, (ref, life) in enumerate(of_ref.items()):
        person_id, town = held[ref].id, life.person.town
        change = ChangePerson(
            person_id, _completed(details_of(held[ref]), life.person), town.code, seen[ref]
        )
        office.do(change_person, change, officer_of(life))
        if place % _ENTERPRISE_OF == 0 and ref not in enrolled:
            added = AddEnterprise(person_id, enterprise_of(life.person, life), town.code)
            office.do(add, added, officer_of(life))


def details_of(held: HeldPerson) -> PersonDetails:
    """Give the details of a person as the book holds them."""
    return PersonDetails(**{name: getattr(held, name) for name in _COLUMNS})


def enterprise_of(owner: Person, life: Life) -> EnterpriseDetails:
    """Give the enterprise that a loan went to."""
    return EnterpriseDetails(
        name=f"{owner.name.latin} {life.activity.replace('_', ' ')}".strip(),
        sector=life.sector,
        activity=life.activity or None,
        district=owner.town.district,
        started_on=life.paid_out - timedelta(days=400 + owner.number % 2_000),
    )


def _completed(was: PersonDetails, who: Person) -> PersonDetails:
    return replace(
        was,
        father_or_husband_name=who.father_or_husband.latin,
        mobile=who.mobile,
        address=f"House {who.number % 400 + 1}, Street {who.number % 30 + 1}",
        district=who.town.district,
        tehsil=who.town.tehsil,
        urban_rural=who.urban_rural,
        household=who.household,
    )


def ask_for_a_fee(office: Office) -> None:
    """Let one of head office ask for another application fee; a second person is still to say."""
    today = office.clock.today
    fee = replace(
        office.settings.dated.fee_on(today),
        effective_from=today + timedelta(days=30),
        source="made up for the demonstration",
        amount=250_00,
    )
    office.do(ask_setting, AskSetting(dated_row("fee", fee)), HEAD_OFFICE[0])
