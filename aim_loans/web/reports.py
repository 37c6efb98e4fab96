"""Reports of a month: asked for, made by a worker, taken by whoever may read what they show."""

import io
from datetime import date

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from aim_loans.identity.permissions import Deed, allows
from aim_loans.jobs.queue import faults_of
from aim_loans.portfolio.papers.issued import readable_reports, report_download_of
from aim_loans.portfolio.papers.issuing import TakeReport, take_report
from aim_loans.portfolio.papers.packs import LANGUAGES, AskPack, ask_pack, packs_of
from aim_loans.web.asked import month_asked
from aim_loans.web.forms import Form, one_of
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("reports", __name__)

MOST_SHOWN = 200
MOST_FAULTS_SHOWN = 10


@pages.get("/reports")
@needs(Deed.READ_BOOK)
def show() -> str | tuple[str, int]:
    """Show the reports of a month, the last one that is over when none is named."""
    form = Form(request.args)
    shown = _shown(form, month_asked(form, around().today))
    return (shown, 422) if form.faults else shown


@pages.post("/reports")
@needs(Deed.MAKE_FILES)
def ask() -> tuple[str, int] | Response:
    """Ask for a month's reports; a worker makes them."""
    form, here = Form(request.form), around()
    month, language = month_asked(form, here.today), form.read("language", one_of(*LANGUAGES))
    if not form.faults and language is not None:
        with form.attempt(), here.cutting() as tx:
            command = AskPack(month, language)
            ask_pack(tx, command, actor=me().actor, today=here.today, key=form.key)
    if form.faults:
        return _shown(form, month), 422
    return redirect(url_for("reports.show", month=f"{month:%Y-%m}"), code=303)


@pages.post("/reports/<row:report_id>/download")
@needs(Deed.READ_BOOK)
def take(report_id: int) -> Response:
    """Write the download down, then lead to the paper."""
    with around().writing() as tx:
        download_id = take_report(tx, TakeReport(report_id), actor=me().actor)
    return redirect(url_for("reports.contents", download_id=download_id), code=303)


@pages.get("/reports/downloads/<row:download_id>")
@needs(Deed.READ_BOOK)
def contents(download_id: int) -> Response:
    """Send a paper to whoever had the download written down."""
    here = around()
    with here.reading() as connection:
        report = report_download_of(connection, download_id, actor=me().actor, now=here.now)
    return send_file(
        io.BytesIO(here.files.get(report.file_name)),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=f"{report.stem}.pdf",
    )


def _shown(form: Form, month: date) -> str:
    actor = me().actor
    may_make = allows(actor, Deed.MAKE_FILES, branch=None)
    with around().reading() as connection:
        issued = readable_reports(connection, month, actor=actor, most=MOST_SHOWN)
        packs = packs_of(connection, month) if may_make else []
        failed = next((each for each in packs if each.failed), None)
        faults = faults_of(connection, failed.batch, most=MOST_FAULTS_SHOWN) if failed else []
    return render_template(
        "reports.html",
        form=form,
        month=month,
        issued=issued,
        packs=packs,
        faults=faults,
        languages=LANGUAGES,
        may_make=may_make,
        is_full=len(issued) == MOST_SHOWN,
    )
