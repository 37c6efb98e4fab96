"""Made-up books: a few loans each, with everything that can happen to a loan."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from hypothesis import strategies as st

from aim_loans.loans.due_dates import DueRule, Frequency, HolidayRule, Holidays
from aim_loans.loans.schedule import Pattern, Request, Schedule, ScheduleRules, build, from_rows
from tests.naive.book import Belonging, Fact, Loan, Version
from tests.portfolio.store import AREAS, BRANCHES, FUNDS, OFFICERS, PRODUCTS, PROGRAMMES, Stored

FIRST_DAY = date(2024, 1, 1)
START = datetime(2024, 1, 1, 12, tzinfo=UTC)
BORROWERS = ("P1", "P2", "P3")
CHOICES = {
    "branch": BRANCHES,
    "officer": ("", *OFFICERS),
    "sector": ("trade", "livestock", "agriculture"),
    "activity": ("", "shop", "dairy"),
    "programme": PROGRAMMES,
    "district": ("", "Lahore", "Multan"),
    "urban_rural": ("", "urban", "rural"),
    "gender": ("female", "male", "transgender", "unknown"),
}
WHILE_IT_RUNS = (*["receipt"] * 4, "reverse", "move", "correct", "reschedule", "again", "end")
AFTER_ITS_END = ("after", "end", "move")
# Days past due at which something changes, and their neighbours.
EDGES = (0, 1, 29, 30, 31, 59, 60, 61, 89, 90, 91, 179, 180, 181, 400)


@dataclass(frozen=True)
class MadeBook:
    """A book with the days and moments at which to ask for it."""

    stored: Sequence[Stored]
    days: Sequence[date]
    cuts: Sequence[datetime | None]

    @property
    def loans(self) -> list[Loan]:
        """Give the plain loans."""
        return [each.loan for each in self.stored]

    @property
    def last_day(self) -> date:
        """Give the last day on which anything happened."""
        return max(
            day
            for loan in self.loans
            for day in (
                *(fact.value_on for fact in loan.facts),
                *(row.from_on for row in loan.belongings),
                *(version.effective_on for version in loan.versions),
            )
        )


class Recording:
    """The moments at which things are recorded: each an hour to a fortnight after the last."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.now = START

    def next(self) -> datetime:
        """Give the next moment."""
        self.now += timedelta(hours=self.dice.choice([1, 30, 24 * 14]))
        return self.now


@st.composite
def books(draw: st.DrawFn, most: int = 5) -> MadeBook:
    """Draw a book of one to `most` loans of three persons."""
    dice = draw(st.randoms(use_true_random=False))
    recording = Recording(dice)
    stored = [life(dice, recording, number) for number in range(1, dice.randint(2, most + 1))]
    loans = [each.loan for each in stored]
    dues = [day for loan in loans for version in loan.versions for day, _ in version.instalments]
    days = [dice.choice(dues) + timedelta(days=dice.choice(EDGES)) for _ in range(3)]
    moments = [version.recorded_at for loan in loans for version in loan.versions]
    moments += [fact.recorded_at for loan in loans for fact in loan.facts]
    agreed = [row.from_on for loan in loans for row in loan.belongings]
    return MadeBook(stored, [*days, dice.choice(agreed)], [dice.choice(moments), None])


def life(dice: Random, recording: Recording, number: int) -> Stored:
    """Make a loan: agreed, paid out, paid back in part, changed, ended, taken back."""
    agreed = FIRST_DAY + timedelta(days=dice.randint(0, 300))
    plan = schedule(dice, agreed)
    fund = FUNDS[number % len(FUNDS)]
    loan = Loan(f"L{number}", dice.choice(BORROWERS), dice.choice(PRODUCTS), fund)
    loan.versions.append(version_of(plan, 1, agreed, recording.next()))
    loan.belongings.append(Belonging(agreed, recording.now, anywhere(dice)))
    story = Story(dice, recording, loan, agreed)
    story.pay_out()
    patterns = [plan.pattern]
    for _ in range(dice.randint(0, 9)):
        event = dice.choice(WHILE_IT_RUNS if story.ended is None else AFTER_ITS_END)
        if event == "reschedule":
            patterns += story.reschedule()
        else:
            getattr(story, event)()
    return Stored(loan, patterns)


@dataclass
class Story:
    """What happens to one loan; acts that its state does not allow do nothing."""

    dice: Random
    recording: Recording
    loan: Loan
    agreed: date
    ended: Fact | None = None

    @property
    def principal(self) -> int:
        """Give what was agreed on."""
        return sum(amount for _, amount in self.loan.versions[0].instalments)

    def pay_out(self) -> None:
        """Pay the loan out; a loan in six stays with the office."""
        if self.dice.randint(0, 5):
            self.add("disbursement", self.principal, self.agreed)

    def receipt(self) -> None:
        """Take money on any day, also before what was recorded already."""
        if self.standing("disbursement") and self.ended is None:
            amount = self.dice.choice([1, self.principal // 3 + 1, self.principal])
            self.add("receipt", amount, self.day())

    def reverse(self) -> None:
        """Take a receipt back, on its own day or, a cheque, some days later."""
        receipts = self.standing("receipt")
        if receipts and self.ended is None:
            self.undo(self.dice.choice(receipts), later=self.dice.choice([0, 0, 9]))

    def again(self) -> None:
        """Take a disbursement back; the loan may be paid out again later."""
        others = [fact for fact in self.loan.facts if fact.kind != "disbursement"]
        paid_out = self.standing("disbursement")
        if paid_out and not others:
            self.undo(paid_out[0], later=0)
            day = paid_out[0].value_on + timedelta(days=self.dice.randint(0, 9))
            self.add("disbursement", self.principal, day)

    def move(self) -> None:
        """Let the loan belong elsewhere from a day on."""
        self.belong(self.day())

    def correct(self) -> None:
        """Correct what it belongs to from the start, or from before it."""
        self.belong(self.agreed - timedelta(days=self.dice.choice([0, 0, 40])))

    def end(self) -> None:
        """Waive or write off the balance, or take that back."""
        if self.ended is not None:
            if not self.standing("recovery") and not self.standing("credit"):
                self.undo(self.ended, later=0)
                self.ended = None
            return
        paid = sum(fact.amount for fact in self.loan.facts if fact.kind == "receipt")
        if self.standing("disbursement") and paid < self.principal:
            day = max(fact.value_on for fact in self.loan.facts)
            kind = self.dice.choice(["waiver", "write_off"])
            self.ended = self.add(
                kind, self.principal - paid, day + timedelta(days=self.dice.choice([0, 30]))
            )

    def after(self) -> None:
        """Take money after the end: a recovery, more than the claim at times, or credit."""
        if self.ended is None:
            return
        kind = "recovery" if self.ended.kind == "write_off" else "credit"
        self.add(kind, self.dice.choice([5, self.ended.amount + 7]), self.ended.value_on)
        if kind == "credit":
            self.add("refund", 3, self.ended.value_on + timedelta(days=5))

    def reschedule(self) -> list[Pattern | None]:
        """Agree on new dates from the day of a fact on; the total stays."""
        if not self.loan.facts or self.ended is not None:
            return []
        day = self.dice.choice(self.loan.facts).value_on
        if day < self.loan.versions[-1].effective_on:
            return []
        plan = replace_total(schedule(self.dice, day), self.principal)
        number = len(self.loan.versions) + 1
        self.loan.versions.append(version_of(plan, number, day, self.recording.next()))
        return [plan.pattern]

    def add(self, kind: str, amount: int, day: date) -> Fact:
        """Record a fact."""
        fact = Fact(kind, amount, day, self.recording.next())
        self.loan.facts.append(fact)
        return fact

    def undo(self, fact: Fact, *, later: int) -> None:
        """Record the opposite of a fact."""
        day = fact.value_on + timedelta(days=later)
        moment = self.recording.next()
        self.loan.facts.append(Fact(fact.kind, -fact.amount, day, moment, fact))

    def belong(self, day: date) -> None:
        """Record where the loan belongs from a day on."""
        self.loan.belongings.append(Belonging(day, self.recording.next(), anywhere(self.dice)))

    def day(self) -> date:
        """Give a day from the disbursement on."""
        return self.agreed + timedelta(days=self.dice.choice([10, 40, 100, 300, 700]))

    def standing(self, kind: str) -> list[Fact]:
        """Give the facts of a kind that were not taken back."""
        undone = [fact.undoes for fact in self.loan.facts]
        return [
            fact
            for fact in self.loan.facts
            if fact.kind == kind and not fact.undoes and not any(fact is each for each in undone)
        ]


def schedule(dice: Random, agreed: date) -> Schedule:
    """Make a schedule: by a rule, moved by holidays, or given row by row."""
    principal = dice.choice([1_000_00, 50_000_00, 999_99])
    if dice.randint(0, 4) == 0:
        return given_rows(dice, agreed, principal)
    frequency = dice.choice(list(Frequency))
    rules = ScheduleRules(
        rounding=dice.choice(["up", "down", "half_up"]),
        round_to=dice.choice([1, 100, 100_00]),
        due_rule=dice.choice(list(DueRule)),
        due_day=dice.choice([1, 10, 28, 29, 30, 31]),
        cutoff_day=dice.choice([1, 10, 31]),
        grace_months=dice.choice([0, 0, 2]),
        frequency=frequency,
        holiday_rule=dice.choice([HolidayRule.none, HolidayRule.next_working_day]),
    )
    request = Request(principal=principal, disbursed_on=agreed, instalments=dice.choice([1, 3, 6]))
    return build(request, rules, Holidays(rest_days=frozenset({dice.randint(0, 6)})))


def given_rows(dice: Random, agreed: date, principal: int) -> Schedule:
    """Make two or three uneven instalments."""
    first = dice.choice([1, principal // 3])
    amounts = [first, principal // 7, principal - first - principal // 7]
    days = [agreed + timedelta(days=gap) for gap in (dice.randint(5, 50), 60, 200)]
    rows = zip((1, 2, 3), days, amounts, strict=True)
    return from_rows(principal, rows, disbursed_on=agreed)


def replace_total(plan: Schedule, principal: int) -> Schedule:
    """Give the schedule's dates with another principal, split evenly over them."""
    count = min(len(plan.instalments), principal)
    share = principal // count
    days = [row.due_on for row in plan.instalments[:count]]
    amounts = [*([share] * (count - 1)), principal - share * (count - 1)]
    rows = zip(range(1, count + 1), days, amounts, strict=True)
    given = from_rows(principal, rows)
    if plan.pattern is None or count < len(plan.instalments):
        return given
    return replace(
        given, pattern=Pattern(plan.pattern.steps, base=share, count=count, principal=principal)
    )


def version_of(plan: Schedule, number: int, day: date, moment: datetime) -> Version:
    """Give a schedule as a plain version."""
    rows = [(row.due_on, row.amount) for row in plan.instalments]
    return Version(number, day, moment, rows)


def anywhere(dice: Random) -> dict[str, str]:
    """Draw what a loan belongs to."""
    return {name: dice.choice(values) for name, values in CHOICES.items()}


def areas() -> dict[str, str]:
    """Give the area of each branch that has one."""
    return dict(AREAS)


def events(stored: Stored) -> Iterator[str]:
    """Name what happens to a loan, to be counted."""
    yield from (fact.kind + (" undone" if fact.undoes else "") for fact in stored.loan.facts)
    yield from ("moved" for _ in stored.loan.belongings[1:])
    yield from ("rescheduled" for _ in stored.loan.versions[1:])
    yield from ("without a rule" for pattern in stored.patterns if pattern is None)
