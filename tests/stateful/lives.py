"""A machine that lives random lives: each step happens in the book and in the model.

One example is one transaction that is rolled back at its end; each step in it is a savepoint,
so that a refusal leaves nothing behind.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Connection, Engine, func, insert, select

from aim_loans.borrowers.models import person
from aim_loans.cash.models import money_in, number_series
from aim_loans.cash.operations import (
    IMPORT_ACCOUNT,
    MoneyDraft,
    take_imported,
    waiting_side,
)
from aim_loans.checks.run import verify_book
from aim_loans.config.reader import read_settings
from aim_loans.db.bulk import next_ids
from aim_loans.db.engine import Writing
from aim_loans.db.tables import to_micros
from aim_loans.errors import Conflict, Refused
from aim_loans.identity.models import audit_entry
from aim_loans.identity.operations import begin_branch_act, seal_act
from aim_loans.ledger.models import journal_line
from aim_loans.loans import operations as loans
from aim_loans.loans.facts import branch_on
from aim_loans.loans.history import kind_of_money
from aim_loans.loans.models import loan_dimension, loan_fact, loan_position
from aim_loans.loans.operations import CONTRACT_TABLES, Contract, Dimensions, FactDraft
from aim_loans.loans.positions import refresh_positions
from aim_loans.loans.queries import load_histories
from aim_loans.origination import operations as origination
from aim_loans.portfolio.engine import LoanRow, loan_rows
from aim_loans.repayment import endings
from aim_loans.repayment import operations as repayment
from tests.book import AUDIT_KEY, CASHIER, HEAD_OFFICE, MANAGER
from tests.stateful.draws import BRANCHES, EARLIEST, Dice, Plan, dice, plans
from tests.stateful.model import DAYS, ONE, Book, Fact, Loan, Money, Place, refusal

KARACHI = ZoneInfo("Asia/Karachi")
LADDER = read_settings(None, {}).dated.ladder[0]
# The fiscal year turns on 1 July, and with it the receipt numbers begin anew.
FIRST_TODAY = date(2026, 6, 24)
MOST_LOANS = 5
BRIDGES = ("inter_branch", "inter_fund")
EVENTS = [
    event
    for event, weight in {
        "receive": 12,
        "receive for nobody": 3,
        "receive unpermitted": 1,
        "import receipt": 2,
        "apply": 5,
        "move": 5,
        "cancel receipt": 4,
        "refund": 5,
        "waive": 2,
        "write off": 2,
        "cancel fact": 5,
        "disburse": 2,
        "transfer": 5,
        "correct": 1,
        "same again": 1,
        "days pass": 1,
    }.items()
    for _ in range(weight)
]


@dataclass
class Tally:
    """What the machines of one run did."""

    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    steps: list[int] = field(default_factory=list)

    def accepted(self, event: str) -> int:
        """Count how often an event was accepted."""
        return self.events[event, "accepted"]

    def names(self) -> list[str]:
        """Name the events."""
        return sorted({event for event, _ in self.events})

    def table(self) -> str:
        """Draw the counts: each event, how often accepted, how often refused and by what."""
        lines = [
            f"{len(self.steps)} examples, {sum(self.steps)} steps",
            f"{'event':<24}{'accepted':>9}{'refused':>9}   refused by",
        ]
        for event in self.names():
            rules = {why: n for (what, why), n in self.events.items() if what == event}
            accepted = rules.pop("accepted", 0)
            said = ", ".join(f"{why} {n}" for why, n in sorted(rules.items()))
            lines.append(f"{event:<24}{accepted:>9}{sum(rules.values()):>9}   {said}")
        return "\n".join(lines)


class Lives(RuleBasedStateMachine):
    """Random lives of loans in a real book, and in the model beside it."""

    def __init__(self, engine: Engine, tally: Tally) -> None:
        super().__init__()
        self.tally = tally
        immediate = engine.execution_options(sqlite_begin="IMMEDIATE")
        self.connection: Connection = immediate.connect()
        self.transaction = self.connection.begin()
        self.moment = datetime(2026, 6, 24, 5, 0, tzinfo=UTC)
        self.today = FIRST_TODAY
        self.book = Book()
        self.commands = 0
        self.steps = 0
        self.sound = True
        self.done: list[tuple[str, Callable[[Writing, str], Any], Any]] = []
        self.lines: list[Any] = []
        self.known: list[tuple[int, date, dict[Place, int]]] = []
        self.known_books: list[tuple[datetime, date, list[LoanRow]]] = []
        self.entries = self._count_entries()

    def teardown(self) -> None:
        self.tally.steps.append(self.steps)
        try:
            if self.sound and self.book.loans:
                self._check_every_day()
        finally:
            self.transaction.rollback()
            self.connection.close()

    # Steps

    @initialize(loans=st.lists(plans(), min_size=3, max_size=MOST_LOANS))
    def begin(self, loans: list[Plan]) -> None:
        for plan in loans:
            self._agree(plan)
            if plan.paid_out:
                self._disburse("disburse at once", self.book.loans[-1], plan.on, "cash")

    # All events stand in one rule, so that each example meets all of them.
    @rule(event=st.sampled_from(EVENTS), dice=dice)
    def live(self, event: str, dice: Dice) -> None:
        steps: dict[str, Callable[[Dice], None]] = {
            "days pass": self.days_pass,
            "disburse": self.disburse,
            "receive": self.receive,
            "receive for nobody": self.receive_for_nobody,
            "receive unpermitted": self.receive_unpermitted,
            "import receipt": self.import_receipt,
            "apply": self.apply,
            "move": self.move,
            "cancel receipt": self.cancel_receipt,
            "refund": self.refund,
            "waive": self.waive,
            "write off": self.write_off,
            "cancel fact": self.cancel_fact,
            "transfer": self.transfer,
            "correct": self.correct,
            "same again": self.send_again,
        }
        steps[event](dice)

    def days_pass(self, dice: Dice) -> None:
        self.steps += 1
        self.today += timedelta(days=1 + dice.size % 3)
        self.moment += timedelta(days=1 + dice.size % 3)

    def disburse(self, dice: Dice) -> None:
        waiting = [loan for loan in self.book.loans if loan.state() == "approved"]
        loan = newest(waiting or self.book.loans, dice.which)
        self._disburse("disburse", loan, self._day(EARLIEST, dice.when), dice.channel)

    def receive(self, dice: Dice) -> None:
        loan = self._loan(dice)
        if loan.state() == "approved" and dice.size % 4:
            self.disburse(dice)
            return
        event, amount = self._amount(loan, dice.size)
        branch = dice.branch if dice.index % 3 == 0 else None
        self._receive(event, loan, amount, dice, branch=branch)

    def import_receipt(self, dice: Dice) -> None:
        """Take in a receipt as an import of a book does: it never came through our cash."""
        loan = self._loan(dice)
        day = min(self._day(loan.paid_out_on() or EARLIEST, dice.when), self.today)
        amount, reference = 1 + dice.size * 971, f"imported {self.commands}"

        def in_book(tx: Writing, key: str) -> int | None:
            this = begin_branch_act(
                tx,
                kind="import",
                command=Changed(loan.ref, day, ((reference, str(amount)),)),
                actor=HEAD_OFFICE,
                subject=loan.ref,
                branch_code=BRANCHES[0],
                key=key,
            )
            if this.repeated:
                return None
            history = load_histories(tx.connection, [loan.id])[loan.id]
            branch = branch_on(day, history.branches)
            draft = MoneyDraft(branch, loan.fund, None, IMPORT_ACCOUNT, reference, amount, day)
            (money_id,) = take_imported(tx, this, [draft], today=self.today)
            contra = waiting_side(IMPORT_ACCOUNT, branch, loan.fund)
            kind = kind_of_money(history)
            fact = FactDraft(loan.id, kind, amount, day, contra, money_id)
            loans.post_facts(tx, this, [fact], [history])
            seal_act(tx, this, (money_in, loan_fact, journal_line))
            return None

        self._step(
            "import receipt",
            lambda: self.book.import_receipt(
                loan, amount=amount, on=day, reference=reference, today=self.today
            ),
            in_book,
        )

    def receive_unpermitted(self, dice: Dice) -> None:
        loan = self._loan(dice)
        day = self.today - timedelta(days=dice.when % 5)
        command = repayment.RecordReceipt(loan.ref, 100_00, day, "cash")
        self._step(
            "receive unpermitted",
            lambda: self.book.receive(
                loan, amount=100_00, on=day, channel="cash", today=self.today, permitted=False
            ),
            lambda tx, key: repayment.record_receipt(
                tx, command, actor=CASHIER, today=self.today, backdating_days=2, key=key
            ),
        )

    def receive_for_nobody(self, dice: Dice) -> None:
        day = self._day(EARLIEST, dice.when)
        amount = 1 + dice.size * (1 + dice.index) * 20
        reference = self._reference(dice.channel)
        command = repayment.ReceiveMoney(
            dice.branch, dice.fund, amount, day, dice.channel, "", reference
        )
        self._step(
            "receive into suspense",
            lambda: self.book.receive_loose(
                branch=dice.branch,
                fund=dice.fund,
                amount=amount,
                on=day,
                channel=dice.channel,
                reference=reference,
                today=self.today,
            ),
            lambda tx, key: repayment.receive_money(
                tx, command, actor=CASHIER, today=self.today, key=key
            ),
        )

    def apply(self, dice: Dice) -> None:
        waiting = [
            money
            for money in self.book.money
            if self.book.unapplied(money) and (not money.cancelled_on or dice.size % 10 == 9)
        ]
        if not waiting:
            self.receive_for_nobody(dice)
            return
        loan, money = self._loan(dice), newest(waiting, dice.index)
        rest = self.book.unapplied(money)
        amount = [rest, rest // 2, rest // 3, rest + 1][dice.size % 4]
        command = repayment.ApplyMoney(money.id, loan.ref, amount)
        self._step(
            "apply part" if amount < rest else "apply rest",
            lambda: self.book.apply(money, loan, amount),
            lambda tx, key: repayment.apply_money(tx, command, actor=MANAGER, key=key),
        )

    def move(self, dice: Dice) -> None:
        applied = [f for money in self.book.money for f in self.book.applications(money)]
        wrong = [fact for fact in self.book.facts if fact not in applied]
        if wrong and dice.size % 10 == 9:
            applied = wrong
        if not applied:
            self.receive(dice)
            return
        loan, fact = self._loan(dice), newest(applied, dice.index)
        command = repayment.MoveMoney(fact.id, loan.ref, "wrong loan")
        self._step(
            "move" if fact.loan != loan.ref else "move to the same loan",
            lambda: self.book.move(fact, loan),
            lambda tx, key: repayment.move_money(tx, command, actor=MANAGER, key=key),
        )

    def cancel_receipt(self, dice: Dice) -> None:
        standing = [money for money in self.book.money if not money.cancelled_on]
        if not standing:
            self.receive(dice)
            return
        money = newest(self.book.money if dice.size % 8 == 0 else standing, dice.index)
        day = None
        if dice.size % 2:
            day = self._day(money.received_on, dice.when)
        command = repayment.CancelReceipt(money.id, "a mistake", day)
        self._step(
            "cancel receipt" if day is None else "dishonour",
            lambda: self.book.cancel_receipt(money, day, self.today),
            lambda tx, key: repayment.cancel_receipt(
                tx, command, asked_by=CASHIER, confirmed_by=MANAGER, today=self.today, key=key
            ),
        )

    def refund(self, dice: Dice) -> None:
        owed = [loan for loan in self.book.loans if loan.now().credit > 0]
        loan = newest(owed or self.book.loans, dice.which)
        if not owed and dice.size % 5:
            amount = loan.now().outstanding + 1 + dice.size * 97
            self._receive("receive above", loan, amount, dice, branch=None)
            return
        credit = loan.now().credit
        amount = [credit, credit, 1 + credit // 2, 1 + credit][dice.size % 4]
        day = self._day(max(loan.days(), default=EARLIEST), dice.when)
        if dice.index % 2:
            day = self._day(loan.paid_out_on() or EARLIEST, dice.when)
        channel = "cash" if dice.channel == "cash" else "bank"
        command = endings.RefundCredit(loan.ref, amount, day, channel)
        self._step(
            "refund",
            lambda: self.book.refund(loan, amount, day, channel, self.today),
            lambda tx, key: endings.refund_credit(
                tx, command, asked_by=CASHIER, confirmed_by=MANAGER, today=self.today, key=key
            ),
        )

    def waive(self, dice: Dice) -> None:
        loan = self._ending_loan(dice)
        fund = (None, "mutual_support", dice.fund, "mutual_support")[dice.size % 4]
        command = endings.EndLoan(loan.ref, self._late_day(loan, dice.when), "death", fund)
        self._step(
            "waive",
            lambda: self.book.end(loan, "waiver", command.on, fund, self.today),
            lambda tx, key: endings.waive(
                tx, command, actor=HEAD_OFFICE, today=self.today, key=key
            ),
        )

    def write_off(self, dice: Dice) -> None:
        loan = self._ending_loan(dice)
        command = endings.EndLoan(loan.ref, self._late_day(loan, dice.when), "lost")
        self._step(
            "write off",
            lambda: self.book.end(loan, "write_off", command.on, None, self.today),
            lambda tx, key: endings.write_off(
                tx, command, actor=HEAD_OFFICE, today=self.today, key=key
            ),
        )

    def cancel_fact(self, dice: Dice) -> None:
        kind = ("disbursement", "refund", "waiver", "write_off", "refund", "any")[dice.size % 6]
        facts = [
            fact
            for loan in self.book.loans
            for fact in loan.standing_facts()
            if fact.kind == kind or (not fact.money and fact.kind != "disbursement")
        ]
        if kind == "any" or not facts:
            facts = self.book.facts
        if not facts:
            self.receive(dice)
            return
        fact = newest(facts, dice.index)
        command = endings.CancelFact(fact.id, "a mistake")
        self._step(
            f"cancel {fact.kind}" if fact.money is None else "cancel a part of money",
            lambda: self.book.cancel_fact(fact),
            lambda tx, key: endings.cancel_fact(
                tx, command, asked_by=CASHIER, confirmed_by=MANAGER, key=key
            ),
        )

    def transfer(self, dice: Dice) -> None:
        loan = self._loan(dice)
        changes = [
            {"branch_code": dice.branch},
            {"branch_code": dice.branch},
            {"branch_code": dice.branch, "sector": dice.sector},
            {"sector": dice.sector},
        ][dice.size % 4]
        day = min(self._day(loan.first_change, dice.when), self.today)
        event = "transfer" if "branch_code" in changes else "change sector"
        self._change(event, loan, changes, day)

    def correct(self, dice: Dice) -> None:
        loan = self._loan(dice)
        changes = {"branch_code": dice.branch, "sector": dice.sector}
        if dice.size % 3 == 0:
            del changes["branch_code"]
        self._change("correct", loan, changes, loan.first_change)

    def send_again(self, dice: Dice) -> None:
        """Send a command again under its key, or something else under it."""
        if not self.done:
            self.receive(dice)
            return
        self.steps += 1
        self.sound = False
        key, again, answer = newest(self.done, dice.index)
        if dice.size % 3:
            repeated, _ = self._try(again, key)
            assert same_answer(repeated, answer), (repeated, answer)
            self.tally.events["same key again", "accepted"] += 1
            return
        command = repayment.RecordReceipt(self._loan(dice).ref, 77_77, self.today, "cash")
        _, sentence = self._try(
            lambda tx, key: repayment.record_receipt(
                tx, command, actor=CASHIER, today=self.today, backdating_days=2, key=key
            ),
            key,
        )
        assert isinstance(sentence, Conflict)
        self.tally.events["used key for another", "key known"] += 1

    # How a step is taken

    def _step(
        self,
        event: str,
        in_model: Callable[[], None],
        in_book: Callable[[Writing, str], Any],
    ) -> None:
        """Let both do it: both accept it and then hold the same, or both refuse."""
        self.steps += 1
        self.sound = False
        self.commands += 1
        key = f"key {self.commands}"
        facts, money = len(self.book.facts), len(self.book.money)
        refused_by = refusal(in_model)
        answer, sentence = self._try(in_book, key)
        self.tally.events[event, refused_by or "accepted"] += 1
        assert (refused_by is None) == (sentence is None), (event, refused_by, str(sentence))
        if refused_by is None:
            self.done.append((key, in_book, answer))
        self._check_new_money(self.book.money[money:])
        self._check_new_facts(self.book.facts[facts:])
        if refused_by == "reference known":
            assert isinstance(sentence, Conflict)

    def _try(self, in_book: Callable[[Writing, str], Any], key: str) -> tuple[Any, Refused | None]:
        try:
            with self.connection.begin_nested():
                return in_book(self._writing(), key), None
        except Refused as sentence:
            return None, sentence

    def _writing(self) -> Writing:
        self.moment += timedelta(seconds=1)
        return Writing(self.connection, self.moment, AUDIT_KEY)

    def _agree(self, plan: Plan) -> None:
        self.steps += 1
        ref = f"L{len(self.book.loans) + 1}"
        with self.connection.begin_nested():
            tx = self._writing()
            this = begin_branch_act(
                tx,
                kind="agree",
                command=plan,
                actor=MANAGER,
                subject=ref,
                branch_code=plan.branch,
            )
            borrower = next_ids(self.connection, person, 1)[0]
            who = {"id": borrower, "name": ref, "gender": "female", "act_id": this.id}
            self.connection.execute(insert(person).values(who))
            contract = Contract(
                ref=ref,
                borrower_id=borrower,
                product="family_enterprise",
                fund=plan.fund,
                principal=plan.principal,
                instalments_asked=plan.schedule.asked,
                frequency=plan.frequency.value,
                source="application",
                from_on=plan.on,
                schedule=plan.schedule,
                dimensions=Dimensions(plan.branch, "trade", plan.fund, "female"),
            )
            (opened,) = loans.open_loans(tx, this, [contract])
            refresh_positions(tx.connection, [opened.loan_id])
            seal_act(tx, this, (person, *CONTRACT_TABLES))
        agreed = Loan(
            ref=ref,
            fund=plan.fund,
            principal=plan.principal,
            due=[(row.due_on, row.amount) for row in plan.schedule.instalments],
            branch=dict.fromkeys(DAYS, plan.branch),
            sector=dict.fromkeys(DAYS, "trade"),
            first_change=plan.on,
            last_change=plan.on,
            id=opened.loan_id,
        )
        self.book.loans.append(agreed)
        self.book.acts += 1
        self.tally.events["agree", "accepted"] += 1

    def _disburse(self, event: str, loan: Loan, day: date, channel: str) -> None:
        command = origination.Disburse(loan.ref, day, channel)
        self._step(
            event,
            lambda: self.book.disburse(loan, day, channel, self.today),
            lambda tx, key: origination.disburse(
                tx, command, actor=MANAGER, today=self.today, key=key
            ),
        )

    def _receive(
        self, event: str, loan: Loan, amount: int, dice: Dice, *, branch: str | None
    ) -> None:
        day = self._day(loan.paid_out_on() or EARLIEST, dice.when)
        channel, reference = dice.channel, self._reference(dice.channel)
        if dice.index % 30 == 7 and self.book.references:
            channel, _, reference = newest(sorted(self.book.references), dice.index)
        command = repayment.RecordReceipt(
            loan_ref=loan.ref,
            amount=amount,
            received_on=day,
            channel=channel,
            reference=reference,
            branch=branch,
            reason="entered late",
        )
        self._step(
            event,
            lambda: self.book.receive(
                loan,
                amount=amount,
                on=day,
                channel=channel,
                today=self.today,
                reference=reference,
                branch=branch,
            ),
            lambda tx, key: repayment.record_receipt(
                tx,
                command,
                actor=CASHIER,
                permitted_by=MANAGER,
                today=self.today,
                backdating_days=2,
                key=key,
            ),
        )

    def _change(self, event: str, loan: Loan, changes: dict[str, str], day: date) -> None:
        def in_book(tx: Writing, key: str) -> None:
            this = begin_branch_act(
                tx,
                kind="change",
                command=Changed(loan.ref, day, tuple(changes.items())),
                actor=HEAD_OFFICE,
                subject=loan.ref,
                branch_code=BRANCHES[0],
                key=key,
            )
            if not this.repeated:
                loans.change_dimensions(tx, this, loan.id, changes, from_on=day, today=self.today)
                seal_act(tx, this, (loan_dimension, journal_line))

        self._step(
            event,
            lambda: self.book.change(loan, changes.get("branch_code"), changes.get("sector"), day),
            in_book,
        )

    # What a step works on

    def _loan(self, dice: Dice) -> Loan:
        return self.book.loans[dice.which % len(self.book.loans)]

    def _ending_loan(self, dice: Dice) -> Loan:
        """Choose a loan to end: mostly one that can be ended."""
        active = [loan for loan in self.book.loans if loan.state() == "active"]
        if not active or dice.index % 6 == 5:
            return self._loan(dice)
        return active[dice.which % len(active)]

    def _day(self, first: date, when: int) -> date:
        """Choose a day: mostly between the first and today, now and then outside."""
        if when % 50 == 23:
            return first - timedelta(days=1 + when % 5)
        if when % 50 == 24:
            return self.today + timedelta(days=1)
        if when >= 900:
            return self.today
        return first + timedelta(days=when % max(1, (self.today - first).days + 1))

    def _late_day(self, loan: Loan, when: int) -> date:
        """Choose a day from the loan's last fact on, and every sixth time shortly before it."""
        last = max(loan.days(), default=EARLIEST)
        if when >= 980:
            return self.today + timedelta(days=1)
        wait = when % 60 if when % 6 else -1 - when % 5
        return min(last + timedelta(days=wait), self.today)

    def _amount(self, loan: Loan, size: int) -> tuple[str, int]:
        instalment = loan.due[0][1]
        rest = loan.now().outstanding or instalment
        if size % 20 == 19:
            return "receive nothing", -(size % 2)
        return [
            ("receive instalment", instalment),
            ("receive instalment", instalment),
            ("receive three", 3 * instalment),
            ("receive odd", 1 + size * 971),
            ("receive odd", 1 + size * 971),
            ("receive balance", rest),
            ("receive above", rest + 1 + size * 97),
        ][size % 7]

    def _reference(self, channel: str) -> str | None:
        if channel == "cash" or self.commands % 50 == 49:
            return None
        return f"ref {self.commands}"

    # What must hold

    def _check_new_money(self, expected: Sequence[Money]) -> None:
        for money in expected:
            after = max((each.id for each in self.book.money), default=0)
            rows = self.connection.execute(
                select(money_in, number_series.c.series, number_series.c.fiscal_year)
                .join(number_series, number_series.c.id == money_in.c.series_id)
                .where(money_in.c.id > after)
            ).all()
            assert len(rows) == 1
            (row,) = rows
            number = f"{row.branch_code}/{row.series}/{row.fiscal_year}/{row.number:06d}"
            found = (row.branch_code, row.fund_code, row.channel, row.amount, row.received_on)
            channel = money.channel or None
            wanted = (money.branch, money.fund, channel, money.amount, money.received_on)
            assert (*found, number) == (*wanted, money.number)
            money.id = row.id

    def _check_new_facts(self, expected: Sequence[Fact]) -> None:
        after = max((fact.id for fact in self.book.facts), default=0)
        rows = self.connection.execute(
            select(loan_fact).where(loan_fact.c.id > after).order_by(loan_fact.c.id)
        ).all()
        ids = {loan.ref: loan.id for loan in self.book.loans}
        found = [
            (
                row.loan_id,
                row.kind,
                row.amount,
                row.value_on,
                (row.contra, row.contra_branch, row.fund_code),
                row.money_in_id,
                row.reverses_id,
            )
            for row in rows
        ]
        assert found == [
            (
                ids[fact.loan],
                fact.kind,
                fact.sign * fact.amount,
                fact.day,
                fact.contra,
                fact.money.id if fact.money else None,
                fact.undoes.id if fact.undoes else None,
            )
            for fact in expected
        ]
        for fact, row in zip(expected, rows, strict=True):
            fact.id = row.id
            self.tally.events[
                f"fact: {fact.kind}", "taken back" if fact.undoes else "accepted"
            ] += 1

    @invariant()
    def positions_are_those_of_the_model(self) -> None:
        self.sound = False
        ids = [loan.id for loan in self.book.loans]
        rows = self.connection.execute(
            select(loan_position).where(loan_position.c.loan_id.in_(ids))
        )
        found = {row.loan_id: row for row in rows}
        assert len(found) == len(ids)
        for loan in self.book.loans:
            row, now = found[loan.id], loan.now()
            expected = {
                "branch_code": loan.branch[self.today],
                "sector": loan.sector[self.today],
                "last_value_on": loan.last_value_day(),
                "disbursed_on": loan.paid_out_on(),
                "disbursed": now.paid_out,
                "applied": now.received,
                "waived": now.waived,
                "written_off": now.written_off,
                "recovered": now.recovered,
                "credited": now.credited,
                "refunded": now.refunded,
                "outstanding": now.outstanding,
                "oldest_unpaid_due_on": now.oldest_unpaid,
            }
            held = {name: getattr(row, name) for name in expected}
            assert held == expected, (loan.ref, held, expected)

    @invariant()
    def the_ledger_is_that_of_the_model(self) -> None:
        self._read_lines()
        days = self.book.days()
        if days:
            chosen = {days[(self.steps * 7 + n * 13) % len(days)] for n in range(2)}
            newest_days = {fact.day for fact in self.book.facts[-2:]}
            for day in sorted(chosen | newest_days | {self.today}):
                self._check_ledger(day)
            day = min(chosen)
            self.known.append((to_micros(self.moment), day, self.book.balances(day)))
            self.known_books.append((self.moment, day, self._book_of(day)))
        self.sound = True

    def _read_lines(self) -> None:
        after = self.lines[-1].id if self.lines else 0
        rows = self.connection.execute(
            select(journal_line).where(journal_line.c.id > after).order_by(journal_line.c.id)
        )
        self.lines += rows.all()

    def _check_ledger(self, day: date) -> None:
        found = balances(line for line in self.lines if line.value_on <= day)
        assert plain(found) == self.book.balances(day), day
        bridged: dict[Place, int] = defaultdict(int)
        for (account, branch, fund), amount in found.items():
            if account in BRIDGES:
                # What branches owe each other nets to nothing in each fund, what funds owe
                # each other in each branch.
                where = ("", fund) if account == "inter_branch" else (branch, "")
                bridged[account, *where] += amount
        assert not any(bridged.values()), (day, bridged)

    def _check_every_day(self) -> None:
        for day in self.book.days():
            self._check_ledger(day)
        for recorded, day, expected in self.known:
            lines = [
                line
                for line in self.lines
                if line.value_on <= day and to_micros(line.recorded_at) <= recorded
            ]
            assert plain(balances(lines)) == expected, "a later step changed what was known then"
        self._check_lateness()
        self._check_numbers()
        assert self._count_entries() - self.entries == self.book.acts
        outcomes = verify_book(self.connection, zone=KARACHI, audit_key=AUDIT_KEY)
        assert [outcome for outcome in outcomes if outcome.faults] == []

    def _check_lateness(self) -> None:
        """Hold balance, arrears and days past due to the model's, on the days of each loan."""
        days = self.book.days()
        due = [loan.due[min(2, len(loan.due) - 1)][0] for loan in self.book.loans]
        late = {due[0], due[1] + ONE, due[2] + 30 * ONE}
        for day in sorted({days[len(days) // 3], days[-1], self.today} | late):
            self._check_book(day, None, self._book_of(day))
        for known_at, day, expected in self.known_books[5::17]:
            self._check_book(day, known_at, expected)

    def _check_book(self, day: date, known_at: datetime | None, expected: list[LoanRow]) -> None:
        rows = loan_rows(self.connection, as_of=day, known_at=known_at, ladder=LADDER)
        found = [row._replace(bucket="", loan_class="") for row in rows]
        differing = [pair for pair in zip(found, expected, strict=False) if pair[0] != pair[1]]
        assert found == expected, (day, known_at, differing)

    def _book_of(self, day: date) -> list[LoanRow]:
        """List the loans paid out by a day as the model has them."""
        rows = []
        for loan in self.book.loans:
            then, paid_out_on = loan.on(day), loan.paid_out_on()
            if not then.paid_out or paid_out_on is None:
                continue
            rows.append(
                LoanRow(
                    loan_ref=loan.ref,
                    disbursed_on=paid_out_on,
                    principal=then.paid_out,
                    received=then.paid,
                    credit=then.credit,
                    outstanding=then.outstanding,
                    due=then.due,
                    arrears=then.arrears,
                    advance=max(0, then.paid - then.due),
                    days_past_due=then.days_past_due,
                    bucket="",
                    loan_class="",
                )
            )
        return rows

    def _check_numbers(self) -> None:
        rows = self.connection.execute(
            select(
                number_series.c.branch_code,
                number_series.c.series,
                number_series.c.fiscal_year,
                money_in.c.number,
            )
            .join(money_in, money_in.c.series_id == number_series.c.id)
            .order_by(money_in.c.number)
        )
        given: dict[tuple[str, str, int], list[int]] = defaultdict(list)
        for branch, series, year, number in rows:
            given[branch, series, year].append(number)
        assert given == {
            series: list(range(1, last + 1)) for series, last in self.book.numbers.items() if last
        }

    def _count_entries(self) -> int:
        counted = select(func.count()).select_from(audit_entry)
        return int(self.connection.execute(counted).scalar_one())


def machine(engine: Engine, tally: Tally) -> type[Lives]:
    """Give the machine for a book; what it does is counted in the tally."""

    class LivesHere(Lives):
        def __init__(self) -> None:
            super().__init__(engine, tally)

    return LivesHere


@dataclass(frozen=True)
class Changed:
    """The command of a change of dimensions."""

    loan_ref: str
    from_on: date
    changes: tuple[tuple[str, str], ...]


def newest(things: Sequence[Any], index: int) -> Any:
    """Choose one, counted back from the newest."""
    return things[-1 - index % len(things)]


def balances(lines: Any) -> dict[Place, int]:
    """Sum journal lines to debit balances by account, branch and fund."""
    found: dict[Place, int] = defaultdict(int)
    for line in lines:
        found[line.debit, line.branch_code, line.fund_code] += line.amount
        found[line.credit, line.branch_code, line.fund_code] -= line.amount
    return found


def plain(found: dict[Place, int]) -> dict[Place, int]:
    """Leave the bridging accounts and the empty ones out."""
    return {place: n for place, n in found.items() if n and place[0] not in BRIDGES}


def same_answer(one: Any, other: Any) -> bool:
    """Say whether a repeated command was answered with the first act or receipt."""
    if one is None:
        return other is None
    if isinstance(one, repayment.Recorded):
        return one.repeated and one.receipt.number == other.receipt.number
    return bool(one.id == other.id)
