"""What the book holds under codes that a file of SMEDA names, to be compared with its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from aim_loans.db.tables import stands
from aim_loans.mou.models import training, training_undoing
from aim_loans.mou.partner_files import (
    ReferralRow,
    SentRow,
    TrainingRow,
    last_day,
    participants_text,
)
from aim_loans.mou.partner_models import partner_training
from aim_loans.mou.sent import sent_by_codes


@dataclass(frozen=True, slots=True)
class Known:
    """The values that stand under a code, by the columns of the file."""

    values: Mapping[str, object]

    def columns_that_differ(self, row: SentRow) -> list[str]:
        """Name the columns in which a row says other than the book."""
        said = _said(row)
        return [name for name, value in self.values.items() if said[name] != value]


def known_trainings(connection: Connection, codes: Sequence[str]) -> dict[str, Known]:
    """Give what stands under these codes of trainings.

    Of one that a branch planned itself the book knows neither subject nor district; who came it
    knows from the branch, so a file may not say it as well.
    """
    told = partner_training
    rows = connection.execute(
        select(training, told.c.subject, told.c.district, told.c.participants)
        .outerjoin(told, told.c.training_id == training.c.id)
        .where(training.c.smeda_code.in_(codes), stands(training, training_undoing))
    )
    known = {}
    for row in rows:
        values = {
            "title": row.title,
            "branch": row.branch_code,
            "place": row.place,
            "from": row.begins_on,
            "to": last_day(row.begins_on, row.days),
            "participants": row.participants or "",
        }
        if row.subject is not None:
            values |= {"subject": row.subject, "district": row.district, "seats": row.seats}
        known[row.smeda_code] = Known(values)
    return known


def known_referrals(connection: Connection, codes: Sequence[str]) -> dict[str, Known]:
    """Give what SMEDA sent before under these codes."""
    return {
        code: Known(
            {
                "reference": sent.reference,
                "district": sent.district,
                "date": sent.on_day,
                "purpose": sent.purpose,
            }
        )
        for code, sent in sent_by_codes(connection, codes).items()
    }


def _said(row: SentRow) -> Mapping[str, object]:
    if isinstance(row, ReferralRow):
        return _said_of_referral(row)
    return _said_of_training(row)


def _said_of_referral(row: ReferralRow) -> Mapping[str, object]:
    return {
        "reference": row.reference,
        "district": row.district,
        "date": row.on_day,
        "purpose": row.purpose,
    }


def _said_of_training(row: TrainingRow) -> Mapping[str, object]:
    return {
        "title": row.title,
        "subject": row.subject,
        "branch": row.branch,
        "place": row.place,
        "district": row.district,
        "from": row.first,
        "to": row.last,
        "seats": row.seats,
        "participants": participants_text(row.participants),
    }
