"""Words for people: sentences, table headings and names of things, in English and Urdu.

A message is its English sentence with {named} fields; the Urdu catalogue translates it as a
whole. What has no translation is shown in English, and a test holds that nothing lacks one.
Amounts, CNICs and codes inside Urdu text stay left-to-right; a date that names its month is
read in the direction of that name.
"""

import string
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from aim_loans.errors import AimError, Refused

LANGUAGES = ("en", "ur")

_LOCALES = Path(__file__).parent / "locale"

_LEFT_TO_RIGHT_ISOLATE = "\u2066"
_FIRST_STRONG_ISOLATE = "\u2068"
_POP_ISOLATE = "\u2069"

_MONTHS = {
    "en": (
        "Jan", "Feb", "Mar", "Apr", "May", "Jun",
        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ),
    "ur": (
        "جنوری", "فروری", "مارچ", "اپریل", "مئی", "جون",
        "جولائی", "اگست", "ستمبر", "اکتوبر", "نومبر", "دسمبر",
    ),
}  # fmt: skip

# Arabic, Persian and Kurdish letters that look like these Urdu letters.
_URDU_LETTERS = str.maketrans(
    {
        "\u064a": "\u06cc",  # yeh
        "\u0649": "\u06cc",  # alef maksura
        "\u0643": "\u06a9",  # kaf
        "\u0647": "\u06c1",  # heh
        "\u06d5": "\u06c1",  # ae
        "\u06c0": "\u06c2",  # heh with hamza above
        "\u0629": "\u06c3",  # teh marbuta
    }
)
# The Urdu yeh does not compose with hamza by itself.
_YEH_WITH_HAMZA = ("\u06cc\u0654", "\u0626")


def N_(message: str) -> str:  # noqa: N802  # the name that gettext's tools look for
    """Mark a message that is kept in a value and translated later."""
    return message


# The columns of the book, of a schedule and of an import, as the files name them.
HEADINGS: Mapping[str, str] = {
    "sector": N_("Sector"),
    "activity": N_("Activity"),
    "branch": N_("Branch"),
    "area": N_("Area"),
    "district": N_("District"),
    "officer": N_("Loan officer"),
    "product": N_("Product"),
    "programme": N_("Programme"),
    "fund": N_("Fund"),
    "gender": N_("Gender"),
    "urban_rural": N_("Urban or rural"),
    "loan_ref": N_("Loan"),
    "borrower_ref": N_("Borrower"),
    "borrower_name": N_("Borrower's name"),
    "disbursed_on": N_("Disbursed on"),
    "principal": N_("Principal"),
    "received": N_("Received"),
    "credit": N_("Borrower's credit"),
    "outstanding": N_("Outstanding"),
    "due": N_("Due"),
    "arrears": N_("Arrears"),
    "advance": N_("Paid in advance"),
    "days_past_due": N_("Days past due"),
    "bucket": N_("Lateness"),
    "class": N_("Class"),
    "active_loans": N_("Active loans"),
    "active_borrowers": N_("Active borrowers"),
    "glp": N_("Gross loan portfolio"),
    "par0": N_("PAR over 0 days"),
    "par30": N_("PAR over 30 days"),
    "par60": N_("PAR over 60 days"),
    "par90": N_("PAR over 90 days"),
    "par180": N_("PAR over 180 days"),
    "par30_ratio": N_("PAR over 30 days, share"),
    "exactly30": N_("Exactly 30 days late"),
    "exactly60": N_("Exactly 60 days late"),
    "exactly90": N_("Exactly 90 days late"),
    "exactly180": N_("Exactly 180 days late"),
    "bucket_current": N_("Not late"),
    "bucket_1_29": N_("1-29 days late"),
    "bucket_30_59": N_("30-59 days late"),
    "bucket_60_89": N_("60-89 days late"),
    "bucket_90_179": N_("90-179 days late"),
    "bucket_180_plus": N_("180 days late or more"),
    "class_regular": N_("Regular"),
    "class_oaem": N_("OAEM (watch)"),
    "class_substandard": N_("Substandard"),
    "class_doubtful": N_("Doubtful"),
    "class_loss": N_("Loss"),
    "recovery_collected": N_("Collected of what fell due"),
    "recovery_due": N_("Fallen due so far"),
    "recovery": N_("Recovery"),
    "household_size": N_("People in the household"),
    "earners": N_("Of them earning"),
    "income": N_("Income of the household"),
    "expenses": N_("Expenses of the household"),
    "debt_payments": N_("Paid on other debts"),
    "place": N_("Place of the business"),
    "assets": N_("Assets"),
    "running_capital": N_("Running capital"),
    "sales": N_("Sales"),
    "costs": N_("Running costs"),
    "jobs": N_("People employed before"),
    "buys": N_("What the loan buys"),
    "note": N_("Remarks"),
    "number": N_("No."),
    "due_on": N_("Due date"),
    "amount": N_("Amount"),
    "balance": N_("Balance"),
    "file": N_("File"),
    "line": N_("Line"),
    "column": N_("Column"),
    "reason": N_("Reason"),
    "total": N_("Total"),
}

# The names of the values that files, commands and screens share, by dimension.
WORDS: Mapping[str, Mapping[str, str]] = {
    "sector": {
        "trade": N_("Trade"),
        "livestock": N_("Livestock"),
        "agriculture": N_("Agriculture"),
        "manufacturing": N_("Manufacturing"),
        "housing": N_("Housing"),
        "education": N_("Education"),
        "health": N_("Health"),
        "other": N_("Other"),
    },
    "fact": {
        "disbursement": N_("Paid out"),
        "receipt": N_("Receipt"),
        "waiver": N_("Waived"),
        "write_off": N_("Written off"),
        "recovery": N_("Recovered after the write-off"),
        "credit": N_("Credit"),
        "refund": N_("Credit paid back"),
    },
    "application": {
        "draft": N_("Draft"),
        "submitted": N_("Submitted"),
        "appraised": N_("Appraised"),
        "approved": N_("Approved"),
        "rejected": N_("Rejected"),
        "returned": N_("Returned"),
        "withdrawn": N_("Withdrawn"),
        "paid_out": N_("Paid out"),
    },
    "verdict": {"ok": N_("Met"), "warn": N_("Weigh this"), "block": N_("Not met")},
    "appraisal": {"social": N_("Household"), "business": N_("Business")},
    "check": {"bureau": N_("Credit bureau"), "screening": N_("Screening list")},
    "answer": {
        "clear": N_("Nothing found"),
        "adverse": N_("Speaks against it"),
        "not_available": N_("No answer available"),
    },
    "missing": {
        "votes": N_("more approvals"),
        "rank": N_("an approval of higher rank"),
        "fresh_eyes": N_("an approval by somebody who neither entered nor appraised it"),
    },
    "manner": {"signature": N_("Signature"), "thumbprint": N_("Thumbprint")},
    "payer": {
        "borrower": N_("The borrower"),
        "family": N_("Family"),
        "guarantor": N_("A guarantor"),
    },
    "outcome": {
        "paid": N_("Paid"),
        "promised": N_("Promised to pay"),
        "not_home": N_("Nobody at home"),
        "refused": N_("Refused to pay"),
        "moved": N_("Moved away"),
        "dispute": N_("Disputes the debt"),
        "other": N_("Something else"),
    },
    "met_whom": {
        "borrower": N_("The borrower"),
        "family": N_("Family"),
        "guarantor": N_("A guarantor"),
        "neighbour": N_("A neighbour"),
    },
    "promise": {"kept": N_("kept"), "broken": N_("broken"), "open": N_("open")},
    "role": {
        "loan_officer": N_("Loan officer"),
        "cashier": N_("Cashier"),
        "branch_manager": N_("Branch manager"),
        "area_manager": N_("Area manager"),
        "regional_manager": N_("Regional manager"),
        "head_office": N_("Head office"),
        "auditor": N_("Auditor"),
        "partner": N_("Partner"),
        "operator": N_("Operator of the shell"),
    },
    "setting": {
        "products": N_("Product"),
        "ladder": N_("Ladder of classes"),
        "limits": N_("Limits"),
        "fee": N_("Application fee"),
        "benchmark": N_("National benchmark"),
    },
    "confirmed": {"yes": N_("confirmed"), "no": N_("not confirmed")},
    "rounding": {
        "up": N_("Up"),
        "down": N_("Down"),
        "half_up": N_("To the nearest, a half up"),
        "half_even": N_("To the nearest, a half to even"),
    },
    "due_rule": {
        "fixed_day": N_("A fixed day of the month"),
        "anniversary": N_("The day of the month of the disbursement"),
    },
    "holiday_rule": {
        "none": N_("Stays"),
        "next_working_day": N_("Next working day"),
        "previous_working_day": N_("Working day before"),
    },
    "reach": {
        "branch": N_("At a branch"),
        "area": N_("In an area"),
        "everywhere": N_("Everywhere"),
    },
    "gender": {
        "female": N_("Woman"),
        "male": N_("Man"),
        "transgender": N_("Transgender"),
        "unknown": N_("Not known"),
    },
    "urban_rural": {"urban": N_("Urban"), "rural": N_("Rural")},
    "frequency": {
        "weekly": N_("Weekly"),
        "fortnightly": N_("Every two weeks"),
        "four_weekly": N_("Every four weeks"),
        "monthly": N_("Monthly"),
        "quarterly": N_("Every three months"),
        "half_yearly": N_("Every six months"),
        "single": N_("One payment"),
    },
    "channel": {
        "cash": N_("Cash"),
        "bank": N_("Bank"),
        "cheque": N_("Cheque"),
        "easypaisa": N_("Easypaisa"),
        "jazzcash": N_("JazzCash"),
        "raast": N_("Raast"),
    },
    "bucket": {
        "current": N_("Not late"),
        "1-29": N_("1-29 days late"),
        "30-59": N_("30-59 days late"),
        "60-89": N_("60-89 days late"),
        "90-179": N_("90-179 days late"),
        "180+": N_("180 days late or more"),
    },
    "class": {
        "regular": N_("Regular"),
        "oaem": N_("OAEM (watch)"),
        "substandard": N_("Substandard"),
        "doubtful": N_("Doubtful"),
        "loss": N_("Loss"),
    },
}


def heading(column: str) -> str:
    """Give the heading of a column as a message; a column without one heads itself."""
    return HEADINGS.get(column, column)


def word(dimension: str, key: str) -> str:
    """Give the name of a value as a message; a value without one, such as a code, is itself."""
    return WORDS.get(dimension, {}).get(key, key)


@dataclass(frozen=True, slots=True)
class Translator:
    """Speaks one language; a message without a translation is spoken in English."""

    language: str
    sentences: Mapping[str, str]
    plurals: Mapping[str, Sequence[str]]

    def text(self, message: str, /, **values: object) -> str:
        """Translate a message and fill in its {fields}."""
        sentence = self.sentences.get(message, message)
        return _Filler(self.language).format(sentence, **values) if values else sentence

    def plural(self, one: str, many: str, count: int, /, **values: object) -> str:
        """Translate a message that counts; {count} and the other fields are filled in.

        English and Urdu both keep the first form for exactly one.
        """
        forms = self.plurals.get(one, (one, many))
        return _Filler(self.language).format(forms[count != 1], count=count, **values)

    def heading(self, column: str) -> str:
        """Give the heading of a column in this language."""
        return self.text(heading(column))

    def word(self, dimension: str, key: str) -> str:
        """Give the name of a value of a dimension in this language."""
        return self.text(word(dimension, key))

    def day(self, day: date) -> str:
        """Write a date in this language."""
        return format_day(day, self.language)


@cache
def translator(language: str) -> Translator:
    """Give the translator of a language (`en`, `ur`); Refused for any other.

    The catalogue is read once a process.
    """
    if language not in LANGUAGES:
        raise Refused(
            "There is no language {given}. Use one of: {known}.",
            field="language",
            given=language,
            known=", ".join(LANGUAGES),
        )
    if language == "en":
        return Translator(language, {}, {})
    with (_LOCALES / language / "LC_MESSAGES" / "aim_loans.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    sentences: dict[str, str] = {}
    plurals: dict[str, Sequence[str]] = {}
    for message in catalogue:
        forms = message.string
        if isinstance(message.id, str):
            if message.id and isinstance(forms, str) and forms:
                sentences[message.id] = forms
        elif isinstance(forms, tuple | list) and all(forms):
            plurals[message.id[0]] = tuple(forms)
    return Translator(language, sentences, plurals)


def explain(error: AimError, language: str) -> str:
    """Say in a language what was refused; errors among its values are told one a line."""
    return translator(language).text(error.message, **error.values)


class _Filler(string.Formatter):
    """Fills the fields of a sentence; inside Urdu each value keeps its own direction."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, Sequence) and not isinstance(value, str):
            return "\n".join(self._line(entry) for entry in value)
        if format_spec:
            return self._isolated(format(value, format_spec))
        if isinstance(value, date) and not isinstance(value, datetime):
            return self._isolated(format_day(value, self.language))
        return self._isolated(str(value))

    def _line(self, entry: object) -> str:
        """Write one entry of a list: an error with the key it concerns, or a value."""
        if not isinstance(entry, AimError):
            return self._isolated(str(entry))
        sentence = explain(entry, self.language)
        return f"{self._isolated(entry.field)}: {sentence}" if entry.field else sentence

    def _isolated(self, text: str) -> str:
        if self.language == "en":
            return text
        if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text):
            return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"
        return isolate_ltr(text)


def format_day(day: date, language: str) -> str:
    """Write a date for people: '10 Nov 2026', in Urdu with the month's Urdu name."""
    return f"{day.day} {_MONTHS[language][day.month - 1]} {day.year}"


def format_cnic(cnic: str) -> str:
    """Write the 13 digits of a CNIC as on the card: 35201-1234567-1."""
    return f"{cnic[:5]}-{cnic[5:12]}-{cnic[12:]}"


def isolate_ltr(text: str) -> str:
    """Keep a text left-to-right (amount, CNIC, code) whatever direction surrounds it."""
    return f"{_LEFT_TO_RIGHT_ISOLATE}{text}{_POP_ISOLATE}"


def normalise_urdu(text: str) -> str:
    """Bring a text to one spelling for saving and searching: NFC with the Urdu letters.

    Letters of Arabic keyboards that look the same become yeh U+06CC, kaf U+06A9 and heh
    U+06C1; a text without them only gets NFC.
    """
    composed = unicodedata.normalize("NFC", text).translate(_URDU_LETTERS)
    return unicodedata.normalize("NFC", composed).replace(*_YEH_WITH_HAMZA)
