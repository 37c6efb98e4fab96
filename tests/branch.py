"""A branch at work on applications: each step is one act of one person."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from aim_loans.borrowers.attachments import (
    AttachFile,
    KeptFile,
    OpenAttachment,
    RemoveAttachment,
    attach_file,
    attachments_of,
    open_attachment,
    remove_attachment,
)
from aim_loans.borrowers.details import PersonDetails
from aim_loans.borrowers.groups import JoinGroup, MakeGroup, join_group, make_group
from aim_loans.borrowers.operations import RegisterPerson, register_person
from aim_loans.cash.queries import Receipt
from aim_loans.config.settings import SECTOR_KEYS
from aim_loans.db.engine import reading, writing
from aim_loans.files.media import MediaType
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.origination.applications import Decide, EnterApplication, decide, enter_application
from aim_loans.origination.appraisals import (
    AddGuarantor,
    Appraise,
    LetGroupGuarantee,
    RecordCheck,
    add_guarantor,
    appraise,
    let_group_guarantee,
    record_check,
)
from aim_loans.origination.committee import State, Step
from aim_loans.origination.fees import TakeFee, take_fee
from aim_loans.origination.lookup import Application, application_by_id
from aim_loans.origination.payout import Acknowledge, PayOut, acknowledge, pay_out
from aim_loans.origination.terms import Terms
from tests.book import AUDIT_KEY, TODAY, Book

BORN = date(1990, 1, 1)
LAHORE = frozenset({"LHR-01"})
OFFICER = Actor("officer", (Grant(Role.LOAN_OFFICER, LAHORE),))
MANAGER = Actor("manager", (Grant(Role.BRANCH_MANAGER, LAHORE),))
AREA = Actor("area", (Grant(Role.AREA_MANAGER, LAHORE),))
CASHIER = Actor("cashier", (Grant(Role.CASHIER, LAHORE),))
STRANGER = Actor("stranger", (Grant(Role.BRANCH_MANAGER, frozenset({"KHI-01"})),))
TERMS = Terms(
    product="family_enterprise",
    principal=50_000_00,
    months=18,
    sector="trade",
    purpose="two sewing machines",
)
SOCIAL = {"household_size": 5, "earners": 2, "income": 45_000_00, "expenses": 30_000_00}
BUSINESS = {"place": "home", "sales": 30_000_00, "costs": 18_000_00, "jobs": 1, "buys": "machines"}


def attach_a_card(book: Book, person_id: int) -> None:
    """Attach a card to somebody, open it, and take it off again."""
    card = KeptFile("a" * 64, MediaType.JPEG, 120_000)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        attach_file(tx, AttachFile(person_id, "cnic_front", card, "LHR-01"), actor=OFFICER)
        (attached,) = attachments_of(tx.connection, person_id)
        open_attachment(tx, OpenAttachment(attached.id, "LHR-01"), actor=OFFICER)
        wrong = RemoveAttachment(attached.id, "of another person", "LHR-01")
        remove_attachment(tx, wrong, actor=OFFICER)


@dataclass
class Branch:
    """A branch at work on applications; each step is one act."""

    book: Book
    today: date = TODAY
    cnics: dict[int, str] = field(default_factory=dict)

    def person(self, name: str, **more: Any) -> int:
        """Register somebody with the next CNIC; gives the id."""
        cnic = str(35201_1000000_2 + 10 * len(self.cnics))
        details = PersonDetails(
            **{"name": name, "cnic": cnic, "gender": "female", "birth_date": BORN, **more}
        )
        with writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx:
            new = register_person(
                tx,
                RegisterPerson("LHR-01", details),
                actor=OFFICER,
                today=self.today,
                sectors=SECTOR_KEYS,
            )
        self.cnics[new] = cnic
        return new

    def do(self, act: Callable[..., Any], command: Any, actor: Actor, **more: Any) -> Any:
        with writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx:
            return act(tx, command, actor=actor, today=self.today, **more)

    def do_now(self, act: Callable[..., Any], command: Any, actor: Actor, **more: Any) -> Any:
        """Do something that has no day of its own."""
        with writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx:
            return act(tx, command, actor=actor, **more)

    def read(self, application_id: int) -> Application:
        with reading(self.book.engine) as connection:
            return application_by_id(connection, application_id, today=self.today)

    def state(self, application_id: int) -> State:
        return self.read(application_id).state

    def enter(self, borrower_id: int, terms: Terms = TERMS, **more: Any) -> int:
        command = EnterApplication(
            borrower_id=borrower_id, branch="LHR-01", programme="general", terms=terms, **more
        )
        return int(self.do(enter_application, command, OFFICER))

    def guarantee(self, application_id: int, person_id: int) -> None:
        command = AddGuarantor(
            application_id=application_id, cnic=self.cnics[person_id], relation="neighbour"
        )
        self.do(add_guarantor, command, OFFICER)

    def group(self, *names: str) -> tuple[int, list[int]]:
        """Make a group of people of these names; gives its id and theirs."""
        made = int(self.do_now(make_group, MakeGroup("LHR-01", "Sisters", "at Bushra's"), OFFICER))
        people = [self.person(name) for name in names]
        for each in people:
            self.do(join_group, JoinGroup(made, each, self.today), OFFICER)
        return made, people

    def appraise(self, application_id: int) -> None:
        for kind, found in (("social", SOCIAL), ("business", BUSINESS)):
            command = Appraise(application_id=application_id, kind=kind, note="sound", **found)
            self.do(appraise, command, OFFICER)

    def vote(self, application_id: int, actor: Actor, step: Step = Step.APPROVED) -> None:
        version = self.read(application_id).version
        reason = None if step is Step.APPROVED else "not yet"
        command = Decide(application_id=application_id, version=version, step=step, reason=reason)
        self.do(decide, command, actor)

    def answers(self, application_id: int, result: str = "clear") -> None:
        for kind in ("bureau", "screening"):
            command = RecordCheck(
                application_id=application_id, kind=kind, result=result, checked_on=self.today
            )
            self.do(record_check, command, OFFICER)

    def agree(self, application_id: int, planned_on: date | None = None) -> None:
        command = Acknowledge(
            application_id=application_id,
            planned_on=planned_on or self.today,
            language="ur",
            manner="thumbprint",
        )
        self.do(acknowledge, command, OFFICER)

    def take_fee(self, application_id: int, actor: Actor = CASHIER, **more: Any) -> Receipt:
        command = TakeFee(application_id=application_id, channel="cash")
        taken: Receipt = self.do(take_fee, command, actor, **more)
        return taken

    def pay(self, application_id: int, actor: Actor = CASHIER, **more: Any) -> int:
        return self.pay_by("cash", None, application_id, actor, **more)

    def pay_by(
        self,
        channel: str,
        reference: str | None,
        application_id: int,
        actor: Actor = CASHIER,
        **more: Any,
    ) -> int:
        command = PayOut(application_id=application_id, channel=channel, reference=reference)
        return int(self.do(pay_out, command, actor, **more))

    def approved(self, borrower_id: int | None = None) -> int:
        """Bring an application to its approval, with everything that a payout asks for."""
        asked = self.enter(borrower_id or self.person("Bushra"))
        for name in ("Rashid", "Aslam"):
            self.guarantee(asked, self.person(name))
        self.appraise(asked)
        self.vote(asked, MANAGER)
        self.vote(asked, AREA)
        self.answers(asked)
        self.agree(asked)
        return asked

    def live(self) -> int:
        """Let a group guarantee for a member who pays the fee; gives the application."""
        _, people = self.group("Nasreen", "Parveen", "Shazia")
        asked = self.enter(people[0])
        self.do(let_group_guarantee, LetGroupGuarantee(application_id=asked), OFFICER)
        self.take_fee(asked)
        return asked
