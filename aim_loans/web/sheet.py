"""The collection sheet: up to a hundred receipts in one form, against the counted cash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from aim_loans.borrowers.groups import Group, groups_of
from aim_loans.dates import parse_date
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.permissions import Deed, Role, reach, require
from aim_loans.money import parse_positive_rupees, parse_rupees, plain
from aim_loans.origination.queries import due_day, settings_in_force
from aim_loans.repayment.collection import (
    MOST_PAGES,
    PAGE_ROWS,
    Choices,
    DueList,
    Wanted,
    choices,
    collection_sheet,
    due_on_loans,
    next_due,
    written_receipts,
)
from aim_loans.repayment.sheets import LinesRefused, PostSheet, SheetLine, post_sheet
from aim_loans.web.forms import Form, page_number, row_number
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("sheet", __name__)

_DUE = "due-"
_EVERYBODY = ""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a sheet lists: whose loans, where, due by which day, and the page of them."""

    officer: str
    place: str
    group: int
    due_by: date
    page: int


@pages.get("/sheet")
@needs(Deed.RECEIVE)
def show() -> str | tuple[str, int]:
    """List who has something due by a day, ready to be ticked off."""
    here, asked = around(), Form(request.args)
    with here.reading() as connection:
        filters = _filters(connection, asked)
        wanted = Wanted(_reach(), filters.officer, filters.place, filters.group)
        rows = collection_sheet(connection, wanted, by=filters.due_by, page=filters.page)
        known = choices(connection, wanted.branches, by=filters.due_by)
        groups = groups_of(connection, wanted.branches)
    form = Form({"received_on": here.today.isoformat()}, asked.faults)
    return _shown(form, filters, rows, known, groups)


@pages.post("/sheet")
@needs(Deed.RECEIVE)
def send() -> str | tuple[str, int] | Response:
    """Write the receipts of the sheet, all of them or none, once however often it is sent."""
    form = Form(request.form)
    with around().reading() as connection:
        filters = _filters(connection, form)
        rows = _sent_rows(connection, form, filters.due_by)
        known = choices(connection, _reach(), by=filters.due_by)
        groups = groups_of(connection, _reach())
    command, written = _command(form, filters.due_by), ""
    if command is not None:
        with form.attempt():
            written = _post(form, command)
    if form.faults:
        return _shown(form, filters, rows, known, groups)
    return redirect(url_for("sheet.written", receipts=written), code=303)


@pages.get("/sheet/receipts")
@needs(Deed.RECEIVE)
def written() -> str:
    """List receipts with their total, to print beside the cash."""
    numbers = request.args.get("receipts", "").split(".")[:PAGE_ROWS]
    ids = [row for row in map(row_number, numbers) if row]
    with around().reading() as connection:
        found = written_receipts(connection, ids)
    if not found:
        raise NotFound("There are no receipts to list. Start from the collection sheet.")
    for branch in {each.receipt.branch_code for each in found}:
        require(me().actor, Deed.READ_BOOK, branch=branch)
    total = sum(each.receipt.amount for each in found if not each.receipt.cancelled)
    return render_template("sheet_receipts.html", receipts=found, total=total)


@pages.get("/loans/<row:loan_id>/next")
@needs(Deed.RECEIVE)
def following(loan_id: int) -> Response:
    """Go on to the receipt of who stands next on today's sheet; to the sheet after the last."""
    here, wanted = around(), Wanted(_reach(), _own_officer())
    with here.reading() as connection:
        found = next_due(connection, wanted, loan_id, by=here.today)
    if found is None:
        return redirect(url_for("sheet.show"))
    return redirect(url_for("receipts.ask", loan_id=found.loan_id))


def _own_officer() -> str:
    """Give the officer whose loans a sheet lists first: oneself, for a loan officer alone."""
    roles = {grant.role for grant in me().actor.grants}
    above = roles & {Role.BRANCH_MANAGER, Role.CASHIER}
    return me().actor.name if Role.LOAN_OFFICER in roles and not above else _EVERYBODY


def _reach() -> frozenset[str] | None:
    return reach(me().actor, Deed.RECEIVE)


def _filters(connection: Connection, form: Form) -> Filters:
    """Read what to list; what was not asked for is what an officer collects today."""
    today = around().today
    due_by = form.read("due_by", parse_date) if form.typed("due_by") else None
    return Filters(
        officer=form.typed("officer") if "officer" in form.texts else _own_officer(),
        place=form.typed("place"),
        group=row_number(form.typed("group")),
        due_by=due_by or max(today, due_day(settings_in_force(connection), today)),
        page=page_number(form.typed("page"), most=MOST_PAGES),
    )


def _sent_rows(connection: Connection, form: Form, due_by: date) -> DueList:
    """Give the rows that the form held, as they stand now; NotAllowed outside the reach."""
    ids = _ids(form)
    rows = due_on_loans(connection, ids[:PAGE_ROWS], by=due_by)
    for branch in {row.branch_code for row in rows}:
        require(me().actor, Deed.RECEIVE, branch=branch)
    return DueList(rows, len(rows), sum(row.due for row in rows))


def _ids(form: Form) -> list[int]:
    """Give the loans of the sheet in the order in which they stood on it."""
    sent = [name.removeprefix(_DUE) for name in form.texts if name.startswith(_DUE)]
    return [row for row in map(row_number, sent) if row]


def _command(form: Form, due_by: date) -> PostSheet | None:
    received_on = form.read("received_on", parse_date)
    lines = [line for loan_id in _ids(form) if (line := _line(form, loan_id))]
    counted = form.read("counted", parse_rupees)
    if form.faults or received_on is None or counted is None:
        return None
    return PostSheet(received_on, due_by, counted, tuple(lines))


def _line(form: Form, loan_id: int) -> SheetLine | None:
    """Read one row: paid in full, another amount, or nothing."""
    name, full = f"amount-{loan_id}", bool(form.typed(f"full-{loan_id}"))
    amount = form.read(name, parse_positive_rupees) if form.typed(name) else None
    if not full:
        return SheetLine(loan_id, amount) if amount else None
    due = form.read(f"{_DUE}{loan_id}", parse_positive_rupees)
    if due is None:
        form.faults[name] = form.faults.pop(f"{_DUE}{loan_id}")
        return None
    if amount not in (None, due):
        form.faults[name] = Refused(
            "Ticked as paid in full, and another amount typed: leave one of them out.", field=name
        )
    return SheetLine(loan_id, due, due)


def _post(form: Form, command: PostSheet) -> str:
    """Post the sheet; gives the ids of its receipts, and keeps what is wrong at its row."""
    here = around()
    try:
        with here.writing() as tx:
            recorded = post_sheet(
                tx,
                command,
                actor=me().actor,
                today=here.today,
                backdating_days=here.settings.lending.backdating_days,
                key=form.key,
            )
    except LinesRefused as refused:
        faults = {f"amount-{loan_id}": fault for loan_id, fault in refused.faults.items()}
        form.faults.update(faults)
        return ""
    return ".".join(str(each.receipt.id) for each in recorded)


def _shown(
    form: Form, filters: Filters, rows: DueList, known: Choices, groups: Sequence[Group]
) -> str | tuple[str, int]:
    page = render_template(
        "sheet.html",
        form=form,
        filters=filters,
        rows=rows,
        choices=known,
        groups=groups,
        plain=plain,
    )
    return (page, 422) if form.faults else page
