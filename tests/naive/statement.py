"""The monthly statement as plain lists and loops, to hold the software's against.

Every figure goes through the loans of the scope one by one, from the formulas of DOMAIN.md 5;
no code is shared with the software. Amounts are paisa, a ratio is a pair.
"""

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tests.naive.book import BUCKETS, CLASSES, PAR, Loan, Standing, belonging, standings

EXACT = (30, 60, 90, 180)
PROVISION = {"regular": 0, "oaem": 0, "substandard": 2500, "doubtful": 5000, "loss": 10_000}
GENERAL = 50
GAPS = {"officer": "", "activity": "", "district": "", "urban_rural": "", "gender": "unknown"}


@dataclass
class Question:
    """What is asked: a month end, a cut, and the branches of the scope (None: all)."""

    month: date
    known_at: datetime
    branches: frozenset[str] | None


@dataclass
class Pair:
    """A loan of the scope at the end of a month and, if it was paid out, at its opening."""

    now: Standing
    before: Standing | None
    values: Mapping[str, str]

    def moved(self, what: Callable[[Standing], int]) -> int:
        """Give by how much a sum of the loan changed in the month."""
        return what(self.now) - (what(self.before) if self.before else 0)


def statement(loans: Sequence[Loan], asked: Question) -> dict[str, Any]:
    """Give the parts of the statement that come from the loans, by their names."""
    ends = [asked.month]
    while len(ends) < 13:
        ends.insert(0, ends[0].replace(day=1) - timedelta(days=1))
    pairs = _pairs(loans, asked, ends[-1], ends[-2])
    kept = [pair.now for pair in pairs]
    flow = _flow(pairs, asked, ends[-1], ends[-2])
    trend = [_month_end(_kept(loans, asked, day), day, asked) for day in ends]
    return {
        "no_repayments": bool(kept) and sum(each.paid for each in kept) == 0,
        "trend": trend,
        "headline": _headline(trend, flow, kept),
        "own": _by(kept, pairs, "sector", lambda one: one.out),
        "risk": _risk(kept),
        "classification": _classes(kept),
        "flow": flow,
        "flow_before": _flow(_pairs(loans, asked, ends[-2], ends[-3]), asked, ends[-2], ends[-3]),
        **{
            f"by_{name}": _groups(pairs, name)
            for name in ("sector", "branch", "officer", "programme", "gender")
        },
        "funds": _funds(pairs, _kept(loans, asked, ends[-2])),
        "vintages": _vintages(loans, asked, ends),
        "rolls": _rolls(pairs),
        "watch_list": _watched(pairs),
        "concentration": [
            _gathered(name, _by(kept, pairs, name, lambda one: one.out))
            for name in ("district", "sector", "branch")
        ],
        "gaps": [
            (name, sum(1 for p in pairs if p.now.out and p.values[name] == missing))
            for name, missing in GAPS.items()
        ],
        "credit": _by_fund(kept, lambda one: one.credit),
        "outstanding": _by_fund(kept, lambda one: one.out),
    }


def _kept(loans: Sequence[Loan], asked: Question, day: date) -> list[Standing]:
    """Give the loans that belonged to the scope on a day."""
    return [
        each
        for each in standings(loans, as_of=day, known_at=asked.known_at)
        if asked.branches is None
        or belonging(each.loan, day, asked.known_at)["branch"] in asked.branches
    ]


def _pairs(loans: Sequence[Loan], asked: Question, end: date, opening: date) -> list[Pair]:
    before = {
        id(each.loan): each for each in standings(loans, as_of=opening, known_at=asked.known_at)
    }
    return [
        Pair(each, before.get(id(each.loan)), belonging(each.loan, end, asked.known_at))
        for each in _kept(loans, asked, end)
    ]


def _month_end(kept: Sequence[Standing], day: date, asked: Question) -> dict[str, Any]:
    active = [each for each in kept if each.out]
    women = [
        each for each in active if belonging(each.loan, day, asked.known_at)["gender"] == "female"
    ]
    row = {
        "day": day,
        "members": _persons(kept),
        "loans_made": len(kept),
        "active_loans": len(active),
        "active_borrowers": _persons(active),
        "active_women": _persons(women),
        "disbursed": sum(each.disbursed for each in kept),
        "received": sum(each.paid for each in kept),
        "waived": sum(each.waived for each in kept),
        "written_off": sum(each.written_off for each in kept),
        "outstanding": sum(each.out for each in kept),
        "due": sum(each.due_first for each in kept),
        "due_met": sum(min(each.paid, each.due_first) for each in kept),
        "arrears": sum(each.arrears for each in kept),
    }
    return row | {f"par{x}": sum(each.out for each in active if each.days > x) for x in PAR}


def _flow(pairs: Sequence[Pair], asked: Question, end: date, opening: date) -> dict[str, int]:
    due = on_time = received_due = 0
    for pair in pairs:
        now, first = pair.now, pair.now.loan.versions[0].instalments
        until = end if now.waived_on is None else min(end, now.waived_on)
        count = sum(1 for day, _ in first if day <= until)
        covered = _cover(first, now.paid)
        covered_before = _cover(first, pair.before.paid if pair.before else 0)
        received_due += sum(covered[:count]) - sum(covered_before[:count])
        for place, (day, amount) in enumerate(first):
            if opening < day <= until:
                due += amount
                on_time += _cover(first, _paid_by(now.loan, day, asked.known_at))[place]
    return {
        "loans_made": sum(1 for pair in pairs if pair.before is None),
        "disbursed": sum(pair.moved(lambda one: one.disbursed) for pair in pairs),
        "received": sum(pair.moved(lambda one: one.paid) for pair in pairs),
        "received_due": received_due,
        "due": due,
        "due_on_time": on_time,
        "waived": sum(pair.moved(lambda one: one.waived) for pair in pairs),
        "written_off": sum(pair.moved(lambda one: one.written_off) for pair in pairs),
        "recovered": sum(pair.moved(lambda one: one.recovery) for pair in pairs),
        "refunded": sum(pair.moved(lambda one: one.refunded) for pair in pairs),
    }


def _cover(instalments: Sequence[tuple[date, int]], paid: int) -> list[int]:
    """Give what money covers of each instalment, the oldest first."""
    covered = []
    for _, amount in instalments:
        covered.append(min(amount, paid))
        paid -= covered[-1]
    return covered


def _paid_by(loan: Loan, day: date, known_at: datetime) -> int:
    found = standings([loan], as_of=day, known_at=known_at)
    return found[0].paid if found else 0


def _headline(
    trend: Sequence[Mapping[str, Any]], flow: Mapping[str, int], kept: Sequence[Standing]
) -> dict[str, Any]:
    now, opening = trend[-1], trend[-2]
    both = now["outstanding"] + opening["outstanding"]
    return {
        "arrears_rate": (now["arrears"], now["outstanding"]),
        "average_loan": (flow["disbursed"], flow["loans_made"]),
        "average_balance": (now["outstanding"], now["active_borrowers"]),
        "women_share": (now["active_women"], now["active_borrowers"]),
        "write_off_ratio": (12 * flow["written_off"] * 2, both),
        "waiver_ratio": (12 * flow["waived"] * 2, both),
        "risk_coverage": (0, now["par30"]),
        "credit": sum(each.credit for each in kept),
        "allowance": 0,
    }


def _risk(kept: Sequence[Standing]) -> dict[str, Any]:
    active = [each for each in kept if each.out]
    again = [each for each in active if each.rescheduled]
    return {
        "ageing": [
            {"bucket": name, **_late([e for e in active if _step(BUCKETS, e.days) == name])}
            for name in BUCKETS
        ],
        "exactly": [_line(x, [e for e in active if e.days == x]) for x in EXACT],
        "over": [_line(x, [e for e in active if e.days > x]) for x in PAR],
        "renegotiated": _line(30, [e for e in active if e.days > 30 or e.rescheduled]),
        "rescheduled": _line(0, again),
        "whole": sum(each.out for each in active),
    }


def _classes(kept: Sequence[Standing]) -> dict[str, Any]:
    active = [each for each in kept if each.out]
    lines: list[dict[str, Any]] = []
    for name, days in CLASSES.items():
        line = _late([each for each in active if _step(CLASSES, each.days) == name])
        provision = _half_up(line["outstanding"] * PROVISION[name], 10_000)
        rate = {"provision_bps": PROVISION[name], "provision": provision}
        row = {"name": name, "from_days": days, **line, **rate, "expected_loss": None}
        lines.append(row)
    specific = sum(line["provision"] for line in lines)
    whole = sum(each.out for each in active)
    return {
        "lines": lines,
        "specific": specific,
        "general_bps": GENERAL,
        "general": _half_up((whole - specific) * GENERAL, 10_000),
    }


def _groups(pairs: Sequence[Pair], name: str) -> list[dict[str, Any]]:
    lines = []
    for key in sorted({pair.values[name] for pair in pairs}):
        here = [pair for pair in pairs if pair.values[name] == key]
        active = [pair.now for pair in here if pair.now.out]
        lines.append(
            {
                "key": key,
                "active_loans": len(active),
                "active_borrowers": _persons(active),
                "outstanding": sum(each.out for each in active),
                "arrears": sum(each.arrears for each in active),
                "par0": sum(each.out for each in active if each.days > 0),
                "par30": sum(each.out for each in active if each.days > 30),
                "due": sum(pair.now.due_first for pair in here),
                "due_met": sum(min(pair.now.paid, pair.now.due_first) for pair in here),
                "loans_made": sum(1 for pair in here if pair.before is None),
                "disbursed": sum(pair.moved(lambda one: one.disbursed) for pair in here),
                "received": sum(pair.moved(lambda one: one.paid) for pair in here),
            }
        )
    return lines


def _funds(pairs: Sequence[Pair], opening: Sequence[Standing]) -> list[dict[str, Any]]:
    """Give the roll-forward of each fund; what moved in comes from the loans that moved."""
    here, there = {id(p.now.loan) for p in pairs}, {id(one.loan) for one in opening}
    lines = []
    for fund in sorted({p.now.loan.fund for p in pairs} | {o.loan.fund for o in opening}):
        mine = [pair for pair in pairs if pair.now.loan.fund == fund]
        came = [p.before.out for p in mine if p.before and id(p.now.loan) not in there]
        left = [o.out for o in opening if o.loan.fund == fund and id(o.loan) not in here]
        lines.append(
            {
                "fund": fund,
                "opening": sum(one.out for one in opening if one.loan.fund == fund),
                "disbursed": sum(pair.moved(lambda one: one.disbursed) for pair in mine),
                "moved_in": sum(came) - sum(left),
                "received": sum(pair.moved(lambda one: one.paid) for pair in mine),
                "waived": sum(pair.moved(lambda one: one.waived) for pair in mine),
                "written_off": sum(pair.moved(lambda one: one.written_off) for pair in mine),
                "closing": sum(pair.now.out for pair in mine),
            }
        )
    return [line for line in lines if any(line[name] for name in line if name != "fund")]


def _vintages(loans: Sequence[Loan], asked: Question, ends: Sequence[date]) -> list[dict[str, Any]]:
    cohorts = []
    for month in ends:
        points = []
        for age, day in enumerate(end for end in ends if end >= month):
            mine = [o for o in _kept(loans, asked, day) if _month_of(o.disbursed_on) == month]
            bad = sum((o.out if o.days > 30 else 0) + o.written_off for o in mine)
            if mine:
                lent = sum(one.disbursed for one in mine)
                points.append({"age": age, "bad": bad, "disbursed": lent})
        cohorts.append({"month": month, "points": points})
    return cohorts


def _rolls(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    lines = []
    for bucket in (*BUCKETS, ""):
        here = [pair for pair in pairs if _opening_bucket(pair) == bucket]
        lines.append(
            {
                "bucket": bucket,
                "opening": sum(pair.before.out for pair in here if pair.before),
                "disbursed": sum(pair.moved(lambda one: one.disbursed) for pair in here),
                "closing": [
                    sum(p.now.out for p in here if _step(BUCKETS, p.now.days) == name)
                    for name in BUCKETS
                ],
                "paid": sum(pair.moved(lambda one: one.paid) for pair in here),
                "waived": sum(pair.moved(lambda one: one.waived) for pair in here),
                "written_off": sum(pair.moved(lambda one: one.written_off) for pair in here),
            }
        )
    return lines


def _opening_bucket(pair: Pair) -> str:
    if pair.before is None or not pair.before.out:
        return ""
    return _step(BUCKETS, pair.before.days)


def _watched(pairs: Sequence[Pair]) -> dict[str, Any]:
    late = [pair for pair in pairs if pair.now.out and pair.now.days > 30]
    rows = [
        {
            "loan_ref": pair.now.loan.ref,
            "branch": pair.values["branch"],
            "days_past_due": pair.now.days,
            "outstanding": pair.now.out,
            "arrears": pair.now.arrears,
        }
        for pair in sorted(late, key=lambda pair: -pair.now.out)
    ]
    whole = sum(pair.now.out for pair in late)
    return {"loans": rows[:50], "count": len(late), "outstanding": whole}


def _gathered(name: str, amounts: Mapping[str, int]) -> dict[str, Any]:
    held = sorted((amount for amount in amounts.values() if amount), reverse=True)
    whole = sum(held)
    return {
        "dimension": name,
        "groups": len(held),
        "hhi": (sum(amount**2 for amount in held), whole**2),
        "top_ten": (sum(held[:10]), whole),
    }


def _by(
    kept: Sequence[Standing], pairs: Sequence[Pair], name: str, what: Callable[[Standing], int]
) -> dict[str, int]:
    found: dict[str, int] = {}
    for one, pair in zip(kept, pairs, strict=True):
        found[pair.values[name]] = found.get(pair.values[name], 0) + what(one)
    return found


def _by_fund(kept: Sequence[Standing], what: Callable[[Standing], int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in kept:
        found[one.loan.fund] = found.get(one.loan.fund, 0) + what(one)
    return found


def _late(loans: Sequence[Standing]) -> dict[str, int]:
    return {
        "loans": len(loans),
        "outstanding": sum(each.out for each in loans),
        "arrears": sum(each.arrears for each in loans),
    }


def _line(days: int, loans: Sequence[Standing]) -> dict[str, int]:
    return {"days": days, "loans": len(loans), "outstanding": sum(each.out for each in loans)}


def _persons(loans: Iterable[Standing]) -> int:
    return len({each.loan.borrower for each in loans})


def _month_of(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _step(steps: Mapping[str, int], days: int) -> str:
    return [name for name, begins in steps.items() if days >= begins][-1]


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
