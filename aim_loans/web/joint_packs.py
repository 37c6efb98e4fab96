"""Makes the pack of a joint report for both doors: drawn, with its files, and kept or written."""

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from aim_loans.config.settings import DatedTables, Ladder, Settings
from aim_loans.db.engine import Clock, cutting, reading, writing
from aim_loans.files.store import Store
from aim_loans.identity.models import cut
from aim_loans.identity.operations import TakeCut, take_cut
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.mou.editions import (
    editions,
    last_released,
    next_edition,
    report_of,
    told_so_far,
)
from aim_loans.mou.measuring import joint_statement
from aim_loans.mou.periods import Period, period_before
from aim_loans.mou.published import Head, JointReport
from aim_loans.mou.publishing import Withheld, to_publish, withhold
from aim_loans.mou.report_rows import Row, funnel_rows, line_rows, table_rows
from aim_loans.mou.reporting import joint_report
from aim_loans.mou.signing import Kept, PrepareEdition, prepare_edition, require_parts
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.statement_json import canonical
from aim_loans.web.paper_values import letterhead
from reports.feeder.columns import FeederFile
from reports.feeder.joint import FUNNELS, LINES, TABLES
from reports.feeder.manifest import (
    ENDING,
    SCHEMA_ENDING,
    Issue,
    manifest_text,
    schema_text,
    stem_of_period,
)
from reports.feeder.writing import Draft
from reports.mou_pdf import joint_pdf
from reports.voice import BOTH


@dataclass(frozen=True, slots=True)
class Drawn:
    """A report as drawn: what it publishes and holds back, its digest, its files by name."""

    report: JointReport
    withheld: Withheld
    digest: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class JointPacks:
    """What making a pack needs of a door: database, settings, keys, files, clock, who asks."""

    engine: Engine
    settings: Settings
    audit_key: bytes
    actor: Actor
    clock: Clock | None = None

    def provisional(self, period: Period, *, language: str) -> Drawn:
        """Draw a report of a period as known now, which nobody has signed.

        It is proved beside all that the partner has read.
        """
        require(self.actor, Deed.READ_JOINT, branch=None)
        return self._draw(period, edition=0, reason="", language=language)

    def prepare(self, period: Period, store: Store, *, reason: str, key: str | None = None) -> int:
        """Prepare the next edition of a period in both languages; gives its id.

        Refused before both parties confirmed their parts.
        """
        require(self.actor, Deed.MAKE_FILES, branch=None)
        with writing(self.engine, audit_key=self.audit_key, clock=self.clock) as tx:
            require_parts(tx, period)
            number = next_edition(tx.connection, period.name)
        drawn = self._draw(period, edition=number, reason=reason.strip(), language=BOTH)
        files = tuple(
            Kept(name, store.put(content), hashlib.sha256(content).hexdigest(), len(content))
            for name, content in sorted(drawn.files.items())
        )
        command = PrepareEdition(period.name, number, drawn.digest, files, reason)
        with writing(self.engine, audit_key=self.audit_key, clock=self.clock) as tx:
            return prepare_edition(
                tx, command, drawn.report, drawn.withheld, actor=self.actor, key=key
            )

    def _draw(self, period: Period, *, edition: int, reason: str, language: str) -> Drawn:
        with cutting(self.engine, audit_key=self.audit_key, clock=self.clock) as tx:
            purpose = f"joint report {period.name}"
            known_at = take_cut(tx, TakeCut(purpose), actor=self.actor)
        with reading(self.engine) as connection:
            dated = settings_in_force(connection)
            report, held = self._report(connection, period, known_at, (edition, reason), dated)
        digest = hashlib.sha256(canonical(report).encode()).hexdigest()
        files = dict(self._files(report, digest, language, dated.ladder_on(period.last)))
        return Drawn(report, held, digest, files)

    def _report(
        self,
        connection: Connection,
        period: Period,
        known_at: datetime,
        about: tuple[int, str],
        dated: DatedTables,
    ) -> tuple[JointReport, Withheld]:
        (edition, reason), mou = about, self.settings.mou
        statement = to_publish(
            joint_statement(connection, period=period, known_at=known_at, mou=mou, dated=dated)
        )
        read_before = last_released(connection, period.name)
        held = withhold(statement, told_so_far(connection))
        seal = select(cut.c.seal).where(cut.c.taken_at == known_at)
        head = Head(
            institution=self.settings.institution.name,
            period=period.name,
            first=period.first,
            last=period.last,
            known_at=known_at,
            state="final" if edition else "provisional",
            edition=edition,
            seal=connection.execute(seal).scalar_one() if edition else "",
            started_on=statement.started_on,
        )
        report = joint_report(
            statement,
            held,
            head,
            before=_published(connection, period_before(period).name),
            corrects=report_of(connection, read_before.id) if read_before and edition else None,
            reason=reason,
        )
        return report, held

    def _files(
        self, report: JointReport, digest: str, language: str, ladder: Ladder
    ) -> Sequence[tuple[str, bytes]]:
        """Give the files of a pack by name: of a month the brief and its figures alone."""
        name = pack_name(report)
        paper = joint_pdf(report, letterhead(self.settings), digest=digest, language=language)
        found = [(f"{name}.pdf", paper), (f"{name}.json", (canonical(report) + "\n").encode())]
        if not report.is_month:
            rows = {LINES: line_rows, TABLES: table_rows, FUNNELS: funnel_rows}
            for declared, make in rows.items():
                found += self._csv(declared, list(make(report)), report, ladder)
        listed = [
            {"file": each, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for each, content in found
        ]
        pack = {
            "period": report.head.period,
            "state": report.head.state,
            "edition": report.head.edition,
            "known_at": report.head.known_at.isoformat(),
            "seal": report.head.seal,
            "digest": digest,
            "files": listed,
        }
        text = json.dumps(pack, ensure_ascii=False, indent=2) + "\n"
        return [*found, (f"{name}.pack.json", text.encode())]

    def _csv(
        self, declared: FeederFile, rows: Sequence[Row], report: JointReport, ladder: Ladder
    ) -> Sequence[tuple[str, bytes]]:
        head = report.head
        issue = Issue(
            institution=head.institution,
            month=head.last,
            known_at=head.known_at,
            state=head.state,
            made_by=(self.actor.name,),
            made_at=head.known_at,
            edition=max(head.edition, 1),
            previous_sha256=None,
            ladder=ladder.source,
            ladder_confirmed=ladder.verified,
            period=head.period,
        )
        with tempfile.TemporaryDirectory() as folder, Draft(Path(folder), declared) as draft:
            contents = draft.write(rows)
            content = draft.path.read_bytes()
        name = stem_of_period(declared.name, head.period, issue.edition)
        return [
            (f"{name}.csv", content),
            (f"{name}{SCHEMA_ENDING}", schema_text(declared).encode()),
            (f"{name}{ENDING}", manifest_text(declared, issue, contents).encode()),
        ]


def pack_name(report: JointReport) -> str:
    """Give the name of the papers of a report, without an ending."""
    kind = "joint-brief" if report.is_month else "joint-report"
    edition = f".edition-{report.head.edition}" if report.head.edition > 1 else ""
    return f"{kind}.{report.head.period}{edition}"


def _published(connection: Connection, period: str) -> JointReport | None:
    found = next(iter(editions(connection, period=period, released=True)), None)
    return report_of(connection, found.id) if found else None
