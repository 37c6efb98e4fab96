"""Which enterprises stand behind a figure of the joint statement, for those who may see them.

They are the rows that `pillars` counts, as known at the same cut; tests compare the two.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, select

from aim_loans.borrowers.models import enterprise, person
from aim_loans.config.mou import REGISTRATIONS, Mou
from aim_loans.config.settings import DatedTables
from aim_loans.mou import frames
from aim_loans.mou.belonging import branch_of_person
from aim_loans.mou.counted import Counted, count
from aim_loans.mou.frames import Frame
from aim_loans.mou.periods import Period
from aim_loans.mou.pillars import YOUTH, Window, since_the_programme
from aim_loans.mou.registering import HELD, State
from aim_loans.mou.repaid import loans_that_fell_due
from aim_loans.portfolio.due import View

# A line with the enterprise of each row that it counts, or minus the person where none is written
# down.
Lists = Mapping[str, "pd.Series[Any]"]
PAGE_ROWS = 50


class BehindLine(NamedTuple):
    """An enterprise, or a borrower without one (id None), and how often the figure counts it."""

    enterprise_id: int | None
    name: str
    person_id: int
    owner: str
    branch_code: str | None
    times: int


def lists_of(
    connection: Connection, *, period: Period, known_at: datetime, mou: Mou, dated: DatedTables
) -> Lists:
    """Give the enterprises behind each line at (period, K)."""
    view = View(period.last, known_at)
    counted = count(connection, view, mou=mou, dated=dated)
    window = Window(pd.Timestamp(period.first), pd.Timestamp(period.last))
    due = counted.loans["loan_id"].isin(loans_that_fell_due(connection, view))
    asked = frames.outcomes(connection, view, period.name)
    answered = asked[asked["asked_on"].notna()]
    rows = {
        **_access(counted, window),
        "A10.on_time": counted.loans[due],
        **_formal(counted, window, mou),
        **_helped(counted, window),
        **{f"O{line}": answered for line in _OUTCOMES},
    }
    return {line: frame["unit"].dropna().astype("int64") for line, frame in rows.items()}


_OUTCOMES = ("1.women", "1.men", "1.others", "2", "2.real", "3", "4", "5", "6")


def behind_line(connection: Connection, units: "pd.Series[Any]", *, page: int) -> list[BehindLine]:
    """Name a page of the enterprises of a line; one row more than a page tells of another."""
    start = (page - 1) * PAGE_ROWS
    times = units.value_counts().sort_index(ascending=False).iloc[start : start + PAGE_ROWS + 1]
    wanted: dict[int, int] = dict(zip(times.index.tolist(), times.tolist(), strict=True))
    known = _owned(connection, [unit for unit in wanted if unit > 0])
    known |= _persons(connection, [-unit for unit in wanted if unit < 0])
    return [BehindLine(*(*known[unit], often)) for unit, often in wanted.items()]


def _owned(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    rows = select(
        enterprise.c.id, enterprise.c.name, person.c.id, person.c.name, branch_of_person()
    ).join(person, person.c.id == enterprise.c.owner_id)
    return {row[0]: tuple(row) for row in connection.execute(rows.where(enterprise.c.id.in_(ids)))}


def _persons(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    rows = select(person.c.id, person.c.name, branch_of_person()).where(person.c.id.in_(ids))
    return {-row[0]: (None, "", *row) for row in connection.execute(rows)}


def _access(counted: Counted, window: Window) -> dict[str, Frame]:
    loans = window.of(counted.loans)
    last = loans.drop_duplicates("unit", keep="last")
    again, first = loans[loans["before"].notna()], loans[loans["before"].isna()]
    late = counted.loans[counted.loans["late"] & (counted.loans["outstanding"] > 0)]
    return {
        "A1": last,
        "A2": window.of(counted.payouts),
        **dict.fromkeys(("A3.first", "A3.share"), first),
        "A4.women": last[last["gender"] == "female"],
        "A4.youth": last[last["age"] == YOUTH],
        "A4.disability": last[last["disability"] == "yes"],
        "A4.transgender": last[last["gender"] == "transgender"],
        "A6": last[last["tier"] == "underserved"],
        **_referred(window.of(counted.referrals)),
        **dict.fromkeys(("A9.repeat", "A9.growth"), again),
        "A10.par30": late,
    }


def _referred(rows: Frame) -> dict[str, Frame]:
    sent = rows[(rows["direction"] == "from_smeda") & rows["counts"]]
    return {
        "A7.received": sent,
        "A7.applied": sent[sent["application"].notna()],
        "A7.approved": sent[sent["approved"]],
        **dict.fromkeys(("A7.disbursed", "A7.days"), sent[sent["loan_id"].notna()]),
        "A8": rows[rows["direction"] == "to_bank"],
    }


def _formal(counted: Counted, window: Window, mou: Mou) -> dict[str, Frame]:
    steps = counted.steps
    proved = steps[(steps["state"] == State.REGISTERED.value) & steps["counts"]]
    since = since_the_programme(window, mou).of(proved)
    opened = window.of(proved)
    standing = steps.drop_duplicates(["unit", "type"], keep="last")
    return {
        **{each: since[since["type"] == each] for each in REGISTRATIONS},
        "A11": opened[opened["type"] == "F7"],
        "F.index": standing[standing["state"].isin(HELD)],
    }


def _helped(counted: Counted, window: Window) -> dict[str, Frame]:
    came, given = window.of(counted.attendances), window.of(counted.support)
    came, given = came[came["counts"]], given[given["counts"]]
    people = came.drop_duplicates("person")
    mentored = given[given["kind"] == "mentoring"]
    rated = [frame[frame["satisfaction"].notna()][["unit"]] for frame in (came, given)]
    return {
        **dict.fromkeys(("H1.trainings", "H1.attendances"), came),
        "H1.participants": people,
        "H1.women": people[people["gender"] == "female"],
        "H1.completed": came[came["completed"].astype(bool)],
        "H2": given[given["kind"] == "advice"],
        "H4": given[given["kind"].isin(("business_plan", "pre_feasibility"))],
        **{f"H5.{month}": mentored[mentored["month"] == month] for month in (3, 6, 12)},
        "H6": given[given["kind"] == "market_link"],
        "H7": given[given["kind"] == "common_facility"],
        "H8": pd.concat(rated),
        "H9": given[given["kind"] == "follow_up"],
    }
