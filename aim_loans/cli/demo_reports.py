"""The reports of the demonstration: monthly paper, files for regulators, joint report and brief."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from aim_loans.cli.door import Door
from aim_loans.cli.export import make_files
from aim_loans.cli.report_pack import worker_name, workshop
from aim_loans.db.engine import cutting, reading
from aim_loans.demo.office import Office
from aim_loans.errors import Refused
from aim_loans.files.store import Store
from aim_loans.identity.permissions import Actor
from aim_loans.mou.editions import SIGNED, editions, pack_files
from aim_loans.mou.periods import Period, parse_period
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.engine import book_rows
from aim_loans.portfolio.measuring import WHOLE
from aim_loans.portfolio.output import write_book
from aim_loans.portfolio.papers.issued import IssuedReport, reports_of_cut
from aim_loans.portfolio.papers.packs import AskPack, ask_pack
from aim_loans.web.joint_packs import JointPacks
from aim_loans.web.report_work import make_next
from reports.feeder.catalogue import FILES
from reports.feeder.writing import publish_bytes
from reports.voice import BOTH

LANGUAGES = ("en", "ur")


def forget_reports(folder: Path) -> None:
    """Take away the reports of an earlier book: in the one that is made anew none is issued."""
    for path in folder.glob("synthetic-*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def make_reports(door: Door, folder: Path) -> None:
    """Make the reports of the last whole month that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    as_of = door.today.replace(day=1) - timedelta(days=1)
    for make in REPORTS:
        for path in make(door, folder, as_of):
            door.note("Report: {file}", file=str(path))


def _book_by_sector(door: Door, folder: Path, as_of: date) -> Sequence[Path]:
    path = folder / f"synthetic-book-by-sector.{as_of:%Y-%m}.csv"
    if path.exists():
        return ()
    with reading(door.ready_engine) as connection:
        ladder = settings_in_force(connection).ladder_on(as_of)
        book = book_rows(connection, as_of=as_of, known_at=None, by=["sector"], ladder=ladder)
    with path.open("w", encoding="utf-8", newline="") as stream:
        write_book(
            book,
            None,
            by=["sector"],
            form="csv",
            stream=stream,
            words=door.words,
            grouping=door.settings.currency.grouping,
        )
    return (path,)


def _portfolio_papers(door: Door, folder: Path, as_of: date) -> Sequence[Path]:
    """Ask for the month's papers and issue that of the institution; the others wait."""
    paths = {each: folder / f"synthetic-portfolio.{as_of:%Y-%m}.{each}.pdf" for each in LANGUAGES}
    missing = {language: path for language, path in paths.items() if not path.exists()}
    for language, path in missing.items():
        publish_bytes(path, door.files.get(_issued(door, AskPack(as_of, language)).file_name))
    return tuple(missing.values())


def _issued(door: Door, wanted: AskPack) -> IssuedReport:
    """Give the institution's paper of a pack, made here when nobody made it yet."""
    with cutting(door.ready_engine, audit_key=door.audit_key) as tx:
        pack = ask_pack(tx, wanted, actor=door.actor, today=door.today)
    shop, name = workshop(door), worker_name()
    while True:
        with reading(door.engine) as connection:
            for each in reports_of_cut(connection, pack.month, pack.cut_number):
                if (each.scope, each.language) == (WHOLE, wanted.language):
                    return each
        if make_next(shop, worker=name, batch=pack.batch) is None:
            raise Refused("The paper is not made yet. Run this again in a minute.")


def _files_for_regulators(door: Door, folder: Path, as_of: date) -> Sequence[Path]:
    out = folder / f"synthetic-files.{as_of:%Y-%m}"
    if out.exists():
        return ()
    make_files(door, FILES, month=as_of, out=out, bom=False)
    return (out,)


def prepare_joint_report(store: Store, office: Office, period: Period, actor: Actor) -> int:
    """Prepare the joint report of a half-year of the demonstration; gives its id."""
    packs = JointPacks(office.engine, office.settings, office.audit_key, actor, office.clock)
    return packs.prepare(period, store, reason="")


def _joint_report(door: Door, folder: Path, as_of: date) -> Sequence[Path]:
    """Lay out the files of the newest joint report that both parties have signed."""
    with reading(door.ready_engine) as connection:
        signed = [
            each
            for each in editions(connection, released=True)
            if each.state == SIGNED and parse_period(each.period).last <= as_of
        ]
        files = pack_files(connection, signed[0].id) if signed else []
    if not signed:
        return ()
    contents = {file.name: door.files.get(file.stored) for file in files}
    return _laid_out(folder / f"synthetic-joint-report.{signed[0].period}", contents)


def _joint_brief(door: Door, folder: Path, as_of: date) -> Sequence[Path]:
    """Draw the brief of the month, which nobody signs."""
    out = folder / f"synthetic-joint-brief.{as_of:%Y-%m}"
    if out.exists():
        return ()
    packs = JointPacks(door.ready_engine, door.settings, door.audit_key, door.actor)
    return _laid_out(out, packs.provisional(parse_period(f"{as_of:%Y-%m}"), language=BOTH).files)


def _laid_out(out: Path, contents: Mapping[str, bytes]) -> Sequence[Path]:
    if out.exists():
        return ()
    out.mkdir()
    for name, content in contents.items():
        (out / name).write_bytes(content)
    return (out,)


# What the demonstration makes of its last whole month, each step in its own files under
# reports/; a step gives the files that it made, and makes none that is there.
REPORTS: Sequence[Callable[[Door, Path, date], Sequence[Path]]] = (
    _book_by_sector,
    _portfolio_papers,
    _files_for_regulators,
    _joint_report,
    _joint_brief,
)
