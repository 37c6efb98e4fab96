"""The book by sector and by other groups, as far as whoever asks may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import Connection

from aim_loans.config.settings import Ladder
from aim_loans.identity.permissions import Deed
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.behind import Footing, Page, footing, loans_behind
from aim_loans.portfolio.comparison import Comparison, beside_national
from aim_loans.portfolio.engine import remembered_tables
from aim_loans.portfolio.frames import bucket_column, exactly
from aim_loans.portfolio.lateness import BUCKETS, EXACT_DAYS, PAR_DAYS
from aim_loans.portfolio.remembered import Remembered
from aim_loans.web.asked import GROUPINGS, Asked, asked, number
from aim_loans.web.bars import Bars, bars
from aim_loans.web.forms import Form
from aim_loans.web.guard import needs
from aim_loans.web.surroundings import around
from aim_loans.web.words import words

pages = Blueprint("book", __name__)

GROUPS_A_PAGE = 25
LOANS_A_PAGE = 100
# Up to so many loans are found sooner by what makes them few than in their own order.
FEW_LOANS = 5_000
_GENDER = "gender"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Headline:
    """The whole of a book in one row, and the women among its active borrowers."""

    day: date
    whole: Row
    women: int


@dataclass(frozen=True, slots=True)
class BookPage:
    """What the page shows: headlines of the day and of the last month end, and the tables.

    `groups` are those from the `start`th on, of `group_count`; amounts are paisa.
    """

    asked: Asked
    now: Headline
    before: Headline
    groups: Sequence[Row]
    start: int
    group_count: int
    beside: Comparison
    chart: Bars
    ladder: Ladder

    @property
    def ageing(self) -> Sequence[tuple[str, str, int]]:
        """Give each bucket with the name of its figure and its outstanding."""
        columns = ((name, bucket_column(name)) for name, _ in BUCKETS)
        return [(name, column, self.now.whole[column]) for name, column in columns]

    @property
    def exact(self) -> Sequence[tuple[str, int]]:
        """Give what is exactly so many days late: begun in a bucket, not yet in PAR."""
        return [(f"exactly{days}", exactly(self.now.whole, days)) for days in EXACT_DAYS]

    @property
    def par(self) -> Sequence[tuple[str, int]]:
        """Give the portfolio at risk over each number of days."""
        return [(name, self.now.whole[name]) for name in (f"par{days}" for days in PAR_DAYS)]

    @property
    def previous_start(self) -> int:
        """Give where the groups before these begin."""
        return max(0, self.start - GROUPS_A_PAGE)

    @property
    def next_start(self) -> int | None:
        """Give where the next groups begin, if there are any."""
        following = self.start + len(self.groups)
        return following if following < self.group_count else None


@pages.get("/book")
@needs(Deed.READ_BOOK)
def show() -> str | tuple[str, int]:
    """Show the book of today, or of the day, the grouping and the filters in the address."""
    here, form = around(), Form(request.args)
    wanted = asked(form, here.today)
    with here.reading() as connection:
        page = _page(connection, here.remembered(connection), wanted, number("start"))
    shown = render_template("book.html", form=form, page=page, groupings=GROUPINGS)
    return (shown, 422) if form.faults else shown


@pages.get("/book/loans")
@needs(Deed.READ_BOOK)
def loans() -> str | tuple[str, int]:
    """Show the loans that add up to a figure of the book, a hundred a page."""
    here, form = around(), Form(request.args)
    wanted, figure = asked(form, here.today), form.typed("figure") or "glp"
    page = Page(LOANS_A_PAGE, number("after"), number("before") or None)
    with here.reading() as connection:
        ladder = settings_in_force(connection).ladder_on(wanted.as_of)
        foot = _footing(here.remembered(connection), wanted, figure, ladder)
        behind = loans_behind(
            connection,
            as_of=wanted.as_of,
            known_at=None,
            figure=figure,
            kept=wanted.kept,
            ladder=ladder,
            page=page,
            few=foot.loans <= FEW_LOANS,
        )
    places = {name: place for place, (name, _) in enumerate(BUCKETS)}
    shown = render_template(
        "book_loans.html",
        form=form,
        asked=wanted,
        figure=figure,
        behind=behind,
        footing=foot,
        places=places,
    )
    return (shown, 422) if form.faults else shown


def _footing(remembered: Remembered, wanted: Asked, figure: str, ladder: Ladder) -> Footing:
    """Give the figure from the very cell of the page of the book that leads to its loans."""
    page = wanted.without(wanted.by)
    narrowed = wanted.by in wanted.filters
    (table,) = remembered_tables(
        remembered,
        as_of=page.as_of,
        groupings=_groupings(page.by),
        ladder=ladder,
        kept=page.kept,
        only=(page.by,) if narrowed else (),
    )
    value = wanted.filters.get(wanted.by)
    cells = [row for row in _rows(table) if not narrowed or row[page.by] == value]
    return footing(figure, cells[0]) if cells else Footing(0, 0)


def _groupings(by: str | None) -> list[tuple[str, ...]]:
    """Give what the page of the book asks: the whole, and with a dimension its groups as well."""
    names = dict.fromkeys((_GENDER, by, "sector") if by else (_GENDER,))
    return [(), *((name,) for name in names)]


def _page(connection: Connection, remembered: Remembered, wanted: Asked, start: int) -> BookPage:
    dated = settings_in_force(connection)
    ladder = dated.ladder_on(wanted.as_of)
    now, groups = _look(remembered, wanted, wanted.as_of, ladder, wanted.by)
    month_end = date.fromordinal(max(1, wanted.as_of.replace(day=1).toordinal() - 1))
    before, _ = _look(remembered, wanted, month_end, ladder)
    shown = groups[wanted.by]
    start = start if start < len(shown) else 0
    own = {row["sector"]: row["glp"] for row in groups["sector"]}
    beside = beside_national(own, dated.benchmark_on(wanted.as_of))
    return BookPage(
        asked=wanted,
        now=now,
        before=before,
        groups=shown[start : start + GROUPS_A_PAGE],
        start=start,
        group_count=len(shown),
        beside=beside,
        chart=bars(beside, right_to_left=words().language == "ur"),
        ladder=ladder,
    )


def _look(
    remembered: Remembered, wanted: Asked, day: date, ladder: Ladder, by: str | None = None
) -> tuple[Headline, Mapping[str, Sequence[Row]]]:
    """Give the whole on a day; with a dimension also its groups and those of sectors."""
    groupings = _groupings(by)
    tables = remembered_tables(
        remembered, as_of=day, groupings=groupings, ladder=ladder, kept=wanted.kept
    )
    (whole,), *groups = (_rows(table) for table in tables)
    by_name = {name: rows for (name,), rows in zip(groupings[1:], groups, strict=True)}
    women = sum(row["active_borrowers"] for row in by_name[_GENDER] if row[_GENDER] == "female")
    return Headline(day, whole, women), by_name


def _rows(table: Any) -> list[Row]:
    """Give the rows of a frame; pandas stays below the door."""
    records: list[Row] = table.to_dict("records")
    return records
