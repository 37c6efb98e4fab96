"""The entry of the joint statement of a half-year, over an enterprise of every borrower."""

from sqlalchemy import Engine, func, insert, literal, select

from aim_loans.borrowers.models import enterprise, person
from aim_loans.config.reader import read_settings
from aim_loans.db.engine import reading, writing
from aim_loans.identity.operations import HEAD_OFFICE_CHAIN, begin_act, seal_act
from aim_loans.mou.measuring import joint_statement
from aim_loans.mou.periods import parse_period
from aim_loans.mou.publishing import to_publish, withhold
from aim_loans.origination.queries import settings_in_force
from bench.book import ACTOR, AUDIT_KEY, Clock, WriteChunk, analyse
from bench.places import Places
from bench.results import Result, seconds
from bench.timing import seconds_of

PERIOD = parse_period("2025-H2")
# Seconds for two hundred thousand enterprises, on a quiet machine.
MARK, ENTERPRISES = 10.0, 200_000


def joint(places: Places, kind: str, *, loans: int, runs: int) -> Result:
    """Give every borrower an enterprise, then build the statement of the last half-year."""
    database = places.last_of(kind, loans)
    with database.opened() as (engine, _):
        count = write_enterprises(engine)
        analyse(engine)
        took = sorted(seconds_of(lambda: build(engine)) for _ in range(runs))[runs // 2]
    return Result(
        "joint",
        kind,
        loans,
        seconds(took),
        mark=f"<= {MARK:.0f} s at {ENTERPRISES:,}",
        held=took <= MARK if count >= ENTERPRISES else None,
        memory=f"{count:,} enterprises",
    )


def write_enterprises(engine: Engine) -> int:
    """Write an enterprise of each borrower; gives how many there are."""
    clock = Clock()
    with writing(engine, audit_key=AUDIT_KEY, clock=Clock(clock.at.replace(hour=17))) as tx:
        this = begin_act(
            tx,
            kind="write_book",
            command=WriteChunk(0, 0),
            actor=ACTOR,
            subject="enterprises",
            chain=HEAD_OFFICE_CHAIN,
        )
        owners = select(person.c.id, person.c.name, literal("trade"), literal(this.id))
        columns = ("owner_id", "name", "sector", "act_id")
        tx.connection.execute(insert(enterprise).from_select(columns, owners))
        seal_act(tx, this, (enterprise,))
        count: int = tx.connection.execute(select(func.count(enterprise.c.id))).scalar_one()
    return count


def build(engine: Engine) -> None:
    """Build the statement as known at the end of the book's last day, and say what is held back."""
    with reading(engine) as connection:
        statement = joint_statement(
            connection,
            period=PERIOD,
            known_at=Clock().at.replace(hour=20),
            mou=read_settings(None, {}).mou,
            dated=settings_in_force(connection),
        )
    withhold(to_publish(statement))
