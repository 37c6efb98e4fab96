"""A book of loans as plain lists and loops, to hold the real one against.

It shares no code with the software: it keeps what happened, in the order in which it was
told, and counts everything anew each time it is asked. Its rules are those of the trade:
money pays the oldest instalment first, what is above the balance is the borrower's, a
waiver ends the claim, money after a write-off is a recovery, a reversal is the opposite
fact. Amounts are paisa.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

# The days that the model knows; nothing may happen outside them.
FIRST_DAY = date(2024, 6, 1)
LAST_DAY = date(2026, 12, 31)
DAYS = [FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]

# An account of one branch and one fund.
Place = tuple[str, str, str]


class No(Exception):  # a refusal is named for what it says
    """The model refuses; the text is the rule in two or three words."""


@dataclass
class Money:
    """Money that came in, and the day on which it was taken back, if it was."""

    branch: str
    fund: str
    channel: str
    amount: int
    received_on: date
    number: str
    cancelled_on: date | None = None
    imported: bool = False
    id: int = 0

    @property
    def waits_in(self) -> Place:
        """Give where it waits; imported money never came through our cash."""
        return ("import_opening" if self.imported else "suspense", self.branch, self.fund)


@dataclass
class Fact:
    """One thing that happened to a loan; `sign` is -1 where it takes another fact back."""

    loan: str
    kind: str
    amount: int
    day: date
    contra: Place
    money: Money | None = None
    undoes: "Fact | None" = None
    id: int = 0

    @property
    def sign(self) -> int:
        """Give -1 for a fact that takes another back."""
        return -1 if self.undoes else 1


@dataclass
class Standing:
    """A loan on one day."""

    paid_out: int = 0
    received: int = 0
    waived: int = 0
    written_off: int = 0
    recovered: int = 0
    credited: int = 0
    refunded: int = 0
    outstanding: int = 0
    credit: int = 0
    recovery: int = 0
    paid: int = 0
    due: int = 0
    oldest_unpaid: date | None = None
    arrears: int = 0
    days_past_due: int = 0


@dataclass
class Loan:
    """A loan: its instalments (due date, amount), where it belonged each day, what happened."""

    ref: str
    fund: str
    principal: int
    due: list[tuple[date, int]]
    branch: dict[date, str]
    sector: dict[date, str]
    first_change: date
    last_change: date
    facts: list[Fact] = field(default_factory=list)
    id: int = 0

    def on(self, day: date) -> Standing:
        """Count everything up to a day."""
        now = Standing()
        for fact in self.facts:
            if fact.day > day:
                continue
            amount = fact.sign * fact.amount
            if fact.kind == "disbursement":
                now.paid_out += amount
            elif fact.kind == "receipt":
                now.received += amount
            elif fact.kind == "waiver":
                now.waived += amount
            elif fact.kind == "write_off":
                now.written_off += amount
            elif fact.kind == "recovery":
                now.recovered += amount
            elif fact.kind == "credit":
                now.credited += amount
            elif fact.kind == "refund":
                now.refunded += amount
        self._pay_instalments(now, day)
        return now

    def _pay_instalments(self, now: Standing, day: date) -> None:
        to_pay = now.paid_out - now.waived - now.written_off
        rest = now.received
        # A waiver ends the claim: what would have fallen due after it never does.
        last_due = min(day, self._waived_on(day)) if now.waived else day
        uncovered: list[date] = []
        for due_on, amount in self.due if now.paid_out else []:
            part = min(rest, to_pay, amount)
            rest -= part
            to_pay -= part
            now.paid += part
            if part < amount:
                uncovered.append(due_on)
            if due_on <= last_due:
                now.due += amount
        now.outstanding = to_pay
        now.recovery = min(now.recovered, now.written_off)
        now.credit = rest + (now.recovered - now.recovery) + now.credited - now.refunded
        if to_pay:
            now.oldest_unpaid = uncovered[0]
            now.arrears = max(0, now.due - now.paid)
            now.days_past_due = max(0, (day - uncovered[0]).days)

    def _waived_on(self, day: date) -> date:
        days = [f.day for f in self.standing_facts() if f.kind == "waiver" and f.day <= day]
        return days[0]

    def now(self) -> Standing:
        """Count everything there is."""
        return self.on(LAST_DAY)

    def state(self) -> str:
        """Say in one word what the loan is."""
        now = self.now()
        if now.waived:
            return "waived"
        if now.written_off:
            return "written_off"
        if not now.paid_out:
            return "approved"
        return "active" if now.outstanding else "closed"

    def taken_back(self, fact: Fact) -> bool:
        """Say whether another fact takes this one back."""
        return any(other.undoes is fact for other in self.facts)

    def standing_facts(self) -> list[Fact]:
        """Give the facts that nothing took back."""
        return [f for f in self.facts if f.undoes is None and not self.taken_back(f)]

    def paid_out_on(self) -> date | None:
        """Give the day of the disbursement that stands."""
        for fact in self.standing_facts():
            if fact.kind == "disbursement":
                return fact.day
        return None

    def days(self) -> set[date]:
        """Give the days on which anything happened."""
        return {fact.day for fact in self.facts}

    def last_value_day(self) -> date:
        """Give the latest day that anything counts from."""
        return max([*self.days(), self.last_change])

    def change(self, values: dict[date, str], new: str, from_on: date) -> None:
        """Let a value hold from a day until the day on which it had changed anyway.

        Nothing is known of a loan before its first day: a change from then holds always.
        """
        first = from_on if from_on > self.first_change else FIRST_DAY
        old = values[first]
        for day in DAYS:
            if day < first:
                continue
            if values[day] != old:
                break
            values[day] = new


class Book:
    """Everything that happened, and what may happen next."""

    def __init__(self) -> None:
        self.loans: list[Loan] = []
        self.money: list[Money] = []
        self.facts: list[Fact] = []
        self.numbers: dict[tuple[str, str, int], int] = defaultdict(int)
        self.references: set[tuple[str, str, str]] = set()
        self.acts = 0

    def loan(self, ref: str) -> Loan:
        """Give a loan by its reference."""
        for loan in self.loans:
            if loan.ref == ref:
                return loan
        raise KeyError(ref)

    # What can happen: each method does it or raises No and leaves everything as it was.

    @contextmanager
    def _whole(self) -> Iterator[None]:
        before = len(self.facts)
        try:
            yield
        except No:
            for fact in self.facts[before:]:
                self.loan(fact.loan).facts.remove(fact)
            del self.facts[before:]
            raise
        self.acts += 1

    def _add(self, fact: Fact) -> None:
        loan = self.loan(fact.loan)
        loan.facts.append(fact)
        self.facts.append(fact)
        if any(loan.on(day).credit < 0 for day in loan.days()):
            raise No("credit below zero")

    def disburse(self, loan: Loan, on: date, channel: str, today: date) -> None:
        """Pay a loan out."""
        with self._whole():
            if on > today:
                raise No("future")
            if on < loan.first_change:
                raise No("before it was agreed")
            if loan.state() != "approved":
                raise No("state")
            contra = (money_account(channel), loan.branch[on], loan.fund)
            self._add(Fact(loan.ref, "disbursement", loan.principal, on, contra))

    def receive(
        self,
        loan: Loan,
        *,
        amount: int,
        on: date,
        channel: str,
        today: date,
        reference: str | None = None,
        branch: str | None = None,
        permitted: bool = True,
    ) -> None:
        """Take money for a loan."""
        with self._whole():
            self._check_new_money(amount, on, channel, reference, today)
            if (today - on).days > 2 and not permitted:
                raise No("too far back")
            if (channel, "", str(reference)) in self.references:
                raise No("reference known")
            taken_at = branch or loan.branch[on]
            money = Money(taken_at, loan.fund, channel, amount, on, "")
            self._put_on(loan, money, amount)
            self._keep(money, reference, today)

    def receive_loose(
        self,
        *,
        branch: str,
        fund: str,
        amount: int,
        on: date,
        channel: str,
        reference: str | None,
        today: date,
    ) -> None:
        """Take money that waits to be applied."""
        with self._whole():
            self._check_new_money(amount, on, channel, reference, today)
            if (channel, "", str(reference)) in self.references:
                raise No("reference known")
            self._keep(Money(branch, fund, channel, amount, on, ""), reference, today)

    def import_receipt(
        self, loan: Loan, *, amount: int, on: date, reference: str, today: date
    ) -> None:
        """Take in a receipt of a book from elsewhere."""
        with self._whole():
            money = Money(loan.branch[on], loan.fund, "", amount, on, "", imported=True)
            self._put_on(loan, money, amount)
            self._keep(money, reference, today)

    def apply(self, money: Money, loan: Loan, amount: int) -> None:
        """Put waiting money on a loan."""
        with self._whole():
            if money.cancelled_on:
                raise No("cancelled")
            if amount <= 0 or amount > self.unapplied(money):
                raise No("more than is left")
            self._put_on(loan, money, amount)

    def move(self, fact: Fact, loan: Loan) -> None:
        """Take money off one loan and put it on another."""
        with self._whole():
            if fact.money is None:
                raise No("not money")
            if fact.undoes or self.loan(fact.loan).taken_back(fact):
                raise No("taken back")
            self._take_back(fact, fact.day)
            self._put_on(loan, fact.money, fact.amount)

    def cancel_receipt(self, money: Money, dishonoured_on: date | None, today: date) -> None:
        """Take money in back, with all that it paid."""
        with self._whole():
            day = dishonoured_on or money.received_on
            if day < money.received_on or day > today:
                raise No("day of dishonour")
            if money.cancelled_on:
                raise No("cancelled")
            for fact in self.applications(money):
                self._take_back(fact, day)
            money.cancelled_on = day

    def refund(self, loan: Loan, amount: int, on: date, channel: str, today: date) -> None:
        """Pay credit back."""
        with self._whole():
            if amount <= 0:
                raise No("nothing")
            if on > today:
                raise No("future")
            if amount > loan.now().credit:
                raise No("more than the credit")
            contra = (money_account(channel), loan.branch[on], loan.fund)
            self._add(Fact(loan.ref, "refund", amount, on, contra))

    def end(self, loan: Loan, kind: str, on: date, fund: str | None, today: date) -> None:
        """Waive or write off the whole balance."""
        with self._whole():
            if on > today:
                raise No("future")
            if loan.state() != "active":
                raise No("state")
            if on < max(loan.days()):
                raise No("before the last fact")
            contra = (kind, loan.branch[on], fund or loan.fund)
            self._add(Fact(loan.ref, kind, loan.now().outstanding, on, contra))

    def cancel_fact(self, fact: Fact) -> None:
        """Take back what was no money received."""
        with self._whole():
            loan = self.loan(fact.loan)
            if fact.money:
                raise No("money")
            if fact.undoes or loan.taken_back(fact):
                raise No("taken back")
            others = [f.kind for f in loan.standing_facts() if f is not fact]
            if fact.kind == "disbursement" and others:
                raise No("other facts")
            if fact.kind == "write_off" and "recovery" in others:
                raise No("recovered since")
            self._take_back(fact, fact.day)

    def change(self, loan: Loan, branch: str | None, sector: str | None, from_on: date) -> None:
        """Let a loan belong elsewhere from a day on."""
        with self._whole():
            if branch:
                loan.change(loan.branch, branch, from_on)
            if sector:
                loan.change(loan.sector, sector, from_on)
            loan.first_change = min(loan.first_change, from_on)
            loan.last_change = max(loan.last_change, from_on)

    def _check_new_money(
        self, amount: int, on: date, channel: str, reference: str | None, today: date
    ) -> None:
        if amount <= 0:
            raise No("nothing")
        if on > today:
            raise No("future")
        if channel != "cash" and not reference:
            raise No("no reference")

    def _keep(self, money: Money, reference: str | None, today: date) -> None:
        year = today.year if today.month >= 7 else today.year - 1
        series = "I" if money.imported else "R"
        self.numbers[money.branch, series, year] += 1
        number = self.numbers[money.branch, series, year]
        money.number = f"{money.branch}/{series}/{year}/{number:06d}"
        self.money.append(money)
        if reference and not money.imported:
            self.references.add((money.channel, "", reference))

    def _put_on(self, loan: Loan, money: Money, amount: int) -> None:
        state = loan.state()
        if state == "approved":
            raise No("state")
        kind = {"written_off": "recovery", "waived": "credit"}.get(state, "receipt")
        paid_out_on = loan.paid_out_on()
        if paid_out_on is None or money.received_on < paid_out_on:
            raise No("before the loan")
        self._add(Fact(loan.ref, kind, amount, money.received_on, money.waits_in, money))

    def _take_back(self, fact: Fact, day: date) -> None:
        if fact.kind == "receipt" and self.loan(fact.loan).state() in ("waived", "written_off"):
            raise No("ended since")
        self._add(Fact(fact.loan, fact.kind, fact.amount, day, fact.contra, fact.money, fact))

    # What can be asked.

    def applications(self, money: Money) -> list[Fact]:
        """Give what stands of the money's applications, in the order in which they came."""
        return [f for f in self.facts if f.money is money and self._stands(f)]

    def unapplied(self, money: Money) -> int:
        """Give what is left of money to apply."""
        return money.amount - sum(fact.amount for fact in self.applications(money))

    def _stands(self, fact: Fact) -> bool:
        return fact.undoes is None and not self.loan(fact.loan).taken_back(fact)

    def days(self) -> list[date]:
        """Give every day on which anything happened, and the day before it."""
        days = {fact.day for fact in self.facts} | {money.received_on for money in self.money}
        days |= {money.cancelled_on for money in self.money if money.cancelled_on}
        for loan in self.loans:
            days |= {day for day in DAYS[1:] if loan.branch[day] != loan.branch[day - ONE]}
        return sorted(days | {day - ONE for day in days})

    def balances(self, day: date) -> dict[Place, int]:
        """Give the debit balances of a day, all but those of the bridging accounts."""
        found: dict[Place, int] = defaultdict(int)
        for loan in self.loans:
            here, standing = loan.branch[day], loan.on(day)
            found["loans", here, loan.fund] += standing.outstanding
            found["borrower_credit", here, loan.fund] -= standing.credit
            earned = 0
            for then in sorted(loan.days()):
                if then <= day:
                    now = loan.on(then).recovery
                    found["recovery_income", loan.branch[then], loan.fund] -= now - earned
                    earned = now
        for fact in self.facts:
            if fact.day <= day:
                found[fact.contra] += fact.sign * fact.amount * TO_THE_CONTRA[fact.kind]
        for money in self.money:
            if not money.imported:
                self._count_money(found, money, day)
        return {place: amount for place, amount in found.items() if amount}

    def _count_money(self, found: dict[Place, int], money: Money, day: date) -> None:
        suspense = money.waits_in
        account = (money_account(money.channel), money.branch, money.fund)
        if money.received_on <= day:
            found[account] += money.amount
            found[suspense] -= money.amount
        if money.cancelled_on and money.cancelled_on <= day:
            found[account] -= money.amount
            found[suspense] += money.amount


ONE = timedelta(days=1)
# Money that leaves credits the account it leaves; all else debits the other side.
TO_THE_CONTRA = {
    "disbursement": -1,
    "refund": -1,
    "receipt": 1,
    "recovery": 1,
    "credit": 1,
    "waiver": 1,
    "write_off": 1,
}


def money_account(channel: str) -> str:
    """Name the account that money of a channel goes through."""
    return "cash_with_officer" if channel == "cash" else "bank"


def refusal(act: Callable[[], None]) -> str | None:
    """Let something happen in the model; give the rule that refuses it, if one does."""
    try:
        act()
    except No as rule:
        return str(rule)
    return None
