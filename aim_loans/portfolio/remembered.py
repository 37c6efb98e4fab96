"""Sums of the book kept from one question to the next, and moved on by what was written since.

The book changes by acts alone, and every act ends as the newest entry of an audit chain, whose
head it holds until it is committed. So the heads of the chains, as a snapshot shows them, say
exactly which acts an answer knows: neither clocks nor row numbers do, since an older transaction
may commit later. Where heads have moved, the persons whose loans the new acts touched are added
up twice, without these acts and with them, and the difference moves the answer on. Whatever is
measured, distinct borrowers too, adds up over persons.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from sys import intern
from threading import Lock
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    union,
    union_all,
)

from aim_loans.identity.models import audit_chain, audit_entry
from aim_loans.loans.models import loan_dimension, loan_fact, loan_position, schedule_version
from aim_loans.portfolio.cells import Kept, books
from aim_loans.portfolio.due import View
from aim_loans.portfolio.lateness import Scale
from aim_loans.portfolio.sources import Source, source_for

# Above these it is cheaper to add the book up anew.
_MOST_CHAINS, _MOST_ACTS, _MOST_PERSONS = 400, 1_000, 1_000
# Groups kept in all: of forty whole numbers each, some twenty megabytes.
_MOST_GROUPS = 10_000
# Answers kept, however few their groups: with the heads of a thousand chains, half as much again.
_MOST_ANSWERS = 400
# Statements kept, of two and a half megabytes each.
_MOST_STATEMENTS = 16
_NO_ENTRY = (0, "")

# Each group (the place of its grouping, the texts of its dimensions) with its sums.
Sums = Mapping[tuple[Any, ...], tuple[int, ...]]
# Each audit chain with the number and the signature of its newest entry.
_Heads = Mapping[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the book: the groups of some groupings on a day, as known now.

    Of the loans of some branches, or all (None), and of these dimension values.
    """

    as_of: date
    groupings: tuple[tuple[str, ...], ...]
    scale: Scale
    branches: frozenset[str] | None = None
    filters: tuple[tuple[str, str], ...] = ()

    def books(
        self, source: Source, view: View, among: Select[Any] | None = None
    ) -> Select[Any] | CompoundSelect[Any]:
        """Select its groups from a source; of some loans only, when `among` selects them."""
        kept = Kept(self.branches, dict(self.filters), among)
        return books(source, view, self.groupings, self.scale, kept, counted=True)


class Answer(NamedTuple):
    """Sums with the heads of the chains at which they are true."""

    heads: _Heads
    sums: Sums


class Memory:
    """The answers of one process, those last asked for; threads may share it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._answers: OrderedDict[Question, Answer] = OrderedDict()
        self._groups = 0
        self._last: _Heads = {}
        self._lock = Lock()

    def once(self, heads: _Heads) -> _Heads:
        """Give the same heads; those that have not moved since the last call are held only once."""
        with self._lock:
            last = self._last
            self._last = {
                intern(name): last[name] if last.get(name) == head else head
                for name, head in heads.items()
            }
            return self._last

    def find(self, question: Question) -> Answer | None:
        """Give the answer to a question, as it was kept."""
        with self._lock:
            if question in self._answers:
                self._answers.move_to_end(question)
            return self._answers.get(question)

    def keep(self, question: Question, answer: Answer) -> None:
        """Keep an answer; those not asked for longest make room. One too large is not kept."""
        with self._lock:
            self._forget(question)
            if len(answer.sums) > _MOST_GROUPS:
                return
            self._answers[question] = answer
            self._groups += len(answer.sums)
            while self._groups > _MOST_GROUPS or len(self._answers) > _MOST_ANSWERS:
                self._forget(next(iter(self._answers)))

    def _forget(self, question: Question) -> None:
        gone = self._answers.pop(question, None)
        self._groups -= len(gone.sums) if gone else 0


class Remembered:
    """A memory as one snapshot of the book uses it."""

    def __init__(self, memory: Memory, connection: Connection) -> None:
        """Take the connection, which must show one unchanging state (`db.engine.reading`)."""
        self._memory, self._connection = memory, connection
        self._heads = memory.once(_heads(connection))
        self._since: tuple[_Heads, list[int] | None] = (self._heads, [])

    def sums(self, question: Question) -> Sums:
        """Give the sums of `cells.books`, counted, for a question."""
        known = self._memory.find(question)
        if known is not None and known.heads == self._heads:
            return known.sums
        answer = known and self._moved_on(question, known)
        if answer is None:
            answer = Answer(self._heads, self._added_up(question))
        self._memory.keep(question, answer)
        return answer.sums

    def _added_up(self, question: Question) -> Sums:
        view = View(question.as_of, None)
        source = source_for(self._connection, view)
        rows = self._connection.execute(question.books(source, view))
        return by_group(rows, question.groupings)

    def _moved_on(self, question: Question, known: Answer) -> Answer | None:
        """Move an answer on by what came since; None where that is not worth its while."""
        acts = self._acts_since(known.heads)
        persons = None if acts is None else _persons(self._connection, acts, question.as_of)
        if acts is None or persons is None:
            return None
        if not persons:
            return Answer(self._heads, known.sums)
        sums, moved = dict(known.sums), {"acts": acts, "persons": persons}
        for times, *row in self._connection.execute(_change(question), moved):
            add_groups(sums, by_group([row], question.groupings), times=times)
        return Answer(self._heads, sums)

    def _acts_since(self, before: _Heads) -> list[int] | None:
        """Give `_acts_since` of earlier heads; answers of one page often know the same ones."""
        if self._since[0] != before:
            self._since = (before, _acts_since(self._connection, before, self._heads))
        return self._since[1]


@lru_cache(maxsize=_MOST_STATEMENTS)
def _change(question: Question) -> Select[Any]:
    """Select the groups of the loans of some `persons`, as they stand with and without `acts`.

    A row begins with 1 for what to put in, -1 for what to take out. All loans of these persons
    are looked at, so that each of them counts once among the borrowers of a group. To build the
    statement takes longer than to run it: those last used are kept.
    """
    persons: BindParameter[int] = bindparam("persons", expanding=True)
    acts: BindParameter[int] = bindparam("acts", expanding=True)
    theirs = select(loan_position.c.loan_id).where(loan_position.c.borrower_id.in_(persons))
    views = ((1, View(question.as_of, None)), (-1, View(question.as_of, None, acts)))
    parts = [
        select(
            literal_column(str(times)).label("times"),
            question.books(Source.FACTS, view, theirs).subquery(),
        )
        for times, view in views
    ]
    return select(union_all(*parts).subquery("change"))


def by_group(rows: Iterable[Sequence[Any]], groupings: Sequence[Sequence[str]]) -> Sums:
    """Give the rows of `cells.books` by their groups."""
    texts = 1 + max(len(by) for by in groupings)
    return {tuple(row[:texts]): tuple(row[texts:]) for row in rows}


def add_groups(sums: dict[tuple[Any, ...], tuple[int, ...]], groups: Sums, *, times: int) -> None:
    """Add the sums of groups to others so many times."""
    for group, numbers in groups.items():
        before = sums.get(group, (0,) * len(numbers))
        pairs = zip(before, numbers, strict=True)
        sums[group] = tuple(old + times * new for old, new in pairs)


def _heads(connection: Connection) -> _Heads:
    chain = audit_chain.c
    rows = connection.execute(select(chain.name, chain.last_number, chain.last_mac))
    return {name: (number, mac) for name, number, mac in rows}


def _acts_since(connection: Connection, before: _Heads, now: _Heads) -> list[int] | None:
    """Give the acts between two states of the chains; None where they are too many.

    None also where the earlier state is no part of the later one: another snapshot was newer,
    or the database was put back to an older copy.
    """
    start = {name: before.get(name, _NO_ENTRY) for name in now if now[name] != before.get(name)}
    new = sum(now[name][0] - number for name, (number, _) in start.items())
    if not before.keys() <= now.keys() or len(start) > _MOST_CHAINS or new > _MOST_ACTS:
        return None
    entry = audit_entry.c
    since = (and_(entry.chain == name, entry.number >= start[name][0]) for name in start)
    rows = connection.execute(
        select(entry.chain, entry.number, entry.mac, entry.act_id).where(or_(*since))
    ).all()
    there = {_NO_ENTRY, *((row.number, row.mac) for row in rows)}
    if not there.issuperset(start.values()):
        return None
    return [row.act_id for row in rows if row.number > start[row.chain][0]]


def _persons(connection: Connection, acts: Sequence[int], day: date) -> list[int] | None:
    """Give the persons whose loans these acts may have changed on a day; None for too many.

    A loan of which nothing has happened by the day is not in its book, with the acts or without.
    """
    of_day = select(loan_fact.c.loan_id).where(
        loan_fact.c.act_id.in_(acts), loan_fact.c.value_on <= day
    )
    agreed = (_agreed(table, acts, day) for table in (loan_dimension, schedule_version))
    changed = union(of_day, *agreed).subquery("changed")
    rows = (
        select(loan_position.c.borrower_id)
        .join(changed, changed.c.loan_id == loan_position.c.loan_id)
        .distinct()
        .limit(_MOST_PERSONS + 1)
    )
    persons = list(connection.scalars(rows))
    return persons if len(persons) <= _MOST_PERSONS else None


def _agreed(table: Table, acts: Sequence[int], day: date) -> Select[Any]:
    lent = exists().where(loan_fact.c.loan_id == table.c.loan_id, loan_fact.c.value_on <= day)
    return select(table.c.loan_id).where(table.c.act_id.in_(acts), lent)
