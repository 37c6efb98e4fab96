"""Migrations: numbered, with one head, up and down, with data, and equal to the models."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from aim_loans.borrowers.models import complaint
from aim_loans.checks.tables import ROOMS, all_tables, fact_tables
from aim_loans.config.resources import resource
from aim_loans.db.engine import is_postgresql, open_engine, reading, writing
from aim_loans.db.migrate import current, downgrade, head, require_head, upgrade
from aim_loans.errors import Refused
from aim_loans.ledger.chart import KINDS
from aim_loans.ledger.models import account
from aim_loans.origination.beginnings import Beginning, beginning_of_loan
from aim_loans.origination.committee import State
from tests.book import AUDIT_KEY, complain, open_book
from tests.branch import Branch

MIGRATIONS = resource("migrations")
NUMBERS = sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("*.py"))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


def shape(connection: Connection) -> dict[str, list[str]]:
    """Tables with their columns, and the names of all triggers."""
    inspector = inspect(connection)
    tables = {
        name: sorted(column["name"] for column in inspector.get_columns(name))
        for name in inspector.get_table_names()
        if name != "alembic_version"
    }
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if is_postgresql(connection)
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    return {**tables, "triggers": sorted(connection.execute(text(query)).scalars())}


def test_migrations_are_numbered_without_gaps_and_the_head_file_names_the_last() -> None:
    assert [f"{number:04d}" for number in range(1, len(NUMBERS) + 1)] == NUMBERS
    assert head(MIGRATIONS) == NUMBERS[-1]
    for path in (MIGRATIONS / "versions").glob("*.py"):
        assert re.search(rf'^revision = "{path.name[:4]}"$', path.read_text(), re.MULTILINE)


def test_up_gives_what_the_models_say(engine: Engine) -> None:
    upgrade(engine, MIGRATIONS)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, all_tables()) == []


def test_up_and_down_step_by_step_leads_back(engine: Engine) -> None:
    shapes = {}
    for number in NUMBERS:
        upgrade(engine, MIGRATIONS, to=number)
        with engine.connect() as connection:
            shapes[number] = shape(connection)
    for number in reversed(NUMBERS[:-1]):
        downgrade(engine, MIGRATIONS, to=number)
        with engine.connect() as connection:
            assert shape(connection) == shapes[number]
    downgrade(engine, MIGRATIONS, to="base")
    with engine.connect() as connection:
        assert shape(connection) == {"triggers": []}


def test_upgrading_a_book_with_data_changes_none_of_it(book_url: str) -> None:
    book = open_book(book_url)
    book.open_loan("L1")
    with reading(book.engine) as connection:
        before = row_counts(connection)
    upgrade(book.engine, MIGRATIONS)
    with reading(book.engine) as connection:
        assert row_counts(connection) == before
        assert before["loan"] == before["loan_fact"] == 1
    book.engine.dispose()


def test_new_conditions_keep_the_rows_and_refuse_what_breaks_them(database_url: str) -> None:
    book = open_book(database_url)
    with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
        complain(tx)
    rows = text("SELECT * FROM complaint")
    with reading(book.engine) as connection:
        before = connection.execute(rows).all()
    downgrade(book.engine, MIGRATIONS, to="0026")
    with book.engine.begin() as connection:
        assert connection.execute(rows).all() == before != []
        (row,) = connection.execute(select(complaint)).all()
        unlisted = {**row._asdict(), "id": 9_000, "channel": "pigeon"}
        connection.execute(insert(complaint).values(unlisted))
    with pytest.raises(IntegrityError, match="ck_complaint_channel"):
        upgrade(book.engine, MIGRATIONS)
    with reading(book.engine) as connection:
        assert current(connection) == "0026"
        assert len(connection.execute(rows).all()) == len(before) + 1
    book.engine.dispose()


def test_a_loan_paid_out_before_its_channel_was_kept_stays_paid_out(database_url: str) -> None:
    branch = Branch(open_book(database_url))
    asked = branch.approved()
    branch.pay_by("cheque", "001234", asked)
    engine = branch.book.engine
    downgrade(engine, MIGRATIONS, to="0031")
    upgrade(engine, MIGRATIONS)
    read = branch.read(asked)
    assert (read.state, read.paid_by) == (State.PAID_OUT, None)
    assert read.loan_id is not None
    with reading(engine) as connection:
        assert beginning_of_loan(connection, read.loan_id) == Beginning()
    engine.dispose()


def row_counts(connection: Connection) -> dict[str, int]:
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in all_tables().sorted_tables
    }


def test_every_fact_table_refuses_changes_by_triggers_of_its_own(engine: Engine) -> None:
    upgrade(engine, MIGRATIONS)
    with engine.connect() as connection:
        triggers = " ".join(shape(connection)["triggers"])
    guarded = [*fact_tables(), *(t for t in all_tables().sorted_tables if "append_only" in t.info)]
    assert [
        t.name
        for t in guarded
        if f"{t.name}_append_only" not in triggers and f"{t.name}_no_update" not in triggers
    ] == []


def test_the_chart_in_the_database_is_the_one_in_the_code(engine: Engine) -> None:
    upgrade(engine, MIGRATIONS)
    with engine.connect() as connection:
        rows = connection.execute(select(account.c.code, account.c.kind))
        assert {row.code: row.kind for row in rows} == KINDS


def test_an_empty_or_older_database_is_refused_with_the_way_out(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(Refused, match="init"):
        require_head(connection, MIGRATIONS)
    upgrade(engine, MIGRATIONS, to=NUMBERS[0])
    with engine.connect() as connection:
        assert current(connection) == NUMBERS[0]
        with pytest.raises(Refused, match="upgrade"):
            require_head(connection, MIGRATIONS)


def test_a_database_of_a_newer_version_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
    with pytest.raises(Refused, match="newer version of the software"):
        upgrade(engine, MIGRATIONS)
    with engine.connect() as connection:
        assert current(connection) == "9999"
        with pytest.raises(Refused, match="newer version of the software"):
            require_head(connection, MIGRATIONS)


def test_no_room_with_tables_is_overlooked() -> None:
    root = resource("config.toml").parent
    paths = (root / "aim_loans").rglob("*models.py")
    assert {".".join(path.relative_to(root).with_suffix("").parts) for path in paths} == {
        room.__name__ for room in ROOMS
    }


def test_a_migration_is_whole_or_not_at_all(engine: Engine, tmp_path: Path) -> None:
    broken = tmp_path / "migrations"
    (broken / "versions").mkdir(parents=True)
    for path in (*MIGRATIONS.glob("*.*"), *MIGRATIONS.glob("versions/0001*.py")):
        target = broken / path.relative_to(MIGRATIONS)
        target.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (broken / "HEAD").write_text("0002\n", encoding="utf-8")
    (broken / "versions" / "0002_broken.py").write_text(
        "from alembic import op\nrevision = '0002'\ndown_revision = '0001'\n"
        "def upgrade():\n    op.execute('CREATE TABLE half (id INTEGER)')\n"
        "    op.execute('CREATE TABLE half (id INTEGER)')\n",
        encoding="utf-8",
    )
    upgrade(engine, broken, to="0001")
    with pytest.raises(Exception, match="half"):
        upgrade(engine, broken, to="0002")
    with engine.connect() as connection:
        assert current(connection) == "0001"
        assert "half" not in inspect(connection).get_table_names()
