"""What the pages need of their surroundings: settings, database, files, keys, clock, today."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from flask import Flask, current_app, g
from sqlalchemy import Connection, Engine

from aim_loans.config.settings import Settings
from aim_loans.dates import business_date
from aim_loans.db.engine import Clock, Writing, cutting, reading, system_clock, writing
from aim_loans.errors import Refused
from aim_loans.files.store import Store
from aim_loans.mou.behind import Lists
from aim_loans.origination.queries import GIVEN_NAMES, given_names
from aim_loans.portfolio.remembered import Memory, Remembered

_NAME = "aim_loans"
_LOOKING = "aim_looking"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The institution's settings, database and files, and the keys derived from its secret.

    `memory` holds what this process remembers of the book, `names` the given names that it read,
    `behind` who stands behind the joint report that was asked last.
    """

    engine: Engine
    settings: Settings
    audit_key: bytes
    factor_key: bytes
    files: Store
    clock: Clock | None = None
    memory: Memory = field(default_factory=Memory)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    behind: dict[int, Lists] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """Give the moment."""
        return (self.clock or system_clock)()

    @property
    def today(self) -> date:
        """Give the business date."""
        return business_date(self.now, self.settings.institution.zone)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open one unchanging state of the book."""
        with reading(self.engine) as connection:
            yield connection

    def remembered(self, connection: Connection) -> Remembered:
        """Give what is remembered of the book, as an unchanging state of it (`reading`) stands."""
        return Remembered(self.memory, connection)

    def name_of(self, dimension: str, key: str) -> str:
        """Name a value of a dimension; what people added in the database is named there."""
        label = self.settings.label(dimension, key)
        if label != key or dimension not in GIVEN_NAMES:
            return label
        if (dimension, key) not in self.names:
            with self.reading() as connection:
                self.names.update(given_names(connection))
        return self.names.get((dimension, key), key)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Open the one transaction of an act; refuses when a form is only shown again."""
        refuse_while_looking()
        with writing(self.engine, audit_key=self.audit_key, clock=self.clock) as tx:
            yield tx

    @contextmanager
    def cutting(self) -> Iterator[Writing]:
        """Open the transaction of an act at a cut, as `writing` does; it waits for all others."""
        refuse_while_looking()
        with cutting(self.engine, audit_key=self.audit_key, clock=self.clock) as tx:
            yield tx


def keep(app: Flask, surroundings: Surroundings) -> None:
    """Let the pages of an application find these surroundings."""
    app.extensions[_NAME] = surroundings


def around() -> Surroundings:
    """Give the surroundings of the page under way."""
    found: Surroundings = current_app.extensions[_NAME]
    return found


def refuse_while_looking() -> None:
    """Refuse an act while a form is only shown again."""
    if g.get(_LOOKING):
        raise Refused("Nothing was written yet. Look at what you typed and send it once more.")


def only_look() -> None:
    """Let the page under way write nothing: it shows a form again, as it was typed."""
    setattr(g, _LOOKING, True)


def no_longer_only_look() -> None:
    """Let the page under way write again: a refusal is always written down."""
    g.pop(_LOOKING, None)
