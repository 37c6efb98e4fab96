"""Whose loans a statement is about: the branches of a scope."""

from sqlalchemy import Connection, select

from aim_loans.errors import NotFound
from aim_loans.identity.models import line
from aim_loans.identity.queries import branches_within, require_branch
from aim_loans.portfolio.cells import Kept
from aim_loans.portfolio.statement import Scope
from aim_loans.vocabulary import N_

_SENTENCES = {
    "division": N_("There is no division {name}."),
    "region": N_("There is no region {name}."),
    "area": N_("There is no area {name}."),
}


def kept_of(connection: Connection, scope: Scope) -> Kept:
    """Give the filter that keeps the loans of a scope, by the lines as they stand today.

    NotFound for a branch or a line that there is not.
    """
    if scope.level == "whole":
        return Kept()
    if scope.level == "branch":
        require_branch(connection, scope.name)
        return Kept(frozenset({scope.name}))
    named = select(line.c.id).where(line.c.level == scope.level, line.c.name == scope.name)
    line_id = connection.execute(named).scalar()
    if line_id is None:
        raise NotFound(_SENTENCES[scope.level], field=scope.level, name=scope.name)
    return Kept(branches_within(connection, line_id))
