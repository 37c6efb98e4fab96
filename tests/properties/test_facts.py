"""Properties of journal lines, of what facts require of the ledger, and of dated dimensions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aim_loans.ledger.chart import Account
from aim_loans.ledger.lines import Line, Side, bridge, settle
from aim_loans.loans import operations
from aim_loans.loans.facts import (
    BranchFrom,
    Changes,
    Fact,
    Kind,
    add_up,
    branch_on,
    difference,
    entry_lines,
    required_changes,
    with_contra,
)
from aim_loans.loans.history import History
from aim_loans.loans.operations import Dimensions, FactDraft, changed_rows

DAY = date(2026, 1, 1)
BRANCHES = ("A", "B", "C")
FUNDS = ("general", "women")
BRIDGES = (Account.INTER_BRANCH, Account.INTER_FUND)
ACCOUNTS = [account for account in Account if account not in BRIDGES]
SUSPENSE = Side(Account.SUSPENSE, "B", "general")

days = st.integers(0, 30).map(lambda n: DAY + timedelta(days=n))
branches = st.sampled_from(BRANCHES)
amounts = st.integers(1, 10**12)
sides = st.builds(Side, st.sampled_from(ACCOUNTS), branches, st.sampled_from(FUNDS))
facts = st.builds(Fact, st.sampled_from(Kind), st.integers(-1_000, 1_000), days)
histories = st.lists(facts, max_size=12)


@st.composite
def branches_in_time(draw: st.DrawFn) -> list[BranchFrom]:
    """Draw the branches of a loan, each from a day of its own, in order."""
    starts = draw(st.lists(days, min_size=1, max_size=4, unique=True))
    return [BranchFrom(start, draw(branches)) for start in sorted(starts)]


def moved(lines: Iterable[Line]) -> dict[Side, int]:
    """Sum lines to what each side changed by; bridging accounts and zeros left out."""
    found: dict[Side, int] = defaultdict(int)
    for line in lines:
        found[Side(line.debit, line.branch, line.fund)] += line.amount
        found[Side(line.credit, line.branch, line.fund)] -= line.amount
    return {side: n for side, n in found.items() if n and side.account not in BRIDGES}


def check_lines(lines: Sequence[Line]) -> None:
    """Hold what every line keeps, and that the bridging accounts cancel out."""
    assert all(line.amount > 0 and line.debit != line.credit for line in lines)
    between_branches: dict[str, int] = defaultdict(int)
    between_funds: dict[str, int] = defaultdict(int)
    for line in lines:
        for account, sign in ((line.debit, 1), (line.credit, -1)):
            if account == Account.INTER_BRANCH:
                between_branches[line.fund] += sign * line.amount
            if account == Account.INTER_FUND:
                between_funds[line.branch] += sign * line.amount
    assert not any(between_branches.values())
    assert not any(between_funds.values())


@given(sides, sides, amounts)
def test_a_bridge_moves_the_amount_between_its_two_sides(
    debit: Side, credit: Side, amount: int
) -> None:
    assume(debit != credit)
    lines = bridge(DAY, debit, credit, amount)
    check_lines(lines)
    assert moved(lines) == {debit: amount, credit: -amount}
    assert {line.value_on for line in lines} == {DAY}
    crossings = (debit.branch != credit.branch) + (debit.fund != credit.fund)
    assert len(lines) == 1 + crossings


@given(st.dictionaries(sides, st.integers(-1_000, 1_000), max_size=8), sides)
def test_settling_changes_every_side_exactly_as_asked(changes: dict[Side, int], rest: Side) -> None:
    changes[rest] = changes.get(rest, 0) - sum(changes.values())
    lines = settle(DAY, changes)
    check_lines(lines)
    assert moved(lines) == {side: n for side, n in changes.items() if n}


@given(sides, st.integers(1, 1_000))
def test_what_does_not_balance_is_not_settled(side: Side, amount: int) -> None:
    with pytest.raises(ValueError, match="do not sum to zero"):
        settle(DAY, {side: amount})


def until(day: date, changes: Changes) -> dict[Side, int]:
    """Sum required changes up to a day; zeros left out."""
    found: dict[Side, int] = defaultdict(int)
    for when, sides in changes.items():
        if when <= day:
            for side, amount in sides.items():
                found[side] += amount
    return {side: amount for side, amount in found.items() if amount}


@given(histories, branches_in_time())
def test_what_is_required_sums_to_the_sub_ledger_on_each_day(
    facts: list[Fact], branches: list[BranchFrom]
) -> None:
    changes = required_changes(facts, branches, fund="general")
    for day in (DAY + timedelta(days=n) for n in range(32)):
        sums = add_up(fact for fact in facts if fact.value_on <= day)
        here, found = branch_on(day, branches), until(day, changes)
        earned = [side for side in found if side.account == Account.RECOVERY_INCOME]
        assert sum(found.pop(side) for side in earned) == -sums.recovery
        expected = {
            Side(Account.LOANS, here, "general"): sums.outstanding,
            Side(Account.BORROWER_CREDIT, here, "general"): -sums.credit,
        }
        assert found == {side: amount for side, amount in expected.items() if amount}


@given(histories, branches_in_time(), st.randoms(use_true_random=False))
def test_the_order_of_facts_never_matters(
    facts: list[Fact], branches: list[BranchFrom], chance: Any
) -> None:
    shuffled = list(facts)
    chance.shuffle(shuffled)
    assert add_up(shuffled) == add_up(facts)
    assert required_changes(shuffled, branches, fund="general") == required_changes(
        facts, branches, fund="general"
    )


@given(histories, facts, branches_in_time())
def test_one_more_fact_moves_its_amount_through_its_other_side(
    facts: list[Fact], fact: Fact, branches: list[BranchFrom]
) -> None:
    before = required_changes(facts, branches, fund="general")
    after = required_changes([*facts, fact], branches, fund="general")
    changes = with_contra(difference(after, before), SUSPENSE, fact.value_on)
    assert all(sum(sides.values()) == 0 for sides in changes.values())
    takes = fact.kind in (Kind.DISBURSEMENT, Kind.REFUND)
    assert changes[fact.value_on][SUSPENSE] == (-fact.amount if takes else fact.amount)
    lines = entry_lines(changes)
    check_lines(lines)
    for day in {line.value_on for line in lines}:
        settled = moved(line for line in lines if line.value_on == day)
        assert settled == {side: n for side, n in changes[day].items() if n}


@given(histories, branches_in_time(), branches_in_time())
def test_a_transfer_moves_balances_and_needs_no_other_side(
    facts: list[Fact], old: list[BranchFrom], new: list[BranchFrom]
) -> None:
    changes = difference(
        required_changes(facts, new, fund="general"), required_changes(facts, old, fund="general")
    )
    assert all(sum(sides.values()) == 0 for sides in changes.values())
    check_lines(entry_lines(changes))


def one_loan(branch: str = "A") -> History:
    return History(1, "L1", "general", 1_000, [BranchFrom(DAY, branch)])


def draft_of(fact: Fact, contra: Side) -> FactDraft:
    return FactDraft(1, fact.kind, fact.amount, fact.value_on, contra)


def lines_of(history: History, fact: Fact, contra: Side) -> list[Line]:
    """Give the lines that the software posts for a fact, and take the fact in."""
    lines: list[Line] = vars(operations)["_journalise"](history, draft_of(fact, contra))
    return lines


def general_lines(history: History, fact: Fact, contra: Side) -> list[Line]:
    """Give the lines by the rule for all loans, whatever happened to them."""
    after = required_changes([*history.facts, fact], history.branches, fund=history.fund)
    changes = difference(after, history.required())
    return entry_lines(with_contra(changes, contra, fact.value_on))


@given(
    st.lists(st.tuples(st.integers(1, 400), days), max_size=8),
    st.builds(Side, st.just(Account.SUSPENSE), branches, st.sampled_from(FUNDS)),
)
def test_the_short_way_of_a_simple_loan_gives_the_same_lines(
    receipts: list[tuple[int, date]], contra: Side
) -> None:
    history, short = one_loan(), 0
    for fact in [
        Fact(Kind.DISBURSEMENT, 1_000, DAY),
        *(Fact(Kind.RECEIPT, amount, day) for amount, day in receipts),
    ]:
        expected = general_lines(history, fact, contra)
        short += history.takes_simply(fact)
        assert lines_of(history, fact, contra) == expected
    within = 0
    for taken, (amount, _) in enumerate(receipts):
        within += amount
        if within > 1_000:
            assert short == 1 + taken
            return
    assert short == 1 + len(receipts)


@given(
    st.lists(st.tuples(st.integers(1, 900), days, st.booleans()), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
    st.integers(1, 30),
)
def test_receipts_and_their_reversals_give_the_same_ledger_in_any_order(
    receipts: list[tuple[int, date, bool]], chance: Any, later: int
) -> None:
    """Each order leaves each side of each day as every other order does."""

    def post(order: Sequence[int]) -> tuple[dict[tuple[date, Side], int], Any]:
        history, met = one_loan(), set()
        history.branches.append(BranchFrom(DAY + timedelta(days=9), "C"))
        found: dict[tuple[date, Side], int] = defaultdict(int)
        turns = [Fact(Kind.DISBURSEMENT, 1_000, DAY)]
        for place in order:
            amount, day, dishonoured = receipts[place]
            if place in met:
                day += timedelta(days=later if dishonoured else 0)
                turns.append(Fact(Kind.RECEIPT, -amount, day))
            else:
                turns.append(Fact(Kind.RECEIPT, amount, day))
            met.add(place)
        for fact in turns:
            lines = lines_of(history, fact, SUSPENSE)
            check_lines(lines)
            for day in {line.value_on for line in lines}:
                for side, amount in moved(x for x in lines if x.value_on == day).items():
                    found[day, side] += amount
        return {place: n for place, n in found.items() if n}, history.sums

    # A place met for the second time is the reversal of its receipt.
    order = [place for place in range(len(receipts)) for _ in range(1 + place % 2)]
    shuffled = list(order)
    chance.shuffle(shuffled)
    assert post(order) == post(shuffled)


def dimensions(branch: str, sector: str) -> Dimensions:
    return Dimensions(branch, sector, "general", "female")


rows_in_time = st.dictionaries(
    days, st.builds(dimensions, branches, st.sampled_from(["x", "y"])), min_size=1, max_size=6
)


def held_on(day: date, dated: Mapping[date, Dimensions]) -> Dimensions:
    """Give what holds on a day; the first row also holds before it."""
    known = [start for start in sorted(dated) if start <= day]
    return dated[known[-1] if known else min(dated)]


@given(rows_in_time, days, branches, st.none() | st.sampled_from(["x", "y"]))
def test_a_change_holds_until_the_value_had_changed_anyway(
    dated: dict[date, Dimensions], from_on: date, branch: str, sector: str | None
) -> None:
    changes = {"branch_code": branch} | ({"sector": sector} if sector else {})
    new = changed_rows(dated, changes, from_on=from_on)
    after = {**dated, **new}
    assert min(new) == from_on
    first = min(from_on, *dated)
    for name in ("branch_code", "sector"):
        old, still = getattr(held_on(from_on, dated), name), True
        for day in (first + timedelta(days=n) for n in range(40)):
            before, now = (getattr(held_on(day, rows), name) for rows in (dated, after))
            if day >= from_on:
                still = still and before == old
            taken_over = name in changes and day >= from_on and still
            assert now == (changes[name] if taken_over else before)


@given(rows_in_time, days)
def test_a_change_leaves_all_other_columns(dated: dict[date, Dimensions], from_on: date) -> None:
    dated = {day: replace(row, district=f"d{day.day}") for day, row in dated.items()}
    after = {**dated, **changed_rows(dated, {"branch_code": "Z"}, from_on=from_on)}
    for day in (min(after) + timedelta(days=n) for n in range(40)):
        assert held_on(day, after).district == held_on(day, dated).district
        assert held_on(day, after).sector == held_on(day, dated).sector
