"""The commands `aim-loans init | upgrade | verify | files verify | staff add` and the rest."""

import click

from aim_loans.checks.run import Outcome, verify_audit, verify_book, verify_files
from aim_loans.cli.backup import backup, restore
from aim_loans.cli.book import import_group, portfolio
from aim_loans.cli.close import close
from aim_loans.cli.demo import demo
from aim_loans.cli.door import Door, Group
from aim_loans.cli.export import export
from aim_loans.cli.partner import referrals_command, trainings_command
from aim_loans.cli.report import report_group
from aim_loans.cli.report_pack import reports_group, worker_command
from aim_loans.cli.schedule import schedule
from aim_loans.cli.serve import serve
from aim_loans.cli.setting_up import bring_up
from aim_loans.cli.trial_balance import trial_balance_command
from aim_loans.db.engine import reading, writing
from aim_loans.identity.operations import AddStaff, add_staff
from aim_loans.identity.passwords import temporary_password
from aim_loans.identity.permissions import Deed, Role, require
from aim_loans.identity.second_factor import ResetFactor, reset_factor
from aim_loans.identity.sign_in import SetPassword, set_password

MOST_FAULTS_SHOWN = 20


@click.group(cls=Group)
@click.option("--language", type=click.Choice(["en", "ur"]), help="Language of the messages.")
@click.version_option(package_name="aim-loans")
@click.pass_context
def main(ctx: click.Context, language: str | None) -> None:
    """Keep the book of an interest-free lender: loans, receipts, ledger, portfolio."""
    door = ctx.obj = Door(language)
    ctx.call_on_close(door.close)


@main.command("init")
@click.pass_obj
def init_command(door: Door) -> None:
    """Make the database and copy the dated settings into it."""
    bring_up(door)


@main.command("upgrade")
@click.pass_obj
def upgrade_command(door: Door) -> None:
    """Bring the database to this version; new rows of the dated settings are copied."""
    bring_up(door)


@main.command("verify")
@click.pass_obj
def verify_command(door: Door) -> None:
    """Check the whole book: facts, positions, schedules, ledger, numbers, chains."""
    require(door.actor, Deed.VERIFY, branch=None)
    failed = False
    with reading(door.ready_engine) as connection:
        zone = door.settings.institution.zone
        for outcome in verify_book(connection, zone=zone, audit_key=door.audit_key):
            failed = _show(door, outcome) or failed
    if failed:
        raise SystemExit(1)


@main.group("files")
def files_group() -> None:
    """Ask the folder of attachments."""


@files_group.command("verify")
@click.pass_obj
def files_verify_command(door: Door) -> None:
    """Read every attached file: none is missing, damaged or sealed with another key."""
    require(door.actor, Deed.VERIFY, branch=None)
    with reading(door.ready_engine) as connection:
        outcome = verify_files(connection, door.files)
    if _show(door, outcome):
        raise SystemExit(1)


@main.group("audit")
def audit_group() -> None:
    """Ask the audit chains."""


@audit_group.command("verify")
@click.pass_obj
def audit_verify_command(door: Door) -> None:
    """Check every audit entry, the rows it signed and every cut."""
    require(door.actor, Deed.VERIFY, branch=None)
    with reading(door.ready_engine) as connection:
        outcome = verify_audit(connection, audit_key=door.audit_key)
    if _show(door, outcome):
        raise SystemExit(1)


@main.group("staff")
def staff_group() -> None:
    """Manage staff."""


@staff_group.command("add")
@click.option("--username", required=True)
@click.option("--name", "full_name", required=True, help="Full name.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--branch", "branch_code", help="The branch that the role is held at.")
@click.option("--area", help="The area that the role is held in.")
@click.pass_obj
def staff_add_command(
    door: Door,
    *,
    username: str,
    full_name: str,
    role: str,
    branch_code: str | None,
    area: str | None,
) -> None:
    """Add a member of staff with a first role."""
    command = AddStaff(
        username=username,
        full_name=full_name,
        role=Role(role),
        valid_from=door.today,
        branch_code=branch_code,
        area=area,
    )
    with writing(door.ready_engine, audit_key=door.audit_key) as tx:
        add_staff(tx, command, actor=door.actor)
    door.note("{name} was added as {role}.", name=full_name, role=role)
    _give_password(door, username)


@staff_group.command("password")
@click.option("--username", required=True)
@click.pass_obj
def staff_password_command(door: Door, *, username: str) -> None:
    """Give a member of staff a new first password; all sessions of theirs end."""
    _give_password(door, username)


@staff_group.command("reset-factor")
@click.argument("username")
@click.pass_obj
def staff_reset_factor_command(door: Door, *, username: str) -> None:
    """Take away a member's second factor; it is set up anew at the next sign-in."""
    with writing(door.ready_engine, audit_key=door.audit_key) as tx:
        reset_factor(tx, ResetFactor(username), actor=door.actor)
    door.note("{username} sets up a second factor at the next sign-in.", username=username)


main.add_command(close)
main.add_command(schedule)
import_group.add_command(trainings_command)
import_group.add_command(referrals_command)
main.add_command(import_group)
main.add_command(portfolio)
main.add_command(trial_balance_command)
main.add_command(export)
main.add_command(report_group)
main.add_command(reports_group)
main.add_command(worker_command)
main.add_command(serve)
main.add_command(demo)
main.add_command(backup)
main.add_command(restore)


def _give_password(door: Door, username: str) -> None:
    """Set a password that must be changed at once, and print it this one time."""
    password = temporary_password()
    command = SetPassword(username, temporary=True)
    with writing(door.ready_engine, audit_key=door.audit_key) as tx:
        set_password(tx, command, password, actor=door.actor)
    door.note("The first password of {username}, to be changed at once:", username=username)
    click.echo(password)


def _show(door: Door, outcome: Outcome) -> bool:
    """Print a check's outcome; true when it found something."""
    if not outcome.faults:
        click.echo(f"ok      {outcome.name}")
        return False
    click.echo(f"FAILED  {outcome.name}: {len(outcome.faults)}")
    for fault in outcome.faults[:MOST_FAULTS_SHOWN]:
        click.echo(f"        {fault}")
    left = len(outcome.faults) - MOST_FAULTS_SHOWN
    if left > 0:
        click.echo(f"        {door.words.text('and {count} more', count=left)}")
    return True
