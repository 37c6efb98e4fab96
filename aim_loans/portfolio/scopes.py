"""Whose loans a statement is about: the branches of a scope."""

from collections import defaultdict
from typing import get_args

from sqlalchemy import Connection, select

from aim_loans.errors import NotFound
from aim_loans.identity.models import branch, line
from aim_loans.identity.queries import branches_within, require_branch
from aim_loans.portfolio.cells import Kept
from aim_loans.portfolio.statement import Scope, ScopeLevel
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


def scopes_within(connection: Connection, reach: frozenset[str] | None) -> list[Scope]:
    """Give the lines all of whose branches are within reach (None: everywhere), the widest first.

    The whole book is one of them for whoever reaches everywhere; branches are not listed.
    """
    rows = connection.execute(select(line.c.id, line.c.parent_id, line.c.level, line.c.name)).all()
    parents = {row.id: row.parent_id for row in rows}
    held = defaultdict(set)
    for code, area_id in connection.execute(select(branch.c.code, branch.c.area_id)):
        above = area_id
        while above is not None:
            held[above].add(code)
            above = parents[above]
    levels = get_args(ScopeLevel)
    mine = [
        Scope(row.level, row.name)
        for row in rows
        if row.id in held and (reach is None or held[row.id] <= reach)
    ]
    mine.sort(key=lambda scope: (levels.index(scope.level), scope.name))
    return [Scope(), *mine] if reach is None else mine
