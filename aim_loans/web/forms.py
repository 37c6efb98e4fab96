"""Forms: what was typed stays, what is wrong is said beside its field."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from aim_loans.errors import AimError, NotAllowed, Refused

T = TypeVar("T")

LONGEST_TEXT = 500
LAST_PAGE = 10_000
# All numbers so long fit a BIGINT.
LONGEST_ROW_NUMBER = 18


@dataclass(slots=True)
class Form:
    """A form as it was sent: its texts, and the faults found so far by field ('' is the whole).

    `key` is the one-time key that lets the same form be sent twice and count once; `labels` are
    what the page calls its fields, as far as it was drawn.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    faults: dict[str, AimError] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Give the one-time key of this form; a new form gets a new one."""
        return self.texts.get("key") or secrets.token_urlsafe(16)

    @property
    def at(self) -> str:
        """Name which of several forms alike on its page this is; "" for the only one."""
        return self.typed("at")

    def anchor(self, name: str) -> str:
        """Give the id of a field on the page: among several forms alike it ends as `at` says."""
        return f"{name}-{self.at}" if self.at else name

    @property
    def faults_in_order(self) -> list[tuple[str, AimError]]:
        """Give what is wrong in the order in which the page shows its fields."""
        places = {name: place for place, name in enumerate(self.labels)}
        return sorted(self.faults.items(), key=lambda each: places.get(each[0], len(places)))

    def typed_at(self, at: str, name: str) -> str:
        """Give what was typed into this one of several forms alike, nothing typed into another."""
        return self.typed(name) if self.at in ("", at) else ""

    def is_wrong(self, name: str, at: str = "") -> bool:
        """Say whether a field of this one of several forms alike has a fault."""
        return name in self.faults and self.at == at

    def typed(self, name: str) -> str:
        """Give what was typed, without the space around it, nor the NUL that no database keeps."""
        return self.texts.get(name, "").replace("\0", "").strip()

    def called(self, name: str, label: str) -> str:
        """Give a field's label, and keep it for the summary of what is wrong."""
        self.labels[name] = label
        return label

    def read(self, name: str, parse: Callable[[str], T]) -> T | None:
        """Read a field that must be filled; a fault is kept, and None given."""
        typed = self.typed(name)
        if not typed:
            self.faults[name] = Refused("Fill this in.", field=name)
            return None
        try:
            return parse(checked_length(typed))
        except Refused as fault:
            self.faults[name] = fault
            return None

    def optional(self, name: str) -> str | None:
        """Read a text that may be left out."""
        return self.read(name, str) if self.typed(name) else None

    def page(self) -> int:
        """Read which page of a list is asked for; the first when it is left out."""
        return page_number(self.typed("page"))

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Keep what an act refuses, at its field; the want of a right is no fault of the form."""
        try:
            yield
        except NotAllowed:
            raise
        except Refused as fault:
            self.refuse(fault)

    def refuse(self, fault: AimError) -> None:
        """Keep a fault at its field, or at the whole form when it has no such field."""
        self.faults[fault.field if fault.field in self.texts else ""] = fault


def checked_length(text: str) -> str:
    """Refuse a text that no field of ours can need."""
    if len(text) > LONGEST_TEXT:
        raise Refused("This is too long: at most {longest} characters.", longest=LONGEST_TEXT)
    return text


def one_of(*known: str) -> Callable[[str], str]:
    """Make a parser that takes one of these words."""

    def parse(text: str) -> str:
        if text not in known:
            raise Refused("Choose one of the list.")
        return text

    return parse


def whole(least: int, most: int) -> Callable[[str], int]:
    """Make a parser that takes a whole number within bounds."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
            raise Refused("Give a whole number from {least} to {most}.", least=least, most=most)
        return int(text)

    return parse


def row_number(text: str) -> int:
    """Read the number of a row, or of a place in a list; 0 for what no row can have."""
    fits = text.isascii() and text.isdecimal() and len(text) <= LONGEST_ROW_NUMBER
    return int(text) if fits else 0


def page_number(text: str, *, most: int = LAST_PAGE) -> int:
    """Read the number of a list's page; the first for anything that is none."""
    sane = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    return min(max(int(text), 1), most) if sane else 1
