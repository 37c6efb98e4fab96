"""What days past due mean: buckets, portfolio at risk, classes. Pure.

Buckets and classes begin at a number of days (>=), portfolio at risk counts what is over a
number of days (>). A loan at exactly 30 days therefore stands in the bucket 30-59 and in the
class that begins at 30 days, but not in PAR over 30 days. Days past due run from the due
date of the oldest instalment that the money received does not cover; the due day itself
is 0.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from aim_loans.config.settings import Ladder

PAR_DAYS = (0, 30, 60, 90, 180)
# The days at which a bucket has begun and PAR has not: a line between ageing and PAR.
EXACT_DAYS = (30, 60, 90, 180)

# Each bucket with the first of its days past due.
BUCKETS = (("current", 0), ("1-29", 1), ("30-59", 30), ("60-89", 60), ("90-179", 90), ("180+", 180))

Marks = Sequence[tuple[str, int]]


def late_level(days: int) -> int:
    """Give how late so many days past due are, 0 to 5: the number of their bucket."""
    return sum(days >= first for _, first in BUCKETS) - 1


@dataclass(frozen=True, slots=True)
class Scale:
    """The days past due at which a loan's bucket, class or place in a PAR changes.

    `edges` rise from 1. A loan's level is the number of edges that it has reached; loans of
    one level are alike in every measure.
    """

    edges: tuple[int, ...]
    classes: tuple[tuple[str, int], ...]

    def lowest_days(self, level: int) -> int:
        """Give the fewest days past due of a level; level 0 is not late."""
        return self.edges[level - 1] if level else 0

    def bucket(self, days: int) -> str:
        """Give the bucket of a number of days past due."""
        return reached(BUCKETS, days)

    def loan_class(self, days: int) -> str:
        """Give the class of a number of days past due."""
        return reached(self.classes, days)


def scale(ladder: Ladder) -> Scale:
    """Give the scale that a ladder's classes, the buckets and the PAR lines make together."""
    classes = tuple((step.name, step.from_days) for step in ladder.classes)
    begun = {days for _, days in (*BUCKETS, *classes)}
    over = {days + 1 for days in PAR_DAYS}
    return Scale(tuple(sorted((begun | over) - {0})), classes)


def reached(marks: Marks, days: int) -> str:
    """Give the last name whose first day is reached; `marks` rise by their days from 0."""
    return marks[bisect_right(marks, days, key=lambda mark: mark[1]) - 1][0]
