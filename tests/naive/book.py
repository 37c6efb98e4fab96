"""The book as plain lists and loops, to hold the engine's against.

It shares no code with the software and knows no shortcut: every schedule is a list of
instalments, every question goes through all facts of all loans. Amounts are paisa.

    out = disbursed - paid - waived - written off, paid at most what there is to pay
    due = the instalments of the version in force with a due date up to the day, of a waived
          loan up to the day of the waiver
    days past due = the day less the due date of the oldest instalment not covered, money
          covering the oldest first; the due day itself is 0, and so is a loan with nothing out
    arrears = max(0, due - paid) where something is out; advance = max(0, paid - due)
    PAR over x = the whole out of loans more than x days past due; classes and buckets from x
    recovery = the sum of min(paid, due) over the sum of due, by the first version's dates
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

PAR = (0, 30, 60, 90, 180)
BUCKETS = {"current": 0, "1-29": 1, "30-59": 30, "60-89": 60, "90-179": 90, "180+": 180}
CLASSES = {"regular": 0, "oaem": 30, "substandard": 60, "doubtful": 90, "loss": 180}


@dataclass
class Fact:
    """What happened to a loan; `undoes` is the fact that it reverses, its amount negative."""

    kind: str
    amount: int
    value_on: date
    recorded_at: datetime
    undoes: "Fact | None" = None


@dataclass
class Version:
    """One schedule: all its instalments as (due date, amount), in order."""

    number: int
    effective_on: date
    recorded_at: datetime
    instalments: list[tuple[date, int]]


@dataclass
class Belonging:
    """What a loan belongs to from a day on; empty texts where nothing was entered."""

    from_on: date
    recorded_at: datetime
    values: dict[str, str]


@dataclass
class Loan:
    """One loan: versions by number, belongings in the order recorded, facts in any order."""

    ref: str
    borrower: str
    product: str
    fund: str = "general"
    versions: list[Version] = field(default_factory=list)
    belongings: list[Belonging] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


@dataclass
class Standing:
    """A loan at a day and a cut."""

    loan: Loan
    disbursed_on: date
    disbursed: int
    paid: int
    credit: int
    out: int
    due: int
    due_first: int
    days: int
    waived: int
    written_off: int
    recovery: int
    refunded: int
    waived_on: date | None
    rescheduled: bool

    @property
    def arrears(self) -> int:
        """Give what is due and not paid, of a loan with something out."""
        return max(0, self.due - self.paid) if self.out else 0


def book(
    loans: Sequence[Loan],
    *,
    as_of: date,
    known_at: datetime | None,
    by: Sequence[str],
    areas: Mapping[str, str],
    classes: Mapping[str, int] = CLASSES,
) -> dict[tuple[str, ...], dict[str, int]]:
    """Give the measures of each group, by the texts of its dimensions; () for the whole book.

    `areas` names the area of each branch.
    """
    groups: dict[tuple[str, ...], list[Standing]] = {} if by else {(): []}
    for standing in standings(loans, as_of=as_of, known_at=known_at):
        values = belonging(standing.loan, as_of, known_at)
        values = {**values, "product": standing.loan.product}
        values["area"] = areas.get(values["branch"], "")
        groups.setdefault(tuple(values[name] for name in by), []).append(standing)
    measured = {key: _measures(group, classes) for key, group in groups.items()}
    return {key: row for key, row in sorted(measured.items()) if row["active_loans"] or not by}


def loan_rows(
    loans: Sequence[Loan],
    *,
    as_of: date,
    known_at: datetime | None,
    classes: Mapping[str, int] = CLASSES,
) -> list[dict[str, object]]:
    """Give every loan paid out by the day, in the order of `loans`."""
    return [
        {
            "loan_ref": standing.loan.ref,
            "disbursed_on": standing.disbursed_on,
            "principal": standing.disbursed,
            "received": standing.paid,
            "credit": standing.credit,
            "outstanding": standing.out,
            "due": standing.due,
            "arrears": standing.arrears,
            "advance": max(0, standing.paid - standing.due),
            "days_past_due": standing.days,
            "bucket": _step(BUCKETS, standing.days),
            "class": _step(classes, standing.days),
        }
        for standing in standings(loans, as_of=as_of, known_at=known_at)
    ]


def standings(loans: Sequence[Loan], *, as_of: date, known_at: datetime | None) -> list[Standing]:
    """Give how each loan paid out by the day stands."""
    found = (_standing(loan, as_of, known_at) for loan in loans)
    return [standing for standing in found if standing is not None]


def belonging(loan: Loan, as_of: date, known_at: datetime | None) -> dict[str, str]:
    """Give what a loan belonged to; before its first day, what it first belonged to."""
    known = [row for row in loan.belongings if _known(row.recorded_at, known_at)]
    begun = [row for row in known if row.from_on <= as_of]
    day = max(row.from_on for row in begun) if begun else min(row.from_on for row in known)
    return [row for row in known if row.from_on == day][-1].values


def _standing(loan: Loan, as_of: date, known_at: datetime | None) -> Standing | None:
    facts = [f for f in loan.facts if f.value_on <= as_of and _known(f.recorded_at, known_at)]
    total = dict.fromkeys(
        ("disbursement", "receipt", "waiver", "write_off", "recovery", "credit", "refund"), 0
    )
    for fact in facts:
        total[fact.kind] += fact.amount
    if not total["disbursement"]:
        return None
    payable = total["disbursement"] - total["waiver"] - total["write_off"]
    paid = min(total["receipt"], payable)
    over_claim = max(0, total["recovery"] - total["write_off"])
    credit = total["receipt"] - paid + over_claim + total["credit"] - total["refund"]
    waived_on = _stands(facts, "waiver")
    until = as_of if waived_on is None else min(as_of, waived_on)
    version = in_force(loan, as_of, known_at)
    disbursed_on = _stands(facts, "disbursement")
    assert disbursed_on is not None
    return Standing(
        loan=loan,
        disbursed_on=disbursed_on,
        disbursed=total["disbursement"],
        paid=paid,
        credit=credit,
        out=payable - paid,
        due=sum(amount for day, amount in version.instalments if day <= until),
        due_first=sum(amount for day, amount in loan.versions[0].instalments if day <= until),
        days=_days_past_due(version, paid, as_of) if payable > paid else 0,
        waived=total["waiver"],
        written_off=total["write_off"],
        recovery=total["recovery"] - over_claim,
        refunded=total["refund"],
        waived_on=waived_on,
        rescheduled=version.number > 1,
    )


def _known(recorded_at: datetime, known_at: datetime | None) -> bool:
    return known_at is None or recorded_at <= known_at


def _stands(facts: Sequence[Fact], kind: str) -> date | None:
    """Give the day of the last fact of a kind that was not undone."""
    undone = [fact.undoes for fact in facts if fact.undoes is not None]
    days = [
        fact.value_on
        for fact in facts
        if fact.kind == kind and fact.undoes is None and not any(fact is other for other in undone)
    ]
    return max(days, default=None)


def in_force(loan: Loan, as_of: date, known_at: datetime | None) -> Version:
    """Give the version whose dates count."""
    version = loan.versions[0]
    for later in loan.versions[1:]:
        if later.effective_on <= as_of and _known(later.recorded_at, known_at):
            version = later
    return version


def _days_past_due(version: Version, paid: int, as_of: date) -> int:
    left = paid
    for day, amount in version.instalments:
        if left < amount:
            return max(0, (as_of - day).days)
        left -= amount
    return 0


def _measures(group: Sequence[Standing], classes: Mapping[str, int]) -> dict[str, int]:
    active = [standing for standing in group if standing.out]
    row = {
        "active_loans": len(active),
        "active_borrowers": len({standing.loan.borrower for standing in active}),
        "glp": sum(standing.out for standing in active),
        "arrears": sum(standing.arrears for standing in active),
    }
    for over in PAR:
        row[f"par{over}"] = sum(standing.out for standing in active if standing.days > over)
    for bucket in BUCKETS:
        name = bucket.replace("-", "_").replace("+", "_plus")
        row[f"bucket_{name}"] = sum(s.out for s in active if _step(BUCKETS, s.days) == bucket)
    for each in classes:
        row[f"class_{each}"] = sum(s.out for s in active if _step(classes, s.days) == each)
    row["recovery_collected"] = sum(min(s.paid, s.due_first) for s in group)
    row["recovery_due"] = sum(s.due_first for s in group)
    return row


def _step(steps: Mapping[str, int], days: int) -> str:
    return [name for name, begins in steps.items() if days >= begins][-1]
