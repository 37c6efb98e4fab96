"""The blocks of figures that tell of one another, and which of their cells a line is. Pure."""

from collections.abc import Mapping

from aim_loans.mou.disclosure import Key

# Lines whose split tables are counted in enterprises, registrations or persons.
COUNTED = ("A1", "F", "H1.participants")
AMOUNTS = "A2"
LINES, BASELINE, FUNNELS = "lines", "baseline", "funnels"
# How many stand behind amounts and shares of money: nobody prints these.
MONEY = "money"
TOTAL = Key()
# The first dimension of a cell that nobody prints: what parts leave over of their whole.
REST = "rest"
# The values of the dimension "mou": of the cohort, and not.
IN, OUT = "in", "out"
_OF_TYPES = {f"F{number}": ("F", Key(("type",), (f"F{number}",))) for number in range(1, 10)}
# A line that is a cell of a table: the table's line, and the cell.
CELLS: Mapping[str, tuple[str, Key]] = {
    "A1": ("A1", TOTAL),
    "A3.first": ("A1", Key(("first",), ("yes",))),
    "A4.women": ("A1", Key(("gender",), ("female",))),
    "A4.transgender": ("A1", Key(("gender",), ("transgender",))),
    "A4.youth": ("A1", Key(("age",), ("18-29",))),
    "A4.disability": ("A1", Key(("disability",), ("yes",))),
    "A6": ("A1", Key(("tier",), ("underserved",))),
    **_OF_TYPES,
    "A11": _OF_TYPES["F7"],
    "H1.participants": ("H1.participants", TOTAL),
    "H1.women": ("H1.participants", Key(("gender",), ("female",))),
}


def line_key(name: str) -> Key:
    """Give the key under which a line stands for itself."""
    return Key(("line",), (name,))


def behind_key(line: str, measure: str, part: str) -> Key:
    """Give the key of how many make a part of an amount or a share of money."""
    return Key(("line", "measure", "part"), (line, measure, part))


def part_of(key: Key) -> Key:
    """Give the key of the cohort's part of a cell."""
    return Key((*key.by, "mou"), (*key.values, IN))
