"""What one person asks for and another answers: the answer is a row that names the request.

A table of requests has a column that links an answer to its request; `link` is that column.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, exists, select

from aim_loans.errors import NotFound, Refused


@dataclass(frozen=True, slots=True)
class ByTwo:
    """Who asked for what was done, and who confirmed it, each with the moment."""

    asked_by: str
    asked_at: datetime
    confirmed_by: str
    confirmed_at: datetime


def unanswered(link: Column[Any]) -> ColumnElement[bool]:
    """Keep the requests of the link's table that no row answers."""
    answer = link.table.alias("answered")
    answered = exists().where(answer.c[link.name] == link.table.c.id)
    return link.is_(None) & ~answered


def hold_unanswered(connection: Connection, link: Column[Any], request_id: int) -> None:
    """Hold a request for this act; NotFound for none, Refused when it was answered meanwhile."""
    mine = select(link.table.c.id).where(link.table.c.id == request_id)
    if connection.execute(mine.with_for_update()).first() is None:
        raise NotFound("There is no such request. Open the list again.")
    if connection.execute(mine.where(unanswered(link))).first() is None:
        raise already_answered()


def already_answered() -> Refused:
    """Say that somebody was faster."""
    return Refused("Somebody dealt with this request already. Open the list again.")


def check_reason(reason: str) -> None:
    """Refuse to ask for, decline or undo anything without a reason."""
    if not reason.strip():
        raise Refused("Give the reason; it stays with the act.", field="reason")
