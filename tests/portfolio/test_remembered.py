"""What is remembered of the book is what adding it up anew gives, whatever was written since."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from aim_loans.cash.models import money_in
from aim_loans.config.reader import read_settings
from aim_loans.db.engine import Writing, open_engine, reading, writing
from aim_loans.identity.operations import begin_branch_act, seal_act
from aim_loans.ledger.models import journal_line
from aim_loans.loans.models import loan_dimension
from aim_loans.loans.operations import change_dimensions
from aim_loans.portfolio import remembered as module
from aim_loans.portfolio.behind import FIGURES, footing
from aim_loans.portfolio.engine import book_tables, remembered_tables
from aim_loans.portfolio.lateness import scale
from aim_loans.portfolio.remembered import Answer, Memory, Question, Remembered, Sums
from aim_loans.repayment.endings import EndLoan, write_off
from aim_loans.repayment.operations import (
    CancelReceipt,
    RecordReceipt,
    cancel_receipt,
    record_receipt,
)
from tests.book import AUDIT_KEY, CASHIER, HEAD_OFFICE, MANAGER, TODAY, Book, open_book
from tests.databases import clear_turn, copy_database

LADDER = read_settings(None, {}).dated.ladder_on(TODAY)
FEBRUARY_10, MONTH_END = date(2026, 2, 10), date(2026, 2, 28)
GROUPINGS = ((), ("gender",), ("branch",), ("sector",))
QUESTIONS = [
    Question(day, GROUPINGS, scale(LADDER), branches, filters)
    for day in (TODAY, MONTH_END)
    for branches, filters in (
        (None, ()),
        (None, (("sector", "trade"),)),
        (frozenset({"LHR-01", "KHI-01"}), (("branch", "LHR-01"),)),
    )
]


@pytest.fixture
def book(book_url: str) -> Iterator[Book]:
    """Give a book with a few loans; of two, money came in."""
    opened = open_book(book_url)
    for number, (branch, sector) in enumerate(
        [("LHR-01", "trade"), ("LHR-01", "livestock"), ("KHI-01", "trade"), ("MUL-01", "trade")]
    ):
        opened.open_loan(f"L{number}", branch=branch, sector=sector)
    take(opened, "L0", 2_800_00, TODAY)
    take(opened, "L2", 42_000_00, FEBRUARY_10)
    yield opened
    opened.engine.dispose()


def act(book: Book) -> AbstractContextManager[Writing]:
    return writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock)


def take(book: Book, ref: str, paisa: int, day: date) -> int:
    command = RecordReceipt(ref, paisa, day, "cash")
    with act(book) as tx:
        return record_receipt(tx, command, actor=CASHIER, today=day, backdating_days=2).receipt.id


def backdated(book: Book) -> None:
    command = RecordReceipt("L3", 5_600_00, date(2026, 1, 20), "cash", reason="found in the drawer")
    with act(book) as tx:
        record_receipt(
            tx, command, actor=CASHIER, today=TODAY, backdating_days=2, permitted_by=MANAGER
        )


def cancelled(book: Book) -> None:
    money_id = take(book, "L1", 1_000_00, TODAY)
    command = CancelReceipt(money_id, "typed twice")
    with act(book) as tx:
        cancel_receipt(tx, command, asked_by=CASHIER, confirmed_by=MANAGER, today=TODAY)


def cancelled_later(book: Book) -> None:
    """The reversal has the day of the receipt that the book began with: in the month before."""
    with reading(book.engine) as connection:
        found = select(money_in.c.id).where(money_in.c.received_on == FEBRUARY_10)
        money_id = connection.scalars(found).one()
    command = CancelReceipt(money_id, "another borrower's")
    with act(book) as tx:
        cancel_receipt(tx, command, asked_by=CASHIER, confirmed_by=MANAGER, today=TODAY)


def broken_off(book: Book) -> None:
    """Everything was written, and nothing committed."""

    def lose_power() -> None:
        with act(book) as tx:
            write_off(tx, EndLoan("L1", TODAY, "lost"), actor=HEAD_OFFICE, today=TODAY)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lose_power()


def moved_away(book: Book, day: date = date(2025, 6, 1)) -> None:
    with act(book) as tx:
        this = begin_branch_act(
            tx,
            kind="transfer",
            command=EndLoan("L0", day, "moved"),
            actor=HEAD_OFFICE,
            subject="loan L0",
            branch_code="MUL-01",
        )
        change_dimensions(tx, this, 1, {"branch_code": "MUL-01"}, from_on=day, today=TODAY)
        seal_act(tx, this, (loan_dimension, journal_line))


def written_off(book: Book) -> None:
    with act(book) as tx:
        write_off(tx, EndLoan("L3", TODAY, "lost"), actor=HEAD_OFFICE, today=TODAY)


def lent_again(book: Book) -> None:
    book.open_loan("L4", branch="KHI-01", on=date(2026, 2, 20), gender="male")


# What happens, and whether anything of it counts in the book of the last month end.
EVENTS: dict[str, tuple[Callable[[Book], object], bool]] = {
    "a receipt": (lambda book: take(book, "L1", 2_800_00, TODAY), False),
    "a backdated receipt": (backdated, True),
    "a cancelled receipt": (cancelled, False),
    "an older receipt cancelled": (cancelled_later, True),
    "an act that was broken off": (broken_off, False),
    "a transfer": (moved_away, True),
    "a write-off": (written_off, False),
    "a new loan": (lent_again, True),
    "a loan of this month": (lambda book: book.open_loan("L5", on=date(2026, 3, 2)), False),
}


def anew(connection: Connection, question: Question) -> Sums:
    return Remembered(Memory(), connection).sums(question)


def shown(sums: Sums) -> dict[tuple[object, ...], tuple[int, ...]]:
    """Give the groups that hold anything: one that lost all its loans may stay, with zeros."""
    return {group: numbers for group, numbers in sums.items() if any(numbers)}


def refuse_to_add_up(*_asked: object) -> None:
    raise AssertionError("the book was added up anew")


def test_answers_move_on_with_each_act_and_are_never_added_up_again(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each kind of database moves answers on; that each question is kept apart, one shows.
    memory = Memory()
    questions = QUESTIONS if book.engine.dialect.name == "sqlite" else [QUESTIONS[0], QUESTIONS[3]]
    with reading(book.engine) as connection:
        first = [Remembered(memory, connection).sums(asked) for asked in questions]
    for name, (happen, counts_before) in EVENTS.items():
        happen(book)
        with reading(book.engine) as connection:
            expected = [anew(connection, asked) for asked in questions]
            with monkeypatch.context() as patch:
                patch.setattr(module, "source_for", refuse_to_add_up)
                found = [Remembered(memory, connection).sums(asked) for asked in questions]
        assert [shown(each) for each in found] == [shown(each) for each in expected], name
        before = len(questions) // 2
        assert (found[before] != first[before]) is counts_before, name
        first = found


def test_every_footing_is_the_figure_of_the_book(book: Book) -> None:
    written_off(book)
    with reading(book.engine) as connection:
        plain = book_tables(
            connection, as_of=TODAY, known_at=None, groupings=GROUPINGS, ladder=LADDER
        )
        found = remembered_tables(
            Remembered(Memory(), connection), as_of=TODAY, groupings=GROUPINGS, ladder=LADDER
        )
    for one, two in zip(plain, found, strict=True):
        assert two[list(one.columns)].equals(one)
    (whole,) = found[0].to_dict("records")
    measures = {str(name): value for name, value in whole.items()}
    feet = {figure: footing(figure, measures) for figure in FIGURES}
    assert feet["glp"] == (whole["glp"], 3)
    assert feet["active_loans"] == (3, 3)
    assert feet["arrears"].loans == feet["par0"].loans == 2
    buckets = [foot for name, foot in feet.items() if name.startswith("bucket_")]
    assert [sum(column) for column in zip(*buckets, strict=True)] == [*feet["glp"]]


def test_a_look_shows_one_state_whatever_others_write_and_remember_meanwhile(book: Book) -> None:
    """Another process commits after the heads were read; another look remembers the newer state."""
    memory, question = Memory(), QUESTIONS[0]
    with reading(book.engine) as connection:
        before = anew(connection, question)
        look = Remembered(memory, connection)
        backdated(book)
        with reading(book.engine) as later:
            after = Remembered(memory, later).sums(question)
            assert after == anew(later, question) != before
        assert look.sums(question) == before
    with reading(book.engine) as connection:
        assert Remembered(memory, connection).sums(question) == after


# SQLite has one writer at a time.
@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_an_act_that_began_before_a_look_and_ended_after_it_is_not_missed(book: Book) -> None:
    """Row numbers and moments of the two receipts say nothing of which was committed first."""
    memory, question = Memory(), QUESTIONS[0]
    with act(book) as slow:
        early = RecordReceipt("L0", 2_800_00, TODAY, "cash")
        record_receipt(slow, early, actor=CASHIER, today=TODAY, backdating_days=2)
        take(book, "L2", 2_800_00, TODAY)
        with reading(book.engine) as connection:
            before = Remembered(memory, connection).sums(question)
    with reading(book.engine) as connection:
        after = Remembered(memory, connection).sums(question)
        assert after == anew(connection, question) != before


@pytest.fixture
def small() -> Iterator[Book]:
    """Give a book of one loan on SQLite, for what no database decides."""
    opened = open_book(clear_turn("sqlite"))
    opened.open_loan("L1")
    yield opened
    opened.engine.dispose()


def test_an_older_look_takes_no_answer_of_a_branch_that_began_since(small: Book) -> None:
    """The first act of a branch makes its chain: all heads that the older look sees are equal."""
    memory, question = Memory(), QUESTIONS[0]
    with reading(small.engine) as connection:
        before, look = anew(connection, question), Remembered(memory, connection)
        moved_away(small)
        with reading(small.engine) as later:
            assert Remembered(memory, later).sums(question) != before
        assert look.sums(question) == before


def test_another_ladder_is_another_question(small: Book) -> None:
    steps = (LADDER.classes[0], replace(LADDER.classes[1], from_days=7))
    stricter = replace(LADDER, classes=steps)
    with reading(small.engine) as connection:
        remembered = Remembered(Memory(), connection)
        for ladder in (LADDER, stricter, LADDER):
            (found,) = remembered_tables(remembered, as_of=TODAY, groupings=[()], ladder=ladder)
            (plain,) = book_tables(
                connection, as_of=TODAY, known_at=None, groupings=[()], ladder=ladder
            )
            assert found[list(plain.columns)].equals(plain)


def test_too_many_acts_or_persons_are_added_up_anew(
    small: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, question = Memory(), QUESTIONS[0]
    for limit in ("_MOST_CHAINS", "_MOST_ACTS", "_MOST_PERSONS"):
        with reading(small.engine) as connection:
            Remembered(memory, connection).sums(question)
        take(small, "L1", 100_00, TODAY)
        with reading(small.engine) as connection, monkeypatch.context() as patch:
            patch.setattr(module, limit, 0)
            patch.setattr(module, "_change", refuse_to_add_up)
            found = Remembered(memory, connection).sums(question)
            assert found == anew(connection, question)


@pytest.mark.parametrize("acts_since", [0, 1, 2])
def test_a_copy_that_lived_on_by_itself_is_added_up_anew(
    small: Book, tmp_path: Path, acts_since: int
) -> None:
    """A database put back to an older copy, and worked in since, is another book."""
    memory, question = Memory(), QUESTIONS[0]
    url = f"sqlite:///{tmp_path}/copy.sqlite"
    small.engine.dispose()
    copy_database(str(small.engine.url), url)
    take(small, "L1", 100_00, TODAY)
    with reading(small.engine) as connection:
        Remembered(memory, connection).sums(question)
    copy = Book(open_engine(url), small.clock)
    for _ in range(acts_since):
        take(copy, "L1", 200_00, TODAY)
    with reading(copy.engine) as connection:
        assert Remembered(memory, connection).sums(question) == anew(connection, question)
    copy.engine.dispose()


@pytest.mark.parametrize("limit", [("_MOST_GROUPS", 4), ("_MOST_ANSWERS", 2)])
def test_a_memory_forgets_what_was_not_asked_for_longest(
    monkeypatch: pytest.MonkeyPatch, limit: tuple[str, int]
) -> None:
    monkeypatch.setattr(module, *limit)
    memory = Memory()
    first, second, third = QUESTIONS[:3]
    for question in (first, second, third):
        memory.keep(question, Answer({}, {(0,): (1,), (1,): (2,)}))
        memory.find(first)
    assert [memory.find(each) is not None for each in (first, second, third)] == [True, False, True]


def test_an_answer_too_large_to_keep_drives_no_other_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_GROUPS", 1)
    memory, (small, large) = Memory(), QUESTIONS[:2]
    memory.keep(small, Answer({}, {(0,): (1,)}))
    memory.keep(large, Answer({}, {(0,): (1,), (1,): (2,)}))
    assert [memory.find(each) is not None for each in (small, large)] == [True, False]


def test_heads_that_have_not_moved_are_held_once() -> None:
    """A look of a large institution brings a thousand heads; most of them were there before."""
    memory = Memory()
    first = memory.once({"branch:A": (1, "a" * 64), "branch:B": (1, "b" * 64)})
    moved = {"branch:A": (1, "".join(["a"] * 64)), "branch:B": (2, "c" * 64)}
    second = memory.once(moved)
    assert second == moved
    assert second["branch:A"] is first["branch:A"]
