"""Builds the joint statement of a period, as known at a cut: every figure counted by sets."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select

from aim_loans.config.mou import Mou
from aim_loans.config.settings import DatedTables
from aim_loans.db.bulk import ids_as_rows
from aim_loans.errors import Refused
from aim_loans.mou import frames, pillars, repaid
from aim_loans.mou.counted import Counted, count
from aim_loans.mou.definitions import DEFINITIONS, SPLIT_LINES, SPLITS
from aim_loans.mou.frames import Frame
from aim_loans.mou.periods import Period
from aim_loans.mou.pillars import Figures, Window
from aim_loans.mou.registering import State
from aim_loans.mou.repaid import Quality
from aim_loans.mou.sampling import margin_per_mille
from aim_loans.mou.statement import (
    Cell,
    Cohort,
    JointStatement,
    Line,
    NationalBook,
    Sample,
    Split,
    status_of,
)
from aim_loans.portfolio.due import View


@dataclass(frozen=True, slots=True)
class Asked:
    """What a statement is asked for: the period, the cut K, and the settings it rests on."""

    period: Period
    known_at: datetime | None
    mou: Mou
    dated: DatedTables

    def view(self, day: date) -> View:
        """Give the view of a day at the cut."""
        return View(day, self.known_at)


def joint_statement(
    connection: Connection,
    *,
    period: Period,
    known_at: datetime | None,
    mou: Mou | None,
    dated: DatedTables,
) -> JointStatement:
    """Give the joint statement at (period, K); Refused without a memorandum in the settings."""
    if mou is None:
        raise Refused("There is no memorandum in the settings. Add the section [mou].")
    asked = Asked(period, known_at, mou, dated)
    view = asked.view(period.last)
    counted = count(connection, view, mou=mou, dated=dated)
    cohort = counted.cohort()
    sample = frames.outcomes(connection, view, period.name)
    return JointStatement(
        period=period,
        known_at=known_at,
        started_on=mou.started_on,
        lines=_lines(connection, asked, counted, cohort, sample),
        splits=_splits(counted, _window(period), mou),
        funnels=pillars.funnels(counted, mou),
        cohort=_cohort(counted),
        sample=_sample(sample),
        benchmark=_national(dated, period.last),
        waiting=_waiting(counted, _window(period)),
        unverified=_unverified(asked),
    )


def _lines(
    connection: Connection, asked: Asked, counted: Counted, cohort: Counted, sample: Frame
) -> list[Line]:
    before, last = (
        asked.period.before(asked.mou.started_on),
        asked.period.before(asked.period.first),
    )
    aims = frames.targets(connection, asked.view(asked.period.last), asked.period.name)
    members = ids_as_rows(connection, cohort.loans["loan_id"].tolist())
    now = _quality(connection, asked, asked.period, counted)
    inside = _quality(connection, asked, asked.period, cohort, members)
    long_ago = _quality(connection, asked, before, counted)
    actual = _figures(asked, asked.period, counted, now)
    part = _figures(asked, asked.period, cohort, inside)
    earlier = _figures(asked, last, counted, _quality(connection, asked, last, counted))
    first = _figures(asked, before, counted, long_ago) | pillars.baseline(counted, asked.mou)
    behind = {"actual": now.behind(), "cohort": inside.behind(), "baseline": long_ago.behind()}
    behind["cohort"]["A2"] = pillars.paid_out(counted, _window(asked.period))
    if len(sample):
        people = frames.people(connection, asked.view(asked.period.last))
        actual.update(pillars.outcomes(sample, counted, people, asked.mou))
    return [
        Line(
            id=each,
            owner=definition.owner,
            unit=definition.unit.value,
            actual=actual.get(each),
            cohort=part.get(each),
            baseline=first.get(each),
            last_period=earlier.get(each),
            target=aims.get(each),
            status=status_of(each, actual.get(each), aims.get(each)),
            behind={name: known[each] for name, known in behind.items() if each in known},
        )
        for each, definition in DEFINITIONS.items()
    ]


def _window(period: Period) -> Window:
    return Window(pd.Timestamp(period.first), pd.Timestamp(period.last))


def _quality(
    connection: Connection,
    asked: Asked,
    period: Period,
    part: Counted,
    among: Select[Any] | None = None,
) -> Quality:
    """Add up at a period's end what tells the quality of all loans, or of these of a part."""
    view = asked.view(period.last)
    now = period is asked.period
    at_risk = pillars.at_risk(part.loans) if now else repaid.at_risk(connection, view)
    return Quality(at_risk, repaid.collected(connection, view, among))


def _figures(asked: Asked, period: Period, part: Counted, quality: Quality) -> Figures:
    """Count a period for the whole book, or for a part of it."""
    window = _window(period)
    listed = asked.mou.underserved_on(asked.period.last) is not None
    return {
        **pillars.access(part, window, listed=listed),
        **quality.figures(),
        **pillars.formalisation(part, window, asked.mou),
        **pillars.hand_holding(part, window),
    }


def _splits(counted: Counted, window: Window, mou: Mou) -> list[Split]:
    """Split what the period brought; each enterprise stands in one cell of a split."""
    names = {name for by in SPLITS for name in by}
    # Of categories a frame need not find the values anew for each split.
    members = {
        line: frame.astype(dict.fromkeys(names, "category"))
        for line, frame in _members(counted, window, mou).items()
    }
    return [Split(line, by, _cells(members[line], by)) for line in SPLIT_LINES for by in SPLITS]


def _members(counted: Counted, window: Window, mou: Mou) -> dict[str, Frame]:
    """Give what each split line counts: a row with its `value`, and the `part` of the cohort."""
    paid, came = window.of(counted.payouts), window.of(counted.attendances)
    steps = pillars.since_the_programme(window, mou).of(counted.steps)
    registered = steps[(steps["state"] == State.REGISTERED.value) & steps["counts"]]
    about = counted.units.drop(columns=["in_cohort", "day"])
    last = counted.loans.drop_duplicates("unit", keep="last")
    amounts = paid.assign(value=paid["amount"], part=paid["amount"].where(paid["in_cohort"], 0))
    amounts = amounts.groupby("unit", as_index=False)[["value", "part"]].sum()
    return {
        "A1": _once(window.of(counted.loans), ["unit"]),
        "A2": last.merge(amounts, on="unit"),
        "F": _once(registered, ["unit", "type"])[["unit", "value", "part"]].merge(about, on="unit"),
        "H1.participants": _once(came[came["counts"]], ["person"]),
    }


def _once(frame: Frame, names: list[str]) -> Frame:
    """Count each of these once; what was once in the cohort stands there."""
    kept = frame.sort_values("in_cohort", kind="stable").drop_duplicates(names, keep="last")
    return kept.assign(value=1, part=kept["in_cohort"].astype("int64"))


def _cells(members: Frame, by: tuple[str, ...]) -> list[Cell]:
    groups = (
        members.assign(units=1).groupby(list(by), observed=True)[["value", "part", "units"]].sum()
    )
    return [
        Cell(keys if isinstance(keys, tuple) else (keys,), *map(int, sums))
        for keys, *sums in groups.itertuples(name=None)
    ]


def _cohort(counted: Counted) -> Cohort:
    joined = pd.concat(
        frame.loc[frame["in_cohort"] & frame["unit"].notna(), "unit"]
        for frame in (counted.steps, counted.support, counted.attendances, counted.referrals)
    )
    units = set(joined.astype("int64"))
    loans = counted.loans
    earlier = loans[loans["unit"].isin(units) & ~loans["in_cohort"]]
    sums = len(earlier), int(earlier["amount"].sum()), earlier["unit"].nunique()
    return Cohort(len(units), *sums)


def _sample(sample: Frame) -> Sample | None:
    if sample.empty:
        return None
    answered, population = int(sample["asked_on"].notna().sum()), int(sample["population"].iloc[0])
    return Sample(len(sample), answered, population, margin_per_mille(answered, population))


def _national(dated: DatedTables, day: date) -> NationalBook:
    found = dated.benchmark_on(day)
    return NationalBook(found.total, found.as_of, found.source, found.verified)


def _waiting(counted: Counted, window: Window) -> int:
    """Count the events of SMEDA in the period that SMEDA has not answered yet."""
    events = (counted.steps, counted.support, counted.referrals)
    single = sum(int(_unanswered(window.of(frame)).sum()) for frame in events)
    came = window.of(counted.attendances)
    return single + int(came.loc[_unanswered(came), "id"].nunique())


def _unanswered(frame: Frame) -> "pd.Series[bool]":
    return frame["coded"] & (frame["answer"] == "")


def _unverified(asked: Asked) -> list[str]:
    """Name the dated lists of the settings that nobody has confirmed yet."""
    day, mou = asked.period.last, asked.mou
    rules = {
        "applicable": mou.applicable_on(day),
        "underserved": mou.underserved_on(day),
        "limits": asked.dated.limits_on(day),
        "benchmark": asked.dated.benchmark_on(day),
    }
    return [name for name, rule in rules.items() if rule is not None and not rule.verified]
