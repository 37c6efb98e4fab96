"""What stands beside an application at most once, read with it in one statement.

Each part is an outer join whose columns carry the part's name: the newest appraisal of the
household is `social`, with `social__income` for its column `income`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Label, Select, Table, func, select

from aim_loans.borrowers.models import person
from aim_loans.origination.models import (
    acknowledgement,
    application,
    application_terms,
    appraisal,
    background_check,
    payout,
)


@dataclass(frozen=True)
class Part:
    """Rows that stand beside an application, at most one each."""

    name: str
    rows: FromClause
    beside: ColumnElement[bool]

    @property
    def columns(self) -> list[Label[Any]]:
        """Give the columns under the part's name."""
        return [each.label(self._named(each.name)) for each in self.rows.c]

    def of(self, row: Any) -> Any:
        """Give the part of a row that was read with it; None where nothing stands there."""
        if getattr(row, self._named("id")) is None:
            return None
        names = self.rows.c.keys()
        return SimpleNamespace(**{name: getattr(row, self._named(name)) for name in names})

    def _named(self, column: str) -> str:
        return f"{self.name}__{column}"


def beside(applications: Select[Any], parts: Sequence[Part]) -> Select[Any]:
    """Read these parts with applications that were selected with `newest_terms`."""
    for part in parts:
        applications = applications.add_columns(*part.columns).outerjoin(part.rows, part.beside)
    return applications


def _newest(table: Table, name: str, kind: str | None = None) -> Part:
    """Give the newest row of a kind; of the version in hand where the table has versions."""
    rows, later = table.alias(name), table.alias(f"later_{name}")
    mine = [later.c.application_id == application.c.id]
    if kind is not None:
        mine.append(later.c.kind == kind)
    if "version" in later.c:
        mine.append(later.c.version == application_terms.c.version)
    last = select(func.max(later.c.id)).where(*mine).correlate(application, application_terms)
    return Part(name, rows, rows.c.id == last.scalar_subquery())


_BORROWER = person.alias("borrower")
BORROWER = Part("borrower", _BORROWER, _BORROWER.c.id == application.c.borrower_id)
ACKNOWLEDGED = _newest(acknowledgement, "acknowledged")
VISITS: Mapping[str, Part] = {
    kind: _newest(appraisal, kind, kind) for kind in ("social", "business")
}
ANSWERS: Mapping[str, Part] = {
    kind: _newest(background_check, kind, kind) for kind in ("bureau", "screening")
}
PAID_OUT = Part("payout", payout, payout.c.application_id == application.c.id)
PARTS = (BORROWER, ACKNOWLEDGED, *VISITS.values(), *ANSWERS.values(), PAID_OUT)
