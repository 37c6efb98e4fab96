"""Targets of the joint statement: each party enters its own; an empty one is not set."""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from aim_loans.db.bulk import insert_new
from aim_loans.db.engine import Writing
from aim_loans.errors import NotAllowed, Refused
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, begin_act, seal_act
from aim_loans.identity.permissions import Actor, Deed, Role, require
from aim_loans.mou.definitions import DEFINITIONS, PARTS, SPLIT_LINES
from aim_loans.mou.models import target
from aim_loans.mou.periods import parse_period

AIM = "aim"
SMEDA = "smeda"
JOINT = "joint"
LARGEST_TARGET = 10**15
MOST_SHOWN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTarget:
    """What a party aims at in a period, for a line, or for one value of a dimension of it.

    `value` is in the line's unit (`definitions.Unit`, `statement.SCALE`); None takes a target
    back.
    """

    period: str
    line: str
    value: int | None
    split_by: str = ""
    split: str = ""


class Target(NamedTuple):
    """A target that holds."""

    line: str
    split_by: str
    split: str
    value: int
    party: str


def set_target(tx: Writing, command: SetTarget, *, actor: Actor, key: str | None = None) -> None:
    """Write a target down; only the line's owner may, either party for a joint one."""
    require(actor, Deed.SET_TARGET, branch=None)
    period, party = parse_period(command.period), party_of(actor)
    _check(command, party)
    this = begin_act(
        tx,
        kind="set_target",
        command=command,
        actor=actor,
        subject=f"target {period.name} {command.line}",
        chain=HEAD_OFFICE_CHAIN,
        key=key,
    )
    if this.repeated:
        return
    columns = ("period", "line", "split_by", "split", "value", "party", "act_id", "recorded_at")
    given = (period.name, command.line, command.split_by, command.split, command.value, party)
    insert_new(tx.connection, target, columns, [(*given, this.id, this.recorded_micros)])
    seal_act(tx, this, (target,))


def targets_of(connection: Connection, period: str) -> list[Target]:
    """Give the targets of a period that hold; 500 at most."""
    newest = (
        select(func.max(target.c.id))
        .where(target.c.period == period)
        .group_by(target.c.line, target.c.split_by, target.c.split)
    )
    rows = connection.execute(
        select(*(target.c[name] for name in Target._fields))
        .where(target.c.id.in_(newest), target.c.value.is_not(None))
        .order_by(target.c.line, target.c.split_by, target.c.split)
        .limit(MOST_SHOWN)
    )
    return [Target(*row) for row in rows]


def party_of(actor: Actor) -> str:
    """Give the party for which somebody speaks: SMEDA for its partner role, else AIM."""
    partner = any(grant.role is Role.PARTNER for grant in actor.grants)
    return SMEDA if partner else AIM


def _check(command: SetTarget, party: str) -> None:
    definition = DEFINITIONS.get(command.line)
    if definition is None:
        raise Refused("Choose one of the list.", field="line")
    if definition.owner not in (party, JOINT):
        raise NotAllowed(
            "The line {line} belongs to the other party, which enters its target.",
            line=command.line,
        )
    if command.value is not None and not 0 <= command.value <= LARGEST_TARGET:
        raise Refused("This number cannot be. Check it.", field="value")
    # What was set once can be taken back, whatever it names.
    if command.value is None or not (command.split_by or command.split):
        return
    if command.line not in SPLIT_LINES:
        raise Refused("This line has a target for the whole only.", field="split")
    if command.split not in PARTS.get(command.split_by, ()):
        raise Refused("Choose one of the list.", field="split")
