"""What a classification ladder asks to be set aside. Pure.

DOMAIN.md 6: the rate of a class on the whole outstanding of its loans (specific), and a general
rate on the outstanding less the specific provisions. Amounts are paisa, rates basis points;
each is rounded half up, once a class.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from aim_loans.config.settings import Ladder
from aim_loans.money import divide_rounded

BASIS_POINTS = 10_000
Place = TypeVar("Place")


def provision_of(amount: int, basis_points: int) -> int:
    """Give a rate of an amount, rounded half up."""
    return divide_rounded(amount * basis_points, BASIS_POINTS, multiple=1, rule="half_up")


def allowance(ladder: Ladder, outstanding: Mapping[str, int]) -> int:
    """Give the loss allowance for what is outstanding by class: specific and general."""
    specific = sum(
        provision_of(outstanding.get(step.name, 0), step.provision_bps) for step in ladder.classes
    )
    rest = sum(outstanding.values()) - specific
    return specific + provision_of(rest, ladder.general_provision_bps)


def shared(
    ladder: Ladder, books: Iterable[tuple[Place, Mapping[str, int]]]
) -> Iterator[tuple[Place, int]]:
    """Give each book its part of the allowance, in their order.

    A part is what the allowance of all books so far grows by, so that the parts add up to that
    of the whole to the paisa; none is further than the rounding from the book's own.
    """
    so_far: Counter[str] = Counter()
    before = 0
    for place, outstanding in books:
        so_far.update(outstanding)
        now = allowance(ladder, so_far)
        yield place, now - before
        before = now
