"""An enterprise within reach of whoever asks, with its owner."""

from dataclasses import dataclass

from sqlalchemy import Connection

from aim_loans.borrowers.enterprises import OwnedEnterprise, owned_enterprise
from aim_loans.identity.permissions import Deed, require
from aim_loans.web.borrower_page import Visible, visible_person
from aim_loans.web.people import me
from aim_loans.web.surroundings import around


@dataclass(frozen=True, slots=True)
class Seen:
    """An enterprise within reach, with its owner."""

    owned: OwnedEnterprise
    owner: Visible

    @property
    def branch(self) -> str:
        """Give the branch of an act on it: that of the owner, else one where the reader works."""
        return self.owner.act_branch or self.owner.person.branch_code or ""


def seen_enterprise(connection: Connection, enterprise_id: int) -> Seen:
    """Give an enterprise; NotFound when there is none, NotAllowed when it is out of reach."""
    owned = owned_enterprise(connection, enterprise_id)
    return Seen(owned, visible_person(connection, owned.owner_id))


def seen_for(enterprise_id: int, deed: Deed | None) -> Seen:
    """Give an enterprise at whose branch the reader may do the deed; else as above."""
    with around().reading() as connection:
        seen = seen_enterprise(connection, enterprise_id)
    if deed is not None:
        require(me().actor, deed, branch=seen.branch)
    return seen
