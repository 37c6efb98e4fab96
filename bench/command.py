"""The command: which entries, how large, on which databases; prints one table."""

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.closed import closed
from bench.exports import loans_csv
from bench.importing import importing
from bench.joint import joint
from bench.pages import pages
from bench.places import POSTGRESQL, SQLITE, Places, open_places
from bench.readings import past, today
from bench.receipts import receipts
from bench.results import Result, table
from bench.statement import statement
from bench.tape import tape
from bench.verifying import verify

Entry = Callable[..., Result | list[Result]]

ENTRIES: dict[str, Entry] = {
    "today": today,
    "past": past,
    "csv": loans_csv,
    "verify": verify,
    "receipts": receipts,
    "import": importing,
    "closed": closed,
    "tape": tape,
    "statement": statement,
    "joint": joint,
    "pages": pages,
}
DATABASES = (SQLITE, POSTGRESQL)
DEFAULT_LOANS, DEFAULT_RUNS = 100_000, 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the entries asked for and print what was found."""
    asked = _parser().parse_args(arguments)
    # The software's own key and database are no part of a bench.
    os.environ.pop("AIM_DATABASE_URL", None)
    with (
        tempfile.TemporaryDirectory(prefix="aim-bench-") as folder,
        open_places(Path(folder)) as places,
    ):
        results = run(
            places,
            entries=asked.entries or list(ENTRIES),
            databases=asked.databases,
            loans=asked.loans,
            runs=asked.runs,
        )
    print(f"\nmedians of {asked.runs} runs in turn, {os.cpu_count()} cores, ", end="")
    print(f"Python {platform.python_version()}; ratio = ours / peer\n")
    print(table(results))


def run(
    places: Places,
    *,
    entries: Sequence[str],
    databases: Sequence[str],
    loans: int,
    runs: int,
) -> list[Result]:
    """Run entries, each on every database, and give their results."""
    results: list[Result] = []
    for database in databases:
        for name in entries:
            found = ENTRIES[name](places, database, loans=loans, runs=runs)
            for result in found if isinstance(found, list) else [found]:
                print("  ".join(cell for cell in result.cells() if cell), flush=True)
                results.append(result)
    return sorted(results, key=lambda result: list(entries).index(_name(result)))


def _name(result: Result) -> str:
    return "csv" if result.entry == "loans csv" else result.entry.partition(",")[0]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("entries", nargs="*", metavar="entry", help=", ".join(ENTRIES))
    parser.add_argument("--loans", type=int, default=DEFAULT_LOANS, help="loans in the book")
    parser.add_argument("--runs", type=int, default=DEFAULT_RUNS, help="runs of each")
    parser.add_argument("--databases", type=_databases, default=DATABASES, help="with commas")
    return parser


def _databases(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if not set(names) <= set(DATABASES):
        raise argparse.ArgumentTypeError(f"use any of {', '.join(DATABASES)}")
    return names
