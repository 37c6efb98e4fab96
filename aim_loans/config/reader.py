"""Reads config.toml as one frozen `Settings`, or refuses it with every fault at once."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aim_loans.config.dated import read_dated_tables
from aim_loans.config.environment import config_path
from aim_loans.config.interest_free import refuse_charges
from aim_loans.config.mou_reader import read_mou
from aim_loans.config.rows import ConfigurationFault, Row
from aim_loans.config.settings import (
    CHANNELS,
    SECTOR_KEYS,
    Activity,
    Attachments,
    Currency,
    Fund,
    FundPurpose,
    Holiday,
    Institution,
    Lending,
    Programme,
    Sector,
    Settings,
    WorkingCalendar,
)
from aim_loans.errors import Refused
from aim_loans.money import Grouping
from aim_loans.texts import LANGUAGES

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
COUNTRIES = ("PK",)
CURRENCIES = ("PKR",)
MINOR_UNITS = 2
LONGEST_BACKDATING = 31
LARGEST_ATTACHMENT = 25

_PLACE_IN_TOML = re.compile(r"(?P<reason>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)")


def read_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the file at `path`, else the one that AIM_CONFIG names or that ships here.

    ConfigurationFault lists every fault, each with its key; nothing is ever half read.
    """
    place = config_path(environ) if path is None else path
    try:
        root = Row(_parse(place), "", [], "rupees")
    except Refused as refused:
        raise ConfigurationFault(str(place), [refused]) from refused
    settings = _read(root)
    if root.faults:
        raise ConfigurationFault(str(place), root.faults)
    return settings


def _parse(place: Path) -> dict[str, object]:
    """Read the file as TOML; Refused when it cannot be opened, decoded or parsed."""
    try:
        content = place.read_bytes()
    except OSError as error:
        raise Refused(
            "The file cannot be opened: {reason}. Check the path in AIM_CONFIG.",
            field=place.name,
            reason=error.strerror or type(error).__name__,
        ) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(
            "The file is not UTF-8 text: look at line {line}. Save it as UTF-8.",
            field=place.name,
            line=content.count(b"\n", 0, error.start) + 1,
        ) from error
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise _syntax_fault(place.name, text, str(error)) from error


def _syntax_fault(place: str, text: str, reason: str) -> Refused:
    """Say on which line the file stops being TOML."""
    match = _PLACE_IN_TOML.fullmatch(reason)
    line = int(match["line"]) if match else text.count("\n") + 1
    return Refused(
        "The file cannot be read from line {line} on ({reason}). Mend that line.",
        field=place,
        line=line,
        reason=match["reason"] if match else reason,
    )


def _read(root: Row) -> Settings:
    """Read all tables, then what only shows when they are read together."""
    settings = Settings(
        institution=_read_institution(root.table("institution")),
        currency=_read_currency(root.table("currency")),
        lending=_read_lending(root.table("lending")),
        attachments=_read_attachments(root.table("attachments")),
        calendar=_read_calendar(root.table("calendar")),
        sectors=tuple(_read_sector(row) for row in root.tables("sectors")),
        funds=tuple(_read_fund(row) for row in root.tables("funds")),
        programmes=tuple(_read_programme(row) for row in root.tables("programmes")),
        dated=read_dated_tables(root),
        mou=read_mou(root),
    )
    root.end()
    _check_sectors(root, settings)
    _check_programmes(root, settings)
    _check_defaults(root, settings)
    return settings


def _read_institution(row: Row) -> Institution:
    institution = Institution(
        name=row.string("name"),
        country=row.choice("country", COUNTRIES),
        language=row.choice("language", LANGUAGES),
        time_zone=row.string("time_zone"),
        synthetic=row.has("synthetic") and row.flag("synthetic"),
    )
    row.require(
        Refused(
            "{given} is not a known time zone. Write one such as Asia/Karachi.",
            field=row.key("time_zone"),
            given=institution.time_zone,
        ),
        of=["time_zone"],
        holds=_is_time_zone(institution.time_zone),
    )
    row.end()
    return institution


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _read_currency(row: Row) -> Currency:
    currency = Currency(
        code=row.choice("code", CURRENCIES),
        minor_units=row.integer("minor_units", lowest=MINOR_UNITS, highest=MINOR_UNITS),
        grouping=row.choice("grouping", get_args(Grouping)),
    )
    row.end()
    return currency


def _read_lending(row: Row) -> Lending:
    lending = Lending(
        backdating_days=row.integer("backdating_days", highest=LONGEST_BACKDATING),
        channels=row.choices("channels", CHANNELS),
        default_product=row.string("default_product"),
        default_programme=row.string("default_programme"),
    )
    row.require(
        Refused("Name at least one channel.", field=row.key("channels")),
        of=["channels"],
        holds=bool(lending.channels),
    )
    row.end()
    return lending


def _read_attachments(row: Row) -> Attachments:
    most = row.integer("most_megabytes", lowest=1, highest=LARGEST_ATTACHMENT)
    row.end()
    return Attachments(most_megabytes=most)


def _read_calendar(row: Row) -> WorkingCalendar:
    rest_days = row.choices("weekly_rest_days", WEEKDAYS)
    holidays = tuple(_read_holiday(holiday) for holiday in row.tables("holidays"))
    if row.sound("holidays"):
        row.no_repeats("holidays", (holiday.day for holiday in holidays))
    row.require(
        Refused("Leave at least one working day.", field=row.key("weekly_rest_days")),
        of=["weekly_rest_days"],
        holds=len(rest_days) < len(WEEKDAYS),
    )
    row.end()
    return WorkingCalendar(
        weekly_rest_days=frozenset(WEEKDAYS.index(day) for day in rest_days),
        holidays=holidays,
    )


def _read_holiday(row: Row) -> Holiday:
    holiday = Holiday(
        day=row.day("day"),
        name=row.string("name"),
        source=row.string("source"),
        verified=row.flag("verified"),
    )
    row.end()
    return holiday


def _read_sector(row: Row) -> Sector:
    sector = Sector(
        key=row.choice("key", SECTOR_KEYS),
        label=row.string("label"),
        activities=tuple(_read_activity(activity) for activity in row.tables("activities")),
    )
    row.end()
    return sector


def _read_activity(row: Row) -> Activity:
    activity = Activity(key=row.string("key"), label=row.string("label"))
    row.end()
    return activity


def _read_fund(row: Row) -> Fund:
    fund = Fund(
        code=row.string("code"),
        name=row.string("name"),
        purpose=row.choice("purpose", get_args(FundPurpose)),
    )
    row.end()
    return fund


def _read_programme(row: Row) -> Programme:
    programme = Programme(code=row.string("code"), name=row.string("name"), fund=row.string("fund"))
    refuse_charges(row)
    row.end()
    return programme


def _check_sectors(root: Row, settings: Settings) -> None:
    """Note a sector that is missing, and a sector or activity that stands twice."""
    keys = [sector.key for sector in settings.sectors]
    activities = [activity.key for sector in settings.sectors for activity in sector.activities]
    root.require(
        Refused(
            "Each sector stands here once: {known}.",
            field="sectors",
            known=", ".join(SECTOR_KEYS),
        ),
        of=["sectors"],
        holds=sorted(keys) == sorted(SECTOR_KEYS),
    )
    if root.sound("sectors"):
        root.no_repeats("sectors", activities)


def _check_programmes(root: Row, settings: Settings) -> None:
    """Note codes that stand twice, and a programme whose fund is missing or does not lend."""
    lending = [fund.code for fund in settings.funds if fund.purpose == "lending"]
    if root.sound("funds"):
        root.no_repeats("funds", (fund.code for fund in settings.funds))
    if root.sound("programmes"):
        root.no_repeats("programmes", (programme.code for programme in settings.programmes))
    for place, programme in enumerate(settings.programmes, start=1):
        root.require(
            Refused(
                "{given} is not a fund that lends. Use one of: {known}.",
                field=f"programmes[{place}].fund",
                given=programme.fund,
                known=", ".join(lending),
            ),
            of=["funds", f"programmes[{place}].fund"],
            holds=programme.fund in lending,
        )


def _check_defaults(root: Row, settings: Settings) -> None:
    """Note a default that names no product or programme."""
    products = {product.code for product in settings.dated.products}
    programmes = {programme.code for programme in settings.programmes}
    root.require(
        Refused(
            "There is no product {code}. Use one of: {known}.",
            field="lending.default_product",
            code=settings.lending.default_product,
            known=", ".join(sorted(products)),
        ),
        of=["lending.default_product", "products"],
        holds=settings.lending.default_product in products,
    )
    root.require(
        Refused(
            "There is no programme {code}. Use one of: {known}.",
            field="lending.default_programme",
            code=settings.lending.default_programme,
            known=", ".join(sorted(programmes)),
        ),
        of=["lending.default_programme", "programmes"],
        holds=settings.lending.default_programme in programmes,
    )
