"""The shell's door: settings, database, actor and clock, and errors as sentences."""

import getpass
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import click
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from aim_loans.config.environment import (
    database_url,
    derived_key,
    files_folder,
    secret_key,
)
from aim_loans.config.reader import read_settings
from aim_loans.config.resources import resource
from aim_loans.config.settings import Settings
from aim_loans.dates import business_date, parse_date, parse_moment, parse_month
from aim_loans.db.engine import open_engine, reading, system_clock
from aim_loans.db.migrate import require_head
from aim_loans.errors import AimError, Refused
from aim_loans.files.store import Store
from aim_loans.identity.permissions import Actor, shell_actor
from aim_loans.identity.queries import is_synthetic
from aim_loans.money import parse_rupees
from aim_loans.texts import Translator, explain, translator

AUDIT_PURPOSE = "audit chain"
FILES_PURPOSE = "files"
FACTOR_PURPOSE = "second factor"
DISK_FULL = ("disk is full", "No space left", "could not extend file", "disk I/O error")


@dataclass
class Door:
    """What a command needs of its surroundings; each part is opened when first asked for."""

    language: str | None = None

    @cached_property
    def settings(self) -> Settings:
        """Read the configuration."""
        return read_settings(None, os.environ)

    @cached_property
    def words(self) -> Translator:
        """Speak the language asked for, else that of the institution."""
        return translator(self.language or self.settings.institution.language)

    @cached_property
    def audit_key(self) -> bytes:
        """Give the key of the audit chains; Refused without AIM_SECRET_KEY."""
        return derived_key(secret_key(os.environ), AUDIT_PURPOSE)

    @cached_property
    def engine(self) -> Engine:
        """Open the database; the folder of a SQLite file is made when it is missing."""
        url = database_url(os.environ)
        engine = open_engine(url)
        file = make_url(url).database
        if engine.dialect.name == "sqlite" and file:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        return engine

    @cached_property
    def files(self) -> Store:
        """Give the store of files; Refused without AIM_SECRET_KEY."""
        key = derived_key(secret_key(os.environ), FILES_PURPOSE)
        return Store(files_folder(os.environ), key)

    def close(self) -> None:
        """Let the database go, if it was opened."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    @property
    def ready_engine(self) -> Engine:
        """Open the database; Refused unless it stands at this version's migration.

        A made-up book is opened only where the configuration says so, and with it every page.
        """
        with reading(self.engine) as connection:
            require_head(connection, resource("migrations"))
            made_up = is_synthetic(connection)
        if made_up and not self.settings.institution.synthetic:
            raise Refused(
                "This book is synthetic, and the configuration does not say so. Use the "
                "configuration of the demonstration: set AIM_CONFIG."
            )
        return self.engine

    @cached_property
    def factor_key(self) -> bytes:
        """Give the key that second factors are derived with; Refused without AIM_SECRET_KEY."""
        return derived_key(secret_key(os.environ), FACTOR_PURPOSE)

    @property
    def actor(self) -> Actor:
        """Give the actor of the shell, named after the system's user."""
        return shell_actor(getpass.getuser())

    @property
    def now(self) -> datetime:
        """Give the moment."""
        return system_clock()

    @property
    def today(self) -> date:
        """Give the business date."""
        return business_date(self.now, self.settings.institution.zone)

    def note(self, message: str, /, **values: object) -> None:
        """Say something that is no data, on standard error."""
        click.echo(self.words.text(message, **values), err=True)


class Group(click.Group):
    """Commands whose refusals are sentences in the user's language, with exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a refusal or a database that cannot go on ends with 1."""
        try:
            return super().invoke(ctx)
        except AimError as error:
            return _end(ctx, error)
        except DatabaseError as error:
            return _end(ctx, _database_refusal(error))
        except BrokenPipeError:
            # Whoever read the output has seen enough.
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  # for the exit's own flush
            return ctx.exit(0)
        except OSError as error:
            return _end(ctx, _file_refusal(error))


def _end(ctx: click.Context, error: AimError) -> NoReturn:
    click.echo(explain(error, _language(ctx)), err=True)
    ctx.exit(1)


def _language(ctx: click.Context) -> str:
    door = ctx.obj
    if not isinstance(door, Door):
        return "en"
    try:
        return door.words.language
    except AimError:
        return door.language or "en"


def _database_refusal(error: DatabaseError) -> Refused:
    reason = str(error.orig)
    if any(sign in reason for sign in DISK_FULL):
        return Refused(
            "The disk is full. The step under way was not written; what was done before it "
            "stands. Make room and run the command again."
        )
    return Refused(
        "The database could not do this, and nothing of the step was written: {reason}",
        reason=reason.strip(),
    )


def _file_refusal(error: OSError) -> Refused:
    return Refused(
        "{file} cannot be read or written: {reason}.",
        file=error.filename or "A file",
        reason=error.strerror or str(error),
    )


class Parsed(click.ParamType[Any]):
    """An option read by one of our own parsers; what it refuses is wrong usage."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self.parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse a text; a default that is parsed already stays."""
        if not isinstance(value, str):
            return value
        try:
            return self.parse(value)
        except Refused as refused:
            language = "en" if ctx is None else _language(ctx)
            self.fail(explain(refused, language), param, ctx)


DAY = Parsed("date", parse_date)
MONTH = Parsed("month", parse_month)
RUPEES = Parsed("rupees", parse_rupees)


def known_at_moment(door: Door, text: str | None) -> datetime | None:
    """Read K: an ISO moment with its offset, or a date that means its end in Karachi."""
    if text is None:
        return None
    try:
        return parse_moment(text, door.settings.institution.zone)
    except Refused as refused:
        raise click.BadParameter(
            explain(refused, door.words.language), param_hint="--known-at"
        ) from refused
