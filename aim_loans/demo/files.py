"""Writes a month of the made-up book as the files that an import reads."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from aim_loans.demo.lives import Life
from aim_loans.intake.layout import EVENTS, LAYOUTS, LOANS, RECEIPTS, FileKind
from aim_loans.intake.operations import BookSources
from aim_loans.money import plain

Row = dict[str, str]
# The fund of the configuration that pays waivers.
RELIEF_FUND = "mutual_support"


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the book: after `after`, up to `until`."""

    after: date
    until: date

    def holds(self, day: date) -> bool:
        """Say whether a day is one of them."""
        return self.after < day <= self.until


def write_files(folder: Path, lives: Sequence[Life], span: Span) -> BookSources:
    """Write what happened in a span to three files in a folder."""
    paths = {
        LOANS: _write(folder, LOANS, (_loan(life) for life in lives if span.holds(life.paid_out))),
        RECEIPTS: _write(folder, RECEIPTS, _receipts(lives, span)),
        EVENTS: _write(folder, EVENTS, _events(lives, span)),
    }
    return BookSources(loans=paths[LOANS], receipts=paths[RECEIPTS], events=paths[EVENTS])


def _write(folder: Path, kind: FileKind, rows: Iterable[Row]) -> Path:
    path = folder / f"{kind}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, LAYOUTS[kind].columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _loan(life: Life) -> Row:
    who = life.person
    return {
        "loan_ref": life.ref,
        "branch": who.town.code,
        "borrower_ref": who.ref,
        "borrower_name": who.written,
        "cnic": who.cnic or "",
        "gender": who.gender,
        "birth_date": who.birth_date.isoformat() if who.birth_date else "",
        "district": who.district or "",
        "sector": life.sector,
        "activity": life.activity,
        "product": life.product,
        "purpose": life.purpose,
        "disbursed_on": life.paid_out.isoformat(),
        "principal": plain(life.principal),
        "instalments": str(life.schedule.asked),
        "frequency": life.frequency.value,
        # The number of instalments of a single payment says nothing of its day.
        "first_due_on": life.schedule.instalments[0].due_on.isoformat(),
    }


def _receipts(lives: Sequence[Life], span: Span) -> Iterable[Row]:
    return (
        {
            "receipt_ref": f"{life.ref}/{number}",
            "loan_ref": life.ref,
            "received_on": paid.day.isoformat(),
            "amount": plain(paid.amount),
            "channel": paid.channel,
        }
        for life in lives
        for number, paid in enumerate(life.course.payments, start=1)
        if span.holds(paid.day)
    )


def _events(lives: Sequence[Life], span: Span) -> Iterable[Row]:
    return (
        {
            "loan_ref": life.ref,
            "kind": end.kind,
            "on": end.day.isoformat(),
            "amount": "" if end.amount is None else plain(end.amount),
            "fund": RELIEF_FUND if end.kind == "waiver" else "",
        }
        for life in lives
        for end in life.course.endings
        if span.holds(end.day)
    )
