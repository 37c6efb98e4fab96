"""The files for regulators and partners as plain loops over the plain book of `tests.naive.book`.

A borrower counts once: by class on the loan in the worst, there on the largest, then the oldest;
otherwise on the active loan with the largest balance, then the oldest. Provision = balance x rate
of the class, to the paisa, a half up. Rates are in per cent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import floor

from tests.naive.book import CLASSES, Loan, Standing, belonging, in_force, standings

RATES = {"regular": 0, "oaem": 0, "substandard": 25, "doubtful": 50, "loss": 100}
GENDERS = ("female", "male", "transgender", "unknown")
DIMENSIONS = (
    *("whole", "branch", "district", "programme", "product", "sector"),
    *("gender", "urban_rural"),
)

Row = dict[str, object]


@dataclass
class One:
    """A loan as a file shows it."""

    place: int
    standing: Standing
    values: Mapping[str, str]
    of_month: bool

    @property
    def loan_class(self) -> str:
        """Give the class."""
        return [name for name, days in CLASSES.items() if self.standing.days >= days][-1]

    @property
    def provision(self) -> int:
        """Give the specific provision."""
        return floor(Fraction(self.standing.out * RATES[self.loan_class], 100) + Fraction(1, 2))

    @property
    def age(self) -> tuple[date, int]:
        """Give what puts loans in the order of their age."""
        return (self.standing.disbursed_on, self.place)


def ones(loans: Sequence[Loan], day: date, known_at: datetime) -> list[One]:
    """Give every loan paid out by the day."""
    found = []
    for standing in standings(loans, as_of=day, known_at=known_at):
        place = next(n for n, loan in enumerate(loans) if loan is standing.loan)
        values = {
            **belonging(standing.loan, day, known_at),
            "product": standing.loan.product,
            "whole": "",
        }
        lent = standing.disbursed_on
        of_month = (lent.year, lent.month) == (day.year, day.month)
        found.append(One(place, standing, values, of_month))
    return found


def tape(loans: Sequence[Loan], day: date, known_at: datetime) -> list[Row]:
    """Give the loan tape, but for what tells borrower and loan."""
    everything = ones(loans, day, known_at)
    month_before = day.replace(day=1) - timedelta(days=1)
    before = {id(s.loan): s for s in standings(loans, as_of=month_before, known_at=known_at)}
    rows = []
    for one in everything:
        standing, loan = one.standing, one.standing.loan
        earlier = before.get(id(loan))
        if standing.out or earlier is None or earlier.out:
            theirs = [o for o in everything if o.standing.loan.borrower == loan.borrower]
            cycle = sum(other.age <= one.age for other in theirs)
            rows.append(_tape_row(one, day, known_at, cycle))
    return rows


def _tape_row(one: One, day: date, known_at: datetime, cycle: int) -> Row:
    standing, loan, active = one.standing, one.standing.loan, one.standing.out > 0
    version = in_force(loan, day, known_at)
    return {
        "as_of_date": day,
        "branch": one.values["branch"],
        "district": one.values["district"] or None,
        "gender": one.values["gender"],
        "urban_rural": one.values["urban_rural"] or None,
        "status": "active" if active else _ended(loan, day, known_at),
        "cycle": cycle,
        "programme": one.values["programme"],
        "product": loan.product,
        "lending_method": "individual",
        "sector": one.values["sector"],
        "approved_on": None,
        "approved_amount": sum(amount for _, amount in loan.versions[0].instalments),
        "disbursed_on": standing.disbursed_on,
        "disbursed_amount": standing.disbursed,
        "maturity_on": version.instalments[-1][0],
        "instalments": len(version.instalments),
        "frequency": "monthly",
        "outstanding": standing.out,
        "due": standing.due,
        "received": standing.paid,
        "arrears": standing.arrears,
        "advance": max(0, standing.paid - standing.due),
        "days_past_due": standing.days,
        "class": one.loan_class if active else None,
        "provision_rate": Fraction(RATES[one.loan_class], 100) if active else None,
        "provision_amount": one.provision,
        "rescheduled": "yes" if version.number > 1 else "no",
        "reschedule_count": version.number - 1,
        "markup_rate": Fraction(0),
        "bureau_check": None,
    }


def classification(loans: Sequence[Loan], day: date, known_at: datetime) -> list[Row]:
    """Give loans, borrowers and amounts by dimension, value and class."""
    active = [one for one in ones(loans, day, known_at) if one.standing.out]
    worst = list(CLASSES)
    counted = _counted(active, lambda o: (-worst.index(o.loan_class), -o.standing.out, *o.age))
    rows: list[Row] = []
    for dimension in DIMENSIONS:
        for value in sorted({one.values[dimension] for one in active}):
            for name in CLASSES:
                inside = [
                    one
                    for one in active
                    if one.values[dimension] == value and one.loan_class == name
                ]
                if inside:
                    rows.append(
                        {
                            "as_of_date": day,
                            "dimension": dimension,
                            "value": value or None,
                            "class": name,
                            "loans": len(inside),
                            "borrowers": sum(one.place in counted for one in inside),
                            "outstanding": sum(one.standing.out for one in inside),
                            "arrears": sum(one.standing.arrears for one in inside),
                            "provision_rate": Fraction(RATES[name], 100),
                            "provision_amount": sum(one.provision for one in inside),
                        }
                    )
    return rows


def by_gender(loans: Sequence[Loan], day: date, known_at: datetime) -> list[Row]:
    """Give every gender with its borrowers, what was lent and what is owed."""
    everything = ones(loans, day, known_at)
    active = [one for one in everything if one.standing.out]
    counted = _counted(active, lambda o: (-o.standing.out, *o.age))
    firsts = _counted(everything, lambda o: o.age)
    new = [one for one in everything if one.place in firsts and one.of_month]
    rows: list[Row] = []
    for gender in GENDERS:
        inside = [one for one in active if one.values["gender"] == gender]
        lent = [one for one in everything if one.values["gender"] == gender and one.of_month]
        theirs = sum(one.values["gender"] == gender for one in new)
        borrowers = sum(one.place in counted for one in inside)
        glp = sum(one.standing.out for one in inside)
        par30 = sum(one.standing.out for one in inside if one.standing.days > 30)
        rows.append(
            {
                "as_of_date": day,
                "gender": gender,
                "new_borrowers": theirs,
                "new_borrowers_share": _share(theirs, len(new)),
                "active_borrowers": borrowers,
                "active_borrowers_share": _share(borrowers, len(counted)),
                "active_loans": len(inside),
                "loans_disbursed": len(lent),
                "amount_disbursed": sum(one.standing.disbursed for one in lent),
                "glp": glp,
                "par30": par30,
                "par30_ratio": _share(par30, glp),
            }
        )
    return rows


def by_programme(
    loans: Sequence[Loan], programmes: Sequence[str], day: date, known_at: datetime
) -> list[Row]:
    """Give every programme, but for its name and what the ledger says of its fund."""
    everything = ones(loans, day, known_at)
    active = [one for one in everything if one.standing.out]
    counted = _counted(active, lambda o: (-o.standing.out, *o.age))
    rows: list[Row] = []
    for programme in programmes:
        theirs = [one for one in everything if one.values["programme"] == programme]
        owing = [one for one in theirs if one.standing.out]
        lent = [one for one in theirs if one.of_month]
        out = sum(one.standing.out for one in owing)
        par30 = sum(one.standing.out for one in owing if one.standing.days > 30)
        facts = [fact for one in theirs for fact in one.standing.loan.facts]
        facts = [fact for fact in facts if fact.value_on <= day and fact.recorded_at <= known_at]
        moved = {
            (kind, span): sum(
                fact.amount
                for fact in facts
                if fact.kind == kind and (span == "ever" or fact.value_on >= day.replace(day=1))
            )
            for kind in ("receipt", "waiver", "write_off")
            for span in ("month", "ever")
        }
        rows.append(
            {
                "as_of_date": day,
                "programme": programme,
                "quota_amount": None,
                "loans_disbursed_month": len(lent),
                "amount_disbursed_month": sum(one.standing.disbursed for one in lent),
                "loans_disbursed": len(theirs),
                "amount_disbursed": sum(one.standing.disbursed for one in theirs),
                "active_borrowers": sum(one.place in counted for one in owing),
                "active_loans": len(owing),
                "outstanding": out,
                "due": sum(one.standing.due for one in theirs),
                "received": sum(one.standing.paid for one in theirs),
                "received_month": moved["receipt", "month"],
                "arrears": sum(one.standing.arrears for one in theirs),
                "par30": par30,
                "par30_ratio": _share(par30, out),
                "waived_month": moved["waiver", "month"],
                "waived": moved["waiver", "ever"],
                "written_off_month": moved["write_off", "month"],
                "written_off": moved["write_off", "ever"],
            }
        )
    return rows


def register(loans: Sequence[Loan], day: date, known_at: datetime) -> list[Row]:
    """Give what the register says of each event, but for whom and by whom."""
    events = [
        (fact, loan)
        for loan in loans
        for fact in loan.facts
        if fact.kind in ("waiver", "write_off", "recovery")
        and day.replace(day=1) <= fact.value_on <= day
        and fact.recorded_at <= known_at
    ]
    events.sort(key=lambda event: (event[0].value_on, event[0].recorded_at))
    return [
        {
            "as_of_date": day,
            "event": fact.kind,
            "event_on": fact.value_on,
            "loan_id": loan.ref,
            "amount": fact.amount,
        }
        for fact, loan in events
    ]


def _counted(ones_: Sequence[One], order: Callable[[One], tuple[object, ...]]) -> set[int]:
    """Give the places of the loans on which borrowers count: the first of each in an order."""
    borrowers = {one.standing.loan.borrower for one in ones_}
    return {
        min((o for o in ones_ if o.standing.loan.borrower == each), key=order).place
        for each in borrowers
    }


def _ended(loan: Loan, day: date, known_at: datetime) -> str:
    facts = [f for f in loan.facts if f.value_on <= day and f.recorded_at <= known_at]
    if sum(fact.amount for fact in facts if fact.kind == "waiver"):
        return "waived"
    return "written_off" if sum(f.amount for f in facts if f.kind == "write_off") else "closed"


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None
