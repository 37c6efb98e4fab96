"""What can be asked of editions of the joint report; changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, func, select

from aim_loans.errors import NotFound
from aim_loans.identity.models import cut
from aim_loans.mou.events import waiting_between
from aim_loans.mou.periods import Period, half_year_of, parse_period
from aim_loans.mou.published import JointReport
from aim_loans.mou.report_models import joint_edition, joint_file, joint_part, joint_step
from aim_loans.mou.targets import AIM, SMEDA
from aim_loans.mou.together import Told
from aim_loans.mou.withheld_json import read_withheld
from aim_loans.portfolio.months import closed_month
from aim_loans.portfolio.statement_json import read_canonical

PARTIES = (AIM, SMEDA)
MOST_SHOWN = 50
RELEASED, SIGNED = "released", "signed"


class Step(NamedTuple):
    """A release, or a signature of a party."""

    kind: str
    party: str
    done_by: str
    done_at: datetime


class Part(NamedTuple):
    """A party's word for its own part; it `holds` while no month of the period was reopened."""

    confirmed_by: str
    confirmed_at: datetime
    holds: bool


class PackFile(NamedTuple):
    """A file of an edition; `stored` is its name in the folder of files."""

    id: int
    edition_id: int
    name: str
    stored: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class JointEdition:
    """An edition of the report of a period: prepared, then released, then signed by both."""

    id: int
    period: str
    edition: int
    reason: str
    digest: str
    prepared_by: str
    known_at: datetime
    seal: str
    steps: tuple[Step, ...]

    @property
    def is_month(self) -> bool:
        """Say whether it is a month's brief, not the report of a half-year."""
        return parse_period(self.period).is_month

    @property
    def released(self) -> bool:
        """Say whether a second person let the partner read it."""
        return any(step.kind == RELEASED for step in self.steps)

    @property
    def signed_by(self) -> frozenset[str]:
        """Give the parties that signed it."""
        return frozenset(step.party for step in self.steps if step.kind == SIGNED)

    @property
    def state(self) -> str:
        """Give the state as one word: prepared, released, signed by both."""
        if self.signed_by == set(PARTIES):
            return SIGNED
        return RELEASED if self.released else "prepared"


def editions(
    connection: Connection, *, period: str | None = None, released: bool = False
) -> list[JointEdition]:
    """Give the editions, the newest first, 50 at most; `released` leaves the others out."""
    rows = _editions().order_by(joint_edition.c.id.desc()).limit(MOST_SHOWN)
    if period is not None:
        rows = rows.where(joint_edition.c.period == period)
    if released:
        done = select(joint_step.c.edition_id).where(joint_step.c.kind == RELEASED)
        rows = rows.where(joint_edition.c.id.in_(done))
    return _found(connection, rows)


def edition_by_id(
    connection: Connection, edition_id: int, *, released: bool = False
) -> JointEdition:
    """Give an edition; NotFound when there is none, or it is not yet to be read."""
    found = _found(connection, _editions().where(joint_edition.c.id == edition_id))
    if not found or (released and not found[0].released):
        raise NotFound("There is no such joint report. Open the list of reports again.")
    return found[0]


def report_of(connection: Connection, edition_id: int) -> JointReport:
    """Give what an edition publishes."""
    wanted = select(joint_edition.c.report).where(joint_edition.c.id == edition_id)
    return read_canonical(JointReport, connection.execute(wanted).scalar_one())


def told_by(connection: Connection, edition_id: int) -> Told:
    """Give what an edition tells and holds back; for the proof of others alone."""
    wanted = select(joint_edition.c.period, joint_edition.c.withheld)
    return _told(connection.execute(wanted.where(joint_edition.c.id == edition_id)).one())


def told_so_far(connection: Connection) -> list[Told]:
    """Give what all editions tell that were released, in the order of their release."""
    released = and_(joint_step.c.edition_id == joint_edition.c.id, joint_step.c.kind == RELEASED)
    rows = select(joint_edition.c.period, joint_edition.c.withheld).join(joint_step, released)
    return [_told(row) for row in connection.execute(rows.order_by(joint_step.c.id))]


def last_released(connection: Connection, period: str) -> JointEdition | None:
    """Give the newest edition of a period that the partner may read."""
    return next(iter(editions(connection, period=period, released=True)), None)


def pack_files(connection: Connection, edition_id: int) -> list[PackFile]:
    """Give the files of an edition by name."""
    rows = select(*(joint_file.c[name] for name in PackFile._fields))
    wanted = rows.where(joint_file.c.edition_id == edition_id).order_by(joint_file.c.name)
    return [PackFile(*row) for row in connection.execute(wanted)]


def pack_file(connection: Connection, file_id: int) -> PackFile:
    """Give a file; NotFound when there is none of this number."""
    rows = select(*(joint_file.c[name] for name in PackFile._fields))
    found = connection.execute(rows.where(joint_file.c.id == file_id)).first()
    if found is None:
        raise NotFound("There is no such file. Open the joint report again.")
    return PackFile(*found)


def pack_files_of_bytes(connection: Connection, sha256: str) -> list[PackFile]:
    """Give the files of editions whose bytes have this digest, the oldest first."""
    rows = select(*(joint_file.c[name] for name in PackFile._fields))
    wanted = rows.where(joint_file.c.sha256 == sha256).order_by(joint_file.c.id)
    return [PackFile(*row) for row in connection.execute(wanted)]


def kept_joint_names(connection: Connection) -> list[tuple[int, str]]:
    """Give the files of all editions: their numbers, and their names in the folder of files."""
    rows = connection.execute(select(joint_file.c.id, joint_file.c.stored))
    return [(row.id, row.stored) for row in rows]


def next_edition(connection: Connection, period: str) -> int:
    """Give the number of the edition to come of a period."""
    last = select(func.max(joint_edition.c.edition)).where(joint_edition.c.period == period)
    return int(connection.execute(last).scalar() or 0) + 1


def confirmed_parts(connection: Connection, period: Period) -> dict[str, Part]:
    """Give the last word of each party for the edition to come.

    Only the last closed month can be reopened, so whatever reopened a month of the period
    reopened the one that ends it: a word holds that is newer than the cut of its close.
    """
    number, closed = next_edition(connection, period.name), closed_month(connection, period.last)
    row = joint_part
    given = select(row.c.party, row.c.confirmed_by, row.c.recorded_at).where(
        row.c.period == period.name, row.c.edition == number
    )
    return {
        party: Part(who, when, holds=closed is not None and when > closed.known_at)
        for party, who, when in connection.execute(given.order_by(row.c.id))
    }


def parts_that_hold(connection: Connection, period: Period) -> frozenset[str]:
    """Give the parties whose part is confirmed for the edition to come."""
    parts = confirmed_parts(connection, period)
    return frozenset(party for party, part in parts.items() if part.holds)


def is_closed(connection: Connection, period: Period) -> bool:
    """Say whether the month that ends a period is closed; months are closed in their order."""
    return closed_month(connection, period.last) is not None


class Waits(NamedTuple):
    """What waits for a party: own events, parts of closed periods, reports to sign."""

    events: int
    parts: Sequence[str]
    to_sign: Sequence[JointEdition]


def waits_for(connection: Connection, party: str, *, today: date) -> Waits:
    """Say what a party has to do next: events of SMEDA wait for SMEDA alone.

    Only the newest edition of a period is signed. A part waits where there is no edition of the
    period as it was closed last.
    """
    period = last_half(today)
    newest = {each.period: each for each in reversed(editions(connection))}
    closed, parts = closed_month(connection, period.last), []
    made = newest.get(period.name)
    if closed is not None and (made is None or made.known_at < closed.known_at):
        parts = [] if party in parts_that_hold(connection, period) else [period.name]
    open_ones = [each for each in newest.values() if each.released and party not in each.signed_by]
    events = waiting_between(connection, date.min, today, today=today) if party == SMEDA else 0
    return Waits(events, parts, open_ones)


def last_half(today: date) -> Period:
    """Give the last half-year that is over."""
    return half_year_of(half_year_of(today).first - timedelta(days=1))


def _told(row: Any) -> Told:
    return Told(parse_period(row.period), read_withheld(row.withheld))


def _editions() -> Select[Any]:
    names = ("id", "period", "edition", "reason", "digest", "prepared_by")
    return select(*(joint_edition.c[name] for name in names), cut.c.taken_at, cut.c.seal).join(
        cut, cut.c.number == joint_edition.c.cut_number
    )


def _found(connection: Connection, rows: Select[Any]) -> list[JointEdition]:
    found = connection.execute(rows).all()
    wanted = select(joint_step).where(joint_step.c.edition_id.in_([row.id for row in found]))
    steps: dict[int, list[Step]] = {}
    for row in connection.execute(wanted.order_by(joint_step.c.id)):
        step = Step(row.kind, row.party, row.done_by, row.recorded_at)
        steps.setdefault(row.edition_id, []).append(step)
    return [JointEdition(*(*row, tuple(steps.get(row.id, ())))) for row in found]
