"""The commands `aim-loans report`."""

from datetime import datetime
from pathlib import Path

import click

from aim_loans.cli.door import Door
from aim_loans.cli.joint import mou_command
from aim_loans.cli.loan_paper import loan_command
from aim_loans.cli.measured import measured, measured_options, wanted
from aim_loans.dates import business_date
from aim_loans.db.engine import reading
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed, require
from aim_loans.mou.editions import SIGNED
from aim_loans.mou.proving import JointProof, prove_joint
from aim_loans.portfolio.papers.proving import Proof, prove
from aim_loans.portfolio.statement_json import statement_digest, to_json
from aim_loans.web.paper_values import letterhead
from reports.portfolio_pdf import portfolio_pdf
from reports.voice import PAPER_LANGUAGES


@click.group("report")
def report_group() -> None:
    """Make papers of the book."""


@report_group.command("statement")
@measured_options
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="The file to write (JSON).",
)
@click.pass_obj
def statement_command(door: Door, *, out: Path) -> None:
    """Write the monthly portfolio statement as JSON: all figures of its paper."""
    statement = measured(door, wanted())
    out.write_text(to_json(statement) + "\n", encoding="utf-8")
    door.note("Digest: {digest}", digest=statement_digest(statement))


@report_group.command("portfolio")
@measured_options
@click.option(
    "--language", type=click.Choice(PAPER_LANGUAGES), help="By default the institution's."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="The file to write (PDF).",
)
@click.pass_obj
def portfolio_command(door: Door, *, language: str | None, out: Path) -> None:
    """Draw the monthly portfolio paper of the institution, or of a part of it."""
    statement = measured(door, wanted())
    spoken = language or door.settings.institution.language
    out.write_bytes(portfolio_pdf(statement, letterhead(door.settings), spoken))
    door.note("{file} is written.", file=out.name)


@report_group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def verify_command(door: Door, *, file: Path) -> None:
    """Say whether a paper is genuine, and whether the book gives its figures again.

    A monthly paper that was issued, or a file of a joint report that was released.
    """
    require(door.actor, Deed.READ_BOOK, branch=None)
    content, settings = file.read_bytes(), door.settings
    with reading(door.ready_engine) as connection:
        monthly = prove(connection, content, settings=settings, store=door.files)
        joint = prove_joint(connection, content, mou=settings.mou, store=door.files)
    if monthly is not None:
        _say_monthly(door, file, monthly)
    elif joint is not None:
        _say_joint(door, file, joint)
    proof = monthly or joint
    if proof is None:
        raise Refused(
            "{file} is not genuine: no report with these bytes was issued. It was changed since, "
            "or written only to be looked at; `reports run` and the page Reports issue reports.",
            file=file,
        )
    if not proof.kept_whole:
        raise Refused("What is kept of it was changed. Run the checks of the files.")
    if not proof.recomputes:
        raise Refused("The book does not give its statement again. Run the checks of the book.")
    door.note("The book gives its statement again, figure by figure.")


def _say_monthly(door: Door, file: Path, proof: Proof) -> None:
    report = proof.report
    _say_genuine(door, file, report.stem, report.issued_at)
    if proof.newer is not None:
        door.note("There is a newer edition of it: {paper}.", paper=proof.newer.stem)
    if not proof.same_settings:
        door.note("The configuration is another one than when it was issued.")


def _say_joint(door: Door, file: Path, proof: JointProof) -> None:
    _say_genuine(door, file, proof.file.name, proof.released_at)
    if proof.newer is not None:
        door.note("There is a newer edition of it: {paper}.", paper=proof.newer.edition)
    if proof.edition.state != SIGNED:
        door.note("It is released, and not signed by both parties yet.")


def _say_genuine(door: Door, file: Path, paper: str, issued_at: datetime) -> None:
    day = door.words.day(business_date(issued_at, door.settings.institution.zone))
    door.note("{file} is genuine: {paper}, issued on {day}.", file=file.name, paper=paper, day=day)


report_group.add_command(loan_command)
report_group.add_command(mou_command)
