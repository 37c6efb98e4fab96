"""Whom an invitation to a training reaches: borrowers with a running loan, by filters."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from aim_loans.borrowers.models import enterprise
from aim_loans.loans.models import loan_position
from aim_loans.mou.models import registration, training_invitation
from aim_loans.mou.registering import HELD
from aim_loans.mou.standing import not_undone
from aim_loans.value_words import WORDS

# Of the loan as it belongs now.
_OF_LOAN = ("sector", "gender", "district", "branch_code", "officer")
_STAGE = "stage"
STAGES = tuple(WORDS["formalisation_stage"])
FILTERS = (*_OF_LOAN, _STAGE)


def invitable(
    training_id: int, filters: Mapping[str, str], branches: frozenset[str] | None
) -> Select[Any]:
    """Select the persons whom the filters keep at these branches (None: all), not invited yet.

    `filters` are values by names of `FILTERS`. A stage of `STAGES` says how far the enterprises
    of the borrower are: no registration begun, one begun, or one held.
    """
    invited = exists().where(
        training_invitation.c.training_id == training_id,
        training_invitation.c.person_id == loan_position.c.borrower_id,
    )
    rows = (
        select(loan_position.c.borrower_id)
        .where(loan_position.c.outstanding > 0, ~invited)
        .distinct()
        .order_by(loan_position.c.borrower_id)
    )
    for name, value in filters.items():
        kept = _at_stage(value) if name == _STAGE else loan_position.c[name] == value
        rows = rows.where(kept)
    return rows if branches is None else rows.where(loan_position.c.branch_code.in_(branches))


def candidates(
    connection: Connection,
    training_id: int,
    filters: Mapping[str, str],
    *,
    branches: frozenset[str] | None,
) -> int:
    """Count the borrowers whom an invitation by these filters could reach."""
    whom = invitable(training_id, filters, branches).subquery()
    return int(connection.execute(select(func.count()).select_from(whom)).scalar_one())


def _at_stage(stage: str) -> ColumnElement[bool]:
    last, later = registration, registration.alias("later")
    own = (
        select(last.c.id)
        .join(enterprise, enterprise.c.id == last.c.enterprise_id)
        .where(enterprise.c.owner_id == loan_position.c.borrower_id, not_undone(last))
        .correlate(loan_position)
    )
    replaced = exists().where(
        later.c.enterprise_id == last.c.enterprise_id,
        later.c.type == last.c.type,
        later.c.id > last.c.id,
        not_undone(registration, later),
    )
    held = own.where(last.c.state.in_([state.value for state in HELD]), ~replaced).exists()
    if stage == "registered":
        return held
    return ~own.exists() if stage == "not_begun" else own.exists() & ~held
