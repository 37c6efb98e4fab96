"""A bare script that imports a book: the files into staging tables, then one statement a table.

It trusts its files, checks nothing, knows no earlier import and signs nothing; the rows and
keys of the book are the same. The differing words of the two databases stand in `WORDS`.
"""

import csv
from pathlib import Path
from typing import Any

from bench.files import LOANS_HEADER, RECEIPTS_HEADER, SCHEDULES_HEADER, Files
from bench.peers.statements import statement, worded
from bench.places import POSTGRESQL, Database

RECORDED_AT = 1_774_936_800_000_000
WORDS = {
    "sqlite": {
        "day_number": "CAST(julianday({}) - 2440587.5 AS INTEGER)",
        "day_of_number": "date(({}) * 86400, 'unixepoch')",
        "day_of_month": "printf('%04d-%02d-%02d', ({0}) / 12, ({0}) % 12 + 1, {1})",
        "date": "{}",
    },
    "postgresql": {
        "day_number": "(CAST({} AS date) - DATE '1970-01-01')",
        "day_of_number": "(DATE '1970-01-01' + CAST({} AS integer))",
        "day_of_month": "make_date(({0}) / 12, ({0}) %% 12 + 1, {1})",
        "date": "CAST({} AS date)",
    },
}


def run_script(driver: Any, database: Database, files: Files) -> None:
    """Import the files in one transaction."""
    if database.kind != POSTGRESQL:
        driver.execute("BEGIN IMMEDIATE")
    _stage(driver, database, "loans", LOANS_HEADER, files.loans)
    _stage(driver, database, "receipts", RECEIPTS_HEADER, files.receipts)
    _stage(driver, database, "schedules", SCHEDULES_HEADER, files.schedules)
    values = {"now": RECORDED_AT, "year": 2025}
    words = WORDS[database.kind]
    for sql in statement("import").split(";"):
        if sql.strip():
            driver.execute(database.sql(worded(sql, words)), values)
    driver.commit()


def _stage(driver: Any, database: Database, name: str, header: tuple[str, ...], path: Path) -> None:
    columns = ", ".join(f"{column} text" for column in header)
    if database.kind == POSTGRESQL:
        driver.execute(
            f"CREATE TEMP TABLE {name} (line bigint GENERATED ALWAYS AS IDENTITY, {columns})"
        )
        copy = f"COPY {name} ({', '.join(header)}) FROM STDIN WITH (FORMAT csv, HEADER)"
        with driver.cursor().copy(copy) as stream, path.open("rb") as file:
            while block := file.read(1 << 20):
                stream.write(block)
        driver.execute(f"ANALYZE {name}")
        return
    driver.execute(f"CREATE TEMP TABLE {name} (line INTEGER PRIMARY KEY, {columns})")
    marks = ", ".join("?" * len(header))
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        driver.executemany(f"INSERT INTO {name} ({', '.join(header)}) VALUES ({marks})", rows)
