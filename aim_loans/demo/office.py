"""Where the demonstration works: the database, the keys, a clock, and its people by user name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from aim_loans.config.settings import Settings
from aim_loans.dates import business_date
from aim_loans.db.engine import Writing, reading, writing
from aim_loans.db.tables import EPOCH
from aim_loans.identity.permissions import Actor, shell_actor
from aim_loans.identity.queries import actor_of

BUILDER = shell_actor("demo")
_OPENS_AT = 9
_TICK = timedelta(milliseconds=10)
_BEFORE_NOW = timedelta(minutes=30)


@dataclass
class Clock:
    """A clock that is set day by day, up to now, and moves a little at each look."""

    zone: ZoneInfo
    now: datetime
    at: datetime = EPOCH

    def open(self, day: date) -> None:
        """Go on to the opening of a day; of today, at most to half an hour ago."""
        opening = datetime.combine(day, time(_OPENS_AT), self.zone).astimezone(UTC)
        midnight = datetime.combine(day, time(0), self.zone).astimezone(UTC)
        self.at = max(self.at, min(opening, max(midnight, self.now - _BEFORE_NOW)))

    def __call__(self) -> datetime:
        """Give the next moment."""
        self.at += _TICK
        return self.at

    @property
    def today(self) -> date:
        """Give the business date that the demonstration has come to."""
        return business_date(self.at, self.zone)

    @property
    def last_day(self) -> date:
        """Give the day that it comes to in the end."""
        return business_date(self.now, self.zone)


@dataclass(frozen=True, slots=True)
class Office:
    """What every act of the demonstration needs."""

    engine: Engine
    settings: Settings
    audit_key: bytes
    factor_key: bytes
    clock: Clock
    _known: dict[str, Actor] = field(default_factory=dict)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Open the transaction of an act, at the demonstration's moment."""
        with writing(self.engine, audit_key=self.audit_key, clock=self.clock) as tx:
            yield tx

    def somebody(self, username: str) -> Actor:
        """Give a member of staff; here nobody's roles ever change."""
        if username not in self._known:
            with reading(self.engine) as connection:
                self._known[username] = actor_of(connection, username, today=self.clock.today)
        return self._known[username]

    def do(self, act: Callable[..., Any], command: Any, by: str) -> Any:
        """Let somebody carry out one operation that takes the actor and the day."""
        actor = self.somebody(by)
        with self.writing() as tx:
            return act(tx, command, actor=actor, today=self.clock.today)

    def do_now(self, act: Callable[..., Any], command: Any, by: str) -> Any:
        """Let somebody carry out one operation that has no day of its own."""
        actor = self.somebody(by)
        with self.writing() as tx:
            return act(tx, command, actor=actor)
