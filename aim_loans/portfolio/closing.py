"""Closed months for whoever asks: which are final, and what came after them.

Every paper, file and page asks `closed_month`: a month that it does not give is provisional.
"""

from aim_loans.portfolio.months import ClosedMonth, closed_month, closed_months, editions
from aim_loans.portfolio.restating import Cause, Measure, Restated, Restatements, restatements

__all__ = [
    "Cause",
    "ClosedMonth",
    "Measure",
    "Restated",
    "Restatements",
    "closed_month",
    "closed_months",
    "editions",
    "restatements",
]
