"""A branch at work with SMEDA: each step is one act of one person."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from aim_loans.borrowers.consents import (
    GiveConsent,
    WithdrawConsent,
    give_consent,
    take_back_consent,
    withdraw_consent,
)
from aim_loans.borrowers.details import EnterpriseDetails
from aim_loans.borrowers.enterprises import ReviewEnterprise, review_enterprise
from aim_loans.borrowers.models import consent, enterprise, referral
from aim_loans.borrowers.operations import AddEnterprise, add_enterprise
from aim_loans.borrowers.referrals import (
    CloseReferral,
    Refer,
    close_referral,
    refer,
    take_back_referral,
)
from aim_loans.borrowers.undoing import TakeBack
from aim_loans.config.reader import read_settings
from aim_loans.config.settings import SECTOR_KEYS
from aim_loans.db.engine import reading, writing
from aim_loans.files.store import Store
from aim_loans.identity.models import branch
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.mou.applying import NameCode, NameReferral, name_code, name_referral
from aim_loans.mou.events import Answer, answer_event
from aim_loans.mou.mistakes import take_back_attendance, take_back_training
from aim_loans.mou.models import (
    registration,
    support,
    survey_member,
    training_attendance,
    training_invitation,
)
from aim_loans.mou.partner_files import REFERRALS, TRAININGS
from aim_loans.mou.partner_import import Upload, import_events, upload_by_id
from aim_loans.mou.partner_models import sent_referral
from aim_loans.mou.partner_reading import read_sent
from aim_loans.mou.registering import State
from aim_loans.mou.registrations import TakeStep, UndoStep, take_step, undo_step
from aim_loans.mou.sent_endings import CloseSent, close_sent, take_back_sent
from aim_loans.mou.supporting import GiveSupport, UndoSupport, give_support, undo_support
from aim_loans.mou.surveys import (
    AnswerSurvey,
    DrawSurvey,
    RecordNonresponse,
    answer_survey,
    draw_survey,
    record_nonresponse,
)
from aim_loans.mou.targets import SetTarget, set_target
from aim_loans.mou.trainings import (
    EnterAttendance,
    Invite,
    PlanTraining,
    Present,
    enter_attendance,
    invite,
    plan_training,
)
from tests.book import AUDIT_KEY, HEAD_OFFICE, TODAY, Book
from tests.branch import MANAGER, OFFICER

PARTNER = Actor("partner", (Grant(Role.PARTNER),))
TRAININGS_HEADER = "code,title,subject,branch,place,district,from,to,seats,participants"
REFERRALS_HEADER = "code,reference,district,date,purpose"
ZONE = read_settings(None, {}).institution.zone
LHR = "LHR-01"


@dataclass
class JointWork:
    """A branch at work with SMEDA over a book."""

    book: Book
    today: date = TODAY

    def do(self, act: Any, command: Any, actor: Actor = OFFICER, *, clock: bool = True) -> Any:
        """Carry an act out; `clock` says that it asks for today."""
        more = {"today": self.today} if clock else {}
        with writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx:
            return act(tx, command, actor=actor, **more)

    def last(self, column: Any) -> int:
        """Give the newest id of a table."""
        with reading(self.book.engine) as connection:
            newest = select(column).order_by(column.desc()).limit(1)
            return int(connection.execute(newest).scalar_one())

    def enterprise(
        self, person_id: int, sector: str = "trade", district: str | None = "Lahore"
    ) -> int:
        details = EnterpriseDetails(name="Shop", sector=sector, district=district)
        with writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx:
            add_enterprise(
                tx,
                AddEnterprise(person_id, details, LHR),
                actor=OFFICER,
                today=self.today,
                sectors=SECTOR_KEYS,
            )
        return self.last(enterprise.c.id)

    def review(self, enterprise_id: int, **more: Any) -> None:
        found: dict[str, Any] = {
            "kind": "entry",
            "reviewed_on": self.today,
            "running": True,
            "ownership": "sole",
            "run_by": "woman",
            "turnover": "to_2m",
            "premises": "home",
            "digital": "phone",
        }
        command = ReviewEnterprise(enterprise_id=enterprise_id, branch_code=LHR, **found | more)
        self.do(review_enterprise, command)

    def consent(self, person_id: int, scope: str = "smeda", on: date | None = None) -> None:
        command = GiveConsent(person_id, scope, on or self.today, "thumbprint", LHR)
        self.do(give_consent, command)

    def withdraw(self, person_id: int, scope: str = "smeda") -> None:
        self.do(withdraw_consent, WithdrawConsent(person_id, scope, self.today, LHR))

    def refer(self, person_id: int, on: date | None = None, **more: Any) -> int:
        command = Refer(person_id=person_id, branch_code=LHR, on_day=on or self.today, **more)
        self.do(refer, command)
        return self.last(referral.c.id)

    def end(self, referral_id: int, outcome: str, on: date | None = None, **more: Any) -> None:
        command = CloseReferral(referral_id, outcome, on or self.today)
        self.do(close_referral, command, **more)

    def take_back(self, act: Any, row_id: int, actor: Actor = OFFICER, **more: Any) -> None:
        """Take back a row that was a mistake."""
        command = TakeBack(row_id, "typed for another")
        with writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx:
            act(tx, command, actor=actor, **more)

    def send(
        self,
        kind: str,
        content: str | bytes,
        actor: Actor = PARTNER,
        *,
        store: Store | None = None,
        **more: Any,
    ) -> Upload:
        """Send a file of SMEDA; gives what became of it."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{kind}.csv"
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            with (
                read_sent(kind, path, today=self.today, zone=ZONE) as sent,
                writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx,
            ):
                upload = import_events(tx, sent, actor=actor, language="en", store=store, **more)
                return upload_by_id(tx.connection, upload)

    def send_referrals(self, *lines: str, **more: Any) -> Upload:
        return self.send(REFERRALS, "\n".join((REFERRALS_HEADER, *lines, "")), **more)

    def stand_in(self, district: str) -> None:
        """Write down in which district the branch stands."""
        with self.book.engine.begin() as connection:
            here = update(branch).where(branch.c.code == LHR)
            connection.execute(here.values(district=district))

    def close_sent(self, actor: Actor = OFFICER, *, reason: str = "moved away") -> None:
        """Await the person of the newest referral of SMEDA no longer, as the form `k1`."""
        command = CloseSent(self.last(sent_referral.c.id), reason)
        with writing(self.book.engine, audit_key=AUDIT_KEY, clock=self.book.clock) as tx:
            close_sent(tx, command, actor=actor, key="k1")

    def send_trainings(self, *lines: str, **more: Any) -> Upload:
        return self.send(TRAININGS, "\n".join((TRAININGS_HEADER, *lines, "")), **more)

    def apply(self, application_id: int, referral_id: int) -> None:
        act = partial(name_referral, zone=ZONE)
        self.do(act, NameReferral(application_id, referral_id))

    def apply_with(self, application_id: int, smeda_code: str) -> None:
        """Let an application name a code of SMEDA."""
        self.do(partial(name_code, zone=ZONE), NameCode(application_id, smeda_code))

    def step(
        self,
        enterprise_id: int,
        kind: str,
        state: State,
        on: date | None = None,
        actor: Actor = OFFICER,
        **more: Any,
    ) -> int:
        proved = {"number": "N-1", "proof": "seen"} if state is State.REGISTERED else {}
        command = TakeStep(
            enterprise_id=enterprise_id,
            branch_code=LHR,
            type=kind,
            state=state,
            on_day=on or self.today,
            **proved | more,
        )
        self.do(take_step, command, actor)
        return self.last(registration.c.id)

    def undo(self, step_id: int) -> None:
        self.do(undo_step, UndoStep(step_id, "typed for another", LHR), clock=False)

    def help(
        self, kind: str, enterprise_id: int | None, on: date | None = None, **more: Any
    ) -> int:
        command = GiveSupport(
            kind=kind, branch_code=LHR, enterprise_id=enterprise_id, on_day=on or self.today, **more
        )
        self.do(give_support, command)
        return self.last(support.c.id)

    def undo_help(self, support_id: int) -> None:
        self.do(undo_support, UndoSupport(support_id, "typed twice"), clock=False)

    def train(self, begins_on: date | None = None, seats: int = 30, code: str = "") -> int:
        command = PlanTraining(
            branch_code=LHR,
            title="Keeping accounts",
            place="Town hall",
            # Three days long, and over.
            begins_on=begins_on or self.today - timedelta(days=2),
            days=3,
            seats=seats,
            smeda_code=code or None,
        )
        return int(self.do(plan_training, command, MANAGER, clock=False))

    def invite(self, training_id: int, actor: Actor = MANAGER, **filters: str) -> int:
        return int(self.do(invite, Invite(training_id, filters), actor, clock=False))

    def invitations(self, training_id: int) -> list[int]:
        row = training_invitation
        with reading(self.book.engine) as connection:
            mine = select(row.c.id).where(row.c.training_id == training_id).order_by(row.c.id)
            return list(connection.execute(mine).scalars())

    def attend(self, training_id: int, present: Sequence[Present]) -> None:
        self.do(enter_attendance, EnterAttendance(training_id, tuple(present)))

    def answer(self, kind: str, event_id: int, answer: str = "confirmed") -> None:
        reason = "not ours" if answer == "disputed" else None
        self.do(answer_event, Answer(kind, event_id, answer, reason), PARTNER)

    def aim_at(self, period: str, line: str, value: int | None, **split: str) -> None:
        command = SetTarget(period=period, line=line, value=value, **split)
        self.do(set_target, command, HEAD_OFFICE, clock=False)

    def survey(self, period: str, size: int, seed: int = 7) -> int:
        command = DrawSurvey(period=period, title="Outcomes", seed=seed, size=size)
        return int(self.do(draw_survey, command, HEAD_OFFICE))

    def members(self, survey_id: int) -> list[int]:
        row = survey_member
        with reading(self.book.engine) as connection:
            mine = select(row.c.enterprise_id).where(row.c.survey_id == survey_id)
            return list(connection.execute(mine.order_by(row.c.id)).scalars())

    def tell(self, survey_id: int, enterprise_id: int, **more: Any) -> None:
        said: dict[str, Any] = {
            "asked_on": self.today,
            "running": True,
            "run_by": "woman",
            "income_before": 20_000_00,
            "income_now": 25_000_00,
        }
        command = AnswerSurvey(
            survey_id=survey_id, enterprise_id=enterprise_id, branch_code=LHR, **said | more
        )
        self.do(answer_survey, command)

    def miss(self, survey_id: int, enterprise_id: int, outcome: str = "not_found") -> None:
        """Try to ask an enterprise, and get no answer."""
        command = RecordNonresponse(
            survey_id=survey_id,
            enterprise_id=enterprise_id,
            branch_code=LHR,
            tried_on=self.today,
            outcome=outcome,
        )
        self.do(record_nonresponse, command)


def live_with_files_and_mistakes(work: JointWork, person_id: int) -> None:
    """Let SMEDA send files, end a referral, and take back one of everything."""
    work.send_referrals("S-9,REG-1,Lahore,2026-02-01,A dairy", "S-8,,Lahore,2026-02-01,")
    work.take_back(take_back_sent, work.last(sent_referral.c.id), PARTNER, today=work.today)
    work.send_trainings("T-9,Accounts,Books,LHR-01,Town hall,Lahore,2026-02-01,2026-02-02,,S-1")
    work.take_back(take_back_attendance, work.last(training_attendance.c.id))
    work.take_back(take_back_training, work.train(code="T-8"), MANAGER)
    work.consent(person_id, "bank")
    work.end(work.refer(person_id, bank="Bank of Khyber"), "declined")
    work.take_back(take_back_referral, work.refer(person_id, smeda_code="S-7"))
    work.take_back(take_back_consent, work.last(consent.c.id), branch_code=LHR)


def live_with_smeda(book: Book, person_id: int, application_id: int) -> int:
    """Write a row into each table of the joint work; gives the enterprise."""
    work = JointWork(book)
    shop = work.enterprise(person_id)
    work.review(shop, paid_women=1)
    for scope in ("smeda", "bank"):
        work.consent(person_id, scope)
    sent = work.refer(person_id, smeda_code="S-1")
    work.refer(person_id, bank="Bank of Punjab")
    work.apply(application_id, sent)
    work.withdraw(person_id, "bank")
    work.undo(work.step(shop, "F2", State.INFORMED))
    work.step(shop, "F1", State.REGISTERED, smeda_code="S-2")
    training = work.train(code="S-3")
    work.invite(training)
    (first, *_) = work.invitations(training)
    work.attend(training, [Present(first, 3, True, 4)])
    work.undo_help(work.help("help_desk", None))
    advice = work.help("advice", shop, smeda_code="S-4", satisfaction=5)
    work.answer("support", advice)
    work.answer("training", training, "disputed")
    work.aim_at("2026-H1", "A1", 100)
    asked = work.survey("2026-H1", 10)
    work.miss(asked, shop)
    work.tell(asked, shop, women_now=1)
    live_with_files_and_mistakes(work, person_id)
    return shop
