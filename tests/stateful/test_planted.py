"""Each planted bug makes the random lives fail: what they prove is worth something."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import ColumnElement, FromClause, ScalarSelect, Table, func, select
from sqlalchemy.exc import SQLAlchemyError

from aim_loans.cash import operations as cash
from aim_loans.cash.queries import Receipt
from aim_loans.db.engine import Writing
from aim_loans.identity.operations import Act, begin_branch_act
from aim_loans.ledger.lines import Line, Side
from aim_loans.ledger.operations import Entry, post_entries
from aim_loans.loans import history, positions
from aim_loans.loans import operations as loans
from aim_loans.loans.facts import (
    FIELD,
    BranchFrom,
    Changes,
    Fact,
    Kind,
    Sums,
    add_up,
    required_changes,
)
from aim_loans.loans.history import History, kind_of_money
from aim_loans.loans.models import instalment, schedule_version
from aim_loans.loans.operations import FactDraft, opposite, post_facts
from aim_loans.loans.queries import StoredFact
from aim_loans.repayment import endings
from aim_loans.repayment import operations as repayment
from tests.book import Book, open_book
from tests.stateful.lives import FIRST_TODAY, Tally, machine

Plant = Callable[[pytest.MonkeyPatch], None]
Histories = Iterable[History]


@pytest.fixture(scope="module")
def shared_book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """One book for all: each life in it is rolled back."""
    book = open_book(f"sqlite:///{tmp_path_factory.mktemp('planted') / 'book.sqlite'}")
    yield book
    book.engine.dispose()


def live_shortly(book: Book, tally: Tally) -> None:
    short = settings(
        max_examples=40,
        stateful_step_count=40,
        phases=[Phase.generate],
        derandomize=True,
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(machine(book.engine, tally), settings=short)


def reversal_keeps_the_position(patch: pytest.MonkeyPatch) -> None:
    def post(
        tx: Writing, act: Act, drafts: Sequence[FactDraft], histories: Histories, **more: Any
    ) -> None:
        with pytest.MonkeyPatch.context() as inner:
            if all(draft.amount < 0 for draft in drafts):
                inner.setattr(loans, "refresh_positions", lambda *_: None)
            post_facts(tx, act, drafts, histories, **more)

    patch.setattr(repayment, "post_facts", post)
    patch.setattr(endings, "post_facts", post)


def credit_above_the_balance_is_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Sums, "credit", property(lambda sums: sums.credited - sums.refunded))


def receipts_count_in_the_order_recorded(patch: pytest.MonkeyPatch) -> None:
    def required(facts: Sequence[Fact], branches: Sequence[BranchFrom], *, fund: str) -> Changes:
        late, latest = [], date.min
        for fact in facts:
            latest = max(latest, fact.value_on)
            late.append(fact._replace(value_on=latest))
        return required_changes(late, branches, fund=fund)

    patch.setattr(history, "required_changes", required)
    patch.setattr(loans, "required_changes", required)


def a_backdated_receipt_is_valued_today(patch: pytest.MonkeyPatch) -> None:
    def application(taken: History, money: Receipt, amount: int) -> FactDraft:
        contra = Side("suspense", money.branch_code, money.fund_code)
        kind = kind_of_money(taken)
        return FactDraft(taken.loan_id, kind, amount, FIRST_TODAY, contra, money.id)

    patch.setattr("aim_loans.repayment.operations._application", application)


def a_refund_leaves_the_credit(patch: pytest.MonkeyPatch) -> None:
    def credit(sums: Sums) -> int:
        above = sums.applied - sums.principal_paid + sums.recovered - sums.recovery
        return above + sums.credited

    patch.setattr(Sums, "credit", property(credit))


def a_recovery_counts_as_repayment(patch: pytest.MonkeyPatch) -> None:
    fields = {**FIELD, Kind.RECOVERY: FIELD[Kind.RECEIPT]}
    patch.setattr("aim_loans.loans.facts.FIELD", fields)
    patch.setattr("aim_loans.loans.history.FIELD", fields, raising=False)


def a_recovery_above_the_claim_is_income(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Sums, "recovery", property(lambda sums: sums.recovered))


def a_transfer_leaves_the_balance_behind(patch: pytest.MonkeyPatch) -> None:
    def post(tx: Writing, act: Act, entries: Sequence[Entry]) -> None:
        post_entries(tx, act, [entry for entry in entries if entry.source != "loan_dimension"])

    patch.setattr(loans, "post_entries", post)


def a_transfer_counts_from_the_day_after(patch: pytest.MonkeyPatch) -> None:
    def branch_on(day: date, branches: Sequence[BranchFrom]) -> str:
        held = [entry.branch for entry in branches if entry.from_on < day]
        return held[-1] if held else branches[0].branch

    patch.setattr("aim_loans.loans.facts.branch_on", branch_on)


def a_correction_counts_from_today(patch: pytest.MonkeyPatch) -> None:
    real = loans.change_dimensions

    def change(
        tx: Writing,
        act: Act,
        loan_id: int,
        changes: Mapping[str, Any],
        *,
        from_on: date,
        today: date,
    ) -> None:
        real(tx, act, loan_id, changes, from_on=max(from_on, FIRST_TODAY), today=today)

    patch.setattr(loans, "change_dimensions", change)


def a_waiver_is_borne_by_the_lending_fund(patch: pytest.MonkeyPatch) -> None:
    real = endings.ending_draft

    def draft(taken: History, kind: Kind, on: date, _fund: str | None) -> FactDraft:
        return real(taken, kind, on, None)

    patch.setattr(endings, "ending_draft", draft)


def a_write_off_takes_half(patch: pytest.MonkeyPatch) -> None:
    real, check = endings.ending_draft, History.check

    def draft(taken: History, kind: Kind, on: date, fund: str | None) -> FactDraft:
        whole = real(taken, kind, on, fund)
        return whole._replace(amount=max(1, whole.amount // 2))

    def unless_written_off(taken: History, fact: Fact) -> None:
        if fact.kind != Kind.WRITE_OFF:
            check(taken, fact)

    patch.setattr(endings, "ending_draft", draft)
    patch.setattr(History, "check", unless_written_off)


def an_end_comes_before_the_last_fact(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(History, "last_value_on", date.min)


def credit_is_looked_at_today_only(patch: pytest.MonkeyPatch) -> None:
    def last_credit(facts: Sequence[Fact]) -> int:
        return add_up(facts).credit

    patch.setattr(history, "lowest_credit", last_credit)


def a_receipt_number_is_skipped(patch: pytest.MonkeyPatch) -> None:
    taken: Callable[..., tuple[int, int]] = vars(cash)["_reserve_block"]

    def reserve(tx: Writing, branch: str, *, series: str, year: int, count: int) -> tuple[int, int]:
        series_id, number = taken(tx, branch, series=series, year=year, count=count)
        if number == 2:
            return taken(tx, branch, series=series, year=year, count=count)
        return series_id, number

    patch.setattr("aim_loans.cash.operations._reserve_block", reserve)


def money_is_applied_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("aim_loans.repayment.operations._check_remainder", lambda *_: None)


def moved_money_stays_where_it_was(patch: pytest.MonkeyPatch) -> None:
    real = repayment.move_money

    def post(
        tx: Writing, act: Act, drafts: Sequence[FactDraft], histories: Histories, **more: Any
    ) -> None:
        post_facts(tx, act, [draft for draft in drafts if draft.amount > 0], histories, **more)

    def move(tx: Writing, command: repayment.MoveMoney, *, actor: Any, key: str) -> Act:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(repayment, "post_facts", post)
            return real(tx, command, actor=actor, key=key)

    patch.setattr(repayment, "move_money", move)


def a_cancelled_receipt_stays_in_suspense(patch: pytest.MonkeyPatch) -> None:
    def post(tx: Writing, act: Act, entries: Sequence[Entry]) -> None:
        post_entries(tx, act, [e for e in entries if all(x.debit != "suspense" for x in e.lines)])

    patch.setattr(cash, "post_entries", post)


def a_cancellation_counts_from_today(patch: pytest.MonkeyPatch) -> None:
    def late(fact: StoredFact, value_on: date) -> FactDraft:
        return opposite(fact, max(value_on, FIRST_TODAY))

    patch.setattr(repayment, "opposite", late)


def a_dishonour_counts_from_the_receipt(patch: pytest.MonkeyPatch) -> None:
    def early(fact: StoredFact, _value_on: date) -> FactDraft:
        return opposite(fact, fact.value_on)

    patch.setattr(repayment, "opposite", early)


def build_statements_anew(patch: pytest.MonkeyPatch) -> None:
    """The statements are built once a process; those of a bug are built once for it alone."""
    for name in ("_store", "_store_one"):
        patch.setattr(positions, name, cache(vars(positions)[name].__wrapped__))


def a_position_reads_another_schedule(patch: pytest.MonkeyPatch) -> None:
    real: Callable[..., ColumnElement[bool]] = vars(positions)["_newest"]

    def newest(row: FromClause, table: Table, *order: str) -> ColumnElement[bool]:
        if table is schedule_version:
            return row.c.id == select(func.max(schedule_version.c.id)).scalar_subquery()
        return real(row, table, *order)

    patch.setattr(positions, "_newest", newest)
    build_statements_anew(patch)


def a_covered_instalment_counts_as_unpaid(patch: pytest.MonkeyPatch) -> None:
    def oldest(paid: ColumnElement[int]) -> ScalarSelect[Any]:
        mine = instalment.c.version_id == positions.VERSION.c.id
        return (
            select(func.min(instalment.c.due_on))
            .where(mine, instalment.c.due_total >= paid)
            .scalar_subquery()
        )

    patch.setattr(positions, "_oldest_unpaid", oldest)
    build_statements_anew(patch)


def a_simple_loan_takes_more_than_its_balance(patch: pytest.MonkeyPatch) -> None:
    def simply(taken: History, fact: Fact) -> bool:
        if not taken.simple or fact.amount < 0 or len(taken.branches) > 1:
            return False
        if fact.kind == Kind.RECEIPT:
            return bool(taken.facts) and fact.value_on >= taken.facts[0].value_on
        return fact.kind == Kind.DISBURSEMENT and not taken.facts

    patch.setattr(History, "takes_simply", simply)


def branches_share_one_book(patch: pytest.MonkeyPatch) -> None:
    def bridge(value_on: date, debit: Side, credit: Side, amount: int) -> list[Line]:
        return [Line(value_on, debit.branch, debit.fund, debit.account, credit.account, amount)]

    patch.setattr("aim_loans.ledger.lines.bridge", bridge)


def a_repeated_click_is_done_twice(patch: pytest.MonkeyPatch) -> None:
    def begin(tx: Writing, **words: Any) -> Act:
        return begin_branch_act(tx, **{**words, "key": None})

    patch.setattr(repayment, "begin_branch_act", begin)


def an_act_is_not_sealed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(endings, "seal_act", lambda *_: None)


PLANTS: tuple[Plant, ...] = (
    reversal_keeps_the_position,
    credit_above_the_balance_is_lost,
    receipts_count_in_the_order_recorded,
    a_backdated_receipt_is_valued_today,
    a_refund_leaves_the_credit,
    a_recovery_counts_as_repayment,
    a_recovery_above_the_claim_is_income,
    a_transfer_leaves_the_balance_behind,
    a_transfer_counts_from_the_day_after,
    a_correction_counts_from_today,
    a_waiver_is_borne_by_the_lending_fund,
    a_write_off_takes_half,
    an_end_comes_before_the_last_fact,
    credit_is_looked_at_today_only,
    a_receipt_number_is_skipped,
    money_is_applied_twice,
    moved_money_stays_where_it_was,
    a_cancelled_receipt_stays_in_suspense,
    a_cancellation_counts_from_today,
    a_dishonour_counts_from_the_receipt,
    a_position_reads_another_schedule,
    a_covered_instalment_counts_as_unpaid,
    a_simple_loan_takes_more_than_its_balance,
    branches_share_one_book,
    a_repeated_click_is_done_twice,
    an_act_is_not_sealed,
)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_random_lives_find_a_planted_bug(
    plant: Plant, shared_book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    tally = Tally()
    # A wrong sum, a rule of the database that is broken, or lines that do not balance.
    with pytest.raises((AssertionError, SQLAlchemyError, ValueError)):
        live_shortly(shared_book, tally)
    accepted = sum(n for (_, ending), n in tally.events.items() if ending == "accepted")
    sys.stdout.write(f"\n{plant.__name__}: found in {len(tally.steps)} lives, {accepted} events\n")
