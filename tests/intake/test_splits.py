"""In one go or in any pieces, in any order: the book comes out the same."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from aim_loans.db.engine import reading
from aim_loans.ledger.models import journal_line
from tests.book import open_book
from tests.databases import clear_turn
from tests.intake.books import Desk, Row, a_receipt, another_loan

DAYS = [f"2025-{month:02d}-{day:02d}" for month in range(1, 13) for day in (8, 10, 28)]


@dataclass(frozen=True, slots=True)
class Pieces:
    """A book, and the same book in pieces: each a list of loans and a list of receipts."""

    loans: list[Row]
    receipts: list[Row]
    pieces: list[tuple[list[Row], list[Row]]]


@st.composite
def books_in_pieces(draw: st.DrawFn) -> Pieces:
    """Draw a book and cut it up; a receipt comes with its loan or in a later piece."""
    loans = [
        another_loan(
            f"L{n}",
            branch=draw(st.sampled_from(["LHR-01", "MUL-01"])),
            borrower_ref=draw(st.sampled_from(["P1", "P2", "P3"])),
            principal=str(draw(st.sampled_from([900, 10_000, 25_000]))),
            instalments=str(draw(st.integers(1, 14))),
            frequency=draw(st.sampled_from(["weekly", "monthly", "quarterly", "single"])),
            opening_received=draw(st.sampled_from(["", "", "300"])),
            opening_as_of="2025-01-08",
            # Whose name and CNIC hold depends on which row comes first; not asked here.
            borrower_name="Somebody",
            cnic="",
        )
        for n in range(draw(st.integers(1, 4)))
    ]
    receipts = [
        a_receipt(
            receipt_ref=f"R{n}",
            loan_ref=draw(st.sampled_from([row["loan_ref"] for row in loans])),
            received_on=draw(st.sampled_from(DAYS[1:])),
            amount=str(draw(st.integers(1, 6_000))),
        )
        for n in range(draw(st.integers(0, 12)))
    ]
    return Pieces(loans, receipts, draw(cuts(loans, receipts)))


@st.composite
def cuts(
    draw: st.DrawFn, loans: Sequence[Row], receipts: Sequence[Row]
) -> list[tuple[list[Row], list[Row]]]:
    count = draw(st.integers(1, 4))
    pieces: list[tuple[list[Row], list[Row]]] = [([], []) for _ in range(count)]
    came = {}
    for row in draw(st.permutations(loans)):
        came[row["loan_ref"]] = place = draw(st.integers(0, count - 1))
        pieces[place][0].append(row)
    for row in draw(st.permutations(receipts)):
        pieces[draw(st.integers(came[row["loan_ref"]], count - 1))][1].append(row)
    return pieces


@contextmanager
def empty_desk() -> Iterator[Desk]:
    with tempfile.TemporaryDirectory() as folder:
        book = open_book(clear_turn("sqlite"), branches=())
        yield Desk(book, Path(folder))
        book.engine.dispose()


def ledger(desk: Desk) -> Counter[tuple[object, ...]]:
    """Sum the journal by day, branch, fund and account, debits positive."""
    sums: Counter[tuple[object, ...]] = Counter()
    with reading(desk.book.engine) as connection:
        for row in connection.execute(select(journal_line)):
            place = (row.value_on, row.branch_code, row.fund_code)
            sums[*place, row.debit] += row.amount
            sums[*place, row.credit] -= row.amount
    return sums


@given(books_in_pieces())
def test_a_book_in_pieces_is_the_book_in_one_go(book: Pieces) -> None:
    with empty_desk() as whole:
        assert whole.send(book.loans, receipts=book.receipts).exit_code == 0
        positions, sums = whole.positions(), ledger(whole)
    with empty_desk() as cut:
        for loans, receipts in book.pieces:
            assert cut.send(loans, receipts=receipts).exit_code == 0
        assert cut.positions() == positions
        assert ledger(cut) == sums
        again = cut.send(book.loans, receipts=book.receipts)
        assert again.counts["loans"] == (0, len(book.loans), 0)
        assert not book.receipts or again.counts["receipts"] == (0, len(book.receipts), 0)
