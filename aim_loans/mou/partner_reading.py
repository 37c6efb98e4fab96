"""Reads a file of SMEDA and decides about its rows against the book; writes nothing."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from aim_loans.borrowers.consents import consenting
from aim_loans.borrowers.models import referral, referral_undoing
from aim_loans.db.tables import stands
from aim_loans.errors import Refused
from aim_loans.identity.queries import known_branches
from aim_loans.intake.files import FilesRefused, open_csv
from aim_loans.intake.layout import FileKind
from aim_loans.intake.mapping import NO_MAPPING, Picker, header_faults
from aim_loans.intake.outcomes import Outcomes
from aim_loans.intake.reading import file_notes
from aim_loans.intake.report import ImportReport, Note
from aim_loans.intake.staging import Staging
from aim_loans.mou.partner_files import (
    LAYOUTS,
    TRAININGS,
    ReferralRow,
    SentRow,
    SentRowReader,
    TrainingRow,
)
from aim_loans.mou.partner_known import Known, known_referrals, known_trainings

MOST_BYTES = 10 * 1024 * 1024
_TOGETHER = 1_000


@dataclass(frozen=True, slots=True)
class NewTraining:
    """A training that the file adds, with the persons of its participants, in their order."""

    row: TrainingRow
    persons: tuple[int, ...]


@dataclass(slots=True)
class News:
    """What a file adds to the book."""

    trainings: list[NewTraining] = field(default_factory=list)
    referrals: list[ReferralRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of SMEDA as read: its good rows with their lines, and what became of each so far.

    It keeps a temporary database open until it is closed; use it as a context manager.
    """

    kind: FileKind
    path: Path
    sha256: str
    today: date
    rows: list[tuple[int, SentRow]]
    notes: tuple[Note, ...]
    outcomes: Outcomes
    staging: Staging

    def __enter__(self) -> Self:
        """Give the file itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Throw its temporary database away."""
        self.staging.close()

    def decide(self, connection: Connection) -> News:
        """Decide once about every good row; gives what is new."""
        news = News()
        first: dict[str, tuple[int, SentRow]] = {}
        for start in range(0, len(self.rows), _TOGETHER):
            rows = self.rows[start : start + _TOGETHER]
            known = self._known(connection, [row.code for _, row in rows])
            judge = _Judge.of(connection, [row for _, row in rows], self.today)
            for line, row in rows:
                fault, is_there = _again(row, first.get(row.code), known)
                if fault is None and not is_there:
                    fault = judge.add(row, news)
                if fault is None:
                    first.setdefault(row.code, (line, row))
                self._count(line, fault, is_there=is_there)
        return news

    def report(self, *, dry_run: bool = False) -> ImportReport:
        """Give what became of the rows; the faults stay readable until the file is closed."""
        totals = self.outcomes.totals({self.kind: self.path})
        return ImportReport(totals, {}, self.notes, dry_run, self.staging)

    def _known(self, connection: Connection, codes: Sequence[str]) -> dict[str, Known]:
        found = known_trainings if self.kind == TRAININGS else known_referrals
        return found(connection, codes)

    def _count(self, line: int, fault: Refused | None, *, is_there: bool) -> None:
        if fault is not None:
            self.outcomes.refuse(self.kind, line, 0, fault)
        elif is_there:
            self.outcomes.skip(self.kind, 0)
        else:
            self.outcomes.add(self.kind, 0)


def read_sent(kind: FileKind, path: Path, *, today: date, zone: ZoneInfo) -> SentFile:
    """Read a file; FilesRefused when it cannot be used as a whole."""
    _check_size(path)
    staging = Staging()
    outcomes = Outcomes(staging, [kind])
    try:
        rows, notes = _read(kind, path, outcomes, today=today, zone=zone)
    except FilesRefused:
        staging.close()
        raise
    except Refused as fault:
        staging.close()
        raise FilesRefused([fault]) from fault
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return SentFile(kind, path, sha256, today, rows, notes, outcomes, staging)


def _check_size(path: Path) -> None:
    if path.stat().st_size > MOST_BYTES:
        fault = Refused(
            "The file is larger than {most} megabytes. Split it.",
            field=path.name,
            most=MOST_BYTES // 1024**2,
        )
        raise FilesRefused([fault])


def _read(
    kind: FileKind, path: Path, outcomes: Outcomes, *, today: date, zone: ZoneInfo
) -> tuple[list[tuple[int, SentRow]], tuple[Note, ...]]:
    layout, reader = LAYOUTS[kind], SentRowReader(kind, today)
    rows = []
    with open_csv(path) as file:
        lacking = header_faults(layout, file.header, NO_MAPPING)
        if lacking:
            faults = [Refused(each.message, field=path.name, **each.values) for each in lacking]
            raise FilesRefused(faults)
        picker = Picker(layout, file.header, NO_MAPPING, zone)
        for line, fields, broken in file.records():
            outcomes.find(kind, 0)
            row, faults = (None, [broken]) if broken else reader.read(picker.pick(fields).values)
            if row is None:
                outcomes.refuse(kind, line, 0, *faults)
            else:
                rows.append((line, row))
        return rows, tuple(file_notes(layout, file))


def _again(
    row: SentRow, first: tuple[int, SentRow] | None, known: dict[str, Known]
) -> tuple[Refused | None, bool]:
    """Say whether a row is there already, in the file or in the book, or says other than it."""
    if first is not None:
        first_line, first_row = first
        if row == first_row:
            return None, True
        fault = Refused(
            "Line {line} has this code with other values. Keep the right one.",
            field="code",
            line=first_line,
        )
        return fault, False
    found = known.get(row.code)
    if found is None:
        return None, False
    differing = found.columns_that_differ(row)
    if not differing:
        return None, True
    fault = Refused(
        "The code {code} is known with other values ({columns}). What is known stays: correct "
        "this row, or let the entry be taken back first.",
        field="code",
        code=row.code,
        columns=", ".join(differing),
    )
    return fault, False


@dataclass(frozen=True, slots=True)
class _Judge:
    """What the book knows of the branches and people that some rows name."""

    branches: set[str]
    persons: dict[str, int]

    @classmethod
    def of(cls, connection: Connection, rows: Iterable[SentRow], today: date) -> Self:
        trainings = [row for row in rows if isinstance(row, TrainingRow)]
        codes = {each.code for row in trainings for each in row.participants}
        return cls(
            known_branches(connection, {row.branch for row in trainings}),
            dict(_persons_by_code(connection, codes, today)),
        )

    def add(self, row: SentRow, news: News) -> Refused | None:
        """Take a new row in, or say why it cannot be."""
        if isinstance(row, ReferralRow):
            news.referrals.append(row)
            return None
        if row.branch not in self.branches:
            return Refused("There is no branch {code}.", field="branch", code=row.branch)
        unknown = [each.code for each in row.participants if each.code not in self.persons]
        if unknown:
            return Refused(
                "These codes are on no referral of somebody who came and shares it with SMEDA: "
                "{codes}. Leave them out, or let the branch enter who came.",
                field="participants",
                codes=", ".join(unknown),
            )
        persons = tuple(self.persons[each.code] for each in row.participants)
        if len(set(persons)) < len(persons):
            return Refused(
                "Two of these codes are of one person. Name everybody once.", field="participants"
            )
        news.trainings.append(NewTraining(row, persons))
        return None


def _persons_by_code(
    connection: Connection, codes: set[str], today: date
) -> Iterator[tuple[str, int]]:
    """Give the persons of referrals by SMEDA's codes, of those who consent to share them."""
    wanted = sorted(codes)
    for start in range(0, len(wanted), _TOGETHER):
        rows = connection.execute(
            select(referral.c.smeda_code, referral.c.person_id).where(
                referral.c.smeda_code.in_(wanted[start : start + _TOGETHER]),
                referral.c.person_id.in_(consenting("smeda", today)),
                stands(referral, referral_undoing),
            )
        )
        yield from ((row.smeda_code, row.person_id) for row in rows)
