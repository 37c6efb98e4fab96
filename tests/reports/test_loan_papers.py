"""The papers of a loan: what they say in each language, on how many pages."""

from datetime import UTC, date, datetime

import pytest

from aim_loans.clauses import AGREEMENT, KEY_FACTS
from aim_loans.errors import Refused
from aim_loans.texts import translator
from reports.accounts import account_paper
from reports.loan_values import (
    Account,
    Happening,
    Instalment,
    Letterhead,
    Offer,
    OnLoan,
    Person,
    Planned,
    Receipt,
)
from reports.offers import OFFER_PAPERS, offer_paper
from reports.receipts import receipt_paper
from tests.reports.reading import extracted, page_sizes, spoken

LENDER = Letterhead("The lender", "thousands")
CODE = "K2K7-3K9QF2-Q7XM2P9T"
BORROWER = Person("Bushra Perveen", "3520112345671", "محمد اسلم")
NEIGHBOUR = Person("رشید احمد", "3520112345673", relation="neighbour")


def offer(count: int = 18, guarantors: tuple[Person, ...] = (NEIGHBOUR, BORROWER)) -> Offer:
    """Rs 50,000 over so many months; the first instalments are Rs 2,800."""
    lent, each = 50_000_00, 50_400_00 // count
    amounts = [each] * (count - 1) + [lent - each * (count - 1)]
    rows = [
        Planned(
            place + 1,
            date(2026 + place // 12, place % 12 + 1, 10),
            amount,
            lent - sum(amounts[: place + 1]),
        )
        for place, amount in enumerate(amounts)
    ]
    return Offer(
        "LHR-01-A000123", BORROWER, guarantors, lent, 200_00, "two sewing machines", count, rows
    )


def account(*, closed: bool = False, facts: int = 2) -> Account:
    """A loan of which one instalment is paid."""
    recorded = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
    paid_out = Happening(date(2026, 1, 10), "disbursement", 50_000_00, "", recorded, 50_000_00)
    paid = Happening(
        date(2026, 2, 10), "receipt", 2_800_00, "LHR-01/R/2026/000001", recorded, 47_200_00
    )
    rows = [
        Instalment(1, date(2026, 2, 10), 2_800_00, 2_800_00, "paid"),
        Instalment(2, date(2026, 3, 10), 47_200_00, 0, "to come"),
    ]
    return Account(
        ref="LHR-01-000123",
        borrower=BORROWER,
        branch="LHR-01",
        product="Family enterprise loan",
        principal=50_000_00,
        disbursed_on=date(2026, 1, 10),
        as_of=date(2026, 2, 20),
        closed=closed,
        outstanding=0 if closed else 47_200_00,
        due=0,
        credit=0,
        instalments=rows,
        happenings=[paid_out, *[paid] * (facts - 1)],
    )


def receipt(*, cancelled: bool = False) -> Receipt:
    loan = OnLoan("LHR-01-000123", "Bushra Perveen", 47_200_00)
    number, day = "LHR-01/R/2026/000001", date(2026, 2, 10)
    return Receipt(number, 2_800_00, day, "cheque", "77", "LHR-01", cancelled, [loan])


def drawn(name: str, language: str) -> bytes:
    if name in OFFER_PAPERS:
        return offer_paper(name, offer(), LENDER, code=CODE, language=language)
    return account_paper(name, account(closed=True), LENDER, code=CODE, language=language)


@pytest.mark.parametrize("name", ["undertaking", "statement"])
def test_a_paper_in_both_languages_is_the_urdu_one_and_then_the_english(name: str) -> None:
    urdu, english, both = (spoken(drawn(name, language)) for language in ("ur", "en", "both"))
    assert len(both) == len(urdu) + len(english)
    # Only the count of the pages differs.
    for page, alone in zip(both, [*urdu, *english], strict=True):
        assert len(page) == len(alone)
        assert len(set(page) ^ set(alone)) <= 2
    assert all(any(CODE in line for line in page) for page in both)


def test_the_key_facts_say_every_clause_on_one_page_in_each_language() -> None:
    for language in ("en", "ur"):
        pages = spoken(drawn("key_facts", language))
        assert len(pages) == 1
        said = " ".join(pages[0])
        for clause in KEY_FACTS:
            sentence = translator(language).sentences.get(clause, clause)
            whole = sentence.partition("{")[0].strip()
            assert whole in said


def test_the_key_facts_hold_amounts_days_and_words() -> None:
    text = extracted(drawn("key_facts", "en"))
    for said in (
        "Rs 50,000",
        "Rupees fifty thousand only",
        "in 18 instalments, the first of Rs 2,800 on 10 Jan 2026",
        "fee for the application is Rs 200",
        "35201-1234567-1",
        "10 Jun 2027",
    ):
        assert said in " ".join(text.split()), said
    lines = spoken(drawn("key_facts", "ur"))[0]
    for said in ("Rs 50,000", "پچاس ہزار روپے صرف", "10 جون 2027", "35201-1234567-1", "محمد اسلم"):
        assert said in lines, said


def test_a_long_schedule_goes_down_the_pages() -> None:
    pages = spoken(offer_paper("key_facts", offer(120), LENDER, code=CODE, language="en"))
    assert len(pages) > 2
    numbers = [line for page in pages for line in page if line.isdigit() and int(line) <= 120]
    assert set(map(str, range(1, 121))) <= set(numbers)


def test_the_agreement_counts_its_clauses_and_leaves_room_to_sign() -> None:
    (lines,) = spoken(drawn("agreement", "en"))
    assert [line for line in lines if line in {f"{n}." for n in range(1, 9)}] == [
        f"{place}." for place in range(1, len(AGREEMENT) + 1)
    ]
    assert lines[-4:-1] != []
    for said in ("Witness", "For the institution"):
        assert said in lines


def test_each_guarantor_signs_a_page_of_their_own() -> None:
    first, second = spoken(drawn("undertaking", "en"))
    assert "رشید احمد" in first
    assert "رشید احمد" not in second
    with pytest.raises(Refused, match="no guarantor"):
        offer_paper("undertaking", offer(guarantors=()), LENDER, code=CODE, language="en")


def test_a_statement_of_many_receipts_keeps_every_one() -> None:
    pages = spoken(account_paper("statement", account(facts=90), LENDER, code=CODE, language="ur"))
    assert sum(page.count("LHR-01/R/2026/000001") for page in pages) == 89
    assert pages[0].count("Rs 47,200") == 1


def test_only_a_closed_loan_gets_a_clearance_letter() -> None:
    assert "Nothing is owed on it any more" in " ".join(extracted(drawn("clearance", "en")).split())
    with pytest.raises(Refused, match="not closed"):
        account_paper("clearance", account(), LENDER, code=CODE, language="en")


def test_a_receipt_fits_a_roll_as_long_as_it_needs() -> None:
    one, both = (
        receipt_paper(receipt(), LENDER, sheet="80mm", code=CODE, language=language)
        for language in ("en", "both")
    )
    ((width, height),) = page_sizes(one)
    ((_, longer),) = page_sizes(both)
    assert round(width * 25.4 / 72) == 80
    assert height < longer
    text = extracted(one)
    for said in ("Rs 2,800", "Rupees two thousand eight hundred only", "Cheque 77", "Rs 47,200"):
        assert said in text, said


def test_a_cancelled_receipt_and_a_made_up_book_say_so() -> None:
    made_up = Letterhead("The lender", "thousands", synthetic=True)
    for sheet in ("a4", "80mm"):
        plain, marked = (
            extracted(receipt_paper(given, head, sheet=sheet, code=CODE, language="en"))
            for given, head in ((receipt(), LENDER), (receipt(cancelled=True), made_up))
        )
        for word in ("cancelled", "synthetic"):
            assert word in marked
            assert word not in plain


def test_a_language_that_nobody_speaks_is_refused() -> None:
    with pytest.raises(Refused, match="no language"):
        drawn("key_facts", "fr")
