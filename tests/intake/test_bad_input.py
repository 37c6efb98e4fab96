"""Bad rows: each is refused with a sentence at its file, line and column; good rows go in."""

import pytest

from tests.intake.books import (
    Desk,
    Row,
    a_loan,
    a_receipt,
    an_event,
    an_instalment,
    another_loan,
)

TODAY = "2026-03-31"
TOMORROW = "2026-04-01"

BAD_LOANS = {
    "no reference": ({"loan_ref": " "}, "loan_ref", "This is empty"),
    "no branch": ({"branch": ""}, "branch", "This is empty"),
    "no borrower": ({"borrower_ref": ""}, "borrower_ref", "This is empty"),
    "no name": ({"borrower_name": ""}, "borrower_name", "This is empty"),
    "a bell in a name": ({"borrower_name": "Bu\x07shra"}, "borrower_name", "cannot be printed"),
    "a zero byte in a reference": ({"branch": "A\0B"}, "branch", "cannot be printed"),
    "a long reference": ({"branch": "x" * 101}, "branch", "longer than 100"),
    "unknown sector": ({"sector": "retail"}, "sector", "retail is not a known sector. Use one of"),
    "no sector": ({"sector": ""}, "sector", "This is empty"),
    "unknown frequency": ({"frequency": "daily"}, "frequency", "daily is not a known frequency"),
    "amount 0": ({"principal": "0"}, "principal", "more than 0"),
    "amount negative": ({"principal": "-5"}, "principal", "cannot be negative"),
    "amount 1e9": ({"principal": "1e9"}, "principal", "without an exponent"),
    "amount of a billion": ({"principal": "1000000000"}, "principal", "under 1000000000"),
    "amount with commas": ({"principal": "25,000"}, "principal", "without commas"),
    "amount in Urdu digits": ({"principal": "۲۵۰۰۰"}, "principal", "digits 0-9"),
    "three decimals": ({"principal": "25000.125"}, "principal", "two decimals"),
    "no amount": ({"principal": ""}, "principal", "Enter an amount"),
    "a date that is none": ({"disbursed_on": "2025-02-31"}, "disbursed_on", "28 days"),
    "a date the other way": ({"disbursed_on": "08-01-2025"}, "disbursed_on", "year-month-day"),
    "a date in the future": ({"disbursed_on": TOMORROW}, "disbursed_on", "in the future"),
    "a date before 1970": ({"disbursed_on": "0205-01-08"}, "disbursed_on", "before 1970"),
    "no instalments": ({"instalments": ""}, "instalments", "whole number"),
    "instalments 0": ({"instalments": "0"}, "instalments", "from 1 to 1000"),
    "too many instalments": ({"instalments": "1001"}, "instalments", "from 1 to 1000"),
    "instalments in Urdu digits": ({"instalments": "۱۲"}, "instalments", "digits 0-9"),
    "half an instalment": ({"instalments": "12.5"}, "instalments", "whole number"),
    "first due date before the loan": (
        {"first_due_on": "2025-01-08"},
        "first_due_on",
        "must come after the disbursement",
    ),
    "opening amount without its day": (
        {"opening_received": "500"},
        "opening_as_of",
        "Give the day",
    ),
    "opening amount before the loan": (
        {"opening_received": "500", "opening_as_of": "2025-01-07"},
        "opening_as_of",
        "before the loan was paid out",
    ),
}

BAD_RECEIPTS = {
    "no reference": ({"receipt_ref": ""}, "receipt_ref", "This is empty"),
    "a reference kept for the import": (
        {"receipt_ref": "opening:L1"},
        "receipt_ref",
        "kept for the import",
    ),
    "no loan": ({"loan_ref": ""}, "loan_ref", "This is empty"),
    "unknown loan": ({"loan_ref": "L9"}, "loan_ref", "There is no loan L9, neither"),
    "amount 0": ({"amount": "0"}, "amount", "more than 0"),
    "amount with commas": ({"amount": "2,100"}, "amount", "without commas"),
    "amount 1e9": ({"amount": "1e9"}, "amount", "without an exponent"),
    "in the future": ({"received_on": TOMORROW}, "received_on", "in the future"),
    "before the loan": ({"received_on": "2025-01-07"}, "received_on", "paid out on 2025-01-08"),
    "no real day": ({"received_on": "2025-02-31"}, "received_on", "28 days"),
    "unknown channel": ({"channel": "hundi"}, "channel", "hundi is not a known channel"),
    "recorded in the future": ({"recorded_at": TOMORROW}, "recorded_at", "in the future"),
    "recorded without an offset": (
        {"recorded_at": "2025-02-10T10:00:00"},
        "recorded_at",
        "with its offset",
    ),
}

BAD_EVENTS = {
    "unknown kind": ({"kind": "forgiven"}, "kind", "forgiven is not a known kind"),
    "unknown loan": ({"loan_ref": "L9"}, "loan_ref", "There is no loan L9"),
    "in the future": ({"on": TOMORROW}, "on", "in the future"),
    "part of the balance": ({"amount": "100"}, "amount", "ends the whole balance"),
    "recovery without a write-off": ({"kind": "recovery", "amount": "100"}, "", "is active"),
    "a write-off by another fund": ({"fund": "mutual_support"}, "fund", "Only a waiver"),
}

BAD_SCHEDULES = {
    "unknown loan": ([an_instalment(loan_ref="L9")], "loan_ref", "There is no loan L9"),
    "amount 0": ([an_instalment(amount="0")], "amount", "more than 0"),
    "no number": ([an_instalment(number="")], "number", "whole number"),
    "due before the loan": ([an_instalment(due_on="2025-01-08")], "due_on", "must come after"),
    "another sum": ([an_instalment(amount="24000")], "amount", "sum to 24,000"),
    "a hole": ([an_instalment(number="2")], "number", "Instalment 1 is missing"),
}


@pytest.mark.parametrize("case", BAD_LOANS)
def test_a_bad_loan_is_refused_with_what_hangs_on_it(case: str, quick_desk: Desk) -> None:
    changes, column, sentence = BAD_LOANS[case]
    done = quick_desk.send(
        [a_loan(**changes), another_loan("L2")],
        receipts=[a_receipt(), a_receipt(receipt_ref="R2", loan_ref="L2")],
    )
    assert done.exit_code == 1
    assert done.counts == {"loans": (1, 0, 1), "receipts": (1, 0, 1)}
    first = done.faults[0]
    assert (first.file, first.line, first.column) == ("loans.csv", 2, column)
    assert sentence in first.reason
    assert set(quick_desk.positions()) == {"L2"}


@pytest.mark.parametrize("case", BAD_RECEIPTS)
def test_a_bad_receipt_is_refused_alone(case: str, quick_desk: Desk) -> None:
    changes, column, sentence = BAD_RECEIPTS[case]
    good = a_receipt(receipt_ref="R2", received_on=TODAY)
    done = quick_desk.send([a_loan()], receipts=[a_receipt(**changes), good])
    assert done.exit_code == 1
    assert done.counts == {"loans": (1, 0, 0), "receipts": (1, 0, 1)}
    (fault,) = done.faults
    assert (fault.file, fault.line, fault.column) == ("receipts.csv", 2, column)
    assert sentence in fault.reason
    assert quick_desk.positions()["L1"]["applied"] == 2_100_00


@pytest.mark.parametrize("case", BAD_EVENTS)
def test_a_bad_event_is_refused_alone(case: str, quick_desk: Desk) -> None:
    changes, column, sentence = BAD_EVENTS[case]
    done = quick_desk.send([a_loan()], receipts=[a_receipt()], events=[an_event(**changes)])
    assert done.exit_code == 1
    assert done.counts == {"loans": (1, 0, 0), "receipts": (1, 0, 0), "events": (0, 0, 1)}
    (fault,) = done.faults
    assert (fault.file, fault.line, fault.column) == ("events.csv", 2, column)
    assert sentence in fault.reason
    assert quick_desk.positions()["L1"]["outstanding"] == 22_900_00


@pytest.mark.parametrize("case", BAD_SCHEDULES)
def test_a_bad_schedule_is_refused_with_its_loan(case: str, quick_desk: Desk) -> None:
    rows, column, sentence = BAD_SCHEDULES[case]
    done = quick_desk.send([a_loan(), another_loan("L2")], schedules=rows)
    assert done.exit_code == 1
    assert done.counts["schedules"] == (0, 0, 1)
    fault = next(fault for fault in done.faults if fault.file == "schedules.csv")
    assert (fault.line, fault.column) == (2, column)
    assert sentence in fault.reason
    own_loan = rows[0]["loan_ref"] == "L1"
    assert set(quick_desk.positions()) == ({"L2"} if own_loan else {"L1", "L2"})


def test_all_faults_of_a_row_are_told_at_once(quick_desk: Desk) -> None:
    bad = a_loan(sector="retail", principal="-5", disbursed_on="31-02-2025", instalments="x")
    done = quick_desk.send([bad])
    assert [fault.column for fault in done.faults] == [
        "sector",
        "disbursed_on",
        "principal",
        "instalments",
    ]
    assert done.counts == {"loans": (0, 0, 1)}


def test_a_row_that_hangs_on_a_refused_one_is_told_where_to_look(quick_desk: Desk) -> None:
    given = [an_instalment(number=str(n), due_on=f"2025-0{n}-10", amount="9000") for n in (2, 3)]
    done = quick_desk.send([a_loan()], schedules=given, receipts=[a_receipt()])
    not_whole = "The schedule of loan L1 is not whole: mend line 2 of the schedules file first."
    assert done.reasons == [
        f"loans.csv:2 : {not_whole}",
        "schedules.csv:2 number: Instalment 1 is missing.",
        f"schedules.csv:3 : {not_whole}",
        "receipts.csv:2 loan_ref: Loan L1 was refused: mend line 2 of the loans file first.",
    ]


def test_good_rows_around_bad_ones_go_in(quick_desk: Desk) -> None:
    rows: list[Row] = [another_loan(f"G{n}") for n in range(20)]
    rows[7] = another_loan("bad-1", principal="0")
    rows[13] = another_loan("bad-2", sector="")
    done = quick_desk.send(rows)
    assert done.counts == {"loans": (18, 0, 2)}
    assert [fault.line for fault in done.faults] == [9, 15]
    assert len(quick_desk.positions()) == 18


def test_an_urdu_name_and_spaces_around_values_are_fine(quick_desk: Desk) -> None:
    row = a_loan(
        borrower_name=" بشريٰ  پروین ", principal=" 25000.50 ", sector=" Trade ", loan_ref=" L1 "
    )
    done = quick_desk.send([row])
    assert done.exit_code == 0
    assert quick_desk.positions()["L1"]["disbursed"] == 25_000_50


def test_today_is_the_business_day_in_karachi(quick_desk: Desk) -> None:
    # The clock of these tests stands at 11:00 in Karachi on this day.
    done = quick_desk.send([a_loan(disbursed_on=TODAY, first_due_on=TOMORROW)])
    assert done.exit_code == 0
