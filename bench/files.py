"""Writes made-up loans as the files of a book, seven receipts a loan, for the import."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from aim_loans.loans.due_dates import Frequency
from bench.lives import Life, lives

RECEIPTS_A_LOAN = 7
CHANNELS = ("cash", "cash", "bank", "easypaisa", "jazzcash")
LOANS_HEADER = (
    *("loan_ref", "branch", "borrower_ref", "borrower_name", "cnic", "gender", "birth_date"),
    *("district", "sector", "activity", "product", "programme", "purpose", "disbursed_on"),
    *("principal", "instalments", "frequency", "first_due_on", "instalment_amount"),
)
RECEIPTS_HEADER = ("receipt_ref", "loan_ref", "received_on", "amount", "channel", "recorded_at")
SCHEDULES_HEADER = ("loan_ref", "number", "due_on", "amount")


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a book."""

    loans: Path
    receipts: Path
    schedules: Path


def write_files(folder: Path, loans: int) -> Files:
    """Write the files of a book of so many loans."""
    files = Files(folder / "loans.csv", folder / "receipts.csv", folder / "schedules.csv")
    receipts = 0
    with (
        files.loans.open("w", encoding="utf-8", newline="") as one,
        files.receipts.open("w", encoding="utf-8", newline="") as two,
        files.schedules.open("w", encoding="utf-8", newline="") as three,
    ):
        book, money, given = csv.writer(one), csv.writer(two), csv.writer(three)
        book.writerow(LOANS_HEADER)
        money.writerow(RECEIPTS_HEADER)
        given.writerow(SCHEDULES_HEADER)
        for life in lives(loans):
            book.writerow(_loan(life))
            given.writerows(_schedule(life))
            room = life.number * RECEIPTS_A_LOAN - receipts
            rows = list(_receipts(life))[:room]
            money.writerows(rows)
            receipts += len(rows)
    return files


def _loan(life: Life) -> tuple[object, ...]:
    """Give a row of the loans file, without a gap in the personal columns."""
    place, number = life.places[0], life.borrower
    woman = place.gender == "female"
    # Odd for men, even for women.
    cnic = f"{35_201 * 10**8 + number * 10 + (2 if woman else 3):013d}"
    first_due = life.schedule.instalments[0].due_on if life.frequency is Frequency.single else ""
    return (
        *(f"L{life.number:07d}", place.branch, f"P{number:07d}", f"Borrower {number}", cnic),
        *("female" if woman else "male", date(1985, 1 + number % 12, 1 + number % 28)),
        *(place.district, place.sector, place.activity or "", "", "", "", life.disbursed_on),
        *(life.principal // 100, life.schedule.asked, life.frequency.value, first_due, ""),
    )


def _schedule(life: Life) -> Iterator[tuple[object, ...]]:
    if life.schedule.pattern is None:
        for row in life.schedule.instalments:
            yield (f"L{life.number:07d}", row.number, row.due_on, row.amount // 100)


def _receipts(life: Life) -> Iterator[tuple[object, ...]]:
    for count, (day, amount) in enumerate(sorted(life.receipts), start=1):
        number = f"R{life.number:07d}-{count:03d}"
        channel = CHANNELS[(life.number + count) % len(CHANNELS)]
        yield (number, f"L{life.number:07d}", day, amount // 100, channel, "")
