"""From the sums of each group to its measures: one integer frame.

Everything is a whole number until it is written out: amounts are paisa in int64 columns,
ratios are left as their numerator and denominator.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, pairwise
from typing import Any

import numpy as np
import pandas as pd

from aim_loans.portfolio.cells import MEASURES
from aim_loans.portfolio.lateness import BUCKETS, PAR_DAYS, Scale

Whole = np.ndarray[Any, np.dtype[np.int64]]


def bucket_column(bucket: str) -> str:
    """Name the column of a bucket's outstanding: bucket_30_59, bucket_180_plus."""
    return "bucket_" + bucket.replace("-", "_").replace("+", "_plus")


def class_column(name: str) -> str:
    """Name the column of a class's outstanding."""
    return f"class_{name}"


def count_column(figure: str) -> str:
    """Name the column of the number of loans behind a figure."""
    return f"loans_{figure}"


def exactly(measures: Mapping[str, int], days: int) -> int:
    """Give the outstanding exactly so many days past due (of `EXACT_DAYS`), from a group's row.

    It has reached the bucket that begins at that day, and is not yet in PAR over it.
    """
    begun = sum(measures[bucket_column(name)] for name, low in BUCKETS if low >= days)
    return begun - measures[f"par{days}"]


def book_frame(
    rows: Sequence[Sequence[Any]],
    by: Sequence[str],
    scale: Scale,
    *,
    idle: bool = False,
    counted: bool = False,
) -> pd.DataFrame:
    """Give the measures a group, in the order of the groups' text; without groups, one row.

    `rows` are those of `cells.books`, `counted` or not. Groups with no active loan are left
    out, unless `idle`.
    """
    edges = len(scale.edges)
    width = len(by) + len(MEASURES) + edges + (1 + edges if counted else 0)
    columns = list(zip(*rows, strict=True)) or [()] * width
    texts, sums = columns[: len(by)], [np.array(c, dtype=np.int64) for c in columns[len(by) :]]
    named = dict(zip(MEASURES, sums, strict=False))
    late, counts = sums[len(MEASURES) :][:edges], sums[len(MEASURES) + edges :]
    measures = _measures(named, late, scale)
    if counted:
        measures |= _counts(named["active_loans"], counts, scale)
    if not by:
        return pd.DataFrame(measures)
    groups = {name: pd.Series(column, dtype="str") for name, column in zip(by, texts, strict=True)}
    frame = pd.DataFrame({**groups, **measures})
    shown = frame if idle else frame[frame["active_loans"] > 0]
    return shown.sort_values(list(by), ignore_index=True)


def _measures(sums: Mapping[str, Whole], late: Sequence[Whole], scale: Scale) -> dict[str, Whole]:
    """Give each measure; `late` is the outstanding that reached each edge of the scale."""
    whole = sums["outstanding"]
    levels, days = _levels(whole, late, scale)
    classes = [scale.loan_class(low) for low in days]
    return {
        "active_loans": sums["active_loans"],
        "active_borrowers": sums["active_borrowers"],
        "glp": whole,
        "arrears": sums["arrears"],
        **_ageing(levels, days, scale),
        **{
            class_column(name): _sum(levels, (each == name for each in classes))
            for name, _ in scale.classes
        },
        "recovery_collected": sums["due"] - sums["missed"],
        "recovery_due": sums["due"],
    }


def _counts(active: Whole, counts: Sequence[Whole], scale: Scale) -> dict[str, Whole]:
    """Give the loans behind each figure: `counts` are those in arrears, and at each edge."""
    in_arrears, *late = counts
    loans = {"active_loans": active, "glp": active, "arrears": in_arrears}
    loans |= _ageing(*_levels(active, late, scale), scale)
    return {count_column(name): number for name, number in loans.items()}


def _levels(
    whole: Whole, late: Sequence[Whole], scale: Scale
) -> tuple[Sequence[Whole], Sequence[int]]:
    """Give what lies at each level of the scale, and the fewest days late of each."""
    levels = [more - less for more, less in pairwise([whole, *late, np.zeros_like(whole)])]
    return levels, [scale.lowest_days(level) for level in range(len(levels))]


def _ageing(levels: Sequence[Whole], days: Sequence[int], scale: Scale) -> dict[str, Whole]:
    """Give what is at risk over each number of days, and what lies in each bucket."""
    buckets = [scale.bucket(low) for low in days]
    return {
        **{f"par{over}": _sum(levels, (low > over for low in days)) for over in PAR_DAYS},
        **{
            bucket_column(name): _sum(levels, (bucket == name for bucket in buckets))
            for name, _ in BUCKETS
        },
    }


def _sum(levels: Sequence[Whole], chosen: Iterable[bool]) -> Whole:
    total = np.zeros_like(levels[0])
    for amounts in compress(levels, chosen):
        total = total + amounts
    return total
