"""What a page of the book or of a month is asked for, read from its address or form."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urlencode

from flask import request, url_for

from aim_loans.dates import add_months, month_end, parse_date, parse_month
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Deed, reach
from aim_loans.portfolio.cells import Kept
from aim_loans.web.forms import Form, row_number
from aim_loans.web.people import me

GROUPINGS = ("sector", "branch", "product", "gender", "district", "officer")


@dataclass(frozen=True, slots=True)
class Asked:
    """A day, a grouping, and the one value of each dimension that narrows the book.

    A dimension that stands in the address without a value keeps what nobody entered.
    """

    as_of: date
    by: str = GROUPINGS[0]
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> Kept:
        """Give the loans that this keeps, of those that whoever asks may see."""
        return Kept(reach(me().actor, Deed.READ_BOOK), self.filters)

    def within(self, value: str, of: str = "") -> "Asked":
        """Ask for one group alone: of the grouping, or of another dimension."""
        return replace(self, filters={**self.filters, of or self.by: value})

    def narrowed(self, value: str) -> "Asked":
        """Ask for one group alone, divided by the next dimension that does not narrow yet."""
        inside = self.within(value)
        free = [name for name in GROUPINGS if name not in inside.filters]
        return replace(inside, by=free[0]) if free else inside

    def without(self, name: str) -> "Asked":
        """Ask for the same with one filter less."""
        kept = {other: value for other, value in self.filters.items() if other != name}
        return replace(self, filters=kept)

    def book(self, start: int = 0) -> str:
        """Give the address of the book, from a group on."""
        return self._address("book.show", {"start": start} if start else {})

    def loans(self, figure: str, after: int = 0, before: int = 0) -> str:
        """Give the address of the loans behind a figure, after or before one of them."""
        place = {name: row for name, row in (("after", after), ("before", before)) if row}
        return self._address("book.loans", {"figure": figure, **place})

    def _address(self, endpoint: str, more: Mapping[str, object]) -> str:
        query = {"as_of": self.as_of.isoformat(), "by": self.by, **self.filters, **more}
        return f"{url_for(endpoint)}?{urlencode(query)}"


def asked(form: Form, today: date) -> Asked:
    """Read what the address asks for; a fault of the day is kept in the form."""
    day = today
    if form.typed("as_of"):
        day = form.read("as_of", lambda text: _past(parse_date(text), today)) or today
    by = form.typed("by")
    filters = {
        name: request.args[name].replace("\0", "") for name in GROUPINGS if name in request.args
    }
    return Asked(day, by if by in GROUPINGS else GROUPINGS[0], filters)


def month_asked(form: Form, today: date) -> date:
    """Read a month, as its last day; the last one that is over when none is given."""
    given = form.read("month", parse_month) if form.typed("month") else None
    return given or month_end(add_months(today, -1))


def number(name: str) -> int:
    """Read a whole number of the address; 0 for what is none."""
    return row_number(request.args.get(name, ""))


def _past(day: date, today: date) -> date:
    if day > today:
        raise Refused("The day lies in the future. Choose today or an earlier day.")
    return day
