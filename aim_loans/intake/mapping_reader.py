"""Reads a mapping file (TOML), or refuses it with every fault at once, each with its key."""

import re
import tomllib
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aim_loans.config.rows import Row
from aim_loans.errors import Refused
from aim_loans.intake.files import FilesRefused
from aim_loans.intake.layout import LAYOUTS, Layout
from aim_loans.intake.mapping import (
    MORE_THAN_ONE,
    Answer,
    BookMapping,
    ColumnRule,
    Lookup,
    Rate,
)

MOST_COLUMNS = 2

_RATE = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,6}))?")
# Any stamp whose parts all differ shows whether a format can be read back.
_SAMPLE = datetime.fromisoformat("2021-03-04T05:06:07+00:00")


def read_mapping(path: Path) -> BookMapping:
    """Read a mapping file; FilesRefused lists everything that is wrong with it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise FilesRefused([_cannot_open(path, error)]) from error
    except ValueError as error:
        raise FilesRefused([_cannot_read(path, error)]) from error
    root = Row(content, "", [], "rupees")
    mapping = _read(root)
    if root.faults:
        raise FilesRefused(
            [
                Refused(fault.message, field=f"{path.name}, {fault.field}", **fault.values)
                for fault in root.faults
            ]
        )
    return mapping


def _cannot_open(path: Path, error: OSError) -> Refused:
    return Refused(
        "The file cannot be opened: {reason}. Check its path.",
        field=path.name,
        reason=error.strerror or type(error).__name__,
    )


def _cannot_read(path: Path, error: ValueError) -> Refused:
    if isinstance(error, UnicodeDecodeError):
        return Refused("The file is not UTF-8 text. Save it as UTF-8.", field=path.name)
    return Refused("The file is not TOML: {reason}.", field=path.name, reason=str(error))


def _read(root: Row) -> BookMapping:
    mapping = BookMapping(
        name=root.string("name") if root.has("name") else "",
        zone=_zone(root) if root.has("time_zone") else None,
        date_formats=_date_formats(root) if root.has("date_formats") else (),
        rate=_rate(root.table("currency")) if root.has("currency") else None,
        files={
            kind: _file(root.table(kind), layout)
            for kind, layout in LAYOUTS.items()
            if root.has(kind)
        },
    )
    root.end()
    return mapping


def _zone(root: Row) -> ZoneInfo | None:
    name = root.string("time_zone")
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        root.fault(
            Refused(
                "{given} is not a known time zone. Write one such as Asia/Karachi.",
                field=root.key("time_zone"),
                given=name,
            )
        )
        return None


def _date_formats(root: Row) -> tuple[str, ...]:
    formats = _texts(root, "date_formats")
    for shape in formats:
        if not _reads_back(shape):
            root.fault(
                Refused(
                    "{given} is no date format. Write one such as %d/%m/%Y or %Y-%m-%d %H:%M:%S%z.",
                    field=root.key("date_formats"),
                    given=shape,
                )
            )
    return formats


def _reads_back(shape: str) -> bool:
    try:
        back = datetime.strptime(_SAMPLE.strftime(shape), shape)  # noqa: DTZ007  # days only
    except ValueError:
        return False
    return back.date() == _SAMPLE.date()


def _rate(row: Row) -> Rate:
    code, text, source = row.string("code"), row.string("rate"), row.string("source")
    row.end()
    match = _RATE.fullmatch(text)
    whole, decimals = match.groups(default="") if match else ("1", "")
    rate = Rate(code, text, int(whole + decimals), 10 ** len(decimals), source)
    row.require(
        Refused(
            'Write the rupees for one unit as a decimal in quotes, such as "104.75".',
            field=row.key("rate"),
        ),
        of=["rate"],
        holds=match is not None and rate.numerator > 0,
    )
    return rate


def _file(row: Row, layout: Layout) -> dict[str, ColumnRule]:
    rules = {name: _rule(row, name) for name in layout.columns if row.has(name)}
    row.end()
    return rules


def _rule(row: Row, name: str) -> ColumnRule:
    """Read a column: the name of a source column alone, or a table."""
    if isinstance(row.content[name], str):
        return ColumnRule(sources=(row.string(name),))
    table = row.table(name)
    if not isinstance(row.content[name], dict):
        return ColumnRule()
    rule = ColumnRule(
        sources=_texts(table, "from") if table.has("from") else (),
        constant=_text(table, "constant"),
        default=_text(table, "default"),
        first_of=_text(table, "first_of"),
        gap=_text(table, "gap") or MORE_THAN_ONE,
        lookups=_lookups(table),
    )
    table.require(
        Refused("Name a column with from, or give a constant; not both.", field=table.path),
        of=["from", "constant"],
        holds=bool(rule.sources) != ("constant" in table.content),
    )
    table.end()
    return rule


def _text(row: Row, name: str) -> str:
    """Read a text that may be left out, and may be blank."""
    if not row.has(name) or row.content[name] == "":
        return ""
    given = row.content[name]
    # Blanks around a text are kept: a separator may be one.
    return given if isinstance(given, str) else row.string(name)


def _texts(row: Row, name: str) -> tuple[str, ...]:
    """Read one text or a list of texts, none of them blank."""
    given = row.content[name]
    if isinstance(given, str):
        return (row.string(name),)
    if isinstance(given, list) and given and all(isinstance(text, str) for text in given):
        return tuple(text.strip() for text in given)
    row.fault(Refused("Write a text, or a list of texts, in quotes.", field=row.key(name)))
    return ()


def _lookups(table: Row) -> tuple[Lookup, ...]:
    """Read `values` (on the source column) and `rules` (on one or two columns).

    Rules on the same columns become one lookup, in which the first rule for a value holds.
    Those on two columns are asked first.
    """
    found: dict[tuple[str, ...], dict[tuple[str, ...], Answer]] = {}
    for rule in table.tables("rules") if table.has("rules") else ():
        when = rule.table("when")
        answer = Answer(_value(rule), _text(rule, "gap"))
        rule.end()
        columns = tuple(when.content)
        if not 1 <= len(columns) <= MOST_COLUMNS:
            when.fault(Refused("A rule asks for one or two columns.", field=when.path))
            continue
        keys: list[tuple[str, ...]] = [()]
        for column in columns:
            keys = [(*key, text) for key in keys for text in _alternatives(when, column)]
        for key in keys:
            found.setdefault(columns, {}).setdefault(key, answer)
    if table.has("values"):
        found.setdefault(_one_source(table), {}).update(_values(table.table("values")))
    ordered = sorted(found.items(), key=lambda entry: -len(entry[0]))
    return tuple(Lookup(columns, answers) for columns, answers in ordered)


def _value(rule: Row) -> str:
    if rule.has("value"):
        return _text(rule, "value")
    rule.fault(Refused("This key is missing. Add it.", field=rule.key("value")))
    return ""


def _alternatives(when: Row, column: str) -> tuple[str, ...]:
    """Read the values that a rule asks for; a blank one stands for an empty field."""
    return ("",) if when.content[column] == "" else _texts(when, column)


def _one_source(table: Row) -> tuple[str, ...]:
    sources = table.content.get("from")
    if isinstance(sources, str):
        return (sources.strip(),)
    table.fault(
        Refused("Values need one column to look at: name it with from.", field=table.key("values"))
    )
    return ()


def _values(row: Row) -> dict[tuple[str, ...], Answer]:
    return {(key.strip(),): Answer(_text(row, key)) for key in row.content}
