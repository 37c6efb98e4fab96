"""The enterprise that a loan is for: one of the borrower's, or a new one written on the form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Connection

from aim_loans.borrowers.details import EnterpriseDetails
from aim_loans.borrowers.operations import AddEnterprise, add_enterprise
from aim_loans.borrowers.places import District, districts
from aim_loans.borrowers.queries import Enterprise, enterprises_of
from aim_loans.config.settings import Sector
from aim_loans.db.engine import Writing
from aim_loans.web.borrower_forms import business_of, names_an_enterprise, read_enterprise
from aim_loans.web.borrower_page import Visible
from aim_loans.web.forms import Form, one_of
from aim_loans.web.people import me
from aim_loans.web.surroundings import around


@dataclass(frozen=True, slots=True)
class EnterpriseOffers:
    """The enterprises of a borrower to choose from, and what the form of a new one lists."""

    visible: Visible
    known: Sequence[Enterprise]
    sectors: Sequence[Sector]
    districts: Sequence[District]

    @classmethod
    def of(cls, connection: Connection, visible: Visible) -> Self:
        """Read the enterprises of a borrower."""
        known = enterprises_of(connection, visible.person.id)
        return cls(visible, known, around().settings.sectors, districts())

    @property
    def may_add(self) -> bool:
        """Say whether whoever asks may register an enterprise of this borrower."""
        return self.visible.act_branch is not None

    def first_choice(self) -> dict[str, str]:
        """Give what the form begins with: the newest enterprise, and its sector."""
        if not self.known:
            return {}
        newest = self.known[-1]
        return {"enterprise": str(newest.id), "sector": business_of(newest.sector, newest.activity)}


@dataclass(frozen=True, slots=True)
class ChosenEnterprise:
    """What a form says of the enterprise: one that is known, a new one, or none."""

    known: int | None = None
    new: AddEnterprise | None = None

    def settled(self, tx: Writing, key: str) -> int | None:
        """Give the number of the enterprise; a new one is registered, once a form."""
        if self.new is None:
            return self.known
        return add_enterprise(
            tx,
            self.new,
            actor=me().actor,
            today=around().today,
            sectors=[sector.key for sector in around().settings.sectors],
            key=f"{key}/enterprise",
        )


def read_choice(form: Form, offers: EnterpriseOffers) -> ChosenEnterprise:
    """Read which enterprise is meant; what is wrong stays with the form."""
    if names_an_enterprise(form):
        details = read_enterprise(form, around().settings.sectors)
        return ChosenEnterprise(new=_added(offers.visible, details))
    if not form.typed("enterprise"):
        return ChosenEnterprise()
    chosen = form.read("enterprise", one_of(*(str(each.id) for each in offers.known)))
    return ChosenEnterprise(known=int(chosen) if chosen else None)


def _added(visible: Visible, details: EnterpriseDetails | None) -> AddEnterprise | None:
    if details is None:
        return None
    return AddEnterprise(visible.person.id, details, visible.act_branch or visible.read_branch)
