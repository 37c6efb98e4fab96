"""Turns the columns of a foreign file into the columns of the book import. Pure.

A mapping works on texts: what comes out is written as the book import wants it (rupees as
plain decimals, dates as year-month-day) and is read by the same rules as any other file.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from aim_loans.errors import Refused
from aim_loans.intake.layout import FileKind, Layout
from aim_loans.money import divide_rounded, plain
from aim_loans.vocabulary import N_

# Days come again and again; stamps do not, and memory stays flat.
MOST_REMEMBERED = 50_000

MORE_THAN_ONE = N_("The source names more than one; the first one was taken.")

_AMOUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?")


class Answer(NamedTuple):
    """What a value becomes, and the reason of the gap that this leaves, if any."""

    value: str
    gap: str = ""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Answers by the values of one or two columns of the source."""

    columns: tuple[str, ...]
    answers: Mapping[tuple[str, ...], Answer]


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """Where one column of the book comes from.

    `sources` are tried in order until one is not blank; a `constant` needs none. `lookups`
    then replace the value, the one on two columns first. With `first_of`, a list in the
    source counts by its first entry. `default` fills what is still blank.
    """

    sources: tuple[str, ...] = ()
    constant: str = ""
    default: str = ""
    first_of: str = ""
    gap: str = MORE_THAN_ONE
    lookups: tuple[Lookup, ...] = ()

    @property
    def columns(self) -> set[str]:
        """Name the columns of the source that the rule reads."""
        return {*self.sources, *(name for lookup in self.lookups for name in lookup.columns)}


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a foreign currency is worth: `numerator / denominator` rupees.

    `written` is the rate as the mapping writes it, `source` where it comes from.
    """

    currency: str
    written: str
    numerator: int
    denominator: int
    source: str

    def to_paisa(self, cents: int) -> int:
        """Convert hundredths of the currency to paisa, half up."""
        return divide_rounded(cents * self.numerator, self.denominator, multiple=1, rule="half_up")


@dataclass(frozen=True, slots=True)
class BookMapping:
    """A whole mapping file; `zone` is where stamps without an offset were written."""

    name: str = ""
    zone: ZoneInfo | None = None
    date_formats: tuple[str, ...] = ()
    rate: Rate | None = None
    files: Mapping[FileKind, Mapping[str, ColumnRule]] = field(default_factory=dict)


NO_MAPPING = BookMapping()


class Gap(NamedTuple):
    """A personal field or district that a row does not give, or gives wrongly."""

    field: str
    reason: str


class Picked(NamedTuple):
    """The values of a row in the order of the layout's columns, and what mapping them left."""

    values: Sequence[str]
    gaps: tuple[Gap, ...] = ()
    faults: tuple[Refused, ...] = ()


def header_faults(layout: Layout, header: Sequence[str], mapping: BookMapping) -> list[Refused]:
    """Say which columns the file or the mapping leaves out; `field` is the column or the key."""
    rules = mapping.files.get(layout.kind, {})
    absent = sorted(layout.required - set(rules) - set(header))
    faults = [
        Refused("The file has no column {column}, which is required.", column=name)
        for name in sorted(absent, key=layout.columns.index)
    ]
    for target, rule in rules.items():
        faults += [
            Refused(
                "The mapping of {key} reads the column {column}, which the file does not have.",
                key=f"{layout.kind}.{target}",
                column=name,
            )
            for name in sorted(rule.columns - set(header))
        ]
    return faults


def unread_columns(layout: Layout, header: Sequence[str], mapping: BookMapping) -> list[str]:
    """Name the columns of the file that nothing reads."""
    rules = mapping.files.get(layout.kind, {})
    read = {name for rule in rules.values() for name in rule.columns}
    read |= {name for name in layout.columns if name not in rules}
    return [name for name in header if name not in read]


class Picker:
    """Picks the values of the book's columns from the fields of one file's records.

    `foreign_total` sums the file's main amounts in hundredths of the mapping's currency.
    """

    def __init__(
        self, layout: Layout, header: Sequence[str], mapping: BookMapping, zone: ZoneInfo
    ) -> None:
        """Settle once where each column stands; `zone` is the institution's."""
        self.foreign_total = 0
        self._rate = mapping.rate
        self._layout = layout
        self._rules = mapping.files.get(layout.kind, {})
        self._places = {name: place for place, name in enumerate(header)}
        self._days = _DayReader(mapping, zone)
        # The place behind the last field, where a blank is put, stands for absent columns.
        places = [self._places.get(name, len(header)) for name in layout.columns]
        self._complete = len(header) not in places
        self._plain: Callable[[Sequence[str]], Sequence[str]] = itemgetter(*places)
        self._straight = not (self._rules or mapping.date_formats or mapping.rate)

    def pick(self, fields: list[str]) -> Picked:
        """Give the values of one record, whose fields are as many as the header's."""
        values = self._plain(fields if self._complete else [*fields, ""])
        return Picked(values) if self._straight else self._mapped(list(values), fields)

    def pick_broken(self, fields: Sequence[str]) -> Sequence[str]:
        """Give what can be picked of a record that has too many or too few fields."""
        width = len(self._places)
        return self.pick([*fields, *[""] * width][:width]).values

    def _mapped(self, values: list[str], fields: Sequence[str]) -> Picked:
        gaps: list[Gap] = []
        faults: list[Refused] = []
        for place, name in enumerate(self._layout.columns):
            rule = self._rules.get(name)
            if rule is not None:
                values[place], reason = self._by_rule(rule, fields)
                if reason:
                    gaps.append(Gap(name, reason))
            try:
                values[place] = self._converted(name, values[place].strip())
            except Refused as refused:
                faults.append(Refused(refused.message, field=name, **refused.values))
        return Picked(values, tuple(gaps), tuple(faults))

    def _by_rule(self, rule: ColumnRule, fields: Sequence[str]) -> Answer:
        here = self._places
        found = (fields[here[name]].strip() for name in rule.sources)
        value = next((text for text in found if text), rule.constant)
        gap = ""
        if rule.first_of and rule.first_of in value:
            value, gap = value.partition(rule.first_of)[0].strip(), rule.gap
        for lookup in rule.lookups:
            # The value as read so far, where the lookup asks for the rule's one column.
            on_value = len(lookup.columns) == 1 and lookup.columns == rule.sources
            asked = [fields[here[name]].strip() for name in lookup.columns]
            key = (value,) if on_value else tuple(asked)
            if key in lookup.answers:
                answer = lookup.answers[key]
                value, gap = answer.value, answer.gap or gap
                break
        return Answer(value or rule.default, gap)

    def _converted(self, name: str, value: str) -> str:
        if not value:
            return value
        if name in self._layout.dates:
            return self._days.day(value)
        if name in self._layout.moments:
            return self._days.moment(value)
        if name in self._layout.amounts and self._rate is not None:
            return self._to_rupees(name, value, self._rate)
        return value

    def _to_rupees(self, name: str, value: str, rate: Rate) -> str:
        match = _AMOUNT.fullmatch(value)
        if match is None:
            return value
        cents = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
        if name == self._layout.amount:
            self.foreign_total += cents
        return plain(rate.to_paisa(cents))


class _DayReader:
    """Reads dates and stamps in the formats of a mapping; other texts pass as they are."""

    def __init__(self, mapping: BookMapping, zone: ZoneInfo) -> None:
        self.formats = mapping.date_formats
        self.here = zone
        self.there = mapping.zone or zone
        self.parse = lru_cache(MOST_REMEMBERED)(self._parse)

    def day(self, text: str) -> str:
        """Give the institution's day of a date or stamp, year-month-day."""
        read = self._read(text)
        if isinstance(read, datetime):
            return read.astimezone(self.here).date().isoformat()
        return text if read is None else read.isoformat()

    def moment(self, text: str) -> str:
        """Give a stamp with its offset, or a date."""
        read = self._read(text)
        return text if read is None else read.isoformat()

    def _read(self, text: str) -> date | datetime | None:
        return self.parse(text) if self.formats else None

    def _parse(self, text: str) -> date | datetime:
        for shape in self.formats:
            try:
                stamp = datetime.strptime(text, shape)  # noqa: DTZ007  # its zone is added below
            except ValueError:
                continue
            if "%H" not in shape and "%I" not in shape:
                return stamp.date()
            return stamp if stamp.tzinfo else stamp.replace(tzinfo=self.there)
        raise Refused(
            "{text} has none of the mapping's date formats ({formats}).",
            text=text,
            formats=", ".join(self.formats),
        )
