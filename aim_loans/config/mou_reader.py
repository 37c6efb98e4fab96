"""Reads the section [mou] of config.toml; its faults are noted with all others."""

from aim_loans.config.mou import (
    REGISTRATIONS,
    SIZES,
    Applicable,
    ApplicableTypes,
    Mou,
    PriceIndex,
    UnderservedDistricts,
)
from aim_loans.config.rows import Row
from aim_loans.config.settings import SECTOR_KEYS


def read_mou(root: Row) -> Mou | None:
    """Read the section [mou]; None where there is none."""
    if not root.has("mou"):
        return None
    row = root.table("mou")
    mou = Mou(
        started_on=row.day("started_on"),
        applicable=tuple(_read_applicable(each) for each in row.tables("applicable")),
        underserved=tuple(_read_underserved(each) for each in row.tables("underserved")),
        prices=tuple(_read_price(each) for each in row.tables("prices")),
    )
    row.end()
    return mou


def _read_applicable(row: Row) -> ApplicableTypes:
    types = []
    for each in row.tables("types"):
        types.append(
            Applicable(
                type=each.choice("type", REGISTRATIONS),
                sectors=each.choices("sectors", SECTOR_KEYS),
                sizes=each.choices("sizes", SIZES),
            )
        )
        each.end()
    if row.sound("types"):
        row.no_repeats("types", (each.type for each in types))
    found = ApplicableTypes(
        effective_from=row.day("effective_from"),
        source=row.string("source"),
        verified=row.flag("verified"),
        types=tuple(types),
    )
    row.end()
    return found


def _read_underserved(row: Row) -> UnderservedDistricts:
    found = UnderservedDistricts(
        effective_from=row.day("effective_from"),
        source=row.string("source"),
        verified=row.flag("verified"),
        districts=row.strings("districts"),
    )
    row.end()
    return found


def _read_price(row: Row) -> PriceIndex:
    found = PriceIndex(
        effective_from=row.day("effective_from"),
        source=row.string("source"),
        verified=row.flag("verified"),
        value=row.integer("value", lowest=1),
    )
    row.end()
    return found
