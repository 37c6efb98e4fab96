"""Holds the first rule of the house: no product carries a charge.

Only the amount lent is repaid. Nothing is added for lateness, tenor or size, and the one
application fee is the institution's, the same for every product.
"""

import re
from collections.abc import Mapping

from aim_loans.config.rows import Row
from aim_loans.errors import Refused
from aim_loans.vocabulary import N_

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_SHARE_WORDS = frozenset({"percent", "percentage", "pct", "bps", "rate"})

_SENTENCES: Mapping[str, frozenset[str]] = {
    N_(
        "An interest-free loan cannot carry {name}: nothing is added because of lateness. "
        "Remove the key."
    ): frozenset({"late", "lateness", "overdue", "penalty", "penal", "fine", "surcharge"}),
    N_(
        "An interest-free loan cannot carry {name}: a share of the amount lent is interest. "
        "Remove the key."
    ): _SHARE_WORDS | {"commission"},
    N_(
        "An interest-free loan cannot carry {name}: only the amount lent is repaid. Remove the key."
    ): frozenset({"interest", "markup", "mark", "profit", "riba", "apr", "yield"}),
    N_(
        "An interest-free loan cannot carry {name}: a contract with rent or a service charge "
        "is not Qard-e-Hasna and is not kept here. Remove the key."
    ): frozenset({"rent", "rental", "lease", "charge", "charges"}),
    N_(
        "An interest-free loan cannot carry {name} of its own: the application fee is one "
        "amount for every product. Set it in [[fee]]."
    ): frozenset({"fee", "fees"}),
}


def refuse_charges(row: Row) -> None:
    """Note a fault for each key of a product that would add to what the borrower repays.

    A rate of 0 is refused too: the key itself has no place on an interest-free product.
    """
    for name in row.content:
        words = _words(name)
        sentence = next((text for text, signs in _SENTENCES.items() if signs & words), None)
        if sentence is not None and name not in row.known:
            row.known.append(name)
            row.fault(Refused(sentence, field=row.key(name), name=name))


def refuse_fee_shares(row: Row) -> None:
    """Note a fault for each key or value that would make the application fee a share."""
    for name, value in row.content.items():
        share_by_name = _SHARE_WORDS & _words(name)
        if share_by_name or (isinstance(value, str) and name == "amount" and "%" in value):
            row.known.append(name)
            row.fault(
                Refused(
                    "The application fee is one amount in rupees at cost, never a share of "
                    "the loan. Write amount = 200.",
                    field=row.key(name),
                )
            )


def _words(name: str) -> set[str]:
    """Split a key into its words: late_fee, late-fee and lateFee alike."""
    return {part.lower() for part in _WORD.findall(name)}
