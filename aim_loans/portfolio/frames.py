"""From the cells of a book to its measures: one integer frame.

Everything is a whole number until it is written out: amounts are paisa in int64 columns,
ratios are left as their numerator and denominator.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from aim_loans.portfolio.cells import MEASURES, SHARED
from aim_loans.portfolio.lateness import BUCKETS, PAR_DAYS, Scale

Whole = np.ndarray[Any, np.dtype[np.int64]]


def bucket_column(bucket: str) -> str:
    """Name the column of a bucket's outstanding: bucket_30_59, bucket_180_plus."""
    return "bucket_" + bucket.replace("-", "_").replace("+", "_plus")


def class_column(name: str) -> str:
    """Name the column of a class's outstanding."""
    return f"class_{name}"


def book_frame(rows: Sequence[Sequence[Any]], by: Sequence[str], scale: Scale) -> pd.DataFrame:
    """Give the measures a group, in the order of the groups' text; without groups, one row.

    `rows` are those of `cells.cells`. Groups with no active loan are left out.
    """
    columns = list(zip(*rows, strict=True)) or [()] * (len(by) + 1 + len(MEASURES))
    level, *sums = (np.array(column, dtype=np.int64) for column in columns[len(by) :])
    measures = _measures(level, dict(zip(MEASURES, sums, strict=True)), scale)
    if not by:
        whole = {name: [values.sum()] for name, values in measures.items()}
        return pd.DataFrame(whole, dtype=np.int64)
    groups = {name: pd.Series(columns[place], dtype="str") for place, name in enumerate(by)}
    frame = pd.DataFrame({**groups, **measures}).groupby(list(by), as_index=False).sum()
    return frame[frame["active_loans"] > 0].reset_index(drop=True)


def _measures(level: Whole, sums: Mapping[str, Whole], scale: Scale) -> dict[str, Whole]:
    """Give each measure's share of every cell."""
    lowest = np.array([scale.lowest_days(step) for step in range(len(scale.edges) + 1)])
    reached = np.maximum(level, 0)
    days = lowest[reached]
    outstanding = sums["outstanding"]
    loans = np.where(level >= 0, sums["loans"], 0)
    classes = [name for name, _ in scale.classes]
    of_class = np.array([classes.index(scale.loan_class(low)) for low in lowest])[reached]
    buckets = [name for name, _ in BUCKETS]
    of_bucket = np.array([buckets.index(scale.bucket(low)) for low in lowest])[reached]
    return {
        "active_loans": loans,
        "active_borrowers": loans - np.where(level == SHARED, sums["loans"], 0),
        "glp": outstanding,
        "arrears": sums["arrears"],
        **{f"par{x}": np.where(days > x, outstanding, 0) for x in PAR_DAYS},
        **{
            bucket_column(name): np.where(of_bucket == place, outstanding, 0)
            for place, name in enumerate(buckets)
        },
        **{
            class_column(name): np.where(of_class == place, outstanding, 0)
            for place, name in enumerate(classes)
        },
        "recovery_collected": sums["due"] - sums["missed"],
        "recovery_due": sums["due"],
    }
