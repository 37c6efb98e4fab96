"""The files for regulators and partners: made, asked for, released by another person, taken."""

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.errors import NotFound
from aim_loans.identity.permissions import Actor, Deed, allows, require, require_two
from aim_loans.identity.queries import key_used
from aim_loans.portfolio.feeder.asked import closing_day
from aim_loans.portfolio.feeder.issued import (
    Issued,
    download,
    issued_by_id,
    issued_files,
    kept_digest,
    kept_parts,
    open_file_request,
    open_file_requests,
)
from aim_loans.portfolio.feeder.issuing import (
    PEOPLE,
    AskFile,
    DeclineFile,
    TakeFile,
    ask_file,
    decline_file,
    require_taker,
    take_file,
)
from aim_loans.web.asked import month_asked
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.month_files import MonthFiles, Released
from aim_loans.web.people import me
from aim_loans.web.sending import to_keep
from aim_loans.web.surroundings import around, refuse_while_looking
from reports.feeder.catalogue import BY_NAME, FILES
from reports.feeder.columns import FeederFile
from reports.feeder.manifest import ENDING, SCHEMA_ENDING, schema_text, stem

pages = Blueprint("files", __name__)

MOST_SHOWN = 100


@pages.get("/files")
@needs(Deed.VERIFY)
def show() -> str | tuple[str, int]:
    """Show the files of a month, the last one that is over when none is named."""
    form = Form(request.args)
    shown = _shown(form, month_asked(form, around().today))
    return (shown, 422) if form.faults else shown


@pages.post("/files")
@needs(Deed.MAKE_FILES)
def send() -> tuple[str, int] | Response:
    """Make a file of aggregates or pseudonyms; ask for one of people."""
    form, here = Form(request.form), around()
    month, declared = month_asked(form, here.today), _declared(form.typed("name"))
    if not form.faults:
        with form.attempt():
            if declared.level == PEOPLE:
                day = closing_day(month, today=here.today)
                with here.writing() as tx:
                    command = AskFile(declared.name, day, form.typed("reason"))
                    ask_file(tx, command, actor=me().actor, key=form.key)
            else:
                _make(declared, month, Released(form.key))
    return _done(form, month)


@pages.post("/files/requests/<row:request_id>")
@needs(Deed.RELEASE_FILES)
def answer(request_id: int) -> tuple[str, int] | Response:
    """Release what another asked for, or decline it with a reason."""
    form, here = Form(request.form), around()
    with here.reading() as connection:
        asked = open_file_request(connection, request_id)
    with form.attempt():
        if form.typed("answer") == "release":
            require_two(Actor(asked.asked_by, ()), me().actor)
            _make(_declared(asked.name), asked.day, Released(form.key, request_id))
        else:
            with here.writing() as tx:
                command = DeclineFile(request_id, form.typed("reason"))
                decline_file(tx, command, actor=me().actor)
    return _done(form, asked.day)


@pages.post("/files/<row:issued_id>/download")
@needs(Deed.VERIFY)
def take(issued_id: int) -> Response:
    """Write the download down, then lead to the file."""
    here, issued = around(), _issued(issued_id)
    with here.reading() as connection:
        command = TakeFile(issued.id, kept_digest(connection, issued.id))
    with here.writing() as tx:
        download_id = take_file(tx, command, actor=me().actor)
    return redirect(url_for("files.contents", download_id=download_id), code=303)


@pages.get("/files/downloads/<row:download_id>")
@needs(Deed.VERIFY)
def contents(download_id: int) -> Response:
    """Send the bytes of a file to whoever had the download written down."""
    here = around()
    with here.reading() as connection:
        issued = download(connection, download_id, actor=me().actor, now=here.now)
    require_taker(me().actor, issued)

    def sent() -> Iterator[bytes]:
        with here.reading() as connection:
            yield from kept_parts(connection, issued.id)

    return to_keep(sent(), _file_name(issued, ".csv"), "text/csv; charset=utf-8")


@pages.get("/files/<row:issued_id>/manifest")
@needs(Deed.VERIFY)
def manifest(issued_id: int) -> Response:
    """Send the manifest of a file; it holds no row."""
    issued = _issued(issued_id)
    return to_keep(issued.manifest, _file_name(issued, ENDING), "application/json")


@pages.get("/files/<row:issued_id>/schema")
@needs(Deed.VERIFY)
def schema(issued_id: int) -> Response:
    """Send the schema of a file."""
    issued = _issued(issued_id)
    text = schema_text(_declared(issued.name))
    return to_keep(text, _file_name(issued, SCHEMA_ENDING), "application/json")


def _make(declared: FeederFile, month: date, released: Released) -> None:
    """Make a file and keep it, once however often the form is sent."""
    here = around()
    refuse_while_looking()
    with here.reading() as connection:
        if key_used(connection, released.key):
            return
    maker = MonthFiles(
        here.engine, here.settings.institution, here.audit_key, me().actor, here.clock
    )
    opened = maker.open_month(month, today=here.today)
    with tempfile.TemporaryDirectory() as folder:
        maker.to_database(declared, opened, Path(folder), released)


def _declared(name: str) -> FeederFile:
    if name not in BY_NAME:
        raise NotFound("There is no file {name}. Choose one of the list.", name=name)
    return BY_NAME[name]


def _issued(issued_id: int) -> Issued:
    require(me().actor, Deed.VERIFY, branch=None)
    with around().reading() as connection:
        return issued_by_id(connection, issued_id)


def _done(form: Form, month: date) -> tuple[str, int] | Response:
    if form.faults:
        return _shown(form, month), 422
    return redirect(url_for("files.show", month=f"{month:%Y-%m}"), code=303)


def _shown(form: Form, month: date) -> str:
    actor = me().actor
    require(actor, Deed.VERIFY, branch=None)
    with around().reading() as connection:
        issued = issued_files(connection, month, most=MOST_SHOWN)
        waiting = open_file_requests(connection)
    return render_template(
        "files.html",
        form=form,
        month=month,
        files=FILES,
        people=PEOPLE,
        issued=issued,
        waiting=waiting,
        own=actor.name,
        may_make=allows(actor, Deed.MAKE_FILES, branch=None),
        may_release=allows(actor, Deed.RELEASE_FILES, branch=None),
    )


def _file_name(issued: Issued, ending: str) -> str:
    return f"{stem(issued.name, issued.day, issued.edition)}{ending}"
