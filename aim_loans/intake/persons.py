"""Compares the personal columns of a row with the person that the book holds. Pure."""

from collections.abc import Mapping

from aim_loans.borrowers.queries import KnownPerson
from aim_loans.intake.mapping import Gap
from aim_loans.intake.rows import UNKNOWN_GENDER, LoanRow
from aim_loans.vocabulary import N_

DIFFERS = N_("Differs from the first row of this borrower, which holds.")
CLASHES = N_("This CNIC belongs to another borrower; it was left out.")


def person_gaps(row: LoanRow, known: KnownPerson, owners: Mapping[str, int]) -> list[Gap]:
    """Give a gap for each personal column that says other than the person in the book.

    A column that is empty says nothing. `owners` names who holds the CNICs of the rows.
    """
    gaps = []
    if row.borrower_name != known.name:
        gaps.append(Gap("borrower_name", DIFFERS))
    if row.gender not in (UNKNOWN_GENDER, known.gender):
        gaps.append(Gap("gender", DIFFERS))
    if row.birth_date not in (None, known.birth_date):
        gaps.append(Gap("birth_date", DIFFERS))
    if row.cnic is not None and row.cnic != known.cnic:
        clash = owners.get(row.cnic, known.id) != known.id
        gaps.append(Gap("cnic", CLASHES if clash else DIFFERS))
    return gaps
