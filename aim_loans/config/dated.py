"""Reads the dated tables, from config.toml and back from the rows that the database keeps.

`init` and `upgrade` copy the dated tables into the database as `DatedRow`s, one JSON body a
row; from then on the database holds them. Both ways run through the same readers, so a body
that was altered by hand is refused with its key, as the file would be.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Literal, TypeVar, get_args

from aim_loans.config.dated_rule import DatedRule
from aim_loans.config.rows import ConfigurationFault, Row
from aim_loans.config.rules import (
    read_benchmark,
    read_expected_loss,
    read_expiry,
    read_fee,
    read_ladder,
    read_limits,
    read_product,
)
from aim_loans.config.settings import DatedTables, Product
from aim_loans.errors import Refused

TableName = Literal["products", "ladder", "limits", "fee", "benchmark", "expiry", "expected_loss"]

# The tables with one row a day have one key for all their rows.
ONLY_KEY = "institution"

HEADER = ("effective_from", "source", "verified")

_NEEDED: Sequence[TableName] = ("products", "ladder", "limits", "fee", "benchmark")

DatedRuleT = TypeVar("DatedRuleT", bound=DatedRule)

_READERS: Mapping[TableName, Callable[[Row], DatedRule]] = {
    "products": read_product,
    "ladder": read_ladder,
    "limits": read_limits,
    "fee": read_fee,
    "benchmark": read_benchmark,
    "expiry": read_expiry,
    "expected_loss": read_expected_loss,
}
# Nobody needs to have entered these; a book from before them has none.
_MAY_BE_EMPTY = ("expiry", "expected_loss")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRow:
    """One row of a dated table as the database keeps it; `body` is canonical JSON, in paisa."""

    table: TableName
    key: str
    effective_from: date
    source: str
    verified: bool
    body: str


def read_dated_tables(root: Row) -> DatedTables:
    """Read the dated tables; the faults are noted in `root`."""
    return DatedTables(
        products=_rules(root, "products", read_product),
        ladder=_rules(root, "ladder", read_ladder),
        limits=_rules(root, "limits", read_limits),
        fee=_rules(root, "fee", read_fee),
        benchmark=_rules(root, "benchmark", read_benchmark),
        expiry=_rules(root, "expiry", read_expiry),
        expected_loss=_rules(root, "expected_loss", read_expected_loss),
    )


def dated_rows(tables: DatedTables) -> list[DatedRow]:
    """Write all dated tables as rows for the database, in the order of the file."""
    named: list[tuple[TableName, Sequence[DatedRule]]] = [
        ("products", tables.products),
        ("ladder", tables.ladder),
        ("limits", tables.limits),
        ("fee", tables.fee),
        ("benchmark", tables.benchmark),
        ("expiry", tables.expiry),
        ("expected_loss", tables.expected_loss),
    ]
    return [dated_row(table, rule) for table, rules in named for rule in rules]


def dated_row(table: TableName, rule: DatedRule) -> DatedRow:
    """Write one rule as a row; equal rules give equal bodies, byte for byte."""
    body = {name: value for name, value in asdict(rule).items() if name not in HEADER}
    return DatedRow(
        table=table,
        key=_key_of(rule),
        effective_from=rule.effective_from,
        source=rule.source,
        verified=rule.verified,
        body=json.dumps(
            body,
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
            default=date.isoformat,
        ),
    )


def read_dated_row(table: TableName, content: Mapping[str, object]) -> DatedRow:
    """Read one row with its amounts in paisa; ConfigurationFault names every fault's key.

    The keys are those of the file without the row's place: `round_to`, `classes[2].from_days`.
    """
    root = Row(content, "", [], "paisa")
    rule = _READERS[table](root)
    root.end()
    if root.faults:
        raise ConfigurationFault(table, root.faults)
    return dated_row(table, rule)


def dated_tables(rows: Iterable[DatedRow]) -> DatedTables:
    """Read the rows that the database keeps; ConfigurationFault when a body was altered."""
    content: dict[str, list[object]] = {name: [] for name in _NEEDED}
    root = Row(content, "", [], "paisa")
    for row in rows:
        header = {name: getattr(row, name) for name in HEADER}
        body = _body(root, row)
        if body is not None:
            content.setdefault(row.table, []).append(body | header)
    tables = read_dated_tables(root)
    if root.faults:
        raise ConfigurationFault("dated_setting", root.faults)
    return tables


def _body(root: Row, row: DatedRow) -> dict[str, object] | None:
    """Read the JSON of a row; None, with a fault noted, when it or its table is none."""
    try:
        body = json.loads(row.body)
    except ValueError:
        body = None
    if isinstance(body, dict) and row.table in get_args(TableName):
        return body
    root.fault(
        Refused(
            "The stored rule of {name} from {day} cannot be read. Restore it from a backup.",
            field=root.key(row.table),
            name=row.key,
            day=row.effective_from,
        )
    )
    return None


def _key_of(rule: DatedRule) -> str:
    return rule.code if isinstance(rule, Product) else ONLY_KEY


def _rules(
    root: Row, table: TableName, read: Callable[[Row], DatedRuleT]
) -> tuple[DatedRuleT, ...]:
    """Read the rows of one table; two rows of one key may not begin on the same day."""
    may_be_empty = table in _MAY_BE_EMPTY
    opened = [] if may_be_empty and not root.has(table) else root.tables(table)
    root.require(
        Refused("This table has no row. Add one.", field=root.key(table)),
        of=[table],
        holds=may_be_empty or bool(opened),
    )
    begun: set[tuple[str, date]] = set()
    rules = []
    for row in opened:
        rule = read(row)
        row.end()
        start = (_key_of(rule), rule.effective_from)
        row.require(
            Refused(
                "Another row of {name} begins on {day} too. Change one of the dates.",
                field=row.key("effective_from"),
                name=start[0],
                day=start[1],
            ),
            of=["effective_from", "code"],
            holds=start not in begun,
        )
        begun.add(start)
        rules.append(rule)
    return tuple(rules)
