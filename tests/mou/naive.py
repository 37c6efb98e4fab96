"""The lines of the joint statement counted one row after the other, in plain loops.

Everything is read as the tables hold it; no cut, so everything recorded is known.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, select

from aim_loans.borrowers.models import enterprise, person, referral
from aim_loans.config.mou import REGISTRATIONS, Mou
from aim_loans.loans.models import instalment, loan, loan_dimension, loan_fact, schedule_version
from aim_loans.mou.models import (
    application_referral,
    partner_answer,
    registration,
    support,
    training,
    training_attendance,
    training_invitation,
)
from aim_loans.origination.models import application, application_loan, application_step

Pair = tuple[int, int | None]
PAR_OVER = 30


class Repaid(NamedTuple):
    """What a loan has outstanding, whether late, what fell due of it, what of that came in time."""

    out: int
    late: bool
    due: int
    on_time: int


@dataclass
class Naive:
    """The rows of a book, and loops over them."""

    connection: Connection
    first: date
    last: date
    mou: Mou

    def rows(self, table: Table) -> list[Any]:
        return list(self.connection.execute(select(table).order_by(*table.primary_key.columns)))

    def within(self, day: date) -> bool:
        return self.first <= day <= self.last

    def unit_of_person(self, person_id: int) -> int:
        owned = [row.id for row in self.rows(enterprise) if row.owner_id == person_id]
        return min(owned) if owned else -person_id

    def unit_of_loan(self, loan_row: Any) -> int:
        links = {row.loan_id: row.application_id for row in self.rows(application_loan)}
        named = {row.id: row.enterprise_id for row in self.rows(application)}
        own = named.get(links.get(loan_row.id, 0))
        return own or self.unit_of_person(loan_row.borrower_id)

    def counts(self, kind: str, event: Any) -> bool:
        """Tell whether an event counts: without SMEDA's code, or confirmed last."""
        return not event.smeda_code or self.answer(kind, event) == "confirmed"

    def answer(self, kind: str, event: Any) -> str:
        rows = self.rows(partner_answer)
        given = [row.answer for row in rows if getattr(row, f"{kind}_id") == event.id]
        return given[-1] if given else ""

    def standing(self, table: Table) -> list[Any]:
        found = self.rows(table)
        undone = {row.undoes_id for row in found}
        return [row for row in found if row.undoes_id is None and row.id not in undone]

    def came(self) -> list[tuple[Any, int, Any]]:
        """Give training, person and attendance of who came in the period."""
        plans = {row.id: row for row in self.rows(training)}
        last = {row.invitation_id: row for row in self.rows(training_attendance)}
        return [
            (plans[row.training_id], row.person_id, last[row.id])
            for row in self.rows(training_invitation)
            if row.id in last
            and last[row.id].days > 0
            and self.within(plans[row.training_id].begins_on)
            and self.counts("training", plans[row.training_id])
        ]

    def loans(self) -> list[dict[str, Any]]:
        """Give the loans paid out by the end, in the order of their first days."""
        found = []
        for row in self.rows(loan):
            paid: dict[date, int] = defaultdict(int)
            for fact in self.facts(row.id):
                if fact.kind == "disbursement":
                    paid[fact.value_on] += fact.amount
            days = sorted(day for day, amount in paid.items() if amount > 0)
            if not days:
                continue
            dims = [each for each in self.rows(loan_dimension) if each.loan_id == row.id]
            about = {
                "unit": self.unit_of_loan(row),
                "person": row.borrower_id,
                "day": days[0],
                "amount": sum(paid.values()),
                "gender": dims[-1].gender,
                "sector": dims[-1].sector,
                "id": row.id,
            }
            found.append(about)
        return sorted(found, key=lambda each: (each["day"], each["id"]))

    def facts(self, loan_id: int) -> list[Any]:
        return [
            row
            for row in self.rows(loan_fact)
            if row.loan_id == loan_id and row.value_on <= self.last
        ]

    def joined(self) -> dict[int, date]:
        """Give the day on which each enterprise joined the cohort."""
        days: dict[int, date] = {}

        def join(unit: int | None, day: date) -> None:
            if unit is not None and day <= self.last:
                days[unit] = min(day, days.get(unit, day))

        for table, kind in ((registration, "registration"), (support, "support")):
            for row in self.standing(table):
                if row.smeda_code and self.counts(kind, row):
                    join(row.enterprise_id, row.on_day)
        for row in self.rows(referral):
            if row.smeda_code and self.counts("referral", row):
                join(self.unit_of_person(row.person_id), row.on_day)
        early = Naive(self.connection, date.min, self.last, self.mou)
        for plan, person_id, _ in early.came():
            if plan.smeda_code:
                join(self.unit_of_person(person_id), plan.begins_on)
        return days

    def access(self, loans: Sequence[dict[str, Any]]) -> dict[str, Pair]:
        """Count the access of these loans, of which earlier ones tell who borrows again."""
        before: dict[int, int] = {}
        earlier: dict[int, int] = {}
        for each in self.loans():
            if each["person"] in before:
                earlier[each["id"]] = before[each["person"]]
            before[each["person"]] = each["amount"]
        mine = [each for each in loans if self.within(each["day"])]
        units = {each["unit"]: each for each in mine}
        born = {row.id: row for row in self.rows(person)}
        young = disabled = 0
        for each in units.values():
            who = born[each["person"]]
            if who.birth_date:
                had = (each["day"].month, each["day"].day) >= (
                    who.birth_date.month,
                    who.birth_date.day,
                )
                young += 18 <= each["day"].year - who.birth_date.year - (not had) <= 29
            disabled += who.disability is not None
        new = {each["unit"] for each in mine if each["id"] not in earlier}
        again = [each for each in mine if each["id"] in earlier]
        genders = [each["gender"] for each in units.values()]
        return {
            "A1": (len(units), None),
            "A2": (sum(each["amount"] for each in mine), None),
            "A3.first": (len(new), None),
            "A3.share": (len(new), len(units)),
            "A4.women": (genders.count("female"), None),
            "A4.youth": (young, None),
            "A4.disability": (disabled, None),
            "A4.transgender": (genders.count("transgender"), None),
            "A9.repeat": (len(again), None),
            "A9.growth": (
                sum(each["amount"] for each in again),
                sum(earlier[each["id"]] for each in again),
            ),
            **self.quality({each["id"] for each in loans}),
        }

    def quality(self, ids: set[int]) -> dict[str, Pair]:
        found = [self.repaid(loan_id) for loan_id in ids]
        return {
            "A10.par30": (sum(r.out for r in found if r.late), sum(r.out for r in found)),
            "A10.on_time": (sum(r.on_time for r in found), sum(r.due for r in found)),
        }

    def behind(self, ids: set[int]) -> dict[str, Pair]:
        """Count the loans of which something is late, is not, was paid on time, was not."""
        found = [self.repaid(loan_id) for loan_id in ids]
        running = [each.late for each in found if each.out]
        on_time = sum(each.on_time > 0 for each in found)
        return {
            "A10.par30": (running.count(True), running.count(False)),
            "A10.on_time": (on_time, sum(each.on_time < each.due for each in found)),
        }

    def repaid(self, loan_id: int) -> Repaid:
        rows, facts = self.instalments(loan_id), self.facts(loan_id)
        paid = sum(row.amount for row in facts if row.kind == "receipt")
        lent = sum(row.amount for row in facts if row.kind == "disbursement")
        out = max(0, lent - paid)
        unpaid = [row.due_on for row in rows if row.due_total > paid]
        late = bool(out and unpaid and (self.last - unpaid[0]).days > PAR_OVER)
        due = on_time = 0
        for row in rows:
            if (row.due_on.year, row.due_on.month) != (self.last.year, self.last.month):
                continue
            by_then = sum(
                fact.amount
                for fact in facts
                if fact.kind == "receipt" and fact.value_on <= row.due_on
            )
            due += row.amount
            on_time += min(row.amount, max(0, by_then - (row.due_total - row.amount)))
        return Repaid(out, late, due, on_time)

    def instalments(self, loan_id: int) -> list[Any]:
        version = {row.id: row.loan_id for row in self.rows(schedule_version) if row.number == 1}
        return [row for row in self.rows(instalment) if version.get(row.version_id) == loan_id]

    def referred(self) -> dict[str, Pair]:
        links = {row.referral_id: row.application_id for row in self.rows(application_referral)}
        paid = {row.application_id: row.loan_id for row in self.rows(application_loan)}
        day = {each["id"]: each["day"] for each in self.loans()}
        mine = [row for row in self.rows(referral) if self.within(row.on_day)]
        sent = [row for row in mine if row.smeda_code and self.counts("referral", row)]
        votes = [
            row.application_id for row in self.rows(application_step) if row.kind == "approved"
        ]
        # The committee for a small loan has two members.
        approved = {each for each in votes if votes.count(each) == 2}
        applied = [links[row.id] for row in sent if row.id in links]
        waits = [
            (day[paid[links[row.id]]] - row.on_day).days
            for row in sent
            if links.get(row.id) in paid
        ]
        return {
            "A7.received": (len(sent), None),
            "A7.applied": (len(applied), None),
            "A7.approved": (sum(each in approved for each in applied), None),
            "A7.disbursed": (len(waits), None),
            "A7.days": (sum(waits), len(waits)),
            "A8": (sum(row.bank is not None for row in mine), None),
        }

    def formal(self) -> dict[str, Pair]:
        lines: dict[str, Pair] = {}
        steps = [row for row in self.standing(registration) if row.on_day <= self.last]
        for kind in REGISTRATIONS:
            units = {
                row.enterprise_id
                for row in steps
                if row.type == kind
                and row.state == "registered"
                and self.within(row.on_day)
                and row.on_day >= self.mou.started_on
                and self.counts("registration", row)
            }
            lines[kind] = (len(units), None)
        lines["A11"] = lines["F7"]
        applicable = self.mou.applicable_on(self.last)
        assert applicable is not None
        held = needed = 0
        for shop in self.rows(enterprise):
            state = {row.type: row.state for row in steps if row.enterprise_id == shop.id}
            for kind in applicable.of(shop.sector, "micro"):
                needed += state.get(kind) != "not_applicable"
                held += state.get(kind) in ("registered", "verified")
        lines["F.index"] = (held, needed)
        return lines

    def helped(self) -> dict[str, Pair]:
        came = self.came()
        given = [
            row
            for row in self.standing(support)
            if self.within(row.on_day) and self.counts("support", row)
        ]
        gender = {row.id: row.gender for row in self.rows(person)}
        people = {person_id for _, person_id, _ in came}
        scores = [
            row.satisfaction
            for row in (*given, *(row for _, _, row in came))
            if row.satisfaction is not None
        ]

        def of(*kinds: str) -> Pair:
            return sum(row.kind in kinds for row in given), None

        def units(keep: Callable[[Any], bool]) -> Pair:
            return len({row.enterprise_id for row in given if keep(row)}), None

        return {
            "H1.trainings": (len({plan.id for plan, _, _ in came}), None),
            "H1.participants": (len(people), None),
            "H1.attendances": (len(came), None),
            "H1.women": (sum(gender[each] == "female" for each in people), None),
            "H1.completed": (sum(row.completed for _, _, row in came), len(came)),
            "H2": of("advice"),
            "H3": of("help_desk"),
            "H4": of("business_plan", "pre_feasibility"),
            "H5.3": units(lambda row: row.month == 3),
            "H5.6": units(lambda row: row.month == 6),
            "H5.12": units(lambda row: row.month == 12),
            "H6": of("market_link"),
            "H7": units(lambda row: row.kind == "common_facility"),
            "H8": (sum(scores), len(scores)),
            "H9": of("follow_up"),
        }
