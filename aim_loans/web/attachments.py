"""Attachments of borrowers: taken, given to whoever may see them, taken off."""

import io
from datetime import timedelta

from flask import Blueprint, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from aim_loans.borrowers.attachments import (
    AttachFile,
    OpenAttachment,
    RemoveAttachment,
    attach_file,
    attachment,
    keep_file,
    open_attachment,
    opening,
    remove_attachment,
)
from aim_loans.borrowers.models import ATTACHMENT_KINDS
from aim_loans.errors import NotAllowed, Refused
from aim_loans.identity.permissions import Deed
from aim_loans.web.borrower_page import borrower_page, changeable_person, visible_person
from aim_loans.web.forms import Form, checked_length, one_of
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("attachments", __name__)

# So long after it was opened the file is given; later it is opened anew, and written down anew.
OPEN_FOR = timedelta(minutes=5)


@pages.post("/borrowers/<row:person_id>/attachments")
@needs(Deed.REGISTER)
def send(person_id: int) -> tuple[str, int] | Response:
    """Attach a file to a borrower."""
    # A file is no text, but what is wrong with it is said at its field.
    form, here = Form({**request.form, "file": ""}), around()
    with here.reading() as connection:
        _, branch = changeable_person(connection, person_id)
    kind = form.read("kind", one_of(*ATTACHMENT_KINDS))
    upload = request.files.get("file")
    with form.attempt():
        content = upload.read() if upload else b""
        file = keep_file(here.files, content, most_bytes=here.settings.attachments.most_bytes)
        if kind is not None:
            with here.writing() as tx:
                command = AttachFile(person_id, kind, file, branch)
                attach_file(tx, command, actor=me().actor, key=form.key)
    return _back(form, person_id)


@pages.post("/attachments/<row:attachment_id>/remove")
@needs(Deed.REGISTER)
def remove(attachment_id: int) -> tuple[str, int] | Response:
    """Take an attachment off, with the reason."""
    form, here = Form(request.form), around()
    with here.reading() as connection:
        wanted = attachment(connection, attachment_id)
        _, branch = changeable_person(connection, wanted.person_id)
    with form.attempt():
        reason = checked_length(form.typed("reason"))
        if not reason:
            raise Refused("Give the reason why it is taken off.", field="reason")
        with here.writing() as tx:
            command = RemoveAttachment(attachment_id, reason, branch)
            remove_attachment(tx, command, actor=me().actor, key=form.key)
    return _back(form, wanted.person_id)


@pages.post("/attachments/<row:attachment_id>/open")
@needs(Deed.READ_BOOK)
def open_one(attachment_id: int) -> Response:
    """Write down who opens an attachment, and lead to the file."""
    here = around()
    with here.reading() as connection:
        wanted = attachment(connection, attachment_id)
        branch = visible_person(connection, wanted.person_id).read_branch
    with here.writing() as tx:
        command = OpenAttachment(attachment_id, branch)
        opening_id = open_attachment(tx, command, actor=me().actor)
    return redirect(url_for("attachments.file", opening_id=opening_id), code=303)


@pages.get("/attachments/opened/<row:opening_id>")
@needs(Deed.READ_BOOK)
def file(opening_id: int) -> Response:
    """Give the file to whoever has just opened it; its name tells nothing of the borrower."""
    here = around()
    with here.reading() as connection:
        opened = opening(connection, opening_id)
        wanted = opened.attachment
        visible_person(connection, wanted.person_id)
    if opened.opened_by != me().actor.name:
        raise NotAllowed("Another has opened this. Open it yourself from the borrower's page.")
    if here.now - opened.opened_at > OPEN_FOR:
        raise Refused("This was opened too long ago. Open it anew from the borrower's page.")
    kind = wanted.file.media_type
    return send_file(
        io.BytesIO(here.files.get(wanted.file.name)),
        mimetype=kind.value,
        as_attachment=True,
        download_name=f"{wanted.kind.replace('_', '-')}-{wanted.id}.{kind.suffix}",
    )


def _back(form: Form, person_id: int) -> tuple[str, int] | Response:
    if form.faults:
        return borrower_page(form, person_id), 422
    address = url_for("borrowers.show", person_id=person_id, _anchor="attachments")
    return redirect(address, code=303)
