"""Personal faults and unknown districts: recorded gaps, never a lost loan, never exit code 1."""

import pytest
from sqlalchemy import select

from aim_loans.borrowers.models import person
from aim_loans.db.engine import reading
from aim_loans.intake.models import data_gap
from tests.intake.books import Desk, Row, a_loan, another_loan

GAPS: dict[str, tuple[dict[str, str], dict[str, int]]] = {
    "nothing": ({}, {}),
    "no CNIC": ({"cnic": ""}, {"cnic": 1}),
    "a CNIC of 12 digits": ({"cnic": "35201-1234567"}, {"cnic": 1}),
    "a CNIC in Urdu digits": ({"cnic": "۳۵۲۰۱۱۲۳۴۵۶۷۲"}, {"cnic": 1}),
    "a CNIC that begins with 0": ({"cnic": "0520112345672"}, {"cnic": 1}),
    "a CNIC whose parity says a man": ({"cnic": "3520112345671"}, {"cnic": 1}),
    "no gender": ({"gender": ""}, {"gender": 1}),
    "gender unknown": ({"gender": "unknown"}, {"gender": 1}),
    "a gender nobody knows": ({"gender": "F"}, {"gender": 1}),
    "no birth date": ({"birth_date": ""}, {"birth_date": 1}),
    "a birth date that is none": ({"birth_date": "31-02-1985"}, {"birth_date": 1}),
    "born in the future": ({"birth_date": "2085-04-03"}, {"birth_date": 1}),
    "born after the loan": ({"birth_date": "2025-02-01"}, {"birth_date": 1}),
    "no district": ({"district": ""}, {"district": 1}),
    "a district nobody knows": ({"district": "Mullan pur"}, {"district": 1}),
    "a line end and a bell in the district": ({"district": "Nowhere\nat\x07 all"}, {"district": 1}),
    "no activity, product, programme or purpose": (
        {"activity": "", "product": "", "programme": "", "purpose": ""},
        {},
    ),
}


@pytest.mark.parametrize("case", GAPS)
def test_a_gap_never_refuses(case: str, quick_desk: Desk) -> None:
    changes, gaps = GAPS[case]
    done = quick_desk.send([a_loan(**changes)])
    assert done.exit_code == 0
    assert done.counts == {"loans": (1, 0, 0)}
    assert done.gaps == gaps
    with reading(quick_desk.book.engine) as connection:
        kept = connection.execute(select(data_gap.c.loan_ref, data_gap.c.field)).all()
    assert [tuple(row) for row in kept] == [("L1", field) for field in gaps]


def persons(desk: Desk) -> dict[str, tuple[str | None, str]]:
    """Give CNIC and gender of each person, by reference."""
    with reading(desk.book.engine) as connection:
        rows = connection.execute(select(person.c.ref, person.c.cnic, person.c.gender))
        return {row.ref: (row.cnic, row.gender) for row in rows}


def test_a_cnic_with_the_wrong_parity_is_kept(quick_desk: Desk) -> None:
    quick_desk.send([a_loan(cnic="3520112345671")])
    assert persons(quick_desk) == {"B1": ("3520112345671", "female")}


def test_districts_are_known_in_common_spellings(quick_desk: Desk) -> None:
    spellings = ["LAHORE", "Karachi East", "Layyah", "D.I. Khan", "district Multan", "Atlantis"]
    rows = [another_loan(f"S{n}", district=name) for n, name in enumerate(spellings)]
    assert quick_desk.send(rows).gaps == {"district": 1}
    found = [quick_desk.positions()[f"S{n}"]["district"] for n in range(6)]
    assert found == ["Lahore", "East Karachi", "Leiah", "D. I. Khan", "Multan", "Atlantis"]


def test_one_reference_is_one_person_across_branches_and_the_first_row_holds(
    quick_desk: Desk,
) -> None:
    again = a_loan(
        loan_ref="L2",
        branch="MUL-01",
        borrower_name="Bushra Bibi",
        gender="male",
        cnic="35201-7654321-1",
        birth_date="1985-04-04",
    )
    done = quick_desk.send([a_loan(), again])
    assert done.gaps == {"birth_date": 1, "borrower_name": 1, "cnic": 1, "gender": 1}
    assert persons(quick_desk) == {"B1": ("3520112345672", "female")}
    positions = quick_desk.positions()
    assert positions["L2"]["branch_code"] == "MUL-01"
    assert positions["L2"]["gender"] == "female"


def test_the_person_of_an_earlier_import_holds_too(quick_desk: Desk) -> None:
    quick_desk.send([a_loan()])
    done = quick_desk.send([a_loan(loan_ref="L2", borrower_name="Someone Else")])
    assert done.gaps == {"borrower_name": 1}
    assert len(persons(quick_desk)) == 1


@pytest.mark.parametrize("apart", [False, True])
def test_a_cnic_of_two_borrowers_stays_with_the_first(apart: bool, quick_desk: Desk) -> None:
    rows: list[Row] = [a_loan(), a_loan(loan_ref="L2", borrower_ref="B2")]
    done = [quick_desk.send([row]) for row in rows][-1] if apart else quick_desk.send(rows)
    assert done.exit_code == 0
    assert done.gaps == {"cnic": 1}
    assert persons(quick_desk) == {"B1": ("3520112345672", "female"), "B2": (None, "female")}


def test_a_dry_run_counts_the_gaps_of_clashes_far_apart(quick_desk: Desk) -> None:
    # More rows than one chunk holds lie between the two.
    between = [another_loan(f"N{n:05d}", cnic="") for n in range(2_100)]
    rows = [a_loan(), *between, a_loan(loan_ref="L2", borrower_ref="B2")]
    dry = quick_desk.send(rows, dry_run=True)
    assert dry.gaps == {"cnic": 2_101}
    assert dry.gaps == quick_desk.send(rows).gaps
