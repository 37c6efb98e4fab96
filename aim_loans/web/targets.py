"""Targets of the joint statement, entered by the party that owns the line."""

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed
from aim_loans.money import parse_rupees, plain
from aim_loans.mou.definitions import DEFINITIONS, PARTS, SPLIT_LINES, Unit
from aim_loans.mou.periods import half_year_of, parse_period
from aim_loans.mou.targets import (
    JOINT,
    SetTarget,
    party_of,
    set_target,
    targets_of,
)
from aim_loans.web.forms import Form, one_of, whole
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around
from aim_loans.web.words import count, figure, ltr

pages = Blueprint("targets", __name__)

_MOST = 10**12
# Amounts in rupees, shares in per cent and scores all take two decimals.
_DECIMAL = frozenset({Unit.PAISA, Unit.SHARE, Unit.SCORE})


@pages.get("/targets")
@needs(Deed.READ_JOINT, Deed.SET_TARGET)
def show() -> str:
    """Show the targets of a period; the one under way when none is asked for."""
    form = Form({"period": request.args.get("period", "") or half_year_of(around().today).name})
    return _shown(form)


@pages.post("/targets")
@needs(Deed.SET_TARGET)
def send() -> tuple[str, int] | Response:
    """Set a target, or take it back by leaving it empty."""
    form = Form(request.form)
    period = form.read("period", lambda text: parse_period(text).name)
    line = form.read("line", one_of(*_own_lines()))
    typed = form.typed("value")
    value = form.read("value", _parser(line)) if typed and line else None
    if not form.faults and period and line:
        # One list offers the parts of all splits: "gender female".
        by, _, part = form.typed("split").partition(" ")
        command = SetTarget(period=period, line=line, value=value, split_by=by, split=part)
        with form.attempt(), around().writing() as tx:
            set_target(tx, command, actor=me().actor, key=form.key)
    if form.faults:
        return _shown(form), 422
    return redirect(url_for("targets.show", period=period), code=303)


def written(line: str, value: int) -> Markup:
    """Write a target in the unit of its line."""
    unit = DEFINITIONS[line].unit
    if unit is Unit.PAISA:
        return figure(value)
    return ltr(plain(value)) if unit in _DECIMAL else count(value)


def _own_lines() -> list[str]:
    """Give the lines whose target somebody's party may set."""
    party = party_of(me().actor)
    return [key for key, each in DEFINITIONS.items() if each.owner in (party, JOINT)]


def _parser(line: str) -> Callable[[str], int]:
    return parse_rupees if DEFINITIONS[line].unit in _DECIMAL else whole(0, _MOST)


def _shown(form: Form) -> str:
    try:
        period = parse_period(form.typed("period")).name
    except Refused as fault:
        form.refuse(fault)
        period = half_year_of(around().today).name
    with around().reading() as connection:
        found = targets_of(connection, period)
    return render_template(
        "targets.html",
        form=form,
        period=period,
        targets={(each.line, each.split_by, each.split): each for each in found},
        lines=_own_lines(),
        definitions=DEFINITIONS,
        parts=PARTS,
        split_lines=[line for line in SPLIT_LINES if line in DEFINITIONS],
        written=written,
    )
