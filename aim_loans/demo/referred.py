"""People whom SMEDA sends: some apply, some are paid out and pay back; others go on to a bank."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from aim_loans.borrowers.consents import GiveConsent, give_consent
from aim_loans.borrowers.referrals import Refer, refer, referrals_of
from aim_loans.dates import month_index
from aim_loans.db.engine import reading
from aim_loans.demo.applicants import (
    ENTER,
    FIRST_VOTE,
    GUARANTORS,
    PAY,
    Applicant,
    register,
    take_applications_on,
)
from aim_loans.demo.enrolling import SMEDA_SCOPE
from aim_loans.demo.lives import PURPOSES
from aim_loans.demo.office import Office
from aim_loans.demo.people import Person
from aim_loans.demo.programme import Programme
from aim_loans.demo.towns import TOWNS, Town, cashier_of
from aim_loans.loans.lookup import loan_page
from aim_loans.mou.applying import NameReferral, name_referral
from aim_loans.mou.periods import half_year_of
from aim_loans.origination.committee import Step
from aim_loans.repayment.operations import RecordReceipt, record_receipt

BANK_SCOPE = "bank"
_BANKS = ("First Women Bank", "Bank of Punjab", "Sindh Bank")
# Of a thousand loans of the book those that SMEDA sends in a month: in the half-year to report,
# and before and after it.
_SENT, _SENT_OTHERWISE = 4, 1
# What comes of those sent, in turn: never applied, rejected, or paid out.
_ENDS: Sequence[tuple[int, Step | None]] = (
    (PAY, None),
    (0, None),
    (FIRST_VOTE, Step.REJECTED),
    (0, None),
    (PAY, None),
    (FIRST_VOTE, Step.REJECTED),
    (PAY, None),
    (0, None),
)
# The months after joining in which a member who borrowed before may go to a bank.
_TO_BANK = (1, 20)
_NEXT_TOWN = 3


@dataclass(slots=True)
class Referred:
    """The people whom SMEDA has sent so far; `newcomers` gives further ones by branch."""

    newcomers: Mapping[Town, Iterator[Person]]
    sent: list[Applicant] = field(default_factory=list)

    def of_month(self, day: date) -> list[Applicant]:
        """Give those who were sent in the month of a day."""
        return [each for each in self.sent if month_index(each.since) == month_index(day)]


def receive_referrals(office: Office, programme: Programme, referred: Referred) -> None:
    """Register the people whom SMEDA sends this month, with their consent and its code."""
    today = office.clock.today
    share = _SENT if half_year_of(today) == programme.reported else _SENT_OTHERWISE
    for _ in range(max(1, programme.plan.loans * share // 1_000)):
        number = len(referred.sent)
        applicant = _sent(referred, number, today)
        referred.sent.append(applicant)
        _receive(office, applicant, f"REF-{today:%y%m}-{number:04d}")


def take_them_on(office: Office, referred: Referred, *, step: int) -> None:
    """Take the step of their applications that falls on a day, and name the referral at first."""
    applying = [each for each in referred.of_month(office.clock.today) if each.reaches]
    take_applications_on(office, applying, step=step)
    if step == ENTER:
        name = partial(name_referral, zone=office.clock.zone)
        for applicant in applying:
            with reading(office.engine) as connection:
                (sent,) = referrals_of(connection, applicant.borrower_id)
            command = NameReferral(applicant.application_id, sent.id)
            office.do(name, command, applicant.officer)


def collect_from_them(office: Office, referred: Referred) -> None:
    """Take at the counter what their loans owe today."""
    today = office.clock.today
    record = partial(record_receipt, backdating_days=office.settings.lending.backdating_days)
    for applicant in referred.sent:
        if applicant.loan_id:
            with reading(office.engine) as connection:
                loan = loan_page(connection, applicant.loan_id, today=today)
            if loan.due_now:
                command = RecordReceipt(loan.ref, loan.due_now, today, "cash", payer="borrower")
                office.do(record, command, cashier_of(applicant.town))


def send_to_banks(office: Office, programme: Programme) -> None:
    """Send members who borrowed before to a bank, each once and with the consent to it."""
    today = office.clock.today
    for member in programme.taking_part(today):
        months = member.months_in(today)
        if member.life.cycle > 1 and member.chance("bank").randrange(*_TO_BANK) == months:
            given = (member.person_id, BANK_SCOPE, today, "signature", member.town.code)
            office.do(give_consent, GiveConsent(*given), member.officer)
            bank = member.chance("which bank").choice(_BANKS)
            command = Refer(
                person_id=member.person_id, branch_code=member.town.code, on_day=today, bank=bank
            )
            office.do(refer, command, member.officer)


def _sent(referred: Referred, number: int, today: date) -> Applicant:
    town = TOWNS[number * _NEXT_TOWN % len(TOWNS)]
    who = next(referred.newcomers[town])
    reaches, ends_with = _ENDS[number % len(_ENDS)]
    applicant = Applicant(town, who, list(PURPOSES)[number % 3], reaches, ends_with, since=today)
    if reaches == PAY:
        applicant.guarantors = [next(referred.newcomers[town]) for _ in range(GUARANTORS)]
    return applicant


def _receive(office: Office, applicant: Applicant, code: str) -> None:
    today, branch = office.clock.today, applicant.town.code
    applicant.borrower_id = register(office, applicant, applicant.borrower)
    given = GiveConsent(applicant.borrower_id, SMEDA_SCOPE, today, "thumbprint", branch)
    office.do(give_consent, given, applicant.officer)
    sent = Refer(person_id=applicant.borrower_id, branch_code=branch, on_day=today, smeda_code=code)
    office.do(refer, sent, applicant.officer)
