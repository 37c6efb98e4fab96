"""Makes the files of a month for both doors: rows of the book, drawn, read back, written down."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from aim_loans.config.environment import derived_key
from aim_loans.config.settings import Institution
from aim_loans.db.engine import Clock, Writing, cutting, reading, writing
from aim_loans.identity.operations import TakeCut, take_cut
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.mou.formalisation_rows import formalisation_rows
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.feeder.asked import AskedMonth, Pseudonym, closing_day, pseudonyms
from aim_loans.portfolio.feeder.issued import Issued
from aim_loans.portfolio.feeder.issuing import PART_BYTES, IssueFile, Names, issue_file
from aim_loans.portfolio.feeder.register import complaint_rows, register_rows
from aim_loans.portfolio.feeder.summaries import classification_rows, gender_rows, programme_rows
from aim_loans.portfolio.feeder.tape import tape_rows
from aim_loans.portfolio.months import ClosedMonth, closed_month
from aim_loans.portfolio.statement import State
from reports.feeder.columns import FeederFile
from reports.feeder.manifest import ENDING, SCHEMA_ENDING, Issue, manifest_text, schema_text, stem
from reports.feeder.writing import Contents, Draft, parts, publish_text, refuse_taken

PSEUDONYM_PURPOSE = "pseudonyms"
# A receiver of its own gets pseudonyms of its own: files of two receivers cannot be joined.
_PSEUDONYMS_FOR = {"smeda_formalisation": "pseudonyms for SMEDA"}

Rows = Iterator[tuple[Any, ...]]
_PLAIN: Mapping[str, Callable[[Connection, AskedMonth], Rows]] = {
    "secp_classification_summary": classification_rows,
    "secp_gender_portfolio": gender_rows,
    "secp_complaints": complaint_rows,
    "waiver_writeoff_register": register_rows,
    "programme_report": programme_rows,
}


def rows_of(connection: Connection, name: str, asked: AskedMonth, hide: Pseudonym) -> Rows:
    """Give the rows of a declared file, in the order of its columns."""
    if name in _PLAIN:
        return _PLAIN[name](connection, asked)
    if name == "smeda_formalisation":
        return formalisation_rows(connection, asked, hide)
    return tape_rows(connection, asked, hide=hide if name == "secp_loan_tape" else None)


@dataclass(frozen=True, slots=True)
class Month:
    """A month to make files of: what its rows are asked at, and its close where it has one."""

    asked: AskedMonth
    closed: ClosedMonth | None

    @property
    def state(self) -> State:
        """Say whether the files are final: those of an open month are provisional."""
        return "provisional" if self.closed is None else "final"


@dataclass(frozen=True, slots=True)
class Released:
    """What lets a file go out in the browser: the form's one-time key, the request it answers."""

    key: str
    request_id: int | None = None


@dataclass(frozen=True, slots=True)
class MonthFiles:
    """What making files needs of a door: database, institution, key, clock, who asks."""

    engine: Engine
    institution: Institution
    audit_key: bytes
    actor: Actor
    clock: Clock | None = None

    def open_month(self, month: date, *, today: date) -> Month:
        """Fix the moment K for the files of a month; Refused for one that is not over.

        A closed month is known at the cut of its close, an open one at a cut taken now.
        """
        require(self.actor, Deed.MAKE_FILES, branch=None)
        day = closing_day(month, today=today)
        with reading(self.engine) as connection:
            closed = closed_month(connection, day)
        known_at = self._cut(day) if closed is None else closed.known_at
        with reading(self.engine) as connection:
            ladder = settings_in_force(connection, known_at=known_at).ladder_on(day)
        return Month(AskedMonth(day, known_at, ladder, self.institution.zone), closed)

    def to_folder(
        self, declared: FeederFile, month: Month, folder: Path, *, bom: bool
    ) -> tuple[Path, Contents]:
        """Issue a file into a folder, with its schema and manifest; gives what it holds."""
        with Draft(folder, declared) as draft:
            contents = self._write(draft, month, bom=bom)
            with self._writing() as tx:
                issued = self._issue(tx, draft, contents, month, bom=bom)
                name = stem(declared.name, month.asked.day, issued.edition)
                beside = [folder / f"{name}{ending}" for ending in (SCHEMA_ENDING, ENDING)]
                for path in (*beside, folder / f"{name}.csv"):
                    refuse_taken(path)
            draft.publish(folder / f"{name}.csv")
        # The manifest comes last: where it stands, everything stands.
        for path, text in zip(beside, (schema_text(declared), issued.manifest), strict=True):
            publish_text(path, text)
        return folder / f"{name}.csv", contents

    def to_database(
        self, declared: FeederFile, month: Month, folder: Path, released: Released
    ) -> Issued:
        """Issue a file whose bytes are kept for downloads; `folder` is for the draft alone."""
        with Draft(folder, declared) as draft:
            contents = self._write(draft, month, bom=False)
            with self._writing() as tx:
                return self._issue(tx, draft, contents, month, bom=False, released=released)

    def _write(self, draft: Draft, month: Month, *, bom: bool) -> Contents:
        purpose = _PSEUDONYMS_FOR.get(draft.declared.name, PSEUDONYM_PURPOSE)
        hide = pseudonyms(derived_key(self.audit_key, purpose))
        with reading(self.engine) as connection:
            rows = rows_of(connection, draft.declared.name, month.asked, hide)
            return draft.write(rows, bom=bom)

    def _issue(
        self,
        tx: Writing,
        draft: Draft,
        contents: Contents,
        month: Month,
        *,
        bom: bool,
        released: Released | None = None,
    ) -> Issued:
        declared, asked = draft.declared, month.asked

        def manifest(number: int, previous: str | None, made_at: datetime, by: Names) -> str:
            issue = Issue(
                institution=self.institution.name,
                month=asked.day,
                known_at=asked.known_at,
                state=month.state,
                close_edition=month.closed.edition if month.closed else None,
                made_by=by,
                made_at=made_at,
                edition=number,
                previous_sha256=previous,
                ladder=asked.ladder.source,
                ladder_confirmed=asked.ladder.verified,
                bom=bom,
            )
            return manifest_text(declared, issue, contents)

        command = IssueFile(
            *(declared.name, declared.level, asked.day, asked.known_at, month.state),
            *(contents.totals.rows, contents.sha256),
        )
        with draft.path.open("rb") as stream:
            return issue_file(
                tx,
                command,
                manifest=manifest,
                parts=parts(stream, PART_BYTES) if released else (),
                actor=self.actor,
                request_id=released.request_id if released else None,
                key=released.key if released else None,
            )

    def _cut(self, day: date) -> datetime:
        with cutting(self.engine, audit_key=self.audit_key, clock=self.clock) as tx:
            return take_cut(tx, TakeCut(f"files of {day:%Y-%m}"), actor=self.actor)

    def _writing(self) -> AbstractContextManager[Writing]:
        return writing(self.engine, audit_key=self.audit_key, clock=self.clock)
