"""A book to look at: the worked book, late loans, receipts that wait and one cancelled.

`Town.scenes` is every page as somebody meets it. Pages are found through the address map of the
application, so that a new page is looked at without being named here; only a new kind of thing in
an address, `<row:thing_id>`, needs an example in `full_town`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

from sqlalchemy import select
from werkzeug.routing import Rule

from aim_loans.borrowers.attachments import AttachFile, attach_file, keep_file
from aim_loans.borrowers.details import EnterpriseDetails
from aim_loans.borrowers.operations import AddEnterprise, add_enterprise
from aim_loans.borrowers.referrals import take_back_referral
from aim_loans.cash.donations import TakeDonation, take_donation
from aim_loans.config.reader import read_settings
from aim_loans.config.settings import SECTOR_KEYS
from aim_loans.db.engine import reading, writing
from aim_loans.identity.models import staff
from aim_loans.identity.paper_codes import PaperCode
from aim_loans.intake.operations import BookSources, import_book
from aim_loans.loans.lookup import loan_page
from aim_loans.loans.models import loan
from aim_loans.mou.registering import State
from aim_loans.mou.trainings import Present
from aim_loans.origination.paper_marks import code_of_loan
from aim_loans.portfolio.allowance_requests import AskAllowance, ask_allowance
from aim_loans.portfolio.closing import closed_months
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from aim_loans.web.guard import PUBLIC
from tests.book import (
    AUDIT_KEY,
    CASHIER,
    HEAD_OFFICE,
    SHELL,
    TODAY,
    Book,
    close_a_month,
    issue_a_report,
)
from tests.branch import OFFICER, Branch
from tests.intake.books import WORKED
from tests.joint import JointWork
from tests.joint_report import ReportOnItsWay
from tests.papers import picture
from tests.web.desk import Browser, Screens, open_screens

# What answers a GET and is no page to look at.
NO_PAGES = frozenset(
    {
        *("static", "health.show", "second_factor.picture", "sheet.following", "sheet.written"),
        *("attachments.file", "files.contents", "files.manifest", "files.schema"),
        *("joint_reports.file", "reports.contents"),
        *("prints.application_pdf", "prints.loan_pdf", "prints.receipt_pdf"),
        *("portfolio_papers.pdf", "smeda_files.rejects"),
    }
)
FORGOTTEN = date(2026, 2, 20)
# Who is asked first to open a page; whoever may, opens it.
PEOPLE = ("manager", "officer", "cashier", "head", "auditor", "partner")
PAID = {
    "amount": "2800",
    "received_on": TODAY.isoformat(),
    "channel": "cash",
    "payer": "borrower",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A page as somebody meets it: its address, or what comes of typing there and sending.

    The session may end between the two.
    """

    name: str
    path: str
    username: str | None
    typed: Mapping[str, str] = field(default_factory=dict)
    session_ends: bool = False


@dataclass(frozen=True)
class Town:
    """An application with staff and a book, and an example of each thing in its addresses."""

    screens: Screens
    examples: Mapping[str, object]
    more: tuple[Scene, ...]

    @cached_property
    def browsers(self) -> dict[str | None, Browser]:
        """Give a browser for each of those who open pages, and one not signed in."""
        people = dict.fromkeys((None, *PEOPLE, *(scene.username for scene in self.more)))
        return {username: self.screens.browser(username) for username in people}

    @cached_property
    def scenes(self) -> list[Scene]:
        """Give every page that opens; see `unopened` for the others."""
        found = [scene for rule in self.rules() if (scene := self._scene(rule)) is not None]
        return sorted(found, key=lambda scene: scene.name) + list(self.more)

    def unopened(self) -> set[str]:
        """Name the pages of the address map that are no scene, though somebody should see them."""
        return {rule.endpoint for rule in self.rules()} - {s.name for s in self.scenes}

    def rules(self) -> list[Rule]:
        """Give the addresses that are read."""
        return [
            rule
            for rule in self.screens.app.url_map.iter_rules()
            if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES
        ]

    def _scene(self, rule: Rule) -> Scene | None:
        if not rule.arguments <= self.examples.keys():
            return None
        values = {name: self.examples[name] for name in rule.arguments}
        path = self.screens.app.url_map.bind("localhost").build(rule.endpoint, values)
        people = (None,) if rule.endpoint in PUBLIC else PEOPLE
        for username in people:
            answer = self.browsers[username].client.get(path)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                return Scene(rule.endpoint, path, username)
        return None


def screens_in(folder: Path) -> Screens:
    """Set up a book without a loan in a folder, and the application over it."""
    return open_screens(f"sqlite:///{folder / 'book.sqlite'}", folder / "files")


def empty_town(folder: Path) -> Town:
    """Set up a book without a loan."""
    return Town(screens_in(folder), {}, ())


def full_town(folder: Path) -> Town:
    """Fill a book: imported, then worked at the counter."""
    screens = screens_in(folder)
    _import_worked_book(screens)
    loan_id = _loan_id(screens, "W02")
    for number in ("7", "8"):
        screens.book.open_loan("LHR-01-2025-" + "0" * 12 + number)
    cashier, manager = screens.browser("cashier"), screens.browser("manager")
    plain, asked, mine, cancelled = (_receipt(cashier, loan_id) for _ in range(4))
    _ask(cashier, cancelled, "Typed twice.")
    manager.get("/confirmations")
    manager.send("/confirmations/1", answer="confirm")
    _ask(cashier, asked, "Typed for the wrong borrower; she paid at the other counter yesterday.")
    _ask(manager, mine, "The amount on the slip is another one.")
    people, ready = _people_and_applications(screens)
    examples = {
        "backdating_id": _backdatings(cashier, loan_id),
        "close_id": _close_with_a_late_receipt(screens.book),
        "edition_id": ReportOnItsWay(screens.book, screens.folder).walk(),
        "loan_id": loan_id,
        "money_in_id": int(plain.rpartition("/")[2]),
        **people,
        "complaint_id": _complaints_and_files(screens),
        "line": "A10.par30",
        "table": "fee",
        "key": "institution",
        "code": _code_of_paper(screens, loan_id),
    }
    return Town(screens, examples, _more_scenes(loan_id, asked, cancelled, ready))


def _close_with_a_late_receipt(book: Book) -> int:
    """Close February, issue its first reports, ask to post its allowance, enter forgotten money.

    Gives the close.
    """
    book.open_loan("LHR-01-2025-" + "0" * 12 + "9")
    close_a_month(book)
    issue_a_report(book, count=4)
    command = RecordReceipt("LHR-01-2025-" + "0" * 12 + "9", 1_500_00, FORGOTTEN, "cash")
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        record_receipt(tx, command, actor=CASHIER, today=TODAY, backdating_days=60)
        close_id = closed_months(tx.connection)[0].id
        ask_allowance(tx, AskAllowance(close_id), actor=HEAD_OFFICE)
    return close_id


def _code_of_paper(screens: Screens, loan_id: int) -> PaperCode:
    with reading(screens.book.engine) as connection:
        loan = loan_page(connection, loan_id, today=TODAY)
    return code_of_loan(AUDIT_KEY, "statement", loan, as_of=TODAY)


def _people_and_applications(screens: Screens) -> tuple[dict[str, object], int]:
    """Register borrowers and bring applications as far as they go.

    Gives the examples, and the application that can be paid out.
    """
    branch = Branch(screens.book)
    ready = branch.approved(branch.person("Bushra Perveen", district="Lahore"))
    person_id = branch.person("زینب بی بی", father_or_husband_name="محمد اسلم")
    _fill_the_page_of(branch, screens, person_id)
    in_hand = branch.enter(branch.person("Amna Bibi"))
    branch.guarantee(in_hand, branch.read(ready).guarantors[0].person_id)
    branch.guarantee(in_hand, person_id)
    branch.appraise(in_hand)
    joint = _work_with_smeda(screens, person_id)
    with reading(screens.book.engine) as connection:
        member = connection.execute(select(staff.c.act_id).where(staff.c.username == "officer"))
        member_id = member.scalar_one()
    examples: dict[str, object] = {
        "person_id": person_id,
        **joint,
        "application_id": in_hand,
        "kind": "social",
        "member_id": member_id,
        "group_id": branch.group("Kulsoom Bibi", "Razia Sultana", "شاہدہ پروین")[0],
        "donation_id": _donation(screens),
    }
    return examples, ready


def _donation(screens: Screens) -> int:
    """Take a donation; gives its id."""
    command = TakeDonation(branch="LHR-01", fund="mutual_support", amount=50_000, channel="cash")
    with screens.writing() as tx:
        return take_donation(tx, command, actor=CASHIER, today=TODAY).id


def _fill_the_page_of(branch: Branch, screens: Screens, person_id: int) -> None:
    """Give a borrower an enterprise with an application for it, and attachments."""
    stall = EnterpriseDetails(name="زینب فروٹ اسٹال", sector="trade", activity="street_vending")
    owned = branch.do(
        add_enterprise, AddEnterprise(person_id, stall, "LHR-01"), OFFICER, sectors=SECTOR_KEYS
    )
    branch.enter(person_id, submit=False, enterprise_id=owned)
    for kind in ("cnic_front", "photograph"):
        file = keep_file(screens.files, picture(), most_bytes=10_000)
        with screens.writing() as tx:
            attach_file(tx, AttachFile(person_id, kind, file, "LHR-01"), actor=OFFICER)


def _complaints_and_files(screens: Screens) -> int:
    """Record a complaint, make a file and ask for one of people; gives the complaint's number."""
    officer, head = screens.browser("officer"), screens.browser("head")
    officer.get("/complaints/new")
    told = {"branch": "LHR-01", "received_on": TODAY.isoformat(), "channel": "branch"}
    about = {"category": "delay", "gender": "female", "words": "قرض کی درخواست کا جواب نہیں ملا۔"}
    recorded = officer.send("/complaints/new", **told, **about).request.path
    for name, more in (("secp_gender_portfolio", {}), ("programme_report", {"reason": "Board"})):
        head.get("/files")
        head.send("/files", name=name, month="2026-02", **more)
    return int(recorded.rpartition("/")[2])


def _work_with_smeda(screens: Screens, person_id: int) -> dict[str, object]:
    """Let an enterprise be looked at, registered, helped, referred, asked; gives the examples."""
    work = JointWork(screens.book)
    shop = work.enterprise(person_id)
    work.review(shop, paid_women=2)
    work.consent(person_id)
    referral = work.refer(person_id, smeda_code="SMEDA-26-0001")
    upload = work.send_referrals(
        "SMEDA-26-0001,REG-77,Lahore,2026-02-20,A fruit stall",
        "SMEDA-26-0004,REG-78,Lahore,2026-02-24,Two goats",
        "SMEDA-26-0005,REG-79,Lahor City,2026-02-30,A 0300-1234567",
        store=screens.files,
    )
    work.take_back(take_back_referral, work.refer(person_id, smeda_code="SMEDA-26-0009"))
    for state in (State.INFORMED, State.CONSENTED):
        work.step(shop, "F1", state)
    work.step(shop, "F2", State.REGISTERED, smeda_code="SMEDA-26-0002")
    work.help("mentoring", shop, month=3, satisfaction=5, note="prices and accounts")
    training = work.train(code="SMEDA-26-0003")
    work.invite(training)
    work.attend(training, [Present(each, 3, True, 4) for each in work.invitations(training)[:5]])
    work.aim_at("2026-H1", "A1", 1_000)
    survey = work.survey("2026-H1", 10)
    work.undo(work.step(shop, "F5", State.INFORMED))
    return {
        "enterprise_id": shop,
        "training_id": training,
        "survey_id": survey,
        "referral_id": referral,
        "upload_id": upload.id,
    }


def _more_scenes(loan_id: int, asked: str, cancelled: str, ready: int) -> tuple[Scene, ...]:
    receipt, approved = f"/loans/{loan_id}/receipt", f"/applications/{ready}"
    wrong = {"amount": "0", "received_on": "", "reference": "\u202e12", "book_number": "9" * 40}
    return (
        Scene("sheet written", f"/sheet/receipts?receipts={asked.rpartition('/')[2]}", "cashier"),
        Scene("book by branch", "/book?by=branch", "head"),
        Scene("book of a day before any loan", "/book?as_of=2020-01-01", "head"),
        Scene("book of a day to come", "/book?as_of=2030-01-01", "head"),
        Scene("found several", "/", "head", {"wanted": "Borrower of"}),
        Scene("found nothing", "/", "officer", {"wanted": "35201-1234567-1"}),
        Scene("receipt with faults", receipt, "cashier", wrong),
        Scene("receipt of a day long past", receipt, "cashier", {"received_on": "2026-03-19"}),
        Scene("application approved", approved, "manager"),
        Scene("application to be paid out", approved, "cashier"),
        Scene("request taken back", "/backdating/1", "cashier"),
        Scene("session ended in a form", receipt, "cashier", {"amount": "1234"}, session_ends=True),
        Scene("receipt asked to be cancelled", asked, "officer"),
        Scene("receipt cancelled", cancelled, "officer"),
        Scene("not allowed", f"/loans/{loan_id}", "stranger"),
        Scene("no such page", "/nowhere", "officer"),
        Scene("password with faults", "/password", "officer", {"old": "x", "password": "y"}),
        Scene("sign-in refused", "/sign-in", None, {"username": "nobody", "password": "x"}),
    )


def _import_worked_book(screens: Screens) -> None:
    sources = BookSources(
        loans=WORKED / "loans.csv",
        receipts=WORKED / "receipts.csv",
        schedules=WORKED / "schedules.csv",
        create_missing=True,
    )
    with import_book(
        screens.book.engine,
        sources,
        settings=read_settings(None, {}),
        actor=SHELL,
        audit_key=AUDIT_KEY,
        clock=screens.book.clock,
    ) as report:
        assert report.exit_code == 0


def _loan_id(screens: Screens, ref: str) -> int:
    with reading(screens.book.engine) as connection:
        return int(connection.execute(select(loan.c.id).where(loan.c.ref == ref)).scalar_one())


def _receipt(cashier: Browser, loan_id: int) -> str:
    """Take a receipt; gives its address."""
    cashier.get(f"/loans/{loan_id}/receipt")
    return cashier.send(f"/loans/{loan_id}/receipt", **PAID).request.path


def _backdatings(cashier: Browser, loan_id: int) -> int:
    """Ask for two receipts of days long past, and take one back; gives the one that waits."""
    form, asked = f"/loans/{loan_id}/receipt", ""
    for day in ("2026-03-20", "2026-03-21"):
        cashier.get(form)
        late = PAID | {"received_on": day, "reason": "The slip lay in the drawer of the counter."}
        asked = cashier.send(form, **late).request.path
    cashier.send("/backdating/1/take-back", reason="It was another borrower's.")
    return int(asked.rpartition("/")[2])


def _ask(browser: Browser, receipt: str, reason: str) -> None:
    browser.get(receipt)
    assert browser.send(f"{receipt}/cancel", reason=reason).status_code == 200
