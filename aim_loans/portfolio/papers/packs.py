"""Packs: the papers of a month, asked for as a batch of jobs, a paper a job."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from aim_loans.db.engine import Writing
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.models import branch, cut
from aim_loans.identity.operations import (
    HEAD_OFFICE_CHAIN,
    TakeCut,
    begin_act,
    seal_act,
    take_cut,
)
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.jobs.queue import Job, Progress, Work, add_jobs, progress, try_again
from aim_loans.portfolio.feeder.asked import closing_day
from aim_loans.portfolio.measuring import Asked, Closed
from aim_loans.portfolio.months import close_of_cut, closed_month
from aim_loans.portfolio.scopes import scopes_within
from aim_loans.portfolio.statement import Scope

LANGUAGES = ("en", "ur", "both")


@dataclass(frozen=True, slots=True)
class AskPack:
    """The papers of a month in a language: of the institution, each line and each branch."""

    month: date
    language: str


class Pack(NamedTuple):
    """A batch of jobs that makes the papers of a month at a cut."""

    batch: str
    month: date
    cut_number: int


def ask_pack(
    tx: Writing, command: AskPack, *, actor: Actor, today: date, key: str | None = None
) -> Pack:
    """Ask for a month's pack; Refused for a month that is not over.

    The transaction must be one from `cutting`. A closed month is shown at the cut of its
    close, an open one at a cut taken now. A pack that was asked for already goes on: what is
    done stays, what was given up is tried again. Of an open month a finished pack stays as it
    is, and a new one begins.
    """
    require(actor, Deed.MAKE_FILES, branch=None)
    month = closing_day(command.month, today=today)
    if command.language not in LANGUAGES:
        raise Refused("Choose one of the list.", field="language")
    this = begin_act(
        tx,
        kind="ask_pack",
        command=command,
        actor=actor,
        subject=f"reports of {month:%Y-%m}",
        chain=HEAD_OFFICE_CHAIN,
        key=key,
    )
    begun = _begun(tx.connection, month, command.language)
    if this.repeated:
        return begun or _last(tx.connection, month, command.language)
    if begun is None:
        begun = _new_pack(tx, month, command.language, actor)
    else:
        try_again(tx, begun.batch)
    seal_act(tx, this, ())
    return begun


@dataclass(frozen=True, slots=True)
class Paper:
    """What a job of a pack makes: a paper about a scope, at a cut, in a language."""

    month: date
    cut_number: int
    scope: Scope
    language: str

    def payload(self) -> str:
        """Write it as a job keeps it."""
        return json.dumps(
            {
                "month": self.month.isoformat(),
                "cut": self.cut_number,
                "level": self.scope.level,
                "name": self.scope.name,
                "language": self.language,
            },
            ensure_ascii=False,
        )


def paper_of(job: Job) -> Paper:
    """Read what a job makes."""
    kept = json.loads(job.payload)
    scope = Scope(kept["level"], kept["name"])
    return Paper(date.fromisoformat(kept["month"]), kept["cut"], scope, kept["language"])


def asked_at(connection: Connection, paper: Paper) -> Asked:
    """Give the statement to measure for a paper: final where its cut is that of a close."""
    known_at = connection.execute(
        select(cut.c.taken_at).where(cut.c.number == paper.cut_number)
    ).scalar()
    if known_at is None:
        raise NotFound(
            "There is no cut {number}. Ask for the reports anew.", number=paper.cut_number
        )
    closed = close_of_cut(connection, paper.month, paper.cut_number)
    final = None if closed is None else Closed(closed.edition, closed.closed_at, closed.seal)
    return Asked(paper.month, known_at, paper.scope, final)


def packs_of(connection: Connection, month: date) -> list[Progress]:
    """Give how far the packs of a month are, the newest first."""
    return progress(connection, beginning=f"reports {month:%Y-%m} ")


def _begun(connection: Connection, month: date, language: str) -> Pack | None:
    """Give the pack that goes on: that of the close, else one that is not finished."""
    closed = closed_month(connection, month)
    for each in progress(connection, beginning=_beginning(month, language)):
        pack = _read(each.batch, month)
        if closed is None and each.done < each.jobs:
            return pack
        if closed is not None and pack.cut_number == closed.cut_id:
            return pack
    return None


def _last(connection: Connection, month: date, language: str) -> Pack:
    newest, *_ = progress(connection, beginning=_beginning(month, language))
    return _read(newest.batch, month)


def _new_pack(tx: Writing, month: date, language: str, actor: Actor) -> Pack:
    closed = closed_month(tx.connection, month)
    if closed is None:
        purpose = TakeCut(f"reports of {month:%Y-%m}")
        number = _number(tx.connection, take_cut(tx, purpose, actor=actor))
    else:
        number = closed.cut_id
    pack = Pack(f"{_beginning(month, language)}{number}", month, number)
    codes = select(branch.c.code).order_by(branch.c.code)
    branches = [Scope("branch", code) for code in tx.connection.execute(codes).scalars()]
    scopes = (*scopes_within(tx.connection, None), *branches)
    papers = [Paper(month, number, scope, language) for scope in scopes]
    works = [
        Work(f"{each.scope.level} {each.scope.name}".strip(), each.payload()) for each in papers
    ]
    add_jobs(tx, pack.batch, works, asked_by=actor.name)
    return pack


def _beginning(month: date, language: str) -> str:
    return f"reports {month:%Y-%m} {language} "


def _read(batch: str, month: date) -> Pack:
    return Pack(batch, month, int(batch.rsplit(" ", 1)[1]))


def _number(connection: Connection, known_at: datetime) -> int:
    rows = select(cut.c.number).where(cut.c.taken_at == known_at)
    found: int = connection.execute(rows).scalar_one()
    return found
