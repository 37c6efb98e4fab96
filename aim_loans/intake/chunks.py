"""Chunks of groups, what the book knows about one, and the plan of what it adds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from aim_loans.cash.operations import IMPORT_ACCOUNT, MoneyDraft, waiting_side
from aim_loans.db.tables import from_micros
from aim_loans.intake.catalogue import Belongs, Missing
from aim_loans.intake.fields import EVENT_PREFIX, OPENING_PREFIX
from aim_loans.intake.staging import Group, Happening, StagedLoan
from aim_loans.intake.targets import Target
from aim_loans.ledger.lines import Side
from aim_loans.loans.facts import Kind
from aim_loans.loans.history import History
from aim_loans.loans.imported import (
    BookLoan,
    BookMoney,
    Ending,
    endings_in_book,
    first_schedules,
    loans_in_book,
    money_in_book,
)
from aim_loans.loans.queries import load_histories
from aim_loans.loans.schedule import Schedule

MOST_ROWS = 5_000


class NewLoan(NamedTuple):
    """A loan that the chunk opens."""

    target: Target
    staged: StagedLoan
    belongs: Belongs
    schedule: Schedule


class PlannedFact(NamedTuple):
    """A fact that the chunk posts; `money` is the place of its money in the plan."""

    target: Target
    kind: str
    amount: int
    day: date
    contra: Side
    money: int | None


@dataclass(slots=True)
class Plan:
    """Everything that a chunk adds to the book, in the order of posting."""

    loans: list[NewLoan] = field(default_factory=list)
    money: list[MoneyDraft] = field(default_factory=list)
    facts: list[PlannedFact] = field(default_factory=list)
    missing: Missing = field(default_factory=Missing)

    def receive(
        self,
        target: Target,
        *,
        kind: Kind,
        reference: str,
        amount: int,
        day: date,
        channel: str | None = None,
        recorded_at: datetime | None = None,
    ) -> None:
        """Plan money in, and that it is put on a loan."""
        branch, fund = target.branch_of(day), target.fund
        draft = MoneyDraft(
            branch,
            fund,
            channel,
            IMPORT_ACCOUNT,
            reference,
            amount,
            day,
            source_recorded_at=recorded_at,
        )
        contra = waiting_side(IMPORT_ACCOUNT, branch, fund)
        self.facts.append(PlannedFact(target, kind, amount, day, contra, len(self.money)))
        self.money.append(draft)

    def receive_all(self, target: Target, receipts: Sequence[Happening]) -> int:
        """Plan receipts of a new loan that has no events; gives their sum."""
        branch, fund, total = target.branch, target.fund, 0
        contra = waiting_side(IMPORT_ACCOUNT, branch, fund)
        for _, reference, day, _, amount, channel, micros, _ in receipts:
            paid = amount or 0
            total += paid
            fact = PlannedFact(target, Kind.RECEIPT, paid, day, contra, len(self.money))
            self.facts.append(fact)
            recorded = None if micros is None else from_micros(micros)
            self.money.append(
                MoneyDraft(
                    branch,
                    fund,
                    channel,
                    IMPORT_ACCOUNT,
                    reference,
                    paid,
                    day,
                    source_recorded_at=recorded,
                )
            )
        return total

    def post(self, target: Target, *, kind: Kind, amount: int, day: date, contra: Side) -> None:
        """Plan a fact that moves no money in."""
        self.facts.append(PlannedFact(target, kind, amount, day, contra, None))


@dataclass(slots=True)
class ChunkBook:
    """What the book knows of a chunk's references."""

    loans: dict[str, BookLoan]
    money: dict[str, BookMoney]
    endings: dict[tuple[int, str, date], Ending]
    schedules: dict[tuple[int, int], tuple[date, int]]
    histories: dict[int, History] = field(default_factory=dict)


def event_reference(loan_ref: str, day: date) -> str:
    """Name the money of a recovery: one a loan and day."""
    return f"{EVENT_PREFIX}{loan_ref}:{day.isoformat()}"


def opening_reference(loan_ref: str) -> str:
    """Name the money of a loan's opening amount."""
    return f"{OPENING_PREFIX}{loan_ref}"


def chunks(groups: Iterable[Group], *, whole_loans: bool) -> Iterator[list[Group]]:
    """Give groups in chunks of at most 5,000 rows; a longer group is spread over several.

    With `whole_loans` a group is never spread, whatever its length.
    """
    chunk: list[Group] = []
    size = 0
    for group in groups:
        for part in [group] if whole_loans else _parts(group):
            if chunk and size + part.size > MOST_ROWS:
                yield chunk
                chunk, size = [], 0
            chunk.append(part)
            size += part.size
    if chunk:
        yield chunk


def read_book(connection: Connection, chunk: Sequence[Group]) -> ChunkBook:
    """Read what the book knows of a chunk; locks the loans that new facts may be added to."""
    loans = loans_in_book(connection, [group.ref for group in chunk])
    money = money_in_book(connection, _references(chunk, loans))
    there = [(loans[group.ref].id, group) for group in chunk if group.ref in loans]
    book = ChunkBook(
        loans,
        money,
        endings_in_book(connection, [key for key, group in there if _has_events(group)]),
        first_schedules(connection, [key for key, group in there if group.schedule]),
    )
    touched = [key for key, group in there if _has_news(group, book)]
    if touched:
        book.histories = load_histories(connection, touched)
    return book


def _parts(group: Group) -> Iterator[Group]:
    """Spread a group; its loan rows and its schedule stay together at the beginning."""
    if group.size <= MOST_ROWS:
        yield group
        return
    room = max(1, MOST_ROWS - len(group.loans) - len(group.schedule))
    yield group._replace(happenings=group.happenings[:room])
    for start in range(room, len(group.happenings), MOST_ROWS):
        yield Group(group.ref, [], [], group.happenings[start : start + MOST_ROWS])


def _references(chunk: Sequence[Group], loans: dict[str, BookLoan]) -> list[str]:
    references = []
    for group in chunk:
        if group.happenings and group.ref in loans:
            references.append(opening_reference(group.ref))
        for row in group.happenings:
            if row.kind == "receipt":
                references.append(row.ref)
            elif row.kind == "recovery":
                references.append(event_reference(group.ref, row.day))
    return references


def _has_events(group: Group) -> bool:
    return any(row.kind != "receipt" for row in group.happenings)


def _has_news(group: Group, book: ChunkBook) -> bool:
    """Tell whether a loan of the book may get facts: not when all its receipts are there."""
    return any(row.kind != "receipt" or row.ref not in book.money for row in group.happenings)
