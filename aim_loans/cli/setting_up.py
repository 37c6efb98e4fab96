"""Makes a database, or brings it to this version, and copies the dated settings into it."""

from aim_loans.cli.door import Door
from aim_loans.config.resources import resource
from aim_loans.db.engine import reading, writing
from aim_loans.db.migrate import current, head, upgrade
from aim_loans.origination.operations import SetUp, set_up


def bring_up(door: Door) -> None:
    """Run the migrations that are missing and copy new rows of the dated settings."""
    migrations = resource("migrations")
    settings, audit_key = door.settings, door.audit_key
    with reading(door.engine) as connection:
        before = current(connection)
    upgrade(door.engine, migrations)
    with writing(door.engine, audit_key=audit_key) as tx:
        added = set_up(tx, SetUp(settings), actor=door.actor)
    if before == head(migrations) and not added:
        door.note("The database is set up already; nothing was changed.")
        return
    door.note(
        "The database stands at migration {migration}; {count} dated settings were copied in.",
        migration=head(migrations),
        count=added,
    )
