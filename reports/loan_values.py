"""What the papers of one loan are drawn from: finished values, amounts in paisa."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from aim_loans.money import Grouping


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every paper of the institution carries; `synthetic` marks a made-up book.

    Moments are written in the time zone, by its name.
    """

    institution: str
    grouping: Grouping
    synthetic: bool = False
    time_zone: str = "Asia/Karachi"


@dataclass(frozen=True, slots=True)
class Person:
    """A person as on the card; `relation` is a guarantor's to the borrower."""

    name: str
    cnic: str | None = None
    father_or_husband: str | None = None
    relation: str = ""


class Instalment(NamedTuple):
    """An instalment of a loan: how much of it is paid, and how it stands in a word (a message)."""

    number: int
    due_on: date
    amount: int
    paid: int
    stands: str


class Planned(NamedTuple):
    """An instalment to agree to, and the balance after it."""

    number: int
    due_on: date
    amount: int
    balance: int


class Group(NamedTuple):
    """A group of borrowers, by its name and number."""

    name: str
    ref: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a borrower agrees to before the payout; `asked` is the count asked for.

    `group` guarantees the loan, when one does.
    """

    ref: str
    borrower: Person
    guarantors: Sequence[Person]
    principal: int
    fee: int
    purpose: str
    asked: int
    instalments: Sequence[Planned]
    group: Group | None = None


class Happening(NamedTuple):
    """A fact of a loan with the balance after it; negative when it takes another back.

    `undone` says how it does, as a message. `recorded` is the moment in the institution's zone.
    """

    value_on: date
    kind: str
    amount: int
    receipt: str
    recorded: datetime
    balance: int
    undone: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A loan as it stands on a day; `closed`: paid back, neither waived nor written off."""

    ref: str
    borrower: Person
    branch: str
    product: str
    principal: int
    disbursed_on: date | None
    as_of: date
    closed: bool
    outstanding: int
    due: int
    credit: int
    instalments: Sequence[Instalment]
    happenings: Sequence[Happening]


class OnLoan(NamedTuple):
    """The loan that money was applied to, and its balance now."""

    ref: str
    borrower: str
    outstanding: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money received."""

    number: str
    amount: int
    received_on: date
    channel: str | None
    reference: str
    branch: str
    cancelled: bool
    loans: Sequence[OnLoan]
