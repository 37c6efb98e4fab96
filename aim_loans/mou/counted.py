"""The frames of the joint statement joined: each loan, step and event with its enterprise.

Of each row it is known whether it belongs to the MoU cohort: the enterprises with a confirmed
event of SMEDA, from the day of the first one on.
"""

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from aim_loans.borrowers.places import find_district
from aim_loans.borrowers.sizes import size_class
from aim_loans.config.mou import REGISTRATIONS, ApplicableTypes, Mou
from aim_loans.config.settings import DatedTables, Limits
from aim_loans.db.bulk import ids_as_rows
from aim_loans.mou import frames
from aim_loans.mou.definitions import AGES
from aim_loans.mou.frames import Frame, looked_up
from aim_loans.mou.next_steps import MICRO
from aim_loans.origination.approvals import approved_among
from aim_loans.portfolio.due import View

UNKNOWN = "unknown"
_AGE_EDGES = (0, 18, 30, 45, 60, 200)


@dataclass(frozen=True, slots=True)
class Counted:
    """Everything that is counted; each frame has the columns `unit` and `in_cohort`.

    `loans` also: loan_id, person, day (of the first tranche), amount, before (the amount of the
    loan before, NaN for the first one), sector, gender, age, disability, province, tier, district,
    outstanding, late. `payouts`: loan_id, day, amount. `units`: the enterprises written down,
    with need_F1 to need_F9. Events have day and `counts` (see `frames`).
    """

    loans: Frame
    payouts: Frame
    units: Frame
    steps: Frame
    referrals: Frame
    support: Frame
    attendances: Frame

    def cohort(self) -> "Counted":
        """Give what belongs to the MoU cohort alone."""
        kept = (getattr(self, field.name) for field in fields(self))
        return Counted(*(frame[frame["in_cohort"]] for frame in kept))


def count(connection: Connection, view: View, *, mou: Mou, dated: DatedTables) -> Counted:
    """Read everything that counts at (D, K)."""
    people = frames.people(connection, view)
    units = _units(connection, view, people, mou)
    first = units.drop_duplicates("person").set_index("person")["unit"]
    loans, payouts = _loans(connection, view, people, first, mou)
    steps, support = frames.steps(connection, view), frames.support_given(connection, view)
    referrals = _referrals(connection, view, dated)
    attendances = frames.attendances(connection, view)
    for frame in (referrals, attendances):
        frame["unit"] = _unit_of(frame["person"], first)
    attendances["sector"] = _sector_of(attendances["unit"], units, loans)
    attendances["gender"] = looked_up(attendances["person"], people["gender"])
    attendances = _attributes(attendances, people, mou, view.as_of)
    joined = _joined([steps, support, attendances, referrals])
    units["day"] = pd.Timestamp(view.as_of)
    _need(connection, view, units, mou.applicable_on(view.as_of), dated.limits_on(view.as_of))
    joinable = (loans, payouts, units, steps, referrals, support, attendances)
    for frame in joinable:
        frame["in_cohort"] = frame["day"] >= looked_up(frame["unit"], joined)
    # A loan from before stays one, whatever of it is paid out later.
    loan = loans.set_index("loan_id")["in_cohort"]
    payouts["in_cohort"] = looked_up(payouts["loan_id"], loan).astype(bool)
    return Counted(*joinable)


def age_band(birth_dates: "pd.Series[Any]", on: "pd.Series[Any] | pd.Timestamp") -> Any:
    """Give the band of `AGES` by the whole years between birth and a day."""
    day = pd.Series(on, index=birth_dates.index) if isinstance(on, pd.Timestamp) else on
    later = (birth_dates.dt.month > day.dt.month) | (
        (birth_dates.dt.month == day.dt.month) & (birth_dates.dt.day > day.dt.day)
    )
    years = day.dt.year - birth_dates.dt.year - later
    bands = pd.cut(years, list(_AGE_EDGES), right=False, labels=list(AGES[:-1]))
    return bands.astype(object).fillna(UNKNOWN)


def _units(connection: Connection, view: View, people: Frame, mou: Mou) -> Frame:
    units = frames.enterprises(connection, view, people)
    units["gender"] = looked_up(units["person"], people["gender"])
    return _attributes(units, people, mou, view.as_of)


def _loans(
    connection: Connection, view: View, people: Frame, first: "pd.Series[Any]", mou: Mou
) -> tuple[Frame, Frame]:
    """Give the loans with their first day and amount, and the payouts that stand."""
    daily = frames.payouts(connection, view)
    whole = daily.groupby("loan_id").agg(day=("day", "min"), amount=("amount", "sum"))
    loans = frames.loans(connection, view).merge(whole, on="loan_id")
    named = frames.named_enterprises(connection).set_index("loan_id")["named"]
    own = _unit_of(loans["person"], first)
    loans["unit"] = looked_up(loans["loan_id"], named).fillna(own).astype("int64")
    loans = loans.sort_values(["day", "loan_id"], ignore_index=True)
    loans["before"] = loans.groupby("person")["amount"].shift()
    loans = _attributes(loans, people, mou, view.as_of, on=loans["day"])
    payouts = daily.merge(loans[["loan_id", "unit"]], on="loan_id")
    return loans, payouts


def _referrals(connection: Connection, view: View, dated: DatedTables) -> Frame:
    """Give the referrals, and whether the committee approved the application that names each."""
    referrals = frames.referrals(connection, view)
    ids: list[int] = referrals["application"].dropna().astype("int64").tolist()
    asked = ids_as_rows(connection, ids)
    approved = approved_among(connection, asked, known_at=view.known_at, dated=dated)
    return referrals.assign(approved=referrals["application"].isin(approved))


def _attributes(
    frame: Frame, people: Frame, mou: Mou, as_of: date, *, on: "pd.Series[Any] | None" = None
) -> Frame:
    """Add age (at the day `on`, else at D), disability, province, tier; districts by one name."""
    births = looked_up(frame["person"], people["birth_date"])
    frame["age"] = age_band(pd.to_datetime(births), pd.Timestamp(as_of) if on is None else on)
    frame["disability"] = np.where(looked_up(frame["person"], people["disability"]), "yes", "no")
    if "district" not in frame:
        frame["district"] = looked_up(frame["person"], people["district"])
    named = frame["district"].astype(object).fillna("")
    found = {text: find_district(text) for text in named.unique()}
    listed = mou.underserved_on(as_of)
    poor = frozenset(listed.districts) if listed else None
    place = {text: (each.province if each else UNKNOWN) for text, each in found.items()}
    tier = {text: _tier(each.name if each else None, poor) for text, each in found.items()}
    name = {text: (each.name if each else UNKNOWN) for text, each in found.items()}
    frame["province"], frame["tier"] = named.map(place), named.map(tier)
    frame["district"] = named.map(name)
    return frame


def _tier(district: str | None, underserved: frozenset[str] | None) -> str:
    if underserved is None or district is None:
        return UNKNOWN
    return "underserved" if district in underserved else "other"


def _unit_of(persons: "pd.Series[Any]", first: "pd.Series[Any]") -> "pd.Series[Any]":
    return looked_up(persons, first).fillna(-persons).astype("int64")


def _sector_of(keys: "pd.Series[Any]", units: Frame, loans: Frame) -> "pd.Series[Any]":
    """Give the sector of each enterprise: as written down, else that of its last loan."""
    known = pd.concat([units[["unit", "sector"]], loans[["unit", "sector"]].iloc[::-1]])
    sectors = known.drop_duplicates("unit").set_index("unit")["sector"]
    return looked_up(keys, sectors).astype(object).fillna(UNKNOWN)


def _joined(events: list[Frame]) -> "pd.Series[Any]":
    """Give the day of the first confirmed event of SMEDA of each enterprise that has one."""
    kept = [
        frame.loc[frame["coded"] & frame["counts"] & frame["unit"].notna(), ["unit", "day"]]
        for frame in events
    ]
    return pd.concat(kept).astype({"unit": "int64"}).groupby("unit")["day"].min()


def _need(
    connection: Connection,
    view: View,
    units: Frame,
    applicable: ApplicableTypes | None,
    limits: Limits,
) -> None:
    """Say of each enterprise which registrations apply to its sector and size.

    An enterprise counts as micro until a review tells its turnover.
    """
    bands = frames.turnovers(connection, view).set_index("unit")["turnover"]
    sizes = {band: size_class(band, limits) for band in bands.unique()}
    size = looked_up(units["unit"], bands).map(sizes).astype(object).fillna(MICRO)
    kinds = units.assign(size=size).groupby(["sector", "size"])
    pairs, kind = list(kinds.size().index), kinds.ngroup().to_numpy()
    for each in REGISTRATIONS:
        needed = [applicable is not None and each in applicable.of(*pair) for pair in pairs]
        units[f"need_{each}"] = np.array(needed, dtype=bool)[kind]
