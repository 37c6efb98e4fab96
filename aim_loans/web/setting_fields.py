"""The fields of a dated rule: how each is shown, typed and read.

A field is named as the reader of the configuration names it in its faults, such as
`classes[2].from_days`, so that what the reader refuses is said beside the field.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal, get_args

from aim_loans.config.dated import DatedRow, TableName, read_dated_row
from aim_loans.config.rows import ConfigurationFault
from aim_loans.config.rules import RANKS
from aim_loans.config.settings import SECTOR_KEYS, DueRule, Frequency, HolidayRule
from aim_loans.dates import parse_date
from aim_loans.errors import Refused
from aim_loans.money import RoundingRule, parse_rupees, plain
from aim_loans.vocabulary import N_
from aim_loans.web.forms import Form, one_of
from aim_loans.web.words import count, day, ltr, rupees, words

Kind = Literal["text", "number", "amount", "share", "day", "choice", "choices"]
CHANGEABLE: tuple[TableName, ...] = ("products", "ladder", "limits", "fee", "expiry", "benchmark")

_PART = re.compile(r"(\w+)(?:\[(\d+)\])?")
_LONGEST_NUMBER = 12


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a rule: its name, its label (a message), its kind, and what may be chosen.

    `of` names the class or the place of the row that it belongs to; one that is not `needed`
    may be left blank.
    """

    name: str
    label: str
    kind: Kind
    value: object
    allowed: tuple[str, ...] = ()
    of: str = ""
    needed: bool = True


# The label and kind of each value, by its last name; words to choose from name their list.
_KNOWN: Mapping[str, tuple[str, Kind, tuple[str, ...]]] = {
    "name": (N_("Name"), "text", ()),
    "frequency": (N_("Instalments"), "choice", get_args(Frequency)),
    "rounding": (N_("Rounding of the instalment"), "choice", get_args(RoundingRule)),
    "round_to": (N_("Rounded to (rupees)"), "amount", ()),
    "due_rule": (N_("Due date"), "choice", get_args(DueRule)),
    "due_day": (N_("Due day of the month"), "number", ()),
    "cutoff_day": (N_("Paid out after this day: first due a month later"), "number", ()),
    "grace_months": (N_("Months before the first instalment"), "number", ()),
    "holiday_rule": (N_("Due date on a holiday"), "choice", get_args(HolidayRule)),
    "min_principal": (N_("Smallest loan (rupees)"), "amount", ()),
    "max_principal": (N_("Largest loan (rupees)"), "amount", ()),
    "min_months": (N_("Shortest tenor (months)"), "number", ()),
    "max_months": (N_("Longest tenor (months)"), "number", ()),
    "sectors": (N_("Sectors (none chosen: all)"), "choices", SECTOR_KEYS),
    "general_provision_bps": (N_("General provision (basis points)"), "share", ()),
    "from_days": (N_("From days past due"), "number", ()),
    "provision_bps": (N_("Provision (basis points)"), "share", ()),
    "age_min": (N_("Lowest age"), "number", ()),
    "age_max": (N_("Highest age"), "number", ()),
    "guarantors_required": (N_("Guarantors required"), "number", ()),
    "max_live_guarantees": (N_("Guarantees that one guarantor carries"), "number", ()),
    "max_principal_by_cycle": (N_("Largest loan of the cycle (rupees)"), "amount", ()),
    "micro_turnover_max": (N_("Yearly turnover, micro up to (rupees)"), "amount", ()),
    "small_turnover_max": (N_("Yearly turnover, small up to (rupees)"), "amount", ()),
    "medium_turnover_max": (N_("Yearly turnover, medium up to (rupees)"), "amount", ()),
    "up_to": (N_("Committee: loans up to (rupees)"), "amount", ()),
    "approvers": (N_("Approvers"), "number", ()),
    "highest_rank": (N_("Highest rank"), "choice", RANKS),
    "amount": (N_("Amount (rupees)"), "amount", ()),
    "approved_days": (N_("Days to pay out an approved loan"), "number", ()),
    "unfinished_days": (N_("Days for a draft or a returned application"), "number", ()),
    "total": (N_("National portfolio (rupees)"), "amount", ()),
    "not_itemised": (N_("Not itemised (rupees)"), "amount", ()),
    "as_of": (N_("Stands for the day"), "day", ()),
    "stated_on": (N_("Stated on"), "day", ()),
    "growth_bps": (N_("Growth (basis points)"), "share", ()),
    "active_borrowers": (N_("Active borrowers"), "number", ()),
    "women_share_bps": (N_("Share of women (basis points)"), "share", ()),
}
# Which of the words of `texts` name the choices, where the field is named otherwise.
DIMENSIONS: Mapping[str, str] = {"highest_rank": "role"}
_MAY_BE_BLANK = {"up_to", "stated_on", "growth_bps", "active_borrowers", "women_share_bps"}
_PRODUCT_CODE = re.compile(r"[a-z][a-z0-9_]{1,29}")


def fields_of(body: str) -> list[Field]:
    """Give the fields of a rule with its values, in the order of its reader."""
    return list(_fields(json.loads(body), "", ""))


def typed_texts(row: DatedRow) -> dict[str, str]:
    """Give what stands in a form filled with this rule; its source is for the asker to say."""
    texts: dict[str, str] = {}
    for field in fields_of(row.body):
        if isinstance(field.value, list):
            texts |= {f"{field.name}.{key}": key for key in field.value}
        else:
            texts[field.name] = _text(field)
    return texts | {"verified": "no"}


def read_rule(form: Form, like: DatedRow) -> DatedRow | None:
    """Read a rule as it was typed; its faults are kept at their fields, and None given.

    What is not asked for (the code of a product, the names of classes) stays as it was.
    """
    content = deepcopy(json.loads(like.body))
    for field in fields_of(like.body):
        _put(content, field.name, _typed(form, field))
    header = {
        "effective_from": form.read("effective_from", parse_date),
        "source": form.read("source", str),
        "verified": form.read("verified", one_of("yes", "no")) == "yes",
    }
    if form.faults:
        return None
    if like.table == "benchmark":
        content["lines"] = [line for line in content["lines"] if line["amount"]]
    try:
        return read_dated_row(like.table, content | header)
    except ConfigurationFault as fault:
        for each in fault.faults:
            form.refuse(each)
        return None


def read_new_product(form: Form, like: DatedRow) -> DatedRow | None:
    """Read a product with a code of its own, typed over the values of another."""
    code = form.read("code", _product_code)
    body = json.dumps(json.loads(like.body) | {"code": code})
    return read_rule(form, replace(like, key=code or "", body=body))


def with_all_sectors(row: DatedRow) -> DatedRow:
    """Give a benchmark's row with a line for each sector, blank where nothing is itemised."""
    body = json.loads(row.body)
    known = {line["sector"]: line["amount"] for line in body["lines"]}
    body["lines"] = [{"sector": key, "amount": known.get(key)} for key in SECTOR_KEYS]
    return replace(row, body=json.dumps(body))


def _product_code(text: str) -> str:
    if not _PRODUCT_CODE.fullmatch(text):
        raise Refused("A product code has small letters, digits and _: family_enterprise")
    return text


def _fields(value: object, name: str, of: str) -> Iterator[Field]:
    """Walk a body: tables and lists open, everything else is a field."""
    if isinstance(value, dict):
        of = str(value.get("name") or value.get("sector") or of) if name else ""
        for key in sorted(value, key=_place):
            if not (name and key in ("name", "sector")) and key != "code":
                yield from _fields(value[key], f"{name}.{key}" if name else key, of)
    elif isinstance(value, list) and name != "sectors":
        for place, each in enumerate(value, start=1):
            yield from _fields(each, f"{name}[{place}]", str(place))
    else:
        last = re.sub(r"\[\d+\]$", "", name).rpartition(".")[2]
        label, kind, allowed = _KNOWN[last]
        needed = last not in _MAY_BE_BLANK and not name.startswith("lines[")
        yield Field(name, label, kind, value, allowed, of, needed)


def _place(key: str) -> int:
    order = list(_KNOWN)
    return order.index(key) if key in order else len(order)


def _text(field: Field) -> str:
    if field.value is None:
        return ""
    if field.kind == "amount" and isinstance(field.value, int):
        return plain(field.value)
    return str(field.value)


def _typed(form: Form, field: Field) -> object:
    if field.kind == "choices":
        return [key for key in field.allowed if form.typed(f"{field.name}.{key}")]
    if not field.needed and not form.typed(field.name):
        return None
    parsers: Mapping[Kind, Callable[[str], object]] = {
        "text": str,
        "choices": str,
        "number": _whole,
        "share": _whole,
        "amount": parse_rupees,
        "day": parse_date,
        "choice": one_of(*field.allowed),
    }
    return form.read(field.name, parsers[field.kind])


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise Refused("Write a whole number with the digits 0-9.")
    return int(text)


def _put(content: Any, name: str, value: object) -> None:
    """Write a value at its place: `classes[2].from_days`."""
    *ways, last = (
        step
        for part, place in _PART.findall(name)
        for step in ((part, int(place) - 1) if place else (part,))
    )
    for step in ways:
        content = content[step]
    content[last] = value


def shown(field: Field) -> str:
    """Write a value for people, in the page's language."""
    if field.value is None:
        return "-"
    if field.kind == "choice":
        last = field.name.rpartition(".")[2]
        return words().word(DIMENSIONS.get(last, last), str(field.value))
    return _WRITTEN[field.kind](field.value)


def _sectors(keys: Sequence[str]) -> str:
    """Name the sectors chosen; none chosen means all."""
    return words().comma.join(words().word("sector", key) for key in keys) or words().text("All")


_WRITTEN: Mapping[Kind, Callable[[Any], str]] = {
    "text": lambda text: words().text(text),
    "choices": _sectors,
    "number": count,
    "share": lambda points: ltr(f"{points} ({Decimal(points).scaleb(-2)} %)"),
    "amount": rupees,
    "day": lambda text: day(date.fromisoformat(text)),
}
