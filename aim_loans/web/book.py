"""The first page: the book by sector, as far as whoever asks may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import Connection

from aim_loans.dates import parse_date
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed, reach
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.engine import book_rows
from aim_loans.portfolio.frames import bucket_column
from aim_loans.portfolio.lateness import BUCKETS
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.people import me
from aim_loans.web.surroundings import around

pages = Blueprint("book", __name__)

GROUPINGS = ("sector", "branch", "product", "gender", "district", "officer")
_FIRST = "sector"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BookPage:
    """What the page shows: the whole in one row, and a row a group (amounts in paisa)."""

    as_of: date
    by: str
    whole: Row
    groups: Sequence[Row]
    ageing: Sequence[tuple[str, int]]
    ladder_verified: bool
    ladder_source: str


@pages.get("/")
@needs(Deed.READ_BOOK)
def show() -> str | tuple[str, int]:
    """Show the book of today, or of the day and by the grouping in the address."""
    here, form = around(), Form(request.args)
    as_of = form.read("as_of", lambda text: _past(parse_date(text), here.today))
    by = request.args.get("by", _FIRST)
    if not form.typed("as_of"):
        form.faults.clear()
    with here.reading() as connection:
        page = _page(connection, as_of or here.today, by if by in GROUPINGS else _FIRST)
    shown = render_template("book.html", form=form, page=page, groupings=GROUPINGS)
    return (shown, 422) if form.faults else shown


def _page(connection: Connection, as_of: date, by: str) -> BookPage:
    ladder = settings_in_force(connection).ladder_on(as_of)
    branches = reach(me().actor, Deed.READ_BOOK)

    def rows(names: Sequence[str]) -> list[Row]:
        frame = book_rows(
            connection, as_of=as_of, known_at=None, by=names, ladder=ladder, branches=branches
        )
        records = frame.to_dict("records")
        return [{str(name): value for name, value in row.items()} for row in records]

    (whole,) = rows(())
    ageing = [(name, whole[bucket_column(name)]) for name, _ in BUCKETS]
    return BookPage(as_of, by, whole, rows((by,)), ageing, ladder.verified, ladder.source)


def _past(day: date, today: date) -> date:
    if day > today:
        raise Refused("The day lies in the future. Choose today or an earlier day.")
    return day
