"""The files that SMEDA sends: trainings and referrals, read row by row, all faults at once. Pure.

A person is named by SMEDA's own codes alone. Whatever looks like a CNIC or a telephone number is
refused wherever it stands.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

from aim_loans.borrowers.places import find_district
from aim_loans.borrowers.referrals import checked_code
from aim_loans.errors import Refused
from aim_loans.intake.fields import (
    Parser,
    due_day,
    faults_of,
    line_of_text,
    optional,
    past_day,
    reference,
)
from aim_loans.intake.layout import FileKind, Layout
from aim_loans.mou.trainings import MOST_DAYS, MOST_SEATS

TRAININGS: FileKind = "trainings"
REFERRALS: FileKind = "referrals"

LAYOUTS: dict[FileKind, Layout] = {
    TRAININGS: Layout(
        TRAININGS,
        (
            "code",
            "title",
            "subject",
            "branch",
            "place",
            "district",
            "from",
            "to",
            "seats",
            "participants",
        ),
        frozenset({"code", "title", "subject", "branch", "place", "district", "from", "to"}),
        frozenset(),
        frozenset({"from", "to"}),
    ),
    REFERRALS: Layout(
        REFERRALS,
        ("code", "reference", "district", "date", "purpose"),
        frozenset({"code", "district", "date"}),
        frozenset(),
        frozenset({"date"}),
    ),
}

# Thirteen digits with or without their dashes, or a mobile number in one of its spellings.
_PERSONAL = re.compile(r"\d{5}[ -]?\d{7}[ -]?\d|(?<!\d)(?:\+?92|0)[ -]?3\d{2}[ -]?\d{7}(?!\d)")
_BETWEEN, _DAYS = ";", "="


class Participant(NamedTuple):
    """Somebody who came, by the code of the referral, and for how many days; None: all."""

    code: str
    days: int | None


class TrainingRow(NamedTuple):
    """A training of SMEDA from `first` to `last`, at a branch, with those who came."""

    code: str
    title: str
    subject: str
    branch: str
    place: str
    district: str
    first: date
    last: date
    seats: int
    participants: tuple[Participant, ...]

    @property
    def days(self) -> int:
        """Count the days."""
        return (self.last - self.first).days + 1


class ReferralRow(NamedTuple):
    """Somebody whom SMEDA sends; `reference` is SMEDA's own for the person or enterprise."""

    code: str
    reference: str | None
    district: str
    on_day: date
    purpose: str | None


SentRow = TrainingRow | ReferralRow


class SentRowReader:
    """Reads the rows of a kind of file as of a day."""

    def __init__(self, kind: FileKind, today: date) -> None:
        """Take the kind of file and today."""
        self._columns = LAYOUTS[kind].columns
        self._today = today
        past = partial(past_day, today=today)
        parsers: dict[FileKind, Sequence[Parser]] = {
            TRAININGS: (
                _code,
                *(line_of_text,) * 2,
                reference,
                line_of_text,
                _district,
                *(due_day,) * 2,
                optional(_seats),
                optional(_participants),
            ),
            REFERRALS: (_code, optional(reference), _district, past, optional(line_of_text)),
        }
        self._parsers = [_impersonal(parse) for parse in parsers[kind]]
        self._make = self._training if kind == TRAININGS else _referral

    def read(self, values: Sequence[str]) -> tuple[SentRow | None, list[Refused]]:
        """Give the row of these values, or all that is wrong with them."""
        faults = faults_of(self._columns, self._parsers, values)
        if faults:
            return None, faults
        parsed = [parse(text) for parse, text in zip(self._parsers, values, strict=True)]
        try:
            return self._make(parsed), []
        except Refused as fault:
            return None, [fault]

    def _training(self, parsed: Sequence[Any]) -> TrainingRow:
        came: tuple[Participant, ...] = parsed[-1] or ()
        seats = parsed[-2] or min(max(len(came), 1), MOST_SEATS)
        row = TrainingRow(*[*parsed[:-2], seats, came])
        if not 1 <= row.days <= MOST_DAYS:
            raise Refused(
                "A training has from 1 to {most} days. Check both dates.",
                field="to",
                most=MOST_DAYS,
            )
        if len(came) > row.seats:
            raise Refused("More came than there are seats. Check both.", field="seats")
        if came and row.last > self._today:
            raise Refused(
                "The training is not over. Send who came when it is.", field="participants"
            )
        if any((each.days or 0) > row.days for each in came):
            raise Refused(
                "Somebody came on more days than the training has. Check the days.",
                field="participants",
            )
        return row


def participants_text(participants: Sequence[Participant]) -> str:
    """Write participants in one order and one way, so that two lists can be compared."""
    ordered = sorted(participants)
    return _BETWEEN.join(
        each.code if each.days is None else f"{each.code}{_DAYS}{each.days}" for each in ordered
    )


def last_day(first: date, days: int) -> date:
    """Give the last day of a training of so many days."""
    return first + timedelta(days=days - 1)


def is_personal(text: str) -> bool:
    """Tell whether something in a text looks like a CNIC or a telephone number."""
    return _PERSONAL.search(text) is not None


def _referral(parsed: Sequence[Any]) -> ReferralRow:
    return ReferralRow(*parsed)


def _impersonal(parse: Parser) -> Parser:
    """Give the same parser, which refuses what looks like a CNIC or a telephone number."""

    def parse_impersonal(text: str) -> Any:
        if is_personal(text):
            raise Refused(
                "This looks like a CNIC or a telephone number. Leave it out: people are named by "
                "SMEDA's codes alone."
            )
        return parse(text)

    return parse_impersonal


def _code(text: str) -> str:
    """Read a code of SMEDA, in the spelling in which the book holds it."""
    code = checked_code(reference(text)) or ""
    if not code or _BETWEEN in code or _DAYS in code:
        raise Refused("A code has letters and digits, and neither a semicolon nor an equals sign.")
    return code


def _district(text: str) -> str:
    found = find_district(line_of_text(text))
    if found is None:
        raise Refused("This is no district of Pakistan that is known here. Check the spelling.")
    return found.name


def _seats(text: str) -> int:
    return _whole(text, MOST_SEATS)


def _participants(text: str) -> tuple[Participant, ...]:
    """Read the codes of who came, between semicolons, each with its days where not all."""
    found = [_participant(part) for part in text.split(_BETWEEN) if part.strip()]
    codes = {each.code for each in found}
    if len(codes) < len(found):
        raise Refused("A code stands here twice. Name everybody once.")
    return tuple(sorted(found))


def _participant(text: str) -> Participant:
    code, days_given, days = text.partition(_DAYS)
    return Participant(_code(code), _whole(days, MOST_DAYS) if days_given else None)


def _whole(text: str, most: int) -> int:
    bare = text.strip()
    if not (bare.isascii() and bare.isdigit() and len(bare) <= len(str(most))):
        raise Refused("Give a whole number from {least} to {most}.", least=1, most=most)
    if not 1 <= int(bare) <= most:
        raise Refused("Give a whole number from {least} to {most}.", least=1, most=most)
    return int(bare)
