"""The lines of each pillar counted over a window of days, from the joined frames.

Each function gives figures by the ids of `definitions.DEFINITIONS`.
"""

from typing import Any, NamedTuple

import pandas as pd

from aim_loans.config.dated_rule import in_force
from aim_loans.config.mou import REGISTRATIONS, Mou, PriceIndex
from aim_loans.mou.counted import Counted, age_band
from aim_loans.mou.frames import Frame, looked_up
from aim_loans.mou.registering import HELD, State
from aim_loans.mou.repaid import AtRisk
from aim_loans.mou.statement import Behind, Figure, Funnel

Figures = dict[str, Figure | None]
_FUNNEL = (State.INFORMED, State.CONSENTED, State.ASSISTED, State.APPLIED)
YOUTH = "18-29"


class Window(NamedTuple):
    """The days from `first` to `last`, both included."""

    first: pd.Timestamp
    last: pd.Timestamp

    def of(self, frame: Frame) -> Frame:
        """Keep the rows with a day within the window."""
        return frame[(frame["day"] >= self.first) & (frame["day"] <= self.last)]


def since_the_programme(window: Window, mou: Mou) -> Window:
    """Leave out the days before the programme: what was registered then is a baseline."""
    return Window(max(window.first, pd.Timestamp(mou.started_on)), window.last)


def access(counted: Counted, window: Window, *, listed: bool) -> Figures:
    """Count access to finance; `listed` says that a list of underserved districts was agreed."""
    loans, paid = window.of(counted.loans), window.of(counted.payouts)
    units = loans.drop_duplicates("unit", keep="last")
    new, repeat = loans[loans["before"].isna()], loans[loans["before"].notna()]
    first = Figure(new["unit"].nunique())
    financed = len(units)
    return {
        "A1": Figure(financed),
        "A2": Figure(_sum(paid["amount"])),
        "A3.first": first,
        "A3.share": Figure(first.number, financed),
        "A3.formal": None,
        "A4.women": Figure(int((units["gender"] == "female").sum())),
        "A4.youth": Figure(int((units["age"] == YOUTH).sum())),
        "A4.disability": Figure(int((units["disability"] == "yes").sum())),
        "A4.transgender": Figure(int((units["gender"] == "transgender").sum())),
        "A6": Figure(int((units["tier"] == "underserved").sum())) if listed else None,
        **_referred(counted, window),
        "A9.repeat": Figure(len(repeat)),
        "A9.growth": Figure(_sum(repeat["amount"]), _sum(repeat["before"])),
        "A11": _registered(counted, window, "F7"),
    }


def at_risk(loans: Frame) -> AtRisk:
    """Add up what these loans have outstanding, and what of it is more than 30 days late."""
    active = loans[loans["outstanding"] > 0]
    late = active[active["late"]]
    sums = _sum(late["outstanding"]), _sum(active["outstanding"])
    return AtRisk(*sums, len(late), len(active) - len(late))


def paid_out(counted: Counted, window: Window) -> Behind:
    """Count the enterprises behind what was paid out: those of the cohort, and all others."""
    paid = window.of(counted.payouts)
    units = paid.groupby("in_cohort")["unit"].nunique()
    return Behind(int(units.get(True, 0)), int(units.get(False, 0)))


def formalisation(counted: Counted, window: Window, mou: Mou) -> Figures:
    """Count the registrations that came about in the window; older ones are a baseline."""
    since = since_the_programme(window, mou)
    lines: Figures = {each: _registered(counted, since, each) for each in REGISTRATIONS}
    return {**lines, "F.index": _index(counted, window.last)}


def baseline(counted: Counted, mou: Mou) -> Figures:
    """Count by type the enterprises that were registered before the programme."""
    steps = counted.steps
    old = steps[steps["day"] < pd.Timestamp(mou.started_on)]
    held = old[old["state"] == State.REGISTERED.value]
    return {
        each: Figure(held.loc[held["type"] == each, "unit"].nunique()) for each in REGISTRATIONS
    }


def funnels(counted: Counted, mou: Mou) -> list[Funnel]:
    """Give the funnel of each registration at the end of the period."""
    return [_funnel(counted, each, mou) for each in REGISTRATIONS]


def hand_holding(counted: Counted, window: Window) -> Figures:
    """Count trainings and other help; an event of SMEDA counts once it is confirmed."""
    came, given = window.of(counted.attendances), window.of(counted.support)
    came, given = came[came["counts"]], given[given["counts"]]
    people = came.drop_duplicates("person")
    by_kind = given["kind"].value_counts()
    mentored = given[given["kind"] == "mentoring"].groupby("month")["unit"].nunique()
    facility = given.loc[given["kind"] == "common_facility", "unit"]
    content = pd.concat([came["satisfaction"], given["satisfaction"]]).dropna()

    def of(*kinds: str) -> Figure:
        return Figure(sum(int(by_kind.get(kind, 0)) for kind in kinds))

    return {
        "H1.trainings": Figure(came["id"].nunique()),
        "H1.participants": Figure(len(people)),
        "H1.attendances": Figure(len(came)),
        "H1.women": Figure(int((people["gender"] == "female").sum())),
        "H1.completed": Figure(int(came["completed"].astype(bool).sum()), len(came)),
        "H2": of("advice"),
        "H3": of("help_desk"),
        "H4": of("business_plan", "pre_feasibility"),
        **{f"H5.{month}": Figure(int(mentored.get(month, 0))) for month in (3, 6, 12)},
        "H6": of("market_link"),
        "H7": Figure(facility.nunique()),
        "H8": Figure(_sum(content), len(content)),
        "H9": of("follow_up"),
    }


def outcomes(sample: Frame, counted: Counted, people: Frame, mou: Mou) -> Figures:
    """Give what the sample's answers say; without a survey every line is None."""
    given = sample[sample["asked_on"].notna()]
    owners = looked_up(given["unit"], counted.units.set_index("unit")["person"])
    births = pd.to_datetime(looked_up(owners, people["birth_date"]))
    young = age_band(births, given["asked_on"]) == YOUTH
    before, now = _sum(given["income_before"]), _sum(given["income_now"])
    count = len(given)
    return {
        **{
            f"O1.{who}": Figure(_sum(given[f"{who}_now"]) - _sum(given[f"{who}_before"]))
            for who in ("women", "men", "others")
        },
        "O2": Figure(now - before, before),
        "O2.real": _real_change(given, before, mou),
        "O3": Figure(_sum(given["running"]), count),
        "O4": Figure(int((given["run_by"] == "woman").sum()), count),
        "O5": Figure(int(young.sum()), count),
        "O6": Figure(int(looked_up(owners, people["disability"]).astype(bool).sum()), count),
    }


def _real_change(given: Frame, before: int, mou: Mou) -> Figure | None:
    """Give the change of income at the prices of the programme's first day."""
    if not mou.prices:
        return None
    base = in_force(mou.prices, mou.started_on).value
    then: list[int] = [_price(mou.prices, day) for day in given["asked_on"]]
    incomes: list[int] = given["income_now"].astype("int64").tolist()
    real = sum(income * base // price for income, price in zip(incomes, then, strict=True))
    return Figure(real - before, before)


def _price(prices: tuple[PriceIndex, ...], day: Any) -> int:
    return in_force(prices, day.date()).value


def _referred(counted: Counted, window: Window) -> Figures:
    rows = window.of(counted.referrals)
    sent = rows[(rows["direction"] == "from_smeda") & rows["counts"]]
    paid = sent[sent["loan_id"].notna()]
    day = looked_up(paid["loan_id"], counted.loans.set_index("loan_id")["day"])
    waited = (day - paid["day"]).dt.days.dropna()
    return {
        "A7.received": Figure(len(sent)),
        "A7.applied": Figure(int(sent["application"].notna().sum())),
        "A7.approved": Figure(int(sent["approved"].sum())),
        "A7.disbursed": Figure(len(waited)),
        "A7.days": Figure(_sum(waited), len(waited)),
        "A8": Figure(int((rows["direction"] == "to_bank").sum())),
    }


def _registered(counted: Counted, window: Window, kind: str) -> Figure:
    steps = window.of(counted.steps)
    mine = steps[(steps["type"] == kind) & (steps["state"] == State.REGISTERED.value)]
    return Figure(mine.loc[mine["counts"], "unit"].nunique())


def _standing(steps: Frame) -> Frame:
    """Keep the last step of each registration."""
    return steps.drop_duplicates(["unit", "type"], keep="last")


def _index(counted: Counted, last: pd.Timestamp) -> Figure:
    now = _standing(counted.steps[counted.steps["day"] <= last])
    units = counted.units.set_index("unit")
    held = needed = 0
    for each in REGISTRATIONS:
        applies = units[f"need_{each}"]
        mine = now[(now["type"] == each) & looked_up(now["unit"], applies).eq(other=True)]
        spared = int((mine["state"] == State.NOT_APPLICABLE.value).sum())
        needed += int(applies.sum()) - spared
        held += int(mine["state"].isin(HELD).sum())
    return Figure(held, needed)


def _funnel(counted: Counted, kind: str, mou: Mou) -> Funnel:
    steps = counted.steps[counted.steps["type"] == kind]
    now = _standing(steps)
    spared = set(now.loc[now["state"] == State.NOT_APPLICABLE.value, "unit"])
    needed = set(counted.units.loc[counted.units[f"need_{kind}"], "unit"])
    held = now.loc[now["state"].isin(HELD), "unit"]
    proved = steps[steps["state"] == State.REGISTERED.value].drop_duplicates("unit", keep="last")
    old = proved.loc[proved["day"] < pd.Timestamp(mou.started_on), "unit"]
    states = now["state"].value_counts()
    return Funnel(
        type=kind,
        applicable=len(needed - spared),
        reached=[
            (each.value, steps.loc[steps["state"] == each.value, "unit"].nunique())
            for each in _FUNNEL
        ],
        held=len(held),
        verified=int(states.get(State.VERIFIED.value, 0)),
        lapsed=int(states.get(State.LAPSED.value, 0)),
        baseline=int(held.isin(old).sum()),
    )


def _sum(column: "pd.Series[Any]") -> int:
    """Add up whole numbers, of which some may be missing."""
    return int(column.dropna().astype("int64").sum())
