"""Which application came of a referral; how far it went follows from application and loan."""

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, select

from aim_loans.borrowers.models import referral, referral_undoing
from aim_loans.borrowers.referrals import (
    FROM_SMEDA,
    Refer,
    Referral,
    checked_code,
    refer,
    referral_by_code,
    referral_by_id,
)
from aim_loans.dates import business_date
from aim_loans.db.engine import Writing, hold_row
from aim_loans.db.tables import stands
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.operations import begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.mou.models import application_referral
from aim_loans.mou.sent import sent_by_code
from aim_loans.origination.lookup import Application, application_by_id


@dataclass(frozen=True, slots=True)
class NameReferral:
    """An application came of a referral by SMEDA."""

    application_id: int
    referral_id: int


@dataclass(frozen=True, slots=True)
class NameCode:
    """An application came of the referral that SMEDA gave this code."""

    application_id: int
    smeda_code: str


class Named(NamedTuple):
    """The referral that an application names."""

    id: int
    smeda_code: str


def name_referral(
    tx: Writing,
    command: NameReferral,
    *,
    actor: Actor,
    today: date,
    zone: ZoneInfo,
    key: str | None = None,
) -> None:
    """Link an application to the referral of the same person; each has one at most.

    Refused for a referral dated after the day on which the application was entered, in `zone`.
    """
    asked = application_by_id(tx.connection, command.application_id, today=today, lock=True)
    require(actor, Deed.ENTER_APPLICATION, branch=asked.branch_code)
    hold_row(tx.connection, referral.c.id, command.referral_id)
    sent = referral_by_id(tx.connection, command.referral_id)
    _check(sent, asked, business_date(asked.entered_at, zone))
    this = begin_branch_act(
        tx,
        kind="name_referral",
        command=command,
        actor=actor,
        subject=f"application {asked.ref}",
        branch_code=asked.branch_code,
        key=key,
    )
    if this.repeated:
        return
    if _taken(tx.connection, command):
        raise Refused(
            "The application names a referral already, or the referral another application.",
            field="referral",
        )
    tx.connection.execute(
        application_referral.insert().values(
            application_id=command.application_id,
            referral_id=command.referral_id,
            act_id=this.id,
        )
    )
    seal_act(tx, this, (application_referral,))


def name_code(
    tx: Writing,
    command: NameCode,
    *,
    actor: Actor,
    today: date,
    zone: ZoneInfo,
    key: str | None = None,
) -> None:
    """Link an application to the referral of a code.

    What SMEDA sent in a file and nobody has come with yet is first written down as the
    borrower's, who came on the day on which the application was entered. NotFound when the code
    is on neither.
    """
    code = checked_code(command.smeda_code) or ""
    found = referral_by_code(tx.connection, code)
    if found is None:
        came = _came_with(tx, command, code, today=today, zone=zone)
        first = f"{key}/came" if key else None
        referral_id = refer(tx, came, actor=actor, today=today, key=first)
    else:
        referral_id = found.id
    named = NameReferral(command.application_id, referral_id)
    name_referral(tx, named, actor=actor, today=today, zone=zone, key=key)


def referral_of(connection: Connection, application_id: int) -> Named | None:
    """Give the referral that an application names; None where it names none."""
    mine = _links(application_referral.c.application_id == application_id)
    row = connection.execute(mine).first()
    return Named(*row) if row else None


def _came_with(tx: Writing, command: NameCode, code: str, *, today: date, zone: ZoneInfo) -> Refer:
    """Say that the borrower of an application is whom SMEDA sent by this code."""
    asked = application_by_id(tx.connection, command.application_id, today=today)
    if sent_by_code(tx.connection, code) is None:
        raise NotFound(
            "No referral carries the code {code}. Check it with SMEDA, or write the referral "
            "down on the borrower's page.",
            field="referral",
            code=code,
        )
    return Refer(
        person_id=asked.borrower_id,
        branch_code=asked.branch_code,
        on_day=business_date(asked.entered_at, zone),
        smeda_code=code,
    )


def _check(sent: Referral, asked: Application, entered_on: date) -> None:
    if sent.direction != FROM_SMEDA or sent.person_id != asked.borrower_id:
        raise Refused(
            "This referral is not one of SMEDA for this borrower. Choose another.",
            field="referral",
        )
    if sent.taken_back is not None:
        raise Refused("This referral was taken back. Choose another.", field="referral")
    if sent.on_day > entered_on:
        raise Refused(
            "This referral is dated {day}, after the application of {entered}. Take it back, and "
            "write it down with the day on which the borrower came.",
            field="referral",
            day=sent.on_day,
            entered=entered_on,
        )


def _taken(connection: Connection, command: NameReferral) -> bool:
    row = application_referral
    used = (row.c.application_id == command.application_id) | (
        row.c.referral_id == command.referral_id
    )
    return connection.execute(_links(used)).first() is not None


def _links(wanted: ColumnElement[bool]) -> Select[Any]:
    """Select the referrals that applications name and nobody has taken back."""
    row = application_referral
    return (
        select(referral.c.id, referral.c.smeda_code)
        .join(referral, referral.c.id == row.c.referral_id)
        .where(wanted, stands(referral, referral_undoing))
    )
