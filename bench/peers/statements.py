"""Reads the peers' SQL and the numbers of days that it compares due dates with."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from aim_loans.dates import as_of_key, day_number

OVER_DAYS = (0, 29, 30, 59, 60, 89, 90, 179, 180)


def statement(name: str) -> str:
    """Give a peer's SQL without its comments."""
    text = (Path(__file__).parent / f"{name}.sql").read_text("utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


def worded(sql: str, words: Mapping[str, str]) -> str:
    """Put a database's own words in the place of each `name[argument, argument]`."""
    for name, word in words.items():
        while f"{name}[" in sql:
            before, _, rest = sql.partition(f"{name}[")
            inside, _, after = rest.partition("]")
            sql = before + word.format(*inside.split(", ")) + after
    return sql


def days(as_of: date) -> dict[str, object]:
    """Give the day, and for each x the latest due date that is more than x days late on it.

    Each comes as a date, as a due key and as a day's number.
    """
    values: dict[str, object] = {
        "as_of": as_of.isoformat(),
        "key": as_of_key(as_of),
        "number": day_number(as_of),
    }
    for over in OVER_DAYS:
        latest = as_of - timedelta(days=over + 1)
        values[f"day_{over}"] = latest.isoformat()
        values[f"key_{over}"] = as_of_key(latest)
        values[f"number_{over}"] = day_number(latest)
    return values
