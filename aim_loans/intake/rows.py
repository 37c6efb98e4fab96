"""Reads the rows of a book's files as typed values, all faults of a row at once. Pure.

What a loan's contract or money needs is refused when it is wrong; a wrong or missing
personal field, and a district nobody knows, leave a gap and never refuse the row.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache, partial
from hashlib import blake2b
from struct import pack
from typing import Any, NamedTuple
from zlib import crc32
from zoneinfo import ZoneInfo

from aim_loans.borrowers.identifiers import parity_disagrees, parse_cnic
from aim_loans.borrowers.places import find_district
from aim_loans.config.settings import CHANNELS, SECTOR_KEYS
from aim_loans.dates import business_date, parse_moment
from aim_loans.errors import Refused
from aim_loans.intake.fields import (
    Parser,
    count_of_instalments,
    due_day,
    faults_of,
    line_of_text,
    one_of,
    optional,
    past_day,
    past_day_or_old,
    person_name,
    personal_text,
    receipt_reference,
    reference,
    some_money,
)
from aim_loans.intake.layout import EVENTS, LAYOUTS, LOANS, RECEIPTS, SCHEDULES, FileKind
from aim_loans.intake.mapping import Gap
from aim_loans.loans.due_dates import Frequency
from aim_loans.money import parse_rupees
from aim_loans.vocabulary import N_

EVENT_KINDS = ("waiver", "write_off", "recovery")
GENDERS = ("female", "male", "transgender")
UNKNOWN_GENDER = "unknown"

NO_VALUE = N_("Not given.")
UNKNOWN_VALUE = N_("Not one of the known values.")
BIRTH_TOO_LATE = N_("The birth date is not before the loan.")
PARITY = N_("The last digit of the CNIC speaks of another gender.")

_CACHED = 50_000


class LoanRow(NamedTuple):
    """One loan of the file; amounts in paisa.

    `fingerprint` tells its values from others; `gaps` are its personal fields that are
    missing or wrong.
    """

    loan_ref: str
    branch: str
    borrower_ref: str
    borrower_name: str
    cnic: str | None
    gender: str
    birth_date: date | None
    district: str | None
    sector: str
    activity: str | None
    product: str | None
    programme: str | None
    purpose: str | None
    disbursed_on: date
    principal: int
    instalments: int
    frequency: str
    first_due_on: date | None
    instalment_amount: int | None
    opening_received: int | None
    opening_as_of: date | None
    fingerprint: str
    gaps: tuple[Gap, ...]


class ReceiptRow(NamedTuple):
    """One receipt of the file; `recorded_at` is when the source says it was entered."""

    receipt_ref: str
    loan_ref: str
    received_on: date
    amount: int
    channel: str | None
    recorded_at: datetime | None


class ScheduleRow(NamedTuple):
    """One instalment of a given schedule."""

    loan_ref: str
    number: int
    due_on: date
    amount: int


class EventRow(NamedTuple):
    """A waiver, a write-off or a recovery; without an amount, of the whole balance."""

    loan_ref: str
    kind: str
    on: date
    amount: int | None
    fund: str | None


FileRow = LoanRow | ReceiptRow | ScheduleRow | EventRow


class RowReader:
    """Reads rows as of one moment: nothing in a book lies after it."""

    def __init__(self, now: datetime, zone: ZoneInfo) -> None:
        """Take the moment of the import and the institution's time zone."""
        self._now = now
        self._zone = zone
        self._today = business_date(now, zone)
        self._born = partial(past_day_or_old, today=self._today)
        self._parsers = self._table_of_parsers()
        self._makers: Mapping[FileKind, Callable[[Sequence[str]], FileRow]] = {
            LOANS: self._loan,
            RECEIPTS: _maker(ReceiptRow, self._parsers[RECEIPTS]),
            SCHEDULES: _maker(ScheduleRow, self._parsers[SCHEDULES]),
            EVENTS: _maker(EventRow, self._parsers[EVENTS]),
        }

    def maker(self, kind: FileKind) -> Callable[[Sequence[str]], FileRow]:
        """Give what makes a row of its values, in the order of the layout's columns.

        It raises Refused for the first fault that it meets; `faults` then gives all of them.
        """
        return self._makers[kind]

    def faults(self, kind: FileKind, values: Sequence[str], first: Refused) -> list[Refused]:
        """Give all faults of a row that was refused, `field` of each being the column."""
        return faults_of(LAYOUTS[kind].columns, self._parsers[kind], values) or [first]

    def amount(self, kind: FileKind, values: Sequence[str]) -> int:
        """Give the amount of a row that may be faulty; 0 where it cannot be read."""
        text = values[LAYOUTS[kind].columns.index(LAYOUTS[kind].amount)]
        try:
            return parse_rupees(text) if text.strip() else 0
        except Refused:
            return 0

    def _table_of_parsers(self) -> Mapping[FileKind, Sequence[Parser]]:
        """Give a parser a column; what comes up again and again is remembered."""
        past = lru_cache(_CACHED)(partial(past_day, today=self._today))
        amount = lru_cache(_CACHED)(some_money)
        sector = lru_cache(_CACHED)(one_of("sector", SECTOR_KEYS))
        frequency = lru_cache(_CACHED)(one_of("frequency", tuple(Frequency)))
        kind = lru_cache(_CACHED)(one_of("kind", EVENT_KINDS))
        channel = lru_cache(_CACHED)(optional(one_of("channel", CHANNELS)))
        due = lru_cache(_CACHED)(due_day)
        loans: dict[str, Parser] = {
            "loan_ref": reference,
            "branch": lru_cache(_CACHED)(reference),
            "borrower_ref": reference,
            "borrower_name": person_name,
            "sector": sector,
            "activity": lru_cache(_CACHED)(optional(line_of_text)),
            "product": lru_cache(_CACHED)(optional(reference)),
            "programme": lru_cache(_CACHED)(optional(reference)),
            "purpose": lru_cache(_CACHED)(optional(line_of_text)),
            "disbursed_on": past,
            "principal": amount,
            "instalments": lru_cache(_CACHED)(count_of_instalments),
            "frequency": frequency,
            "first_due_on": optional(due),
            "instalment_amount": optional(amount),
            "opening_received": optional(parse_rupees),
            "opening_as_of": optional(past),
        }
        return {
            # Personal columns pass as texts here: what is wrong with them is a gap.
            LOANS: [loans.get(name, personal_text) for name in LAYOUTS[LOANS].columns],
            RECEIPTS: (
                receipt_reference,
                reference,
                past,
                amount,
                channel,
                optional(self._past_moment),
            ),
            SCHEDULES: (reference, count_of_instalments, due, amount),
            EVENTS: (reference, kind, past, optional(amount), optional(reference)),
        }

    def _loan(self, values: Sequence[str]) -> LoanRow:
        parsed = _parsed(self._parsers[LOANS], values)
        row = LoanRow(*[*parsed, fingerprint(parsed), ()])
        _check_opening(row)
        return self._with_personal(row)

    def _with_personal(self, row: LoanRow) -> LoanRow:
        """Read the personal columns, which so far hold their texts."""
        gaps: list[Gap] = []
        gender = (row.gender or "").casefold()
        if gender not in GENDERS:
            known = gender in ("", UNKNOWN_GENDER)
            gaps.append(Gap("gender", NO_VALUE if known else UNKNOWN_VALUE))
            gender = UNKNOWN_GENDER
        district = find_district(row.district) if row.district else None
        if district is None:
            gaps.append(Gap("district", UNKNOWN_VALUE if row.district else NO_VALUE))
        cnic = _or_gap(gaps, "cnic", row.cnic, parse_cnic)
        if cnic is not None and parity_disagrees(cnic, gender):
            gaps.append(Gap("cnic", PARITY))
        born = _or_gap(gaps, "birth_date", row.birth_date, self._born)
        if born is not None and born >= row.disbursed_on:
            gaps.append(Gap("birth_date", BIRTH_TOO_LATE))
            born = None
        return row._replace(
            cnic=cnic,
            gender=gender,
            birth_date=born,
            district=district.name if district else row.district or None,
            gaps=tuple(gaps),
        )

    def _past_moment(self, text: str) -> datetime:
        moment = parse_moment(text, self._zone)
        # A date alone means the end of that day, which may be today.
        if moment > self._now and business_date(moment, self._zone) > self._today:
            raise Refused("{moment} lies in the future. Check the moment.", moment=text.strip())
        return moment


def fingerprint(values: Sequence[object]) -> str:
    """Digest a row's values, the whole and then each, so that two rows can be compared.

    Equal fingerprints mean equal values; `columns_that_differ` reads the second part.
    """
    texts = ["" if value is None else str(value) for value in values]
    whole = "\x1f".join(texts).encode()
    each = [crc32(text) >> 16 for text in whole.split(b"\x1f")]
    return blake2b(whole, digest_size=16).hexdigest() + pack(f">{len(each)}H", *each).hex()


def columns_that_differ(one: str, other: str) -> list[str]:
    """Name the columns of the loans file in which two fingerprints differ."""
    start, width = 32, 4
    return [
        name
        for place, name in enumerate(LAYOUTS[LOANS].columns)
        if one[start + place * width :][:width] != other[start + place * width :][:width]
    ]


def _maker(row: type[FileRow], parsers: Sequence[Parser]) -> Callable[[Sequence[str]], FileRow]:
    """Give what makes such a row: nearly all rows of a book are made here."""

    def make(values: Sequence[str]) -> FileRow:
        return row(*_parsed(parsers, values))

    return make


def _parsed(parsers: Sequence[Parser], values: Sequence[str]) -> list[Any]:
    return [parse(text) for parse, text in zip(parsers, values, strict=True)]


def _or_gap(gaps: list[Gap], field: str, text: Any, parse: Parser) -> Any:
    """Read a personal field; None, with a gap noted, where it is blank or wrong."""
    if not text:
        gaps.append(Gap(field, NO_VALUE))
        return None
    try:
        return parse(text)
    except Refused as refused:
        gaps.append(Gap(field, str(refused)))
        return None


def _check_opening(row: LoanRow) -> None:
    if not row.opening_received:
        return
    if row.opening_as_of is None:
        raise Refused(
            "Give the day up to which the opening amount was received.", field="opening_as_of"
        )
    if row.opening_as_of < row.disbursed_on:
        raise Refused(
            "The opening amount cannot be received before the loan was paid out on {day}.",
            field="opening_as_of",
            day=row.disbursed_on.isoformat(),
        )
