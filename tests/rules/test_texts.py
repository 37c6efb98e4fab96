import ast
import dataclasses
import re
import string
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, nodes

from aim_loans import texts
from aim_loans.borrowers.places import districts
from aim_loans.config.reader import read_settings
from aim_loans.config.resources import resource
from aim_loans.config.settings import (
    CHANNELS,
    DatedTables,
    Frequency,
    LadderClassName,
    Settings,
)
from aim_loans.errors import NotFound, Refused
from aim_loans.ledger.chart import Account
from aim_loans.texts import (
    explain,
    format_cnic,
    format_day,
    isolate_ltr,
    normalise_urdu,
    translator,
)
from aim_loans.value_words import WORDS

PACKAGE = Path(texts.__file__).parent
ROOTS = (PACKAGE, PACKAGE.parent / "reports")
URDU_CATALOGUE = PACKAGE / "locale" / "ur" / "LC_MESSAGES" / "aim_loans.po"
MARKERS = {"N_"}
# What a paper calls its translator's method.
ALIASES = {"say"}
METHODS = {"text", "plural", "note"}
LIBRARIES = {"sa", "sqlalchemy"}
# Parsers below the texts' floor keep their sentences in tables with names such as _FAULTS.
TABLE_SIGNS = ("FAULTS", "SENTENCES", "MESSAGES")
ROOT_ERRORS = {"AimError", "Refused", "NotAllowed", "NotFound", "Conflict"}


@dataclass(frozen=True)
class Message:
    """A message of the code: its forms, where it stands, and the fields filled in there."""

    forms: tuple[str, ...]
    place: str
    filled: frozenset[str] | None


def trees(root: Path) -> dict[Path, ast.Module]:
    return {
        path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(root.rglob("*.py"))
    }


def error_names(modules: dict[Path, ast.Module]) -> set[str]:
    """The error tree and the classes that grow from it and keep its way of being made."""
    names = set(ROOT_ERRORS)
    classes = [
        node
        for tree in modules.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and not any(getattr(part, "name", "") == "__init__" for part in node.body)
    ]
    bases = {node.name: {ast.unparse(base) for base in node.bases} for node in classes}
    while grown := {name for name, above in bases.items() if above & names} - names:
        names |= grown
    return names


def messages(root: Path) -> Iterator[Message]:
    """Every message in the calls and tables of a source tree."""
    modules = trees(root)
    errors = error_names(modules)
    for path, tree in modules.items():
        for node in ast.walk(tree):
            place = f"{path.relative_to(root)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call):
                yield from called(node, errors, place)
            elif isinstance(node, ast.Assign | ast.AnnAssign) and is_table(node):
                yield from (Message((text,), place, None) for text in sentences(node))
    yield from templates(root)


@cache
def all_messages() -> tuple[Message, ...]:
    """Every message of the software and of the papers and files that it draws."""
    return tuple(message for root in ROOTS for message in messages(root))


def templates(root: Path) -> Iterator[Message]:
    """Every message that a page says: `say("...", name=value)`, `words.plural("...", "...", n)`."""
    for path in sorted(root.rglob("*.html")):
        tree = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            name = getattr(call.node, "name", "") or getattr(call.node, "attr", "")
            count = {"say": 1, "plural": 2}.get(name, 0)
            forms = [str(part.value) for part in call.args[:count] if isinstance(part, nodes.Const)]
            if forms:
                place = f"{path.relative_to(root)}:{call.lineno}"
                filled = frozenset(keyword.key for keyword in call.kwargs)
                yield Message(tuple(forms), place, filled)


def called(node: ast.Call, errors: set[str], place: str) -> Iterator[Message]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    on_library = isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) in LIBRARIES
    is_method = isinstance(node.func, ast.Attribute) and name in METHODS and not on_library
    if not node.args or not (name in errors | MARKERS | ALIASES or is_method):
        return
    count = 2 if name == "plural" else 1
    parts = node.args[:count]
    assert not any(isinstance(part, ast.JoinedStr) for part in parts), (
        f"{place}: an f-string cannot be translated; use {{named}} fields"
    )
    forms = [part.value for part in parts if isinstance(part, ast.Constant)]
    if len(forms) != count or not all(isinstance(form, str) for form in forms):
        return
    named = [keyword.arg for keyword in node.keywords]
    open_ended = None in named or name in MARKERS
    filled = None if open_ended else frozenset(str(arg) for arg in named)
    yield Message(tuple(str(form) for form in forms), place, filled)


def is_table(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(ast.unparse(target).upper().endswith(TABLE_SIGNS) for target in targets)


def sentences(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        text = part.value if isinstance(part, ast.Constant) else None
        if isinstance(text, str) and text.endswith(".") and " " in text:
            yield text


def fields(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


def urdu_catalogue() -> Catalog:
    with URDU_CATALOGUE.open("rb") as file:
        return read_po(file, locale="ur", abort_invalid=True)


def config_labels() -> set[str]:
    settings = read_settings(resource("config.toml"), {})
    labels = {row.label for row in settings.sectors}
    labels |= {activity.label for row in settings.sectors for activity in row.activities}
    labels |= {row.name for row in settings.funds} | {row.name for row in settings.programmes}
    labels |= {day.name for day in settings.calendar.holidays} | config_sources(settings)
    return labels | {row.name for row in settings.dated.products}


def config_sources(settings: Settings) -> set[str]:
    sources = {day.source for day in settings.calendar.holidays}
    tables = (getattr(settings.dated, table.name) for table in dataclasses.fields(DatedTables))
    return sources | {row.source for table in tables for row in table}


def district_names() -> set[str]:
    return {each.name for each in districts()}


def test_every_message_of_the_code_has_its_urdu_with_the_same_fields() -> None:
    urdu = translator("ur")
    missing, unlike = [], []
    for message in all_messages():
        if len(message.forms) == 2:
            translated = list(urdu.plurals.get(message.forms[0], ()))
        else:
            translated = [urdu.sentences[form] for form in message.forms if form in urdu.sentences]
        if not translated:
            missing.append(f"{message.place}: {message.forms[0]}")
        if any(fields(text) != fields(message.forms[-1]) for text in translated):
            unlike.append(f"{message.place}: {message.forms[0]}")
    assert (missing, unlike) == ([], [])


def test_every_message_gets_the_fields_that_it_names() -> None:
    unfilled = [
        f"{message.place}: {form}"
        for message in all_messages()
        for form in message.forms
        if message.filled is not None and fields(form) - message.filled - {"count"}
    ]
    assert unfilled == []


def test_every_label_of_the_shipped_configuration_has_its_urdu() -> None:
    assert sorted(config_labels() - set(translator("ur").sentences)) == []


def test_every_district_has_an_urdu_name_of_its_own_and_other_places_keep_theirs() -> None:
    urdu = translator("ur")
    named = {name: urdu.word("district", name) for name in district_names()}
    assert len(set(named.values())) == len(named)
    assert [name for name in named.values() if not re.fullmatch(r"[\u0621-\u06d2 ]+", name)] == []
    assert urdu.word("district", "Lahore") == "لاہور"
    assert urdu.word("district", "Chak 42") == "Chak 42"


def test_the_catalogue_keeps_no_message_that_nobody_says() -> None:
    said = {message.forms[0] for message in all_messages()} | config_labels() | district_names()
    urdu = translator("ur")
    assert sorted((set(urdu.sentences) | set(urdu.plurals)) - said) == []


def test_the_urdu_uses_no_arabic_look_alikes_and_no_fuzzy_entries() -> None:
    catalogue = urdu_catalogue()
    assert not any(message.fuzzy for message in catalogue if message.id)
    text = URDU_CATALOGUE.read_text(encoding="utf-8")
    assert normalise_urdu(text) == text
    assert catalogue.num_plurals == 2
    assert catalogue.plural_expr in ("(n != 1)", "n != 1")


def test_the_extraction_finds_calls_tables_and_subclasses(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(
        "class RowFault(Refused): ...\n"
        "_FAULTS = ((re.compile('x y.'), 'Write it so.'), 'no sentence')\n"
        "raise RowFault('A {name} ' 'is wrong.', name=1)\n"
        "translator.plural('{count} loan', '{count} loans', 2)\n"
        "connection.execute(sqlalchemy.text('SELECT 1'))\n"
        "Refused(message, **values)\n",
        encoding="utf-8",
    )
    found = {message.forms: message.filled for message in messages(tmp_path)}
    assert found == {
        ("x y.",): None,
        ("Write it so.",): None,
        ("A {name} is wrong.",): frozenset({"name"}),
        ("{count} loan", "{count} loans"): frozenset(),
    }


def test_the_extraction_finds_what_a_page_says(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_text(
        '<p title="{{ say("Two words") }}">{{ say("A {name}", name=1) }} {{ say(given) }}</p>',
        encoding="utf-8",
    )
    found = {message.forms: message.filled for message in messages(tmp_path)}
    assert found == {("Two words",): frozenset(), ("A {name}",): frozenset({"name"})}


def test_a_message_that_is_an_f_string_is_caught(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("Refused(f'{name} is wrong.')\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"one\.py:1: an f-string"):
        list(messages(tmp_path))


def test_the_named_values_are_those_of_files_and_commands() -> None:
    assert tuple(WORDS["channel"]) == CHANNELS
    assert list(WORDS["bucket"]) == ["current", "1-29", "30-59", "60-89", "90-179", "180+"]
    assert list(WORDS["gender"]) == ["female", "male", "transgender", "unknown"]
    assert tuple(WORDS["frequency"]) == get_args(Frequency)
    assert tuple(WORDS["class"]) == get_args(LadderClassName)
    assert list(WORDS["account"]) == list(Account)


def test_english_says_the_message_itself() -> None:
    english = translator("en")
    assert english.text("There is no product {code}.", code="x") == "There is no product x."
    assert english.text("A brace { that is not a field") == "A brace { that is not a field"
    assert english.heading("glp") == "Gross loan portfolio"
    assert english.word("class", "oaem") == "OAEM (watch)"
    assert english.word("branch", "LHR-01") == "LHR-01"
    assert english.day(date(2026, 11, 10)) == "10 Nov 2026"


def test_urdu_says_the_words_of_the_trade() -> None:
    urdu = translator("ur")
    assert urdu.heading("branch") == "برانچ"
    assert urdu.heading("principal") == "اصل رقم"
    assert urdu.heading("due_on") == "واجب الادا تاریخ"
    assert urdu.word("gender", "transgender") == "خواجہ سرا"
    assert urdu.text("Trade and services") == "تجارت و خدمات"
    assert urdu.text("Livestock and poultry") == "مویشی و مرغبانی"
    assert urdu.text("A message without a translation") == "A message without a translation"
    assert urdu.day(date(2026, 11, 10)) == "10 نومبر 2026"


def test_a_loan_that_is_paid_out_is_a_state_and_to_pay_it_out_an_act() -> None:
    urdu = translator("ur")
    assert urdu.word("application", "paid_out") == "رقم ادا کر دی گئی"
    assert urdu.word("fact", "disbursement") == "قرض کی فراہمی"


def test_the_first_form_is_for_exactly_one() -> None:
    english = translator("en")
    said = [english.plural("{count} loan", "{count} loans", n) for n in (0, 1, 2)]
    assert said == ["0 loans", "1 loan", "2 loans"]


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        translator("fr")
    assert str(refused.value) == "There is no language fr. Use one of: en, ur."


def test_an_error_is_explained_in_both_languages() -> None:
    error = NotFound(
        "There is no product {code}. Use one of: {known}.", code="corp", known="crop, livestock"
    )
    assert explain(error, "en") == str(error)
    assert explain(error, "ur") == translator("ur").text(error.message, **error.values)
    assert "\u2066corp\u2069" in explain(error, "ur")


def test_values_inside_urdu_keep_their_own_direction() -> None:
    urdu = translator("ur")
    said = urdu.text(
        "{cnic} {name} {day} {amount:,}",
        cnic="35201-1234567-1",
        name="بشریٰ پروین",
        day=date(2026, 11, 10),
        amount=-2100,
    )
    assert said == (
        "\u206635201-1234567-1\u2069 \u2068بشریٰ پروین\u2069 "
        "\u206810 نومبر 2026\u2069 \u2066-2,100\u2069"
    )


def test_errors_inside_an_error_are_told_one_a_line() -> None:
    inner = (Refused("Too {what}.", field="row 1", what="long"), Refused("Too late."))
    error = Refused("Faults:\n{faults}", faults=inner)
    assert explain(error, "en") == "Faults:\nrow 1: Too long.\nToo late."
    assert "\u2066row 1\u2069: " in explain(error, "ur")


def test_a_cnic_is_shown_as_on_the_card() -> None:
    assert format_cnic("3520112345671") == "35201-1234567-1"
    assert isolate_ltr("35201") == "\u206635201\u2069"


@pytest.mark.parametrize("day", [date(2026, month, 1) for month in range(1, 13)])
def test_every_month_has_its_name(day: date) -> None:
    english, urdu = format_day(day, "en"), format_day(day, "ur")
    assert english == f"1 {day:%b} 2026"
    assert urdu == normalise_urdu(urdu)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("علي", "علی"),
        ("موسى", "موسی"),
        ("كريم", "کریم"),
        ("فاطمه", "فاطمہ"),
        ("فاطمة", "فاطمۃ"),
        ("\u06d5\u0654", "\u06c2"),
        ("\u0647\u0654", "\u06c2"),
        ("\u064a\u0654", "\u0626"),
        ("\u06cc\u0654", "\u0626"),
        ("ا\u0653", "\u0622"),
        ("بھائی", "بھائی"),
        ("Zoë e\u0301", "Zoë é"),
    ],
)
def test_look_alikes_become_urdu_letters(typed: str, kept: str) -> None:
    assert normalise_urdu(typed) == kept


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x6FF)))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise_urdu(text)
    assert normalise_urdu(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not set(once) & set("يىكهەة")
