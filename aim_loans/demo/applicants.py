"""Applications of the newest days, each carried to another stage so that every list has some."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from aim_loans.borrowers.details import EnterpriseDetails, PersonDetails
from aim_loans.borrowers.operations import RegisterPerson, register_person
from aim_loans.borrowers.queries import persons_by_ref
from aim_loans.config.settings import SECTOR_KEYS
from aim_loans.db.engine import reading
from aim_loans.demo.lives import PURPOSES, Life, Plan
from aim_loans.demo.office import Office
from aim_loans.demo.people import Person, person
from aim_loans.demo.towns import TOWNS, Town, area_manager_of, cashier_of, manager_of, officers_of
from aim_loans.origination.applications import Decide, EnterApplication, decide, enter_application
from aim_loans.origination.appraisals import (
    AddGuarantor,
    Appraise,
    RecordCheck,
    add_guarantor,
    appraise,
    record_check,
)
from aim_loans.origination.committee import Step
from aim_loans.origination.fees import TakeFee, take_fee
from aim_loans.origination.lookup import application_by_id
from aim_loans.origination.payout import Acknowledge, PayOut, acknowledge, pay_out
from aim_loans.origination.terms import Terms

# The steps of an application, each taken on a day of its own.
ENTER, GUARANTEE, APPRAISE, FIRST_VOTE, SECOND_VOTE, ANSWERS, PAY = range(1, 8)
_DAYS: Mapping[int, int] = {
    ENTER: 1,
    GUARANTEE: 3,
    APPRAISE: 5,
    FIRST_VOTE: 7,
    SECOND_VOTE: 9,
    ANSWERS: 11,
    PAY: 13,
}
# How far the applications of a branch come, and what ends some of them instead of a vote.
_STAGES = (
    (PAY, None),
    (PAY, None),
    (ANSWERS, None),
    (SECOND_VOTE, None),
    (FIRST_VOTE, None),
    (APPRAISE, None),
    (GUARANTEE, None),
    (ENTER, None),
    (FIRST_VOTE, Step.RETURNED),
    (FIRST_VOTE, Step.REJECTED),
    (FIRST_VOTE, Step.WITHDRAWN),
)
_REASONS: Mapping[Step, str] = {
    Step.RETURNED: "The second guarantor lives in the same street; ask for another one.",
    Step.REJECTED: "The household already carries two other debts.",
    Step.WITHDRAWN: "The borrower found the money in the family.",
}
GUARANTORS = 2


@dataclass(slots=True)
class Applicant:
    """Somebody who asks for a loan, how far it comes, and its numbers once it is entered.

    `known` are those of the imported book; `since` is the day on which SMEDA sent somebody.
    """

    town: Town
    borrower: Person
    sector: str
    reaches: int
    ends_with: Step | None
    guarantors: Sequence[Person] = ()
    known: bool = False
    since: date = date.min
    borrower_id: int = field(default=0, init=False)
    application_id: int = field(default=0, init=False)
    loan_id: int = field(default=0, init=False)

    @property
    def officer(self) -> str:
        """Give the user name of the officer who enters it."""
        return officers_of(self.town)[self.borrower.number % 2]


def applications_of(
    plan: Plan, book: Sequence[Life], newcomers: Mapping[Town, Iterator[Person]]
) -> list[Applicant]:
    """Choose the applicants: new people, and for each branch one who borrowed before.

    The first branch has an application at every stage, the others at some.
    """
    found = []
    for place, town in enumerate(TOWNS):
        stages = _STAGES if place == 0 else _STAGES[place % 4 :: 4]
        before = _paid_back(plan, book, town)
        for reaches, ends_with in stages:
            borrower, known = (before.pop(), True) if before else (next(newcomers[town]), False)
            sector = list(PURPOSES)[borrower.number % 3]
            applicant = Applicant(town, borrower, sector, reaches, ends_with, known=known)
            applicant.guarantors = [next(newcomers[town]) for _ in range(GUARANTORS)]
            found.append(applicant)
    return found


def newcomers_of(plan: Plan, book: Sequence[Life]) -> dict[Town, Iterator[Person]]:
    """Give people whom the book does not know, by branch, with all that an application asks for."""
    after = max(life.person.number for life in book)

    def of_town(town: Town) -> Iterator[Person]:
        number = after
        while True:
            number += 1
            who = person(plan.seed, number, day=plan.first_day)
            whole = who.cnic and who.birth_date and who.household.endswith(f"{number:06d}")
            if who.town == town and whole:
                yield who

    return {town: of_town(town) for town in TOWNS}


def _paid_back(plan: Plan, book: Sequence[Life], town: Town) -> list[Person]:
    """Give one borrower of a branch who paid everything back and comes again."""
    last = {life.person.ref: life for life in book if life.person.town == town}
    fitting = [
        life.person
        for life in last.values()
        if not life.outstanding(plan.last_payout)
        and not life.course.endings
        and life.person.cnic
        and life.person.birth_date
    ]
    return fitting[-1:]


def take_applications_on(office: Office, applicants: Sequence[Applicant], *, step: int) -> None:
    """Take the step that falls on a day, counted from the first of the newest ones."""
    for number, day in _DAYS.items():
        if day == step:
            for applicant in applicants:
                if number <= applicant.reaches:
                    _TAKEN[number](office, applicant)


def _enter(office: Office, applicant: Applicant) -> None:
    applicant.borrower_id = _borrower_id(office, applicant)
    activity, purpose = PURPOSES[applicant.sector][0]
    chance = random.Random(applicant.borrower.ref)
    terms = Terms(
        product="family_enterprise",
        principal=chance.randrange(25_000_00, 50_000_01, 5_000_00),
        months=chance.choice((10, 12, 15, 18)),
        sector=applicant.sector,
        purpose=purpose,
        activity=activity or None,
    )
    command = EnterApplication(
        borrower_id=applicant.borrower_id,
        branch=applicant.town.code,
        programme=office.settings.lending.default_programme,
        terms=terms,
        submit=applicant.reaches > ENTER,
    )
    applicant.application_id = office.do(enter_application, command, applicant.officer)


def _borrower_id(office: Office, applicant: Applicant) -> int:
    who = applicant.borrower
    if applicant.borrower_id:
        return applicant.borrower_id
    if not applicant.known:
        return register(office, applicant, who)
    with reading(office.engine) as connection:
        return persons_by_ref(connection, [who.ref])[who.ref].id


def register(office: Office, applicant: Applicant, who: Person) -> int:
    """Register the borrower, with the enterprise, or a guarantor; gives the id."""
    today = office.clock.today
    details = PersonDetails(
        name=who.written,
        gender=who.gender,
        father_or_husband_name=who.father_or_husband.latin,
        cnic=who.cnic,
        cnic_issued_on=today - timedelta(days=900),
        cnic_expires_on=today + timedelta(days=2_700),
        birth_date=who.birth_date,
        mobile=who.mobile,
        address=f"House {who.number % 400 + 1}, Street {who.number % 30 + 1}",
        district=applicant.town.district,
        tehsil=applicant.town.tehsil,
        urban_rural=who.urban_rural,
        household=who.household,
    )
    enterprise = None
    if who is applicant.borrower:
        enterprise = EnterpriseDetails(
            name=f"{who.name.latin} {applicant.sector}",
            sector=applicant.sector,
            activity=PURPOSES[applicant.sector][0][0],
            district=applicant.town.district,
            started_on=today - timedelta(days=800),
        )
    command = RegisterPerson(applicant.town.code, details, enterprise)
    register = partial(register_person, sectors=SECTOR_KEYS)
    registered: int = office.do(register, command, applicant.officer)
    return registered


def _guarantee(office: Office, applicant: Applicant) -> None:
    for who in applicant.guarantors:
        register(office, applicant, who)
        command = AddGuarantor(
            application_id=applicant.application_id, cnic=who.cnic or "", relation="neighbour"
        )
        office.do(add_guarantor, command, applicant.officer)


def _appraise(office: Office, applicant: Applicant) -> None:
    asked = applicant.application_id
    social = Appraise(
        application_id=asked,
        kind="social",
        note="Well spoken of in the street.",
        household_size=6,
        earners=2,
        income=52_000_00,
        expenses=38_000_00,
        debt_payments=0,
    )
    business = Appraise(
        application_id=asked,
        kind="business",
        note="Seen at work in the morning.",
        place="rented",
        assets=60_000_00,
        running_capital=25_000_00,
        sales=85_000_00,
        costs=61_000_00,
        jobs=1,
        buys=PURPOSES[applicant.sector][0][1],
    )
    for command in (social, business):
        office.do(appraise, command, applicant.officer)


def _first_vote(office: Office, applicant: Applicant) -> None:
    step = applicant.ends_with or Step.APPROVED
    by = applicant.officer if step is Step.WITHDRAWN else manager_of(applicant.town)
    _decide(office, applicant, step, by)


def _second_vote(office: Office, applicant: Applicant) -> None:
    _decide(office, applicant, Step.APPROVED, area_manager_of(applicant.town))


def _decide(office: Office, applicant: Applicant, step: Step, by: str) -> None:
    with reading(office.engine) as connection:
        asked = application_by_id(connection, applicant.application_id, today=office.clock.today)
    command = Decide(
        application_id=asked.id, version=asked.version, step=step, reason=_REASONS.get(step)
    )
    office.do(decide, command, by)


def _answers(office: Office, applicant: Applicant) -> None:
    for kind in ("bureau", "screening"):
        command = RecordCheck(
            application_id=applicant.application_id,
            kind=kind,
            result="clear",
            checked_on=office.clock.today,
        )
        office.do(record_check, command, applicant.officer)


def _pay(office: Office, applicant: Applicant) -> None:
    cashier = cashier_of(applicant.town)
    office.do(take_fee, TakeFee(application_id=applicant.application_id, channel="cash"), cashier)
    today: date = office.clock.today
    agreed = Acknowledge(
        application_id=applicant.application_id,
        planned_on=today,
        language="ur",
        manner="thumbprint",
    )
    office.do(acknowledge, agreed, applicant.officer)
    paid = PayOut(
        application_id=applicant.application_id,
        channel="cheque",
        reference=f"{applicant.application_id:06d}",
    )
    applicant.loan_id = office.do(pay_out, paid, cashier)


_TAKEN = {
    ENTER: _enter,
    GUARANTEE: _guarantee,
    APPRAISE: _appraise,
    FIRST_VOTE: _first_vote,
    SECOND_VOTE: _second_vote,
    ANSWERS: _answers,
    PAY: _pay,
}
