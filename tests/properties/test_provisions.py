"""The allowance that a ladder asks for: the plain formula, and parts that add up to the whole."""

from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from aim_loans.config.reader import read_settings
from aim_loans.portfolio.provisions import allowance, shared

(LADDER,) = read_settings(None, {}).dated.ladder
NAMES: list[str] = [step.name for step in LADDER.classes]
BOOKS = st.lists(
    st.dictionaries(st.sampled_from(NAMES), st.integers(1, 10**13), max_size=len(NAMES)), max_size=9
)


def plainly(outstanding: dict[str, int]) -> int:
    """DOMAIN.md 6 by decimal fractions of a rupee."""
    paisa = Decimal("0.01")
    rates: dict[str, int] = {step.name: step.provision_bps for step in LADDER.classes}
    specific = sum(
        (Decimal(amount) / 100 * rates[name] / 10_000).quantize(paisa, ROUND_HALF_UP)
        for name, amount in outstanding.items()
    )
    rest = Decimal(sum(outstanding.values())) / 100 - specific
    general = (rest * LADDER.general_provision_bps / 10_000).quantize(paisa, ROUND_HALF_UP)
    return int((specific + general) * 100)


@given(BOOKS)
def test_the_parts_add_up_to_the_whole_and_stay_near_each_books_own(
    books: list[dict[str, int]],
) -> None:
    whole = {name: sum(book.get(name, 0) for book in books) for name in NAMES}
    parts = list(shared(LADDER, enumerate(books)))
    assert [place for place, _ in parts] == list(range(len(books)))
    assert sum(part for _, part in parts) == allowance(LADDER, whole) == plainly(whole)
    for (_, part), book in zip(parts, books, strict=True):
        # Each class and the general part is rounded once before and once after, and once alone.
        assert abs(part - plainly(book)) <= 2 * (len(NAMES) + 1)
