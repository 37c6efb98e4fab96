"""A joint report is prepared, released by a second person and signed by both parties.

First each party confirms its own part of the closed period, and again after a month of it was
reopened. The edition that is then prepared holds its files byte by byte; nothing of it ever
changes. A correction is a new edition, with its reason. Each is proved beside all that was
released, when it is prepared and when it is released.
"""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.errors import Conflict, Refused
from aim_loans.identity.models import cut
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, Act, begin_act, hold_chain, seal_act
from aim_loans.identity.permissions import Actor, Deed, require, require_two
from aim_loans.mou.editions import (
    PARTIES,
    RELEASED,
    SIGNED,
    JointEdition,
    confirmed_parts,
    edition_by_id,
    editions,
    is_closed,
    next_edition,
    parts_that_hold,
    told_by,
    told_so_far,
)
from aim_loans.mou.events import waiting_between
from aim_loans.mou.periods import Period, parse_period
from aim_loans.mou.published import JointReport
from aim_loans.mou.publishing import Withheld
from aim_loans.mou.report_models import joint_edition, joint_file, joint_part, joint_step
from aim_loans.mou.targets import AIM, SMEDA, party_of
from aim_loans.mou.together import opened_by
from aim_loans.mou.withheld_json import withheld_text
from aim_loans.portfolio.months import closed_month
from aim_loans.portfolio.statement_json import canonical


@dataclass(frozen=True, slots=True)
class ConfirmPart:
    """A party confirms its own part of a period that is closed."""

    period: str


class Kept(NamedTuple):
    """A file as it lies in the folder of files: `stored` is its name there."""

    name: str
    stored: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class PrepareEdition:
    """An edition as drawn: its period and number, the digest of its figures, its files."""

    period: str
    edition: int
    digest: str
    files: tuple[Kept, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseEdition:
    """Let the partner read an edition."""

    edition_id: int


@dataclass(frozen=True, slots=True)
class SignEdition:
    """Sign an edition: the digest says which figures are signed."""

    edition_id: int
    digest: str


def confirm_part(
    tx: Writing, command: ConfirmPart, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Confirm the own part; SMEDA's while none of its events in the period waits."""
    require(actor, Deed.SIGN_JOINT, branch=None)
    period, party = parse_period(command.period), party_of(actor)
    this = _begin(
        tx, "confirm_joint_part", command, actor=actor, subject=f"{period.name} {party}", key=key
    )
    if this.repeated:
        return
    require_closed(tx, period)
    if party == SMEDA:
        _refuse_while_waiting(tx, period, today=today)
    if party in parts_that_hold(tx.connection, period):
        raise Refused("Your part of {period} is confirmed already.", period=period.name)
    number = next_edition(tx.connection, period.name)
    columns = ("period", "edition", "party", "confirmed_by", "act_id", "recorded_at")
    row = (period.name, number, party, actor.name, this.id, this.recorded_micros)
    insert_new(tx.connection, joint_part, columns, [row])
    seal_act(tx, this, (joint_part,))


def require_parts(tx: Writing, period: Period) -> None:
    """Refuse to prepare a report before both parties confirmed their parts as they stand."""
    require_closed(tx, period)
    parts = confirmed_parts(tx.connection, period)
    missing = [each for each in PARTIES if each not in parts or not parts[each].holds]
    named = ", ".join(each.upper() for each in missing)
    if any(each in parts for each in missing):
        raise Refused(
            "A month of {period} was reopened after its parts were confirmed. Each party confirms "
            "its part again. Missing: {parties}.",
            field="period",
            period=period.name,
            parties=named,
        )
    if missing:
        raise Refused(
            "Not every party has confirmed its part of {period} yet. Missing: {parties}.",
            field="period",
            period=period.name,
            parties=named,
        )


def require_closed(tx: Writing, period: Period) -> None:
    """Refuse a period whose last month is not closed."""
    if not is_closed(tx.connection, period):
        raise Refused(
            "The period {period} is not closed yet. Its months are closed first.",
            field="period",
            period=period.name,
        )


def prepare_edition(
    tx: Writing,
    command: PrepareEdition,
    report: JointReport,
    withheld: Withheld,
    *,
    actor: Actor,
    key: str | None = None,
) -> int:
    """Keep an edition as it was drawn; gives its id.

    Conflict when another edition of the period was prepared meanwhile; a further one needs the
    reason of the correction.
    """
    require(actor, Deed.MAKE_FILES, branch=None)
    period = parse_period(command.period)
    this = _begin(tx, "prepare_joint_report", command, actor=actor, subject=period.name, key=key)
    if this.repeated:
        made = select(joint_edition.c.id).where(joint_edition.c.act_id == this.id)
        return int(tx.connection.execute(made).scalar_one())
    require_parts(tx, period)
    before = next(iter(editions(tx.connection, period=period.name)), None)
    if command.edition != next_edition(tx.connection, period.name):
        raise Conflict("Somebody prepared this report meanwhile. Open the list again.")
    if before is not None and not command.reason.strip():
        raise Refused("Give the reason of the correction.", field="reason")
    edition_id = _write_edition(tx, this, command, (report, withheld), actor=actor, before=before)
    files = [(edition_id, *each, this.id, this.recorded_micros) for each in command.files]
    columns = ("edition_id", *Kept._fields, "act_id", "recorded_at")
    insert_new(tx.connection, joint_file, columns, files)
    seal_act(tx, this, (joint_edition, joint_file))
    return edition_id


def release_edition(
    tx: Writing, command: ReleaseEdition, *, actor: Actor, key: str | None = None
) -> None:
    """Let the partner read an edition: another person than the one who prepared it."""
    require(actor, Deed.RELEASE_FILES, branch=None)
    edition = edition_by_id(tx.connection, command.edition_id)
    require_two(Actor(edition.prepared_by, ()), actor)
    this = _begin(
        tx, "release_joint_report", command, actor=actor, subject=_named(edition), key=key
    )
    if this.repeated:
        return
    if _newest(tx, edition).released:
        raise Refused("This report is released already.")
    _refuse_what_opens(tx, edition)
    _write_step(tx, this, edition, RELEASED, party=AIM, actor=actor)


def sign_edition(
    tx: Writing, command: SignEdition, *, actor: Actor, key: str | None = None
) -> None:
    """Sign a released edition for the own party, once."""
    require(actor, Deed.SIGN_JOINT, branch=None)
    party = party_of(actor)
    edition = edition_by_id(tx.connection, command.edition_id, released=True)
    this = _begin(tx, "sign_joint_report", command, actor=actor, subject=_named(edition), key=key)
    if this.repeated:
        return
    edition = _newest(tx, edition)
    if command.digest != edition.digest:
        raise Conflict("These are not the figures that you have read. Open the report again.")
    if party in edition.signed_by:
        raise Refused("Your party signed this report already.")
    _write_step(tx, this, edition, SIGNED, party=party, actor=actor)


def _begin(
    tx: Writing, kind: str, command: object, *, actor: Actor, subject: str, key: str | None
) -> Act:
    """Begin an act on a joint report; all who write to one go one after the other."""
    this = begin_act(
        tx,
        kind=kind,
        command=command,
        actor=actor,
        subject=f"joint report {subject}",
        chain=HEAD_OFFICE_CHAIN,
        key=key,
    )
    hold_chain(tx, HEAD_OFFICE_CHAIN)
    return this


def _refuse_while_waiting(tx: Writing, period: Period, *, today: date) -> None:
    waiting = waiting_between(tx.connection, period.first, period.last, today=today)
    if waiting:
        raise Refused(
            "{count} of your events in {period} wait for an answer. Confirm or dispute them first.",
            count=waiting,
            period=period.name,
        )


def _write_edition(
    tx: Writing,
    this: Act,
    command: PrepareEdition,
    drawn: tuple[JointReport, Withheld],
    *,
    actor: Actor,
    before: JointEdition | None,
) -> int:
    report, withheld = drawn
    number = select(cut.c.number).where(cut.c.taken_at == report.head.known_at)
    columns = (
        *("period", "edition", "previous_id", "cut_number", "reason", "report", "withheld"),
        *("digest", "prepared_by", "act_id", "recorded_at"),
    )
    row = (
        *(command.period, command.edition, before.id if before else None),
        *(tx.connection.execute(number).scalar_one(), command.reason.strip()),
        *(canonical(report), withheld_text(withheld.blocks), command.digest, actor.name),
        *(this.id, this.recorded_micros),
    )
    (edition_id,) = insert_new(tx.connection, joint_edition, columns, [row])
    return edition_id


def _write_step(
    tx: Writing, this: Act, edition: JointEdition, kind: str, *, party: str, actor: Actor
) -> None:
    columns = ("edition_id", "kind", "party", "done_by", "act_id", "recorded_at")
    row = (edition.id, kind, party, actor.name, this.id, this.recorded_micros)
    insert_new(tx.connection, joint_step, columns, [row])
    seal_act(tx, this, (joint_step,))


def _newest(tx: Writing, edition: JointEdition) -> JointEdition:
    """Give an edition as it stands while nobody else writes.

    Refused for any but the newest, and for one of a period that was reopened since.
    """
    newest = editions(tx.connection, period=edition.period)[0]
    if newest.id != edition.id:
        raise Refused("A newer edition of this report was prepared. Open the newest one.")
    closed = closed_month(tx.connection, parse_period(edition.period).last)
    if closed is None or closed.known_at > edition.known_at:
        raise Refused(
            "The period {period} was reopened after this report was prepared. Prepare a "
            "correction once it is closed again.",
            period=edition.period,
        )
    return newest


def _refuse_what_opens(tx: Writing, edition: JointEdition) -> None:
    """Prove an edition beside what was released since; two releases at once wait in `_begin`."""
    if opened_by(told_by(tx.connection, edition.id), told_so_far(tx.connection)):
        raise Refused(
            "Together with a report that was released since, this one would tell of a few people. "
            "Prepare it once more."
        )


def _named(edition: JointEdition) -> str:
    return f"{edition.period}, edition {edition.edition}"
