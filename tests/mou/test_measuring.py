"""Every line of the joint statement equals the same line counted in plain loops."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pandas as pd
import pytest

from aim_loans.borrowers.details import PersonDetails
from aim_loans.borrowers.operations import ChangePerson, change_person
from aim_loans.borrowers.queries import last_change
from aim_loans.config.reader import read_settings
from aim_loans.db.engine import reading, writing
from aim_loans.errors import Refused
from aim_loans.identity.permissions import Actor, Grant, Role
from aim_loans.mou import frames, pillars
from aim_loans.mou.behind import behind_line, lists_of
from aim_loans.mou.counted import count
from aim_loans.mou.measuring import joint_statement
from aim_loans.mou.next_steps import MENTORING_MONTHS
from aim_loans.mou.periods import parse_period
from aim_loans.mou.referral_list import WantedReferrals, list_referrals
from aim_loans.mou.registering import State, next_states
from aim_loans.mou.repaid import at_risk
from aim_loans.mou.statement import NOT_SET, REACHED, SHORT, Figure, JointStatement
from aim_loans.mou.supporting import KINDS
from aim_loans.mou.trainings import Present
from aim_loans.origination.committee import Step
from aim_loans.origination.queries import settings_in_force
from aim_loans.portfolio.due import View
from aim_loans.repayment.operations import RecordReceipt, record_receipt
from tests.book import AUDIT_KEY, CASHIER, TODAY, Book
from tests.branch import AREA, LAHORE, MANAGER, OFFICER, Branch
from tests.joint import ZONE, JointWork
from tests.mou.naive import Naive

SETTINGS = read_settings(None, {})
MOU = SETTINGS.mou
PERIOD = parse_period("2026-H1")
VERIFIER = Actor("verifier", (Grant(Role.HEAD_OFFICE),))
SECOND_AREA = Actor("second_area", (Grant(Role.AREA_MANAGER, LAHORE),))


def statement(
    book: Book, period: str = "2026-H1", known_at: datetime | None = None
) -> JointStatement:
    with reading(book.engine) as connection:
        return joint_statement(
            connection,
            period=parse_period(period),
            known_at=known_at,
            mou=MOU,
            dated=settings_in_force(connection),
        )


def lend(book: Book, dice: Random) -> None:
    """Lend to new borrowers on days around the first day of the programme, and collect."""
    for number in range(9):
        day = date(2025, 5, 1) + timedelta(days=dice.randrange(330))
        book.open_loan(
            f"L{number}",
            on=day,
            sector=dice.choice(("trade", "livestock", "manufacturing")),
            gender=dice.choice(("female", "male", "transgender")),
        )
        with writing(book.engine, audit_key=AUDIT_KEY, clock=book.clock) as tx:
            for _ in range(dice.randrange(3)):
                received = day + timedelta(days=dice.randrange((TODAY - day).days + 1))
                command = RecordReceipt(f"L{number}", 2_800_00, received, "cash")
                record_receipt(tx, command, actor=CASHIER, today=TODAY, backdating_days=999)


def apply_by_referral(work: JointWork, dice: Random) -> list[int]:
    """Let three borrowers come by referrals, of whom one is paid out; gives the persons."""
    branch = Branch(work.book)
    people = [
        branch.person("Zarqa", birth_date=date(2000, 3, 31), disability="walks with a stick"),
        branch.person("Bilal", gender="male"),
        branch.person("Sana", birth_date=date(1996, 4, 1)),
    ]
    for number, person_id in enumerate(people):
        work.consent(person_id)
        sent = work.refer(
            person_id, on=TODAY - timedelta(days=dice.randrange(60)), smeda_code=f"R-{number}"
        )
        asked = branch.approved(person_id) if number < 2 else branch.enter(person_id)
        work.apply(asked, sent)
        if number == 0:
            branch.pay(asked)
        if number != 2:
            work.answer("referral", sent)
    return people


def formalise(work: JointWork, shop: int, dice: Random) -> None:
    """Take some registrations of an enterprise some steps further."""
    for kind in dice.sample(("F1", "F2", "F5", "F7"), 3):
        state = None
        for _ in range(dice.randrange(1, 5)):
            state = dice.choice(next_states(state) or [State.LAPSED])
            before = state is State.REGISTERED and dice.random() < 0.4
            day = date(2024, 1, 1) if before else TODAY - timedelta(days=dice.randrange(40))
            verifying = state is State.VERIFIED
            code: dict[str, Any] = {"smeda_code": f"F-{shop}"} if dice.random() < 0.4 else {}
            more: dict[str, Any] = {"actor": VERIFIER, "on": TODAY} if verifying else {"on": day}
            step = work.step(shop, kind, state, **more, **code)
            if code and dice.random() < 0.7:
                work.answer("registration", step, dice.choice(("confirmed", "disputed")))
            if dice.random() < 0.15:
                work.undo(step)
                break


def support(work: JointWork, shop: int, dice: Random) -> None:
    for kind in dice.sample(KINDS, 4):
        month = {"month": dice.choice(MENTORING_MONTHS)} if kind == "mentoring" else {}
        code = {"smeda_code": f"H-{shop}-{kind}"} if dice.random() < 0.5 else {}
        unit = None if kind == "help_desk" else shop
        score = dice.choice((None, 3, 5))
        day = TODAY - timedelta(days=dice.randrange(300))
        given = work.help(kind, unit, on=day, satisfaction=score, **month, **code)
        if code and dice.random() < 0.7:
            work.answer("support", given, dice.choice(("confirmed", "disputed")))
        if dice.random() < 0.15:
            work.undo_help(given)


def train(work: JointWork, dice: Random) -> None:
    last = TODAY - timedelta(days=2)
    for number, begins_on in enumerate((last, TODAY - timedelta(days=200), last)):
        training = work.train(begins_on, seats=6, code=f"T-{number}" if number else "")
        work.invite(training)
        present = [
            Present(each, days, bool(days) and dice.random() < 0.5, dice.choice((None, 2, 4)))
            for each in work.invitations(training)
            for days in [dice.randrange(4)]
        ]
        work.attend(training, present)
        if number == 1:
            work.answer("training", training)


@pytest.fixture
def lived(book: Book) -> Book:
    dice = Random(2)
    lend(book, dice)
    work = JointWork(book)
    for person_id in (1, 2, 3):
        work.consent(person_id)
    for person_id in (*apply_by_referral(work, dice), 1, 2, 3):
        shop = work.enterprise(person_id, dice.choice(("trade", "manufacturing")))
        formalise(work, shop, dice)
        support(work, shop, dice)
    train(work, dice)
    return book


def test_every_line_equals_the_same_line_counted_in_loops(lived: Book) -> None:
    found = statement(lived)
    assert MOU is not None
    with reading(lived.engine) as connection:
        naive = Naive(connection, PERIOD.first, PERIOD.last, MOU)
        loans, joined = naive.loans(), naive.joined()
        whole = {
            **naive.access(loans),
            **naive.referred(),
            **naive.formal(),
            **naive.helped(),
        }
        mine = [each for each in loans if each["unit"] in joined]
        within = [each for each in mine if each["day"] >= joined[each["unit"]]]
        cohort = naive.access(within)
        behind = {
            "actual": naive.behind({each["id"] for each in loans}),
            "cohort": naive.behind({each["id"] for each in within}),
        }
    actual = {line.id: line.actual for line in found.lines if line.actual is not None}
    assert {line: tuple(figure) for line, figure in actual.items()} == whole
    part = {line.id: line.cohort for line in found.lines}
    assert {line: tuple(part[line] or ()) for line in cohort} == cohort
    for line in found.lines:
        for name, counted in behind.items():
            assert line.behind.get(name) == counted.get(line.id) or line.id == "A2", line.id
    others = [each for each in loans if each not in within]
    inside, beside = (
        len({each["unit"] for each in of if each["day"] >= PERIOD.first}) for of in (within, others)
    )
    amount = next(line for line in found.lines if line.id == "A2")
    assert amount.behind == {"cohort": (inside, beside)}
    assert found.cohort.enterprises == len(joined) > 2
    earlier = [each for each in mine if each["day"] < joined[each["unit"]]]
    assert found.cohort.earlier_amount == sum(each["amount"] for each in earlier)
    assert found.cohort.earlier_enterprises == len({each["unit"] for each in earlier})
    lines_that_say_something = {line for line, pair in whole.items() if pair[0]}
    assert len(lines_that_say_something) > 25, sorted(whole.items())


def test_as_many_enterprises_stand_behind_a_line_as_it_says(lived: Book) -> None:
    """Each row that a count adds up is in its list: a person, an enterprise or an event."""
    assert MOU is not None
    with reading(lived.engine) as connection:
        known_at, dated = lived.clock(), settings_in_force(connection)
        lists = lists_of(connection, period=PERIOD, known_at=known_at, mou=MOU, dated=dated)
        named = {line: behind_line(connection, units, page=1) for line, units in lists.items()}
    shown = 0
    for line in statement(lived).lines:
        if line.id not in lists:
            assert line.actual is None or line.id == "H3", line.id
            continue
        units, figure = lists[line.id], line.actual
        if figure is not None and line.unit == "count" and line.id not in _OTHERWISE:
            assert figure.number in (len(units), units.nunique()), line.id
            shown += figure.number > 0
        assert sum(each.times for each in named[line.id]) == len(units)
    assert shown > 15
    assert {"Shop", ""} <= {each.name for each in named["A1"]}


# Trainings, of which those who came are listed, and jobs, of which those who were asked.
_OTHERWISE = ("H1.trainings", "O1.women", "O1.men", "O1.others")


def test_what_is_at_risk_of_all_is_added_up_alike_in_the_database_and_in_the_frame(
    sqlite_book: Book,
) -> None:
    lend(sqlite_book, Random(3))
    with reading(sqlite_book.engine) as connection:
        view = View(TODAY, None)
        added = at_risk(connection, view)
        assert added == pillars.at_risk(frames.loans(connection, view))
    assert 0 not in added


def test_splits_add_up_to_their_line(lived: Book) -> None:
    found = statement(lived)
    lines = {line.id: line for line in found.lines}
    for split in found.splits:
        if split.line in lines:
            line = lines[split.line]
            assert line.actual == Figure(sum(cell.value for cell in split.cells)), split
            assert line.cohort == Figure(sum(cell.cohort for cell in split.cells)), split


def test_what_is_known_at_a_cut_does_not_move(book: Book) -> None:
    work = JointWork(book)
    shop = work.enterprise(Branch(book).person("Zarqa"))
    given = work.help("advice", shop)
    moment = book.clock()
    before = statement(book)
    work.undo_help(given)
    work.help("follow_up", shop)
    work.aim_at("2026-H1", "A1", 5)
    with reading(book.engine) as connection:
        again = joint_statement(
            connection,
            period=PERIOD,
            known_at=moment,
            mou=MOU,
            dated=settings_in_force(connection),
        )
    assert replace(again, known_at=None) == before
    assert {line.id: line.actual for line in statement(book).lines}["H2"] == Figure(0)


def test_targets_are_set_reached_or_short(book: Book) -> None:
    work = JointWork(book)
    shop = work.enterprise(Branch(book).person("Zarqa"))
    work.step(shop, "F2", State.REGISTERED)
    for line, value in (("F2", 1), ("F1", 1), ("F.index", 3_000)):
        work.aim_at("2026-H1", line, value)
    stands = {line.id: line.status for line in statement(book).lines}
    assert (stands["F2"], stands["F1"], stands["F3"]) == (REACHED, SHORT, NOT_SET)
    assert stands["F.index"] == SHORT
    work.aim_at("2026-H1", "F2", None)
    assert {line.id: line.target for line in statement(book).lines}["F2"] is None


def test_outcomes_stand_on_the_sample_with_its_margin(book: Book) -> None:
    work, branch = JointWork(book), Branch(book)
    shops = [
        work.enterprise(branch.person("Zarqa", birth_date=born, disability=disabled))
        for born, disabled in ((date(2000, 1, 1), "blind"), (date(1980, 1, 1), None), (None, None))
    ]
    work.survey("2026-H1", 1)
    survey = work.survey("2026-H1", 3)
    assert sorted(work.members(survey)) == shops
    work.tell(survey, shops[0], women_before=1, women_now=9)
    known_at = book.cut()
    work.tell(survey, shops[0], women_before=1, women_now=3)
    work.tell(survey, shops[1], running=False, men_before=2, run_by="man", income_now=0)
    found = statement(book)
    lines = {line.id: line.actual for line in found.lines}
    assert (lines["O1.women"], lines["O1.men"]) == (Figure(2), Figure(-2))
    assert lines["O2"] == Figure(-15_000_00, 40_000_00)
    assert (lines["O3"], lines["O4"]) == (Figure(1, 2), Figure(1, 2))
    assert (lines["O5"], lines["O6"]) == (Figure(1, 2), Figure(1, 2))
    assert lines["O2.real"] is None
    assert found.sample is not None
    assert (found.sample.drawn, found.sample.answered, found.sample.population) == (3, 2, 3)
    # 1.96 x sqrt(0.25 / 2 x (3 - 2) / (3 - 1)) = 49.0 %, by hand.
    assert found.sample.margin == 490
    earlier = statement(book, known_at=known_at)
    assert {line.id: line.actual for line in earlier.lines}["O1.women"] == Figure(8)
    assert earlier.sample is not None
    assert earlier.sample.answered == 1


def test_without_a_memorandum_there_is_no_statement(book: Book) -> None:
    with reading(book.engine) as connection:
        dated = settings_in_force(connection)
        with pytest.raises(Refused, match=r"\[mou\]"):
            joint_statement(connection, period=PERIOD, known_at=None, mou=None, dated=dated)


def test_a_cut_knows_people_and_referrals_as_they_were_then(book: Book) -> None:
    work, branch = JointWork(book), Branch(book)
    zarqa = branch.person("Zarqa", district="Lahore")
    shop, sent = work.enterprise(zarqa, district=None), work.refer(zarqa, smeda_code="S-1")
    known_at = book.cut()
    details = PersonDetails(name="Zarqa", cnic=branch.cnics[zarqa], gender="transgender")
    for district in ("Multan", "Sialkot"):
        with reading(book.engine) as connection:
            seen = last_change(connection, zarqa)
        changed = replace(details, district=district, birth_date=date(1970, 2, 3))
        work.do(change_person, ChangePerson(zarqa, changed, "LHR-01", seen))
    work.apply(branch.enter(zarqa), sent)
    assert known_of(book, View(TODAY, known_at), zarqa, shop) == [
        *("female", pd.Timestamp(1990, 1, 1), "Lahore", "Lahore", 0),
    ]
    assert known_of(book, View(TODAY, None), zarqa, shop) == [
        *("transgender", pd.Timestamp(1970, 2, 3), "Sialkot", "Sialkot", 1),
    ]


def test_a_referral_is_approved_by_the_vote_that_completes_the_committee(book: Book) -> None:
    work, branch = JointWork(book), Branch(book)
    sent = []
    for name in ("Zarqa", "Bilal", "Sana"):
        person_id = branch.person(name)
        work.consent(person_id)
        code = work.refer(person_id, smeda_code=f"S-{name}")
        work.answer("referral", code)
        sent.append((branch.enter(person_id), code))
    for asked, code in sent:
        work.apply(asked, code)
        for name in ("Rashid", "Aslam"):
            branch.guarantee(asked, branch.person(name))
        branch.appraise(asked)
        branch.vote(asked, MANAGER)
    assert approved(book) == 0
    (first, _), (second, _), (third, _) = sent
    early = book.cut()
    branch.vote(first, AREA)
    assert (approved(book), approved(book, early)) == (1, 0)
    branch.vote(second, AREA, Step.RETURNED)
    branch.vote(third, AREA)
    assert approved(book) == 2
    late = book.cut()
    branch.vote(third, SECOND_AREA, Step.REJECTED)
    assert (approved(book), approved(book, late)) == (1, 2)
    branch.vote(first, OFFICER, Step.WITHDRAWN)
    assert approved(book) == 0


def approved(book: Book, known_at: datetime | None = None) -> int:
    """Count the approved referrals as the statement does; the list of today names the same."""
    assert MOU is not None
    with reading(book.engine) as connection:
        found = count(connection, View(TODAY, known_at), mou=MOU, dated=SETTINGS.dated)
        listed = list_referrals(connection, WantedReferrals(None), zone=ZONE)
    number = int(found.referrals["approved"].sum())
    if known_at is None:
        states = Counter(each.state for each in listed)
        assert states == Counter(approved=number, applied=len(listed) - number)
        assert sum(each.approved_on is not None for each in listed) == number
    return number


def known_of(book: Book, view: View, person: int, unit: int) -> list[Any]:
    """Give gender, birth date and districts, and how many applications name a referral."""
    with reading(book.engine) as connection:
        people = frames.people(connection, view)
        units = frames.enterprises(connection, view, people).set_index("unit")
        applied = int(frames.referrals(connection, view)["application"].notna().sum())
    found = people.loc[person]
    return [
        found["gender"],
        found["birth_date"],
        found["district"],
        units.at[unit, "district"],
        applied,
    ]
