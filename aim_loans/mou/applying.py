"""Which application came of a referral; how far it went follows from application and loan."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from aim_loans.borrowers.referrals import FROM_SMEDA, referral_by_id
from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.operations import begin_branch_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.mou.models import application_referral
from aim_loans.origination.lookup import application_by_id


@dataclass(frozen=True, slots=True)
class NameReferral:
    """An application came of a referral by SMEDA."""

    application_id: int
    referral_id: int


def name_referral(
    tx: Writing, command: NameReferral, *, actor: Actor, today: date, key: str | None = None
) -> None:
    """Link an application to the referral of the same person; each has one at most."""
    asked = application_by_id(tx.connection, command.application_id, today=today, lock=True)
    require(actor, Deed.ENTER_APPLICATION, branch=asked.branch_code)
    sent = referral_by_id(tx.connection, command.referral_id)
    if sent.direction != FROM_SMEDA or sent.person_id != asked.borrower_id:
        raise Refused(
            "This referral is not one of SMEDA for this borrower. Choose another.",
            field="referral",
        )
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


def referral_of(connection: Connection, application_id: int) -> int | None:
    """Give the referral that an application names; None where it names none."""
    row = application_referral
    wanted = select(row.c.referral_id).where(row.c.application_id == application_id)
    return connection.execute(wanted).scalar()


def _taken(connection: Connection, command: NameReferral) -> bool:
    row = application_referral
    used = (row.c.application_id == command.application_id) | (
        row.c.referral_id == command.referral_id
    )
    return connection.execute(select(row.c.application_id).where(used)).first() is not None
