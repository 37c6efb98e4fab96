"""The commands `aim-loans reports run` and `aim-loans worker`: papers on all cores."""

import multiprocessing
import os
import secrets
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from multiprocessing.context import SpawnProcess
from pathlib import Path

import click

from aim_loans.cli.door import MONTH, Door
from aim_loans.cli.signals import end_when_told
from aim_loans.db.engine import cutting, reading
from aim_loans.errors import Refused
from aim_loans.jobs.queue import Progress, faults_of, progress
from aim_loans.portfolio.papers.issued import reports_of_cut
from aim_loans.portfolio.papers.packs import LANGUAGES, AskPack, Pack, ask_pack
from aim_loans.web.report_drawing import drawing
from aim_loans.web.report_work import Workshop, make_next
from reports.feeder.writing import publish_bytes

LOOK_AGAIN_SECONDS = 1.0
MOST_FAULTS_SHOWN = 20
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group("reports")
def reports_group() -> None:
    """Make the papers of a month."""


@reports_group.command("run")
@click.option("--month", required=True, type=MONTH, help="The month, for example 2026-10.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.option("--out", type=FOLDER, default=Path("var/reports"), show_default=True)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    help="How many papers at a time; as many as there are cores when not given.",
)
@click.pass_obj
def run_command(
    door: Door, *, month: date, language: str, out: Path, processes: int | None
) -> None:
    """Make the month's papers: of the institution, of each region and area, of each branch.

    Run it again after it was stopped: what is done stays done.
    """
    with cutting(door.ready_engine, audit_key=door.audit_key) as tx:
        pack = ask_pack(tx, AskPack(month, language), actor=door.actor, today=door.today)
    count = processes or len(os.sched_getaffinity(0))
    with _at_work(door, pack.batch, count) as workers:
        state = _watched(door, pack.batch, workers)
    written = _to_folder(door, pack, language, out)
    door.note("{count} papers are in {folder}.", count=written, folder=out)
    _say_faults(door, state)
    if state.done < state.jobs:
        raise SystemExit(1)


@click.command("worker")
@click.option("--once", is_flag=True, help="End as soon as nothing waits.")
@click.pass_obj
def worker_command(door: Door, *, once: bool) -> None:
    """Make the papers that are asked for in the browser, until it is stopped."""
    end_when_told()
    shop, name = workshop(door), worker_name()
    while True:
        made = make_next(shop, worker=name)
        if made is not None:
            door.note("Made: {paper}.", paper=f"{made.batch}: {made.subject}")
        elif once:
            return
        else:
            time.sleep(LOOK_AGAIN_SECONDS)


@contextmanager
def worker_beside() -> Iterator[None]:
    """Keep a worker in a process of its own, which ends with the block, or with this process."""
    worker = multiprocessing.get_context("spawn").Process(target=work_beside, args=(os.getpid(),))
    worker.start()
    try:
        yield
    finally:
        worker.terminate()
        worker.join()


def work_beside(parent: int) -> None:
    """Make papers as long as the process runs that began this one."""
    end_when_told()
    # Ctrl-C reaches both; the one that began this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    door = Door()
    try:
        shop, name = workshop(door), worker_name()
        while os.getppid() == parent:
            if make_next(shop, worker=name) is None:
                time.sleep(LOOK_AGAIN_SECONDS)
    finally:
        door.close()


def work(batch: str) -> None:
    """Make the papers of a batch until none waits; the whole of a process of its own."""
    end_when_told()
    door = Door()
    try:
        _work_off(door, batch)
    finally:
        door.close()


def _work_off(door: Door, batch: str) -> None:
    """Make papers; those that another worker holds are waited for, in case it was killed."""
    shop, name = workshop(door), worker_name()
    while True:
        if make_next(shop, worker=name, batch=batch) is None:
            if not _state(door, batch).waiting:
                return
            time.sleep(LOOK_AGAIN_SECONDS)


@contextmanager
def _at_work(door: Door, batch: str, count: int) -> Iterator[Sequence[SpawnProcess]]:
    """Work a batch off in so many processes; with one alone, in this one."""
    if count == 1:
        _work_off(door, batch)
        yield ()
        return
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=work, args=(batch,)) for _ in range(count)]
    try:
        for each in workers:
            each.start()
        yield workers
    finally:
        for each in workers:
            each.terminate()
            each.join()


def _watched(door: Door, batch: str, workers: Sequence[SpawnProcess]) -> Progress:
    """Say how far the batch is, until its workers have ended."""
    said = -1
    while True:
        running = any(each.is_alive() for each in workers)
        state = _state(door, batch)
        if state.done != said:
            said = state.done
            door.note("{done} of {count} papers are made.", done=said, count=state.jobs)
        if not running:
            return state
        time.sleep(LOOK_AGAIN_SECONDS)


def _state(door: Door, batch: str) -> Progress:
    with reading(door.engine) as connection:
        (found,) = (each for each in progress(connection, beginning=batch) if each.batch == batch)
    return found


def _to_folder(door: Door, pack: Pack, language: str, out: Path) -> int:
    """Write the pack's papers into a folder; what lies there already is left as it is."""
    with reading(door.engine) as connection:
        made = reports_of_cut(connection, pack.month, pack.cut_number)
    mine = [each for each in made if each.language == language]
    out.mkdir(parents=True, exist_ok=True)
    for each in mine:
        path = out / f"{each.stem}.pdf"
        content = door.files.get(each.file_name)
        if not path.exists():
            publish_bytes(path, content)
        elif path.read_bytes() != content:
            raise Refused("There is another file {file}. Move it away first.", file=path)
    return len(mine)


def _say_faults(door: Door, state: Progress) -> None:
    if not state.failed:
        return
    with reading(door.engine) as connection:
        found = faults_of(connection, state.batch, most=MOST_FAULTS_SHOWN)
    for each in found:
        door.note("Not made: {paper}. {reason}", paper=each.subject, reason=each.fault)


def workshop(door: Door) -> Workshop:
    """Give what makes the papers of a door's book."""
    return Workshop(
        door.ready_engine,
        door.settings,
        door.audit_key,
        door.files,
        drawing(door.settings),
        version("aim-loans"),
    )


def worker_name() -> str:
    """Give a name that no other worker has."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"
