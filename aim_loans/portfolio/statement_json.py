"""A statement as canonical JSON and back, and its digest. Pure.

Sorted keys, no blanks; amounts and counts are whole numbers, days and moments ISO texts, a
ratio the list of its two parts. There is no fraction anywhere, so the text of equal
statements is equal on every machine.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from aim_loans.money import Ratio
from aim_loans.portfolio.statement import PortfolioStatement

Value = TypeVar("Value")


def to_json(statement: PortfolioStatement) -> str:
    """Write a statement."""
    return canonical(statement)


def from_json(text: str) -> PortfolioStatement:
    """Read what `to_json` wrote; the statement is equal to the one written."""
    return read_canonical(PortfolioStatement, text)


def canonical(value: Any) -> str:
    """Write any frozen value of whole numbers, texts, days, ratios and tuples of such values."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_canonical(kind: type[Value], text: str) -> Value:
    """Read what `canonical` wrote of a value of this class."""
    value: Value = _read(kind, json.loads(text))
    return value


def statement_digest(statement: PortfolioStatement) -> str:
    """Give the SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(to_json(statement).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


_READ: Mapping[Any, Callable[[Any], Any]] = {
    Ratio: lambda parts: Ratio(*parts),
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


def _read(kind: Any, value: Any) -> Any:
    """Give a value of the kind that a field declares."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{name: _read(hints[name], each) for name, each in value.items()})
    if get_origin(kind) is UnionType:
        (kind,) = (each for each in get_args(kind) if each is not NoneType)
        return None if value is None else _read(kind, value)
    if get_origin(kind) is tuple:
        return tuple(_read(get_args(kind)[0], each) for each in value)
    return _READ[kind](value) if kind in _READ else value
