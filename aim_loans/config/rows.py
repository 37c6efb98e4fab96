"""Reads one table of the configuration and collects its faults instead of stopping.

A field that is faulty reads as an empty value, so that reading goes on and every fault is
told at once. Whoever started the reading refuses the whole while there is any fault.
"""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeVar, cast

from aim_loans.dates import parse_date
from aim_loans.errors import Refused
from aim_loans.money import parse_rupees
from aim_loans.texts import explain
from aim_loans.vocabulary import N_

LARGEST_INTEGER = 10**12
NO_DAY = date.min

_SECRET_WORDS = frozenset({"secret", "password", "token", "credential"})

ChoiceT = TypeVar("ChoiceT", bound=str)


class ConfigurationFault(Refused):
    """Everything that is wrong with a configuration: one fault a line, each with its key."""

    def __init__(self, place: str, faults: Sequence[Refused]) -> None:
        """Keep where the configuration stands and its faults, in the order they were met."""
        self.faults = tuple(faults)
        super().__init__(
            N_("The configuration cannot be used ({place}):\n{faults}"),
            place=place,
            faults=self.faults,
        )

    def __str__(self) -> str:
        """Give the English text."""
        return explain(self, "en")


@dataclass(slots=True)
class Row:
    """One table being read: its content, where it stands, and the faults met so far.

    In the file amounts are rupees; in the bodies kept by the database they are paisa.
    """

    content: Mapping[str, object]
    path: str
    faults: list[Refused]
    amounts_in: Literal["rupees", "paisa"]
    known: list[str] = field(default_factory=list)

    def key(self, name: str) -> str:
        """Give the full path of a key: `products[1].round_to`, counted from 1."""
        return f"{self.path}.{name}" if self.path else name

    def fault(self, fault: Refused) -> None:
        """Note one fault."""
        self.faults.append(fault)

    def sound(self, *names: str) -> bool:
        """Tell whether no fault was met at, inside or around these keys.

        Only then can their values be compared.
        """
        keys = [self.key(name) for name in names]
        return not any(
            _within(fault.field, key) or _within(key, fault.field)
            for fault in self.faults
            for key in keys
        )

    def require(self, fault: Refused, *, of: Sequence[str], holds: bool) -> None:
        """Note a fault unless a condition on these keys holds; faulty keys are not judged."""
        if not holds and self.sound(*of):
            self.fault(fault)

    def has(self, name: str) -> bool:
        """Tell whether a key that may be left out is given."""
        if name not in self.known:
            self.known.append(name)
        return self.content.get(name) is not None

    def string(self, name: str) -> str:
        """Read a text that is not blank."""
        return self._text(name, self._take(name))

    def strings(self, name: str) -> tuple[str, ...]:
        """Read a list of texts, none of them twice."""
        entries = self._list(name)
        self.no_repeats(name, (value for _, value in entries))
        return tuple(self._text(place, value) for place, value in entries)

    def integer(self, name: str, *, lowest: int = 0, highest: int = LARGEST_INTEGER) -> int:
        """Read a whole number from `lowest` to `highest`."""
        value = self._take(name)
        if type(value) is not int:
            if value is not None:
                self._wrong(
                    name, value, N_("Write a whole number without quotes here, not {given}.")
                )
            return lowest
        if not lowest <= value <= highest:
            self.fault(
                Refused(
                    "{given} is out of range. Write a whole number from {lowest} to {highest}.",
                    field=self.key(name),
                    given=value,
                    lowest=lowest,
                    highest=highest,
                )
            )
        return value

    def flag(self, name: str) -> bool:
        """Read true or false."""
        value = self._take(name)
        if isinstance(value, bool):
            return value
        if value is not None:
            self._wrong(name, value, N_("Write true or false without quotes, not {given}."))
        return False

    def day(self, name: str) -> date:
        """Read a date, 2026-07-01, with or without quotes."""
        value = self._take(name)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str):
            try:
                return parse_date(value)
            except Refused as refused:
                self._repeat(name, refused)
        elif value is not None:
            self._wrong(name, value, N_("Write a date such as 2026-07-01 here, not {given}."))
        return NO_DAY

    def amount(self, name: str) -> int:
        """Read an amount of money as paisa, 0 or more."""
        return self._paisa(name, self._take(name))

    def amounts(self, name: str) -> tuple[int, ...]:
        """Read a list of amounts as paisa."""
        return tuple(self._paisa(place, value) for place, value in self._list(name))

    def choice(self, name: str, allowed: Sequence[ChoiceT]) -> ChoiceT:
        """Read one of the allowed words."""
        return self._one_of(name, self._take(name), allowed)

    def choices(self, name: str, allowed: Sequence[ChoiceT]) -> tuple[ChoiceT, ...]:
        """Read a list of allowed words, none of them twice."""
        entries = self._list(name)
        self.no_repeats(name, (value for _, value in entries if isinstance(value, str)))
        return tuple(self._one_of(place, value, allowed) for place, value in entries)

    def table(self, name: str) -> "Row":
        """Open a table, `[name]`."""
        value = self._take(name)
        if value is not None and not isinstance(value, dict):
            self._wrong(name, value, N_("Write a table here, not {given}."))
        return self._open(name, value)

    def tables(self, name: str) -> list["Row"]:
        """Open a list of tables, `[[name]]`."""
        opened = []
        for place, value in self._list(name):
            if not isinstance(value, dict):
                self._wrong(place, value, N_("Write a table here, not {given}."))
            opened.append(self._open(place, value))
        return opened

    def no_repeats(self, name: str, keys: Iterable[object]) -> None:
        """Note a fault for each key that stands in the list more than once."""
        met: set[object] = set()
        for key in keys:
            if key in met:
                self.fault(
                    Refused(
                        "{name} stands here twice. Keep one of them.",
                        field=self.key(name),
                        name=key,
                    )
                )
            met.add(key)

    def end(self) -> None:
        """Note a fault for each key of the table that was not asked for."""
        for name in self.content:
            if name not in self.known:
                self.fault(self._unknown(name))

    def _unknown(self, name: str) -> Refused:
        """Say what to do with an unknown key; the value of a secret is never shown."""
        if _SECRET_WORDS & set(name.lower().split("_")):
            return Refused(
                "A secret does not belong in this file. Remove it and use the environment.",
                field=self.key(name),
            )
        near = _nearest(name, self.known)
        if near:
            return Refused(
                "This key is not known. Did you mean {suggestion}?",
                field=self.key(name),
                suggestion=near,
            )
        return Refused(
            "This key is not known. The keys here are: {known}.",
            field=self.key(name),
            known=", ".join(dict.fromkeys(self.known)),
        )

    def _take(self, name: str) -> object:
        """Give the value of a required key; None, with a fault noted, when it is missing."""
        if not self.has(name):
            self.fault(Refused("This key is missing. Add it.", field=self.key(name)))
        return self.content.get(name)

    def _list(self, name: str) -> list[tuple[str, object]]:
        """Give the entries of a required list, each with its place, `name[1]` first."""
        value = self._take(name)
        if not isinstance(value, list):
            if value is not None:
                self._wrong(name, value, N_("Write a list in [ ] here, not {given}."))
            return []
        return [(f"{name}[{place}]", entry) for place, entry in enumerate(value, start=1)]

    def _open(self, name: str, value: object) -> "Row":
        """Open a table; what is no table has told its fault, its keys need not tell theirs."""
        if isinstance(value, dict):
            content = cast(dict[str, object], value)
            return Row(content, self.key(name), self.faults, self.amounts_in)
        return Row({}, self.key(name), [], self.amounts_in)

    def _paisa(self, name: str, value: object) -> int:
        """Read rupees (a whole number, or a text such as "0.01") or paisa (a whole number)."""
        if value is None:
            return 0
        if self.amounts_in == "paisa":
            if type(value) is int and value >= 0:
                return value
            self._wrong(name, value, N_("Write paisa as a whole number, not {given}."))
        elif type(value) is int or isinstance(value, str):
            try:
                return parse_rupees(str(value))
            except Refused as refused:
                self._repeat(name, refused)
        else:
            self._wrong(
                name,
                value,
                N_('Write rupees as a whole number, or in quotes as "0.50", not {given}.'),
            )
        return 0

    def _text(self, name: str, value: object) -> str:
        if isinstance(value, str) and value.strip():
            return value.strip()
        if value is not None:
            self._wrong(name, value, N_("Write a text in quotes here, not {given}."))
        return ""

    def _one_of(self, name: str, value: object, allowed: Sequence[ChoiceT]) -> ChoiceT:
        for word in allowed:
            if word == value:
                return word
        if value is not None:
            near = _nearest(str(value), allowed)
            message = (
                N_("{given} is not allowed here. Did you mean {suggestion}? Use one of: {known}.")
                if near
                else N_("{given} is not allowed here. Use one of: {known}.")
            )
            self.fault(
                Refused(
                    message,
                    field=self.key(name),
                    given=_shown(value),
                    known=", ".join(allowed),
                    suggestion=near,
                )
            )
        return allowed[0]

    def _repeat(self, name: str, refused: Refused) -> None:
        """Note at this key what a parser of amounts or dates refused."""
        self.fault(Refused(refused.message, field=self.key(name), **refused.values))

    def _wrong(self, name: str, value: object, message: str) -> None:
        self.fault(Refused(message, field=self.key(name), given=_shown(value)))


def _nearest(given: str, known: Sequence[str]) -> str:
    """Give the known word that was probably meant, or nothing."""
    return next(iter(difflib.get_close_matches(given, known, n=1)), "")


def _within(inner: str, outer: str) -> bool:
    """Tell whether one key path is another or lies inside it."""
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


def _shown(value: object) -> str:
    """Write a value as the file writes it; lists and tables only by their kind."""
    if isinstance(value, list):
        return "[...]"
    if isinstance(value, dict):
        return "{...}"
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
