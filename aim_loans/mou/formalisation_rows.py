"""The rows of consenting enterprises for SMEDA: how far each registration is, by pseudonym."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
from sqlalchemy import Connection, select

from aim_loans.borrowers.consents import consenting
from aim_loans.borrowers.models import enterprise
from aim_loans.borrowers.places import find_district
from aim_loans.dates import business_date
from aim_loans.mou import frames
from aim_loans.portfolio.feeder.asked import AskedMonth, Pseudonym


def formalisation_rows(
    connection: Connection, asked: AskedMonth, hide: Pseudonym
) -> Iterator[tuple[Any, ...]]:
    """Give the standing step of each registration, of those who consent on both days.

    Whoever withdrew after the month, before the file is made, is in no row either.
    """
    made_on = business_date(asked.known_at, asked.zone)
    days = (consenting("smeda", day) for day in (asked.day, made_on))
    owned = select(enterprise.c.id).where(*(enterprise.c.owner_id.in_(each) for each in days))
    kept = set(connection.execute(owned).scalars())
    steps = frames.steps(connection, asked.view)
    steps = steps[steps["counts"] & steps["unit"].isin(kept)]
    last = steps.drop_duplicates(["unit", "type"], keep="last").sort_values(["unit", "type"])
    people = frames.people(connection, asked.view)
    about = frames.enterprises(connection, asked.view, people).set_index("unit")
    for unit, kind, state, day in last[["unit", "type", "state", "day"]].itertuples(index=False):
        found = find_district(str(about.at[unit, "district"] or ""))
        yield (
            *(asked.day, hide(f"enterprise {unit}"), about.at[unit, "sector"]),
            found.province if found else None,
            *(kind, state, pd.Timestamp(day).date()),
        )
