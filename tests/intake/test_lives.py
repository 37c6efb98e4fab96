"""Whole lives of imported loans: schedules, openings, waivers, write-offs, recoveries."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from aim_loans.checks.run import verify_book
from aim_loans.db.engine import reading
from aim_loans.identity.models import audit_entry
from aim_loans.intake import chunks
from aim_loans.ledger.models import journal_line
from aim_loans.loans.models import instalment, loan, loan_fact, schedule_version
from tests.book import AUDIT_KEY
from tests.intake.books import (
    Desk,
    a_loan,
    a_receipt,
    an_event,
    an_instalment,
    another_loan,
)


def schedule(desk: Desk, ref: str = "L1") -> list[tuple[date, int]]:
    """Give the due dates and amounts (paisa) of a loan."""
    with reading(desk.book.engine) as connection:
        rows = connection.execute(
            select(instalment.c.due_on, instalment.c.amount)
            .join(schedule_version, schedule_version.c.id == instalment.c.version_id)
            .join(loan, loan.c.id == schedule_version.c.loan_id)
            .where(loan.c.ref == ref)
            .order_by(instalment.c.number)
        )
        return [(row.due_on, row.amount) for row in rows]


def facts(desk: Desk, ref: str = "L1") -> list[tuple[str, int, str, str]]:
    """Give kind, amount, day and fund of a loan's facts, in the order recorded."""
    with reading(desk.book.engine) as connection:
        rows = connection.execute(
            select(
                loan_fact.c.kind, loan_fact.c.amount, loan_fact.c.value_on, loan_fact.c.fund_code
            )
            .join(loan, loan.c.id == loan_fact.c.loan_id)
            .where(loan.c.ref == ref)
            .order_by(loan_fact.c.id)
        )
        return [(row[0], row[1], row[2].isoformat(), row[3]) for row in rows]


def verifies(desk: Desk) -> bool:
    """Tell whether every check of the book passes."""
    with reading(desk.book.engine) as connection:
        outcomes = verify_book(connection, zone=ZoneInfo("Asia/Karachi"), audit_key=AUDIT_KEY)
        return not any(outcome.faults for outcome in outcomes)


def test_without_terms_of_its_own_the_products_rules_apply(quick_desk: Desk) -> None:
    quick_desk.send([a_loan(disbursed_on="2025-01-11", principal="50000", instalments="18")])
    rows = schedule(quick_desk)
    assert rows[0] == (date(2025, 3, 10), 2_800_00)
    assert [amount for _, amount in rows] == [2_800_00] * 17 + [2_400_00]


def test_the_frequency_of_the_row_holds_over_the_products(quick_desk: Desk) -> None:
    quick_desk.send([a_loan(frequency="weekly", instalments="10")])
    rows = schedule(quick_desk)
    assert rows[:2] == [(date(2025, 1, 15), 2_500_00), (date(2025, 1, 22), 2_500_00)]
    assert len(rows) == 10


def test_dues_step_from_a_given_first_one_anchored_to_its_day(quick_desk: Desk) -> None:
    quick_desk.send([a_loan(first_due_on="2025-01-31", instalments="3", instalment_amount="9000")])
    assert schedule(quick_desk) == [
        (date(2025, 1, 31), 9_000_00),
        (date(2025, 2, 28), 9_000_00),
        (date(2025, 3, 31), 7_000_00),
    ]


def test_a_single_payment_waits_its_months_or_for_its_date(quick_desk: Desk) -> None:
    quick_desk.send(
        [
            a_loan(frequency="single", instalments="6"),
            another_loan("L2", frequency="single", instalments="6", first_due_on="2025-05-20"),
        ]
    )
    assert schedule(quick_desk) == [(date(2025, 7, 10), 25_000_00)]
    assert schedule(quick_desk, "L2") == [(date(2025, 5, 20), 25_000_00)]


def test_given_rows_hold_over_every_rule(quick_desk: Desk) -> None:
    given = [
        an_instalment(number="2", due_on="2025-12-20", amount="20000"),
        an_instalment(number="1", due_on="2025-06-15", amount="5000"),
    ]
    done = quick_desk.send([a_loan(instalment_amount="2100")], schedules=given)
    assert done.exit_code == 0
    assert schedule(quick_desk) == [(date(2025, 6, 15), 5_000_00), (date(2025, 12, 20), 20_000_00)]


def test_the_rules_in_force_on_the_day_of_disbursement_also_hold_for_older_loans(
    quick_desk: Desk,
) -> None:
    done = quick_desk.send([a_loan(disbursed_on="2009-02-03")])
    assert done.exit_code == 0
    assert schedule(quick_desk)[0] == (date(2009, 3, 10), 2_100_00)


def test_a_book_without_its_history_opens_with_what_was_received(desk: Desk) -> None:
    row = a_loan(opening_received="10000", opening_as_of="2025-06-30")
    later = a_receipt(received_on="2025-07-10")
    early = a_receipt(receipt_ref="R0", received_on="2025-06-30")
    done = desk.send([row], receipts=[later, early])
    assert done.counts == {"loans": (1, 0, 0), "receipts": (1, 0, 1)}
    assert "in the opening amount" in done.faults[0].reason
    assert [(kind, amount) for kind, amount, *_ in facts(desk)] == [
        ("disbursement", 25_000_00),
        ("receipt", 10_000_00),
        ("receipt", 2_100_00),
    ]
    # Also when the loan is not among the files, and when the same comes again.
    done = desk.send([], receipts=[later, early])
    assert done.counts["receipts"] == (0, 1, 1)
    assert desk.send([row]).counts == {"loans": (0, 1, 0)}
    assert verifies(desk)


def test_an_opening_amount_of_nothing_is_nothing(quick_desk: Desk) -> None:
    row = a_loan(opening_received="0", opening_as_of="2025-06-30")
    done = quick_desk.send([row], receipts=[a_receipt()])
    assert done.exit_code == 0
    assert quick_desk.positions()["L1"]["applied"] == 2_100_00


def test_a_write_off_ends_the_balance_and_later_money_is_a_recovery(desk: Desk) -> None:
    done = desk.send(
        [a_loan()],
        receipts=[
            a_receipt(receipt_ref="after", received_on="2026-01-05", amount="500"),
            a_receipt(receipt_ref="on the day", received_on="2025-12-31", amount="100"),
            a_receipt(),
        ],
        events=[
            an_event(kind="recovery", on="2025-12-31", amount="200"),
            an_event(amount="22800"),
            an_event(kind="recovery", on="2026-02-01"),
        ],
    )
    assert done.exit_code == 0
    assert [fact[:3] for fact in facts(desk)] == [
        ("disbursement", 25_000_00, "2025-01-08"),
        ("receipt", 2_100_00, "2025-02-10"),
        ("receipt", 100_00, "2025-12-31"),
        ("write_off", 22_800_00, "2025-12-31"),
        ("recovery", 200_00, "2025-12-31"),
        ("recovery", 500_00, "2026-01-05"),
        ("recovery", 22_100_00, "2026-02-01"),
    ]
    assert verifies(desk)


def test_a_waiver_is_given_by_the_fund_that_the_row_names(desk: Desk) -> None:
    done = desk.send(
        [a_loan(), another_loan("L2"), another_loan("L3")],
        receipts=[a_receipt(received_on="2026-01-05")],
        events=[
            an_event(kind="waiver", fund="mutual_support"),
            an_event(loan_ref="L2", kind="waiver"),
            an_event(loan_ref="L3", kind="waiver", fund="a_friend"),
        ],
    )
    assert done.exit_code == 0
    assert done.notes[-1] == "Made from the files: fund a_friend."
    assert facts(desk)[1:] == [
        ("waiver", 25_000_00, "2025-12-31", "mutual_support"),
        ("credit", 2_100_00, "2026-01-05", "general"),
    ]
    assert facts(desk, "L2")[1][3] == "general"
    assert facts(desk, "L3")[1][3] == "a_friend"
    with reading(desk.book.engine) as connection:
        moved = select(journal_line.c.fund_code).where(journal_line.c.debit == "waiver")
        assert sorted(connection.execute(moved).scalars()) == [
            "a_friend",
            "general",
            "mutual_support",
        ]
    assert verifies(desk)


def test_an_unknown_fund_refuses_the_waiver(quick_desk: Desk) -> None:
    quick_desk.send([a_loan()])
    waiver = an_event(kind="waiver", fund="a_friend")
    done = quick_desk.send([], events=[waiver], create_missing=False)
    assert done.counts["events"] == (0, 0, 1)
    assert done.reasons[0].startswith("events.csv:2 fund: There is no fund a_friend.")


def test_events_come_once_by_loan_kind_and_day(desk: Desk) -> None:
    events = [
        an_event(),
        an_event(kind="recovery", on="2026-01-05", amount="500"),
        an_event(kind="recovery", on="2026-01-06", amount="500"),
    ]
    assert desk.send([a_loan()], events=[*events, events[1]]).counts["events"] == (3, 1, 0)
    before = desk.row_counts()
    assert desk.send([a_loan()], events=events).counts["events"] == (0, 3, 0)
    with_amount = [an_event(amount="25000"), an_event(kind="recovery", on="2026-01-05")]
    assert desk.send([a_loan()], events=with_amount).counts["events"] == (0, 2, 0)
    done = desk.send(
        [a_loan()],
        events=[
            an_event(amount="24000"),
            an_event(kind="recovery", on="2026-01-05", amount="501"),
            an_event(kind="recovery", on="2026-01-05", amount="502"),
        ],
    )
    assert done.counts["events"] == (0, 0, 3)
    assert [fault.column for fault in done.faults] == ["amount"] * 3
    assert desk.row_counts() == before


def test_one_event_on_two_lines_with_two_amounts_is_refused_the_second_time(
    quick_desk: Desk,
) -> None:
    recovery = {"kind": "recovery", "on": "2026-01-05"}
    done = quick_desk.send(
        [a_loan()],
        events=[an_event(), an_event(**recovery, amount="5"), an_event(**recovery, amount="6")],
    )
    assert done.counts["events"] == (2, 0, 1)
    assert done.faults[0].line == 4


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (an_event(on="2025-01-20"), "facts up to 2025-02-10"),
        (an_event(kind="recovery", amount="5"), "is active"),
    ],
)
def test_an_event_that_comes_later_must_fit_what_is_there(
    event: dict[str, str], sentence: str, quick_desk: Desk
) -> None:
    quick_desk.send([a_loan()], receipts=[a_receipt()])
    done = quick_desk.send([], events=[event])
    assert sentence in done.faults[0].reason


def test_a_recovery_needs_a_claim(quick_desk: Desk) -> None:
    done = quick_desk.send(
        [a_loan()],
        events=[
            an_event(),
            an_event(kind="recovery", on="2026-01-05"),
            an_event(kind="recovery", on="2026-01-06"),
        ],
    )
    assert done.counts["events"] == (2, 0, 1)
    assert "no claim left" in done.faults[0].reason


def test_money_after_a_write_off_of_an_earlier_import_is_a_recovery(desk: Desk) -> None:
    desk.send([a_loan()], events=[an_event()])
    # Received before the write-off, entered after it.
    done = desk.send([], receipts=[a_receipt()])
    assert done.exit_code == 0
    assert facts(desk)[-1][:3] == ("recovery", 2_100_00, "2025-02-10")
    assert verifies(desk)


def test_money_above_the_balance_is_the_borrowers_credit(desk: Desk) -> None:
    done = desk.send([a_loan()], receipts=[a_receipt(amount="30000")])
    assert done.exit_code == 0
    position = desk.positions()["L1"]
    assert (position["outstanding"], position["applied"]) == (0, 30_000_00)
    assert verifies(desk)


def test_a_loan_with_more_receipts_than_a_chunk_holds(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "MOST_ROWS", 2_000)
    receipts = [
        a_receipt(receipt_ref=f"R{n:05d}", amount="1", received_on="2025-03-01")
        for n in range(4_500)
    ]
    dry = desk.send([a_loan()], receipts=receipts, events=[an_event()], dry_run=True)
    wet = desk.send([a_loan()], receipts=receipts, events=[an_event()])
    assert dry.counts == wet.counts
    assert wet.counts == {"loans": (1, 0, 0), "receipts": (4500, 0, 0), "events": (1, 0, 0)}
    assert desk.positions()["L1"]["applied"] == 4_500_00
    assert desk.positions()["L1"]["written_off"] == 20_500_00
    with reading(desk.book.engine) as connection:
        # Setting up, three chunks, the cut: each sealed as one act.
        entries = select(audit_entry.c.number).where(audit_entry.c.chain == "head_office")
        assert len(connection.execute(entries).all()) == 2 + 3 + 1
