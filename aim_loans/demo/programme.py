"""Who takes part in the joint work with SMEDA, and from which month on. Pure.

The work begins with the half-year before the last one that is over, or with the memorandum, so
that the report of the last half-year stands beside that of the one before.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from aim_loans.config.mou import Mou
from aim_loans.dates import add_months, month_index
from aim_loans.demo.lives import Life, Plan
from aim_loans.demo.records import officer_of
from aim_loans.demo.towns import Town
from aim_loans.mou.editions import last_half
from aim_loans.mou.periods import Period, period_before

# The first day of a month on which the parties work together.
FIRST_DAY = 8
# Of a thousand borrowers: those whose enterprise takes part, and of these those who consent
# that SMEDA sees its events, and who take that back after some months.
TAKE_PART, CONSENT, WITHDRAW = 190, 880, 70
_JOIN_WITHIN = 3  # months, of those who borrow already when it begins
_WITHDRAW_AFTER = (3, 9)  # months
# A step that shares no divisor with the number of codes leads from each number to one of its own.
_STEP, _CODES = 387_421, 1_000_000
_RUN_BY = {"female": "woman", "male": "man", "transgender": "transgender"}


@dataclass(slots=True)
class Member:
    """A borrower whose enterprise takes part from the month that begins on `joins`.

    Its numbers are those of the book, once it is written down there.
    """

    seed: int
    life: Life
    joins: date
    person_id: int = field(default=0, init=False)
    enterprise_id: int = field(default=0, init=False)

    def chance(self, about: str) -> random.Random:
        """Give what decides about one thing of this member."""
        return random.Random(f"{self.seed}/{about}/{self.life.person.number}")

    def holds(self, about: str, of_thousand: int) -> bool:
        """Say whether this member is one of so many of a thousand."""
        return self.chance(about).randrange(1_000) < of_thousand

    def months_in(self, day: date) -> int:
        """Count the months since it joined, 0 in the first one, negative before."""
        return month_index(day) - month_index(self.joins)

    @property
    def code(self) -> str:
        """Give the number by which SMEDA knows it: no two alike, and none like one of ours."""
        return f"{self.life.person.number * _STEP % _CODES:06d}"

    @property
    def town(self) -> Town:
        """Give its branch."""
        return self.life.person.town

    @property
    def officer(self) -> str:
        """Give the user name of the officer who looks after it."""
        return officer_of(self.life)

    @property
    def run_by(self) -> str:
        """Say who runs it, in the words of reviews and surveys."""
        return _RUN_BY[self.life.person.gender]

    @property
    def consents(self) -> bool:
        """Say whether it consents that SMEDA sees its events."""
        return self.holds("consent", CONSENT)

    def shares(self, day: date) -> bool:
        """Say whether SMEDA may see what happens on a day."""
        withdrawn = self.withdraws_in is not None and self.withdraws_in < self.months_in(day)
        return self.consents and not withdrawn

    @property
    def withdraws_in(self) -> int | None:
        """Give the month, counted from its first one, in which it takes that back."""
        if not (self.consents and self.holds("withdraw", WITHDRAW)):
            return None
        return self.chance("withdraw in").randint(*_WITHDRAW_AFTER)


@dataclass(frozen=True, slots=True)
class Programme:
    """The joint work of a book: its first month, the half-year to report, who takes part."""

    plan: Plan
    mou: Mou
    first: date
    reported: Period
    book: Sequence[Life]
    members: Sequence[Member]

    def taking_part(self, day: date) -> Iterator[Member]:
        """Give who joined by the month of a day, the newest too."""
        return (member for member in self.members if member.months_in(day) >= 0)


def programme_of(plan: Plan, mou: Mou, book: Sequence[Life]) -> Programme:
    """Plan the joint work of a book."""
    reported = last_half(plan.last_payout)
    first = max(period_before(reported).first, mou.started_on.replace(day=1))
    if first.replace(day=FIRST_DAY) < mou.started_on:
        first = add_months(first, 1)
    return Programme(plan, mou, first, reported, book, list(_members(plan.seed, first, book)))


def _members(seed: int, first: date, book: Sequence[Life]) -> Iterator[Member]:
    """Give the members: of those who borrow already some, of the later ones as many."""
    seen: set[int] = set()
    eve = first - timedelta(days=1)
    for life in book:
        number = life.person.number
        begins = life.paid_out >= first
        if number in seen or not (begins or life.outstanding(eve)):
            continue
        seen.add(number)
        member = Member(seed, life, first)
        if not member.holds("take part", TAKE_PART):
            continue
        since = life.paid_out.replace(day=1) if begins else first
        wait = 1 if begins else member.chance("join").randrange(_JOIN_WITHIN)
        member.joins = add_months(since, wait)
        yield member
