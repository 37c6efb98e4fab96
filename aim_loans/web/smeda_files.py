"""SMEDA sends files of its trainings and referrals, and reads what became of each row."""

import io
import tempfile
from pathlib import Path

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from aim_loans.dates import business_date
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.permissions import Deed
from aim_loans.mou.partner_files import LAYOUTS
from aim_loans.mou.partner_import import import_events, upload_by_id, uploads
from aim_loans.mou.partner_reading import MOST_BYTES, read_sent
from aim_loans.web.forms import Form, one_of
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around
from aim_loans.web.words import words

pages = Blueprint("smeda_files", __name__)

_ENDING = ".csv"


@pages.get("/smeda/files")
@needs(Deed.SEND_EVENTS)
def show() -> str:
    """Ask for a file, and list those that came in."""
    return _shown(Form())


@pages.post("/smeda/files")
@needs(Deed.SEND_EVENTS)
def send() -> tuple[str, int] | Response:
    """Take a file in: its good rows are written, the refused ones are listed."""
    # A file is no text, but what is wrong with it is said at its field.
    form, upload_id = Form({**request.form, "file": ""}), 0
    kind = form.read("kind", one_of(*LAYOUTS))
    with form.attempt():
        content = _content()
        if kind is not None:
            upload_id = _take_in(form, kind, content)
    if form.faults:
        return _shown(form), 422
    return redirect(url_for("smeda_files.show_one", upload_id=upload_id), code=303)


@pages.get("/smeda/files/<sealed('upload'):upload_id>")
@needs(Deed.SEND_EVENTS)
def show_one(upload_id: int) -> str:
    """Show what became of the rows of a file."""
    with around().reading() as connection:
        return render_template("smeda_file.html", upload=upload_by_id(connection, upload_id))


@pages.get("/smeda/files/<sealed('upload'):upload_id>/rejects")
@needs(Deed.SEND_EVENTS)
def rejects(upload_id: int) -> Response:
    """Give the refused rows with their reasons, to be mended and sent again."""
    here = around()
    with here.reading() as connection:
        found = upload_by_id(connection, upload_id)
    if found.rejects is None:
        raise NotFound("No row of this file was refused.")
    day = business_date(found.recorded_at, here.settings.institution.zone)
    return send_file(
        io.BytesIO(here.files.get(found.rejects)),
        mimetype="text/csv",
        as_attachment=True,
        download_name=f"{found.kind}.{day}.rejects.csv",
    )


def _content() -> bytes:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise Refused("Choose a file.", field="file")
    if not upload.filename.casefold().endswith(_ENDING):
        raise Refused(
            "Only CSV files are read. Save the sheet as CSV UTF-8 and send that.", field="file"
        )
    content: bytes = upload.read()
    return content


def _take_in(form: Form, kind: str, content: bytes) -> int:
    """Read the file in a folder of its own, which nobody else can open, and write it down."""
    here = around()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{kind}{_ENDING}"
        path.write_bytes(content)
        zone = here.settings.institution.zone
        with read_sent(kind, path, today=here.today, zone=zone) as sent, here.writing() as tx:
            return import_events(
                tx,
                sent,
                actor=me().actor,
                language=words().language,
                store=here.files,
                key=form.key,
            )


def _shown(form: Form) -> str:
    with around().reading() as connection:
        return render_template(
            "smeda_files.html",
            form=form,
            layouts=LAYOUTS,
            uploads=uploads(connection),
            most=MOST_BYTES // 1024**2,
        )
