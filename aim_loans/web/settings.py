"""Settings: the dated rules and holidays with their source; a change by two people."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from aim_loans.config.dated import DatedRow, dated_rows
from aim_loans.config.settings import DatedTables
from aim_loans.errors import NotFound, Refused
from aim_loans.identity.permissions import Deed, allows, require
from aim_loans.origination.queries import settings_in_force
from aim_loans.origination.setting_requests import (
    AskSetting,
    ConfirmSetting,
    DeclineSetting,
    SettingRequest,
    ask_setting,
    confirm_setting,
    confirmed_settings,
    decline_setting,
    open_setting_requests,
)
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.setting_fields import (
    CHANGEABLE,
    DIMENSIONS,
    Field,
    fields_of,
    read_new_product,
    read_rule,
    shown,
    typed_texts,
    with_all_sectors,
)
from aim_loans.web.surroundings import around

pages = Blueprint("settings", __name__)

MOST_ROWS = 300


@dataclass(frozen=True, slots=True)
class Change:
    """One value that a request changes."""

    field: Field
    before: Field | None


@pages.get("/settings")
@needs(Deed.READ_BOOK)
def show() -> str:
    """Show all dated rules with their days, and the holidays."""
    return _shown(Form())


@pages.get("/settings/<table>/<key>")
@needs(Deed.MANAGE_SETTINGS)
def ask(table: str, key: str) -> str:
    """Ask for a new rule; the form holds the one in force."""
    like = _in_force(table, key)
    texts = typed_texts(like) | {"effective_from": around().today.isoformat()}
    return _form_page(Form(texts), like)


@pages.get("/settings/new-product")
@needs(Deed.MANAGE_SETTINGS)
def ask_product() -> str:
    """Ask for a new product; the form holds the rules of the usual one."""
    like = _usual_product()
    texts = typed_texts(like) | {"name": "", "effective_from": around().today.isoformat()}
    return _form_page(Form(texts), like, is_new=True)


@pages.post("/settings/new-product")
@needs(Deed.MANAGE_SETTINGS)
def send_product() -> tuple[str, int] | Response:
    """Write the request for a new product down; another person confirms it."""
    form, like = Form(request.form), _usual_product()
    row = read_new_product(form, like)
    if row is not None:
        _check_new(form, row)
        _ask(form, row)
    if form.faults:
        return _form_page(form, like, is_new=True), 422
    return redirect(url_for("settings.show"), code=303)


@pages.post("/settings/<table>/<key>")
@needs(Deed.MANAGE_SETTINGS)
def send(table: str, key: str) -> tuple[str, int] | Response:
    """Write the request down; another person confirms it."""
    form, like = Form(request.form), _in_force(table, key)
    row = read_rule(form, like)
    if row is not None:
        _ask(form, row)
    if form.faults:
        return _form_page(form, like), 422
    return redirect(url_for("settings.show"), code=303)


@pages.post("/settings/requests/<row:request_id>")
@needs(Deed.MANAGE_SETTINGS)
def answer(request_id: int) -> tuple[str, int] | Response:
    """Confirm what another asked for, or decline it with a reason."""
    form, here, actor = Form(request.form), around(), me().actor
    with form.attempt(), here.writing() as tx:
        if form.typed("answer") == "confirm":
            confirm_setting(tx, ConfirmSetting(request_id), actor=actor, today=here.today)
        else:
            decline_setting(tx, DeclineSetting(request_id, form.typed("reason")), actor=actor)
    if form.faults:
        return _shown(form), 422
    return redirect(url_for("settings.show"), code=303)


def _shown(form: Form) -> str:
    here, actor = around(), me().actor
    with here.reading() as connection:
        tables = settings_in_force(connection)
        waiting = open_setting_requests(connection)
        agreed = confirmed_settings(connection)
    rows = dated_rows(tables)
    return render_template(
        "settings.html",
        form=form,
        rules=_latest_first(rows)[:MOST_ROWS],
        holding=_holding(tables, here.today),
        waiting=[(each, _changes(each, rows)) for each in waiting],
        by_two=lambda row: agreed.get((row.table, row.key, row.effective_from)),
        fields_of=fields_of,
        shown=shown,
        changeable=CHANGEABLE,
        holidays=here.settings.calendar.holidays,
        may_change=allows(actor, Deed.MANAGE_SETTINGS, branch=None),
        own=actor.name,
    )


def _latest_first(rows: list[DatedRow]) -> list[DatedRow]:
    """Keep the order of the tables and keys; within one the newest rule comes first."""
    places = {(row.table, row.key): place for place, row in enumerate(reversed(rows))}
    return sorted(
        rows, key=lambda row: (-places[row.table, row.key], -row.effective_from.toordinal())
    )


def _holding(tables: DatedTables, today: date) -> list[DatedRow]:
    """Give the rules that hold today, one a key."""
    codes = dict.fromkeys(product.code for product in tables.products)
    return dated_rows(
        DatedTables(
            products=tuple(tables.product_on(code, today) for code in codes),
            ladder=(tables.ladder_on(today),),
            limits=(tables.limits_on(today),),
            fee=(tables.fee_on(today),),
            benchmark=(tables.benchmark_on(today),),
            expiry=tuple(filter(None, (tables.expiry_on(today),))),
            expected_loss=tables.expected_loss,
        )
    )


def _in_force(table: str, key: str) -> DatedRow:
    require(me().actor, Deed.MANAGE_SETTINGS, branch=None)
    here = around()
    with here.reading() as connection:
        tables = settings_in_force(connection)
    for row in _holding(tables, here.today):
        if (row.table, row.key) == (table, key) and row.table in CHANGEABLE:
            return with_all_sectors(row) if table == "benchmark" else row
    raise NotFound("There is no rule {name} to be changed.", name=key)


def _usual_product() -> DatedRow:
    return _in_force("products", around().settings.lending.default_product)


def _check_new(form: Form, row: DatedRow) -> None:
    with around().reading() as connection:
        known = {product.code for product in settings_in_force(connection).products}
    if row.key in known:
        form.refuse(
            Refused(
                "There is a product {code} already. Ask for a change of it.",
                field="code",
                code=row.key,
            )
        )


def _ask(form: Form, row: DatedRow) -> None:
    here = around()
    if not form.faults:
        with form.attempt(), here.writing() as tx:
            ask_setting(tx, AskSetting(row), actor=me().actor, today=here.today, key=form.key)


def _changes(asked: SettingRequest, rows: list[DatedRow]) -> list[Change]:
    """Give what a request changes against the rule before its day."""
    same = [row for row in rows if (row.table, row.key) == (asked.row.table, asked.row.key)]
    earlier = [row for row in same if row.effective_from <= asked.row.effective_from] or same
    before = max(earlier, key=lambda row: row.effective_from, default=None)
    known = {field.name: field for field in fields_of(before.body)} if before else {}
    return [
        Change(field, known.get(field.name))
        for field in fields_of(asked.row.body)
        if field != known.get(field.name)
    ]


def _form_page(form: Form, like: DatedRow, *, is_new: bool = False) -> str:
    return render_template(
        "setting_form.html",
        form=form,
        like=like,
        is_new=is_new,
        fields_list=fields_of(like.body),
        dimensions=DIMENSIONS,
    )
