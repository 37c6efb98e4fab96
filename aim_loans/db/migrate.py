"""Bring a database to the newest migration, or say that it is not there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine

from aim_loans.errors import Refused


def head(migrations: Path) -> str:
    """Give the newest migration's number, as the head file names it."""
    return (migrations / "HEAD").read_text(encoding="utf-8").strip()


def current(connection: Connection) -> str | None:
    """Give the migration that the database stands at; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, migrations: Path, *, to: str = "head") -> None:
    """Run the migrations up to `to`, each whole or not at all; Refused for a newer database."""
    with engine.connect() as connection:
        _refuse_newer(current(connection), migrations)
    _run(engine, migrations, to, down=False)


def downgrade(engine: Engine, migrations: Path, *, to: str) -> None:
    """Run the migrations back to `to` ("base" for an empty database)."""
    _run(engine, migrations, to, down=True)


def require_head(connection: Connection, migrations: Path) -> None:
    """Refuse to work on a database that this version does not know."""
    at = current(connection)
    if at == head(migrations):
        return
    if at is None:
        raise Refused("The database is empty. Run `aim-loans init` first.")
    _refuse_newer(at, migrations)
    raise Refused(
        "The database stands at migration {at}, this version needs {needed}. "
        "Run `aim-loans upgrade`.",
        at=at,
        needed=head(migrations),
    )


def _refuse_newer(at: str | None, migrations: Path) -> None:
    if at is not None and at > head(migrations):
        raise Refused(
            "The database stands at migration {at}, and this version ends with {known}. Use the "
            "newer version of the software.",
            at=at,
            known=head(migrations),
        )


def _run(engine: Engine, migrations: Path, to: str, *, down: bool) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    immediate = engine.execution_options(sqlite_begin="IMMEDIATE")
    with immediate.connect() as connection:
        if connection.dialect.name == "sqlite":
            _set_foreign_keys(connection, "OFF")
        with connection.begin():
            config.attributes["connection"] = connection
            (command.downgrade if down else command.upgrade)(config, to)
            _check_foreign_keys(connection)
        if connection.dialect.name == "sqlite":
            _set_foreign_keys(connection, "ON")


def _set_foreign_keys(connection: Connection, value: str) -> None:
    # SQLite ignores this setting inside a transaction, so it goes to the driver itself.
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA foreign_keys={value}")
    cursor.close()


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise Refused(
            "The migration would leave {count} rows pointing nowhere. Nothing was changed.",
            count=len(broken),
        )
