import dataclasses
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aim_loans.config.dated import ONLY_KEY, DatedRow, dated_row, dated_rows, dated_tables
from aim_loans.config.dated_rule import in_force
from aim_loans.config.environment import config_path, database_url, derived_key, secret_key
from aim_loans.config.reader import read_settings
from aim_loans.config.resources import resource
from aim_loans.config.rows import ConfigurationFault
from aim_loans.config.settings import (
    SECTOR_KEYS,
    ApplicationFee,
    BenchmarkLine,
    CommitteeStep,
    LadderClass,
    Product,
    Settings,
)
from aim_loans.errors import NotFound, Refused
from aim_loans.texts import explain

SHIPPED = resource("config.toml").read_text(encoding="utf-8")
A_DAY = date(2026, 11, 10)
HEAD = """effective_from = 2026-01-01
source = "a test"
verified = true
"""

Reader = Callable[[str], list[str]]


@pytest.fixture
def shipped() -> Settings:
    return read_settings(resource("config.toml"), {})


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], Settings]:
    """Reads a configuration given as text."""

    def read_text(text: str) -> Settings:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return read_settings(path, {})

    return read_text


@pytest.fixture
def faults(read: Callable[[str], Settings]) -> Reader:
    """Gives the faults of a configuration, one a line, without the line that names the file."""

    def told(text: str) -> list[str]:
        with pytest.raises(ConfigurationFault) as refused:
            read(text)
        lines = str(refused.value).splitlines()
        assert re.fullmatch(r"The configuration cannot be used \(.*config\.toml\):", lines[0])
        return lines[1:]

    return told


def changed(old: str, new: str) -> str:
    """The shipped configuration with one place changed, the first of its kind."""
    assert old in SHIPPED
    return SHIPPED.replace(old, new, 1)


# --- the shipped file -----------------------------------------------------------------------


def test_the_default_product_has_the_rules_of_the_monthly_loan(shipped: Settings) -> None:
    assert shipped.lending.default_product == "family_enterprise"
    product = shipped.dated.product_on("family_enterprise", A_DAY)
    assert product == Product(
        effective_from=product.effective_from,
        source=product.source,
        verified=False,
        code="family_enterprise",
        name="Family enterprise loan",
        frequency="monthly",
        rounding="up",
        round_to=100_00,
        due_rule="fixed_day",
        due_day=10,
        cutoff_day=10,
        grace_months=0,
        holiday_rule="none",
        min_principal=10_000_00,
        max_principal=500_000_00,
        min_months=6,
        max_months=36,
        sectors=(),
    )


def test_three_full_products_ship(shipped: Settings) -> None:
    shapes = {row.code: (row.frequency, row.sectors) for row in shipped.dated.products}
    assert shapes == {
        "family_enterprise": ("monthly", ()),
        "crop": ("single", ("agriculture",)),
        "livestock": ("quarterly", ("livestock",)),
    }


def test_the_shipped_ladder_is_the_one_of_the_regulator(shipped: Settings) -> None:
    ladder = shipped.dated.ladder_on(A_DAY)
    assert ladder.general_provision_bps == 50
    assert ladder.classes == (
        LadderClass(name="regular", from_days=0, provision_bps=0),
        LadderClass(name="oaem", from_days=30, provision_bps=0),
        LadderClass(name="substandard", from_days=60, provision_bps=2500),
        LadderClass(name="doubtful", from_days=90, provision_bps=5000),
        LadderClass(name="loss", from_days=180, provision_bps=10_000),
    )


def test_the_fee_and_the_limits_ship(shipped: Settings) -> None:
    limits = shipped.dated.limits_on(A_DAY)
    assert shipped.dated.fee_on(A_DAY).amount == 200_00
    assert (limits.age_min, limits.age_max, limits.guarantors_required) == (18, 62, 2)
    assert limits.micro_turnover_max == 30_000_000_00
    assert limits.small_turnover_max == 150_000_000_00
    assert limits.committee[-1] == CommitteeStep(
        up_to=None, approvers=3, highest_rank="regional_manager"
    )


def test_the_benchmark_of_july_2025_ships(shipped: Settings) -> None:
    benchmark = shipped.dated.benchmark_on(A_DAY)
    assert benchmark.stated_on == date(2025, 7, 5)
    assert benchmark.as_of == date(2025, 3, 31)
    assert benchmark.total == 644 * 10**9 * 100
    assert benchmark.not_itemised == 198 * 10**9 * 100
    assert benchmark.lines == (
        BenchmarkLine(sector="trade", amount=144 * 10**11),
        BenchmarkLine(sector="livestock", amount=164 * 10**11),
        BenchmarkLine(sector="agriculture", amount=138 * 10**11),
    )
    assert (benchmark.growth_bps, benchmark.women_share_bps) == (1300, 4600)
    assert shipped.dated.benchmark_on(date(2025, 1, 1)).total == 5976 * 10**10


def test_nothing_unverified_passes_for_verified(shipped: Settings) -> None:
    rows = dated_rows(shipped.dated)
    assert {row.verified for row in rows} == {False}
    assert all(row.source for row in rows)


def test_the_institution_and_its_words(shipped: Settings) -> None:
    assert shipped.institution.zone.key == "Asia/Karachi"
    assert (shipped.currency.code, shipped.currency.minor_units) == ("PKR", 2)
    assert shipped.lending.backdating_days == 2
    assert [sector.key for sector in shipped.sectors] == list(SECTOR_KEYS)
    assert shipped.programme(shipped.lending.default_programme).fund == "general"
    labels = [
        shipped.label(*pair)
        for pair in [
            ("sector", "trade"),
            ("activity", "tailoring"),
            ("product", "crop"),
            ("programme", "general"),
            ("fund", "mutual_support"),
            ("class", "loss"),
            ("branch", "LHR-01"),
        ]
    ]
    assert labels == [
        "Trade and services",
        "Tailoring",
        "Crop loan",
        "General programme",
        "Mutual-support fund",
        "Loss",
        "LHR-01",
    ]


def test_an_unknown_product_or_programme_names_the_known_ones(shipped: Settings) -> None:
    with pytest.raises(NotFound, match=r"no product corp\. Use one of: crop, family_enterprise, l"):
        shipped.dated.product_on("corp", A_DAY)
    with pytest.raises(NotFound, match=r"no programme kiva\. Use one of: general\."):
        shipped.programme("kiva")


def test_rest_days_are_the_weekly_ones_and_the_holidays(shipped: Settings) -> None:
    rest = shipped.calendar.rest_days(date(2027, 3, 8), date(2027, 3, 23))
    assert sorted(day.day for day in rest) == [10, 11, 12, 14, 21, 23]
    assert shipped.calendar.rest_days(date(2027, 3, 9), date(2027, 3, 8)) == frozenset()


def test_settings_are_frozen(shipped: Settings) -> None:
    held: list[tuple[Any, str]] = [
        (shipped, "lending"),
        (shipped.lending, "backdating_days"),
        (shipped.dated, "products"),
        (shipped.dated.products[0], "round_to"),
        (shipped.dated.ladder[0].classes[0], "from_days"),
    ]
    for value, name in held:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, 0)
    assert hash(shipped) == hash(read_settings(resource("config.toml"), {}))


# --- faults ---------------------------------------------------------------------------------


def test_three_faults_are_told_at_once_each_with_its_key(faults: Reader) -> None:
    text = changed("backdating_days = 2", 'backdating_days = "two"')
    text = text.replace("round_to = 100\n", "round_to = 5000\n", 1)
    text = text.replace("age_max = 62", "age_max = 17")
    assert faults(text) == [
        'lending.backdating_days: Write a whole number without quotes here, not "two".',
        "products[1].round_to: Instalments are rounded to 0.01 to 1000 rupees.",
        "limits[1].age_min: The lowest age must not be over the highest.",
    ]


def test_faults_can_be_told_in_urdu(read: Callable[[str], Settings]) -> None:
    with pytest.raises(ConfigurationFault) as refused:
        read(changed("backdating_days = 2", "backdating_dais = 2"))
    first, second = refused.value.faults
    assert first.field == "lending.backdating_days"
    assert second.field == "lending.backdating_dais"
    lines = explain(refused.value, "ur").splitlines()
    assert lines[1] == f"\u2066{first.field}\u2069: {explain(first, 'ur')}"
    assert lines[2] == f"\u2066{second.field}\u2069: {explain(second, 'ur')}"
    assert "موجود نہیں" in lines[1]


FAULTY = {
    "an unknown key": (
        'grouping = "thousands"',
        'grouping = "thousands"\ngroupping = 1',
        ["currency.groupping: This key is not known. Did you mean grouping?"],
    ),
    "an unknown key like no other": (
        'grouping = "thousands"',
        'grouping = "thousands"\nxyz = 1',
        ["currency.xyz: This key is not known. The keys here are: code, minor_units, grouping."],
    ),
    "an unknown table": (
        "[currency]",
        "[weather]\nrain = 1\n[currency]",
        [
            (
                "weather: This key is not known. The keys here are: institution, currency, "
                "lending, attachments, calendar, sectors, funds, programmes, products, ladder, "
                "limits, fee, benchmark, expiry, expected_loss, mou."
            )
        ],
    ),
    "a secret": (
        'language = "en"',
        'language = "en"\nsecret_key = "abc"',
        [
            (
                "institution.secret_key: A secret does not belong in this file. Remove it and use "
                "the environment."
            )
        ],
    ),
    "a missing table is told once": (
        SHIPPED[SHIPPED.index("[currency]") : SHIPPED.index("[lending]")],
        "",
        ["currency: This key is missing. Add it."],
    ),
    "a table that is a number": (
        SHIPPED[SHIPPED.index("[institution]") : SHIPPED.index("[lending]")],
        "institution = 5\ncurrency = [1]\n",
        [
            "institution: Write a table here, not 5.",
            "currency: Write a table here, not [...].",
        ],
    ),
    "a list that is a table": (
        'channels = ["cash", "bank", "cheque", "easypaisa", "jazzcash", "raast"]',
        "channels = { cash = 1 }",
        ["lending.channels: Write a list in [ ] here, not {...}."],
    ),
    "a bool for a whole number": (
        "backdating_days = 2",
        "backdating_days = true",
        ["lending.backdating_days: Write a whole number without quotes here, not true."],
    ),
    "a whole number for a bool": (
        "verified = false\ncode",
        "verified = 0\ncode",
        ["products[1].verified: Write true or false without quotes, not 0."],
    ),
    "a number for a text": (
        'name = "Akhuwat Islamic Microfinance"',
        "name = 7",
        ["institution.name: Write a text in quotes here, not 7."],
    ),
    "a blank text": (
        'name = "Akhuwat Islamic Microfinance"',
        'name = "  "',
        ['institution.name: Write a text in quotes here, not "  ".'],
    ),
    "a list for a text": (
        'name = "Akhuwat Islamic Microfinance"',
        "name = []",
        ["institution.name: Write a text in quotes here, not [...]."],
    ),
    "a fraction for a whole number": (
        "due_day = 10",
        "due_day = 10.5",
        ["products[1].due_day: Write a whole number without quotes here, not 10.5."],
    ),
    "a number out of range": (
        "due_day = 10",
        "due_day = 32",
        ["products[1].due_day: 32 is out of range. Write a whole number from 1 to 31."],
    ),
    "another currency's decimals": (
        "minor_units = 2",
        "minor_units = 3",
        ["currency.minor_units: 3 is out of range. Write a whole number from 2 to 2."],
    ),
    "a day that the calendar does not have": (
        "effective_from = 2024-07-01",
        'effective_from = "2026-02-31"',
        ["products[1].effective_from: 2026-02-31 is not a real date: that month has 28 days."],
    ),
    "a moment for a day": (
        "effective_from = 2024-07-01",
        "effective_from = 2024-07-01T00:00:00",
        [
            (
                "products[1].effective_from: Write a date such as 2026-07-01 here, not "
                "2024-07-01 00:00:00."
            )
        ],
    ),
    "a binary fraction for an amount": (
        "amount = 200",
        "amount = 0.1",
        ['fee[1].amount: Write rupees as a whole number, or in quotes as "0.50", not 0.1.'],
    ),
    "a bool for an amount": (
        "amount = 200",
        "amount = true",
        ['fee[1].amount: Write rupees as a whole number, or in quotes as "0.50", not true.'],
    ),
    "a negative amount": (
        "amount = 200",
        "amount = -200",
        ["fee[1].amount: An amount cannot be negative. Write it without the minus sign."],
    ),
    "an amount in a list": (
        "max_principal_by_cycle = [50_000,",
        'max_principal_by_cycle = ["1,000",',
        [
            (
                "limits[1].max_principal_by_cycle[1]: Write the amount without commas, for example "
                "50000."
            )
        ],
    ),
    "a word that is nearly allowed": (
        'rounding = "up"',
        'rounding = "upp"',
        [
            (
                'products[1].rounding: "upp" is not allowed here. Did you mean up? '
                "Use one of: up, down, half_up, half_even."
            )
        ],
    ),
    "a word that is not allowed": (
        'due_rule = "fixed_day"',
        "due_rule = 3",
        ["products[1].due_rule: 3 is not allowed here. Use one of: fixed_day, anniversary."],
    ),
    "an unknown sector of a product": (
        'sectors = ["agriculture"]',
        'sectors = ["agriculture", "mining"]',
        [
            (
                'products[2].sectors[2]: "mining" is not allowed here. Use one of: '
                f"{', '.join(SECTOR_KEYS)}."
            )
        ],
    ),
    "a channel twice": (
        '"jazzcash", "raast"]',
        '"jazzcash", "jazzcash"]',
        ["lending.channels: jazzcash stands here twice. Keep one of them."],
    ),
    "no channel": (
        '["cash", "bank", "cheque", "easypaisa", "jazzcash", "raast"]',
        "[]",
        ["lending.channels: Name at least one channel."],
    ),
    "a time zone that is none": (
        "Asia/Karachi",
        "Asia/Karatschi",
        [
            (
                "institution.time_zone: Asia/Karatschi is not a known time zone. Write one such as "
                "Asia/Karachi."
            )
        ],
    ),
    "a language without words": (
        'language = "en"',
        'language = "fr"',
        ['institution.language: "fr" is not allowed here. Use one of: en, ur.'],
    ),
    "a week without work": (
        '["sunday"]',
        '["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]',
        ["calendar.weekly_rest_days: Leave at least one working day."],
    ),
    "a holiday twice": (
        "2027-03-11",
        "2027-03-10",
        ["calendar.holidays: 10 Mar 2027 stands here twice. Keep one of them."],
    ),
    "an activity twice": (
        'key = "goats"',
        'key = "dairy"',
        ["sectors: dairy stands here twice. Keep one of them."],
    ),
    "a sector missing": (
        'key = "livestock"',
        'key = "trade"',
        [f"sectors: Each sector stands here once: {', '.join(SECTOR_KEYS)}."],
    ),
    "a programme of a relief fund": (
        'fund = "general"',
        'fund = "mutual_support"',
        ["programmes[1].fund: mutual_support is not a fund that lends. Use one of: general."],
    ),
    "a fund twice": (
        'code = "mutual_support"',
        'code = "general"',
        ["funds: general stands here twice. Keep one of them."],
    ),
    "a default product that is not there": (
        'default_product = "family_enterprise"',
        'default_product = "family"',
        [
            (
                "lending.default_product: There is no product family. Use one of: crop, "
                "family_enterprise, livestock."
            )
        ],
    ),
    "a default programme that is not there": (
        'default_programme = "general"',
        'default_programme = "x"',
        ["lending.default_programme: There is no programme x. Use one of: general."],
    ),
    "a smallest loan over the largest": (
        "min_principal = 10_000",
        "min_principal = 900_000",
        [
            (
                "products[1].min_principal: The smallest loan must be more than 0 and not over "
                "the largest."
            )
        ],
    ),
    "a shortest tenor over the longest": (
        "min_months = 6",
        "min_months = 60",
        ["products[1].min_months: The shortest tenor must not be over the longest."],
    ),
    "rounding to nothing": (
        "round_to = 100",
        "round_to = 0",
        ["products[1].round_to: Instalments are rounded to 0.01 to 1000 rupees."],
    ),
    "a ladder with a class missing": (
        '    { name = "substandard", from_days = 60, provision_bps = 2500 },\n',
        "",
        [
            (
                "ladder[1].classes: The ladder needs each class once, in this order: regular, "
                "oaem, substandard, doubtful, loss."
            )
        ],
    ),
    "a ladder that does not begin at 0": (
        'name = "regular", from_days = 0',
        'name = "regular", from_days = 1',
        ["ladder[1].classes: The first class must start from day 0."],
    ),
    "a ladder whose classes overlap": (
        "from_days = 90",
        "from_days = 60",
        ["ladder[1].classes: Each class must start later than the one before."],
    ),
    "a ladder whose provision falls": (
        "provision_bps = 5000",
        "provision_bps = 2000",
        ["ladder[1].classes: The provision must not fall from one class to the next."],
    ),
    "a provision over the whole": (
        "provision_bps = 10_000",
        "provision_bps = 10_001",
        [
            (
                "ladder[1].classes[5].provision_bps: 10001 is out of range. Write a whole number "
                "from 0 to 10000."
            )
        ],
    ),
    "loan sizes that fall": (
        "[50_000, 75_000,",
        "[50_000, 45_000,",
        [
            (
                "limits[1].max_principal_by_cycle: List the largest loan of each cycle: more than "
                "0 and never falling."
            )
        ],
    ),
    "turnover limits out of order": (
        "small_turnover_max = 150_000_000",
        "small_turnover_max = 1",
        [
            (
                "limits[1].micro_turnover_max: The turnover limits must rise from micro to small "
                "to medium."
            )
        ],
    ),
    "a committee that leaves the largest loans to nobody": (
        "{ approvers = 3, highest_rank",
        "{ up_to = 900_000, approvers = 3, highest_rank",
        [
            (
                "limits[1].committee: The committee's amounts must rise, and only the last step "
                "has no up_to: it decides on all larger loans."
            )
        ],
    ),
    "a benchmark that does not add up": (
        "not_itemised = 198_000_000_000",
        "not_itemised = 198_000_000_001",
        ["benchmark[3].total: The lines and not_itemised must add up to the total."],
    ),
    "a benchmark stated before its day": (
        "stated_on = 2025-07-05",
        "stated_on = 2025-01-05",
        ["benchmark[3].as_of: The figures cannot stand for a day after they were stated."],
    ),
    "a benchmark with a sector twice": (
        '{ sector = "livestock", amount',
        '{ sector = "trade", amount',
        ["benchmark[3].lines: trade stands here twice. Keep one of them."],
    ),
    "an expected loss with a class twice": (
        "[currency]",
        (
            "[[expected_loss]]\n"
            'effective_from = 2025-12-31\nsource = "finance"\nverified = true\n'
            'classes = [{ name = "loss", amount = 1 }, { name = "loss", amount = 2 }]\n[currency]'
        ),
        ["expected_loss[1].classes: loss stands here twice. Keep one of them."],
    ),
}


@pytest.mark.parametrize(("old", "new", "told"), FAULTY.values(), ids=FAULTY)
def test_a_fault_is_told_with_its_key(faults: Reader, old: str, new: str, told: list[str]) -> None:
    assert faults(changed(old, new)) == told


@pytest.mark.parametrize("table", ["products", "ladder", "limits", "fee", "benchmark"])
def test_a_dated_table_needs_a_row(faults: Reader, table: str) -> None:
    emptied = re.sub(rf"(?ms)^\[\[{table}\]\].*?(?=^\[|\Z)", "", SHIPPED)
    assert faults(emptied) == [f"{table}: This key is missing. Add it."]
    assert faults(f"{table} = []\n{emptied}") == [f"{table}: This table has no row. Add one."]


def test_two_rows_of_one_key_cannot_begin_on_one_day(faults: Reader) -> None:
    begin = SHIPPED.index("[[fee]]")
    again = SHIPPED[begin : SHIPPED.index("\n# ---", begin)]
    assert faults(f"{SHIPPED}\n{again}") == [
        (
            "fee[2].effective_from: Another row of institution begins on 1 Jul 2024 too. Change "
            "one of the dates."
        )
    ]
    assert faults(changed('code = "crop"', 'code = "family_enterprise"')) == [
        (
            "products[2].effective_from: Another row of family_enterprise begins on 1 Jul 2024 "
            "too. Change one of the dates."
        )
    ]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("lateFee = 50", "nothing is added because of lateness"),
        ("late_fee = 50", "nothing is added because of lateness"),
        ("penalty_percent = 1", "nothing is added because of lateness"),
        ("fee_percent = 2", "a share of the amount lent is interest"),
        ('commission = "1%"', "a share of the amount lent is interest"),
        ("rate = 0", "a share of the amount lent is interest"),
        ("markup = 0", "only the amount lent is repaid"),
        ("profit-share = 10", "only the amount lent is repaid"),
        ("Interest = 0", "only the amount lent is repaid"),
        ("rent = 500", "a contract with rent or a service charge is not Qard-e-Hasna"),
        ("service_charge = 500", "a contract with rent or a service charge is not Qard-e-Hasna"),
    ],
)
def test_a_product_with_a_charge_is_refused(faults: Reader, key: str, reason: str) -> None:
    name = key.partition(" ")[0]
    (fault,) = faults(changed('code = "crop"', f'code = "crop"\n{key}'))
    assert fault.startswith(
        f"products[2].{name}: An interest-free loan cannot carry {name}: {reason}"
    )


def test_a_product_cannot_have_a_fee_of_its_own(faults: Reader) -> None:
    assert faults(changed('code = "crop"', 'code = "crop"\nfee = 300')) == [
        (
            "products[2].fee: An interest-free loan cannot carry fee of its own: the application "
            "fee is one amount for every product. Set it in [[fee]]."
        )
    ]


@pytest.mark.parametrize(
    ("new", "key"),
    [("amount = 200\npercent = 2", "percent"), ('amount = "2%"', "amount")],
)
def test_the_application_fee_is_never_a_share(faults: Reader, new: str, key: str) -> None:
    assert faults(changed("amount = 200", new)) == [
        (
            f"fee[1].{key}: The application fee is one amount in rupees at cost, never a share of "
            "the loan. Write amount = 200."
        )
    ]


def test_an_amount_may_stand_in_quotes_with_paisa(read: Callable[[str], Settings]) -> None:
    settings = read(changed("round_to = 100", 'round_to = "0.01"'))
    assert settings.dated.products[0].round_to == 1


def test_a_date_may_stand_in_quotes(read: Callable[[str], Settings]) -> None:
    settings = read(changed("effective_from = 2024-07-01", 'effective_from = "2025-01-01"'))
    assert settings.dated.products[0].effective_from == date(2025, 1, 1)


# --- files that are no configuration --------------------------------------------------------


def test_a_file_that_is_not_toml_names_its_line(faults: Reader) -> None:
    assert faults("[institution]\nname = Akhuwat\n") == [
        "config.toml: The file cannot be read from line 2 on (Invalid value). Mend that line."
    ]
    (unended,) = faults('[institution]\nname = "Akhuwat')
    assert unended.startswith("config.toml: The file cannot be read from line 2 on (")
    (unreal,) = faults(changed("2024-07-01", "2026-02-31"))
    line = SHIPPED[: SHIPPED.index("2024-07-01")].count("\n") + 1
    assert unreal.startswith(f"config.toml: The file cannot be read from line {line} on (")


def test_an_empty_file_tells_every_table(faults: Reader) -> None:
    assert len(faults("")) == 13


def test_a_byte_order_mark_and_crlf_do_no_harm(tmp_path: Path, shipped: Settings) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SHIPPED.replace("\n", "\r\n").encode())
    assert read_settings(path, {}) == shipped


def test_a_file_in_another_encoding_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes('[institution]\nname = "Zoë"\n'.encode("latin-1"))
    with pytest.raises(ConfigurationFault, match=r"not UTF-8 text: look at line 2\. Save it"):
        read_settings(path, {})


def test_a_missing_file_is_refused_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with pytest.raises(ConfigurationFault) as refused:
        read_settings(None, {"AIM_CONFIG": str(path)})
    assert str(refused.value) == (
        f"The configuration cannot be used ({path}):\n"
        "config.toml: The file cannot be opened: No such file or directory. Check the path in "
        "AIM_CONFIG."
    )


# --- dated rows -----------------------------------------------------------------------------


def fee_from(day: date) -> ApplicationFee:
    return ApplicationFee(effective_from=day, source="a test", verified=True, amount=day.year)


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(1999, 1, 1), 2024),
        (date(2024, 7, 1), 2024),
        (date(2025, 6, 30), 2024),
        (date(2025, 7, 1), 2025),
        (date(2099, 1, 1), 2026),
    ],
)
def test_the_latest_row_holds_and_the_earliest_also_before_it(day: date, year: int) -> None:
    rows = [fee_from(date(year, 7, 1)) for year in (2025, 2024, 2026)]
    assert in_force(rows, day).amount == year


@given(st.sets(st.dates(), min_size=1), st.dates())
def test_the_row_in_force_is_the_last_begun(starts: set[date], day: date) -> None:
    chosen = in_force([fee_from(start) for start in starts], day).effective_from
    begun = [start for start in starts if start <= day]
    assert chosen == (max(begun) if begun else min(starts))


def test_a_later_row_takes_over_from_its_day(read: Callable[[str], Settings]) -> None:
    tables = read(f"{SHIPPED}\n[[fee]]\n{HEAD}amount = 250\n").dated
    on_days = [tables.fee_on(date(2025, 12, 31)).amount, tables.fee_on(date(2026, 1, 1)).amount]
    assert on_days == [200_00, 250_00]


def test_the_rows_for_the_database_read_back_equal(shipped: Settings) -> None:
    rows = dated_rows(shipped.dated)
    assert [(row.table, row.key) for row in rows] == [
        ("products", "family_enterprise"),
        ("products", "crop"),
        ("products", "livestock"),
        ("ladder", ONLY_KEY),
        ("limits", ONLY_KEY),
        ("fee", ONLY_KEY),
        ("benchmark", ONLY_KEY),
        ("benchmark", ONLY_KEY),
        ("benchmark", ONLY_KEY),
        ("expiry", ONLY_KEY),
    ]
    assert dated_tables(rows) == shipped.dated
    assert dated_rows(dated_tables(rows)) == rows


def test_a_body_is_canonical_json_in_paisa(shipped: Settings) -> None:
    row = next(row for row in dated_rows(shipped.dated) if row.key == "crop")
    body = json.loads(row.body)
    assert body["round_to"] == 100_00
    assert body["sectors"] == ["agriculture"]
    assert not {"effective_from", "source", "verified"} & set(body)
    assert row.body == json.dumps(body, sort_keys=True, separators=(",", ":"))


def test_a_product_made_by_an_import_is_a_row_like_any_other(shipped: Settings) -> None:
    default = shipped.dated.products[0]
    made = dataclasses.replace(default, code="kiva", source="import", verified=False)
    row = dated_row("products", made)
    assert (row.key, row.source, row.verified) == ("kiva", "import", False)
    tables = dated_tables([*dated_rows(shipped.dated), row])
    assert tables.product_on("kiva", A_DAY) == made


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"amount":-1}', "fee[1].amount: Write paisa as a whole number, not -1."),
        ('{"amount":"200"}', 'fee[1].amount: Write paisa as a whole number, not "200".'),
        ('{"amount":null}', "fee[1].amount: This key is missing. Add it."),
        (
            "{",
            (
                "fee: The stored rule of institution from 1 Jul 2024 cannot be read. Restore it "
                "from a backup."
            ),
        ),
        (
            "[]",
            (
                "fee: The stored rule of institution from 1 Jul 2024 cannot be read. Restore it "
                "from a backup."
            ),
        ),
    ],
)
def test_a_body_altered_by_hand_is_refused(shipped: Settings, body: str, told: str) -> None:
    rows = [
        dataclasses.replace(row, body=body) if row.table == "fee" else row
        for row in dated_rows(shipped.dated)
    ]
    with pytest.raises(ConfigurationFault) as refused:
        dated_tables(rows)
    assert str(refused.value).splitlines()[1:] == [told]


def test_a_dated_row_is_frozen() -> None:
    row: Any = DatedRow(
        table="fee", key=ONLY_KEY, effective_from=A_DAY, source="x", verified=True, body="{}"
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.body = ""


# --- the environment ------------------------------------------------------------------------


def test_the_database_and_the_configuration_have_defaults(tmp_path: Path) -> None:
    assert database_url({}) == "sqlite:///var/aim-loans.sqlite"
    assert database_url({"AIM_DATABASE_URL": ""}) == "sqlite:///var/aim-loans.sqlite"
    assert database_url({"AIM_DATABASE_URL": "postgresql://x"}) == "postgresql://x"
    assert config_path({}) == resource("config.toml")
    assert config_path({"AIM_CONFIG": str(tmp_path)}) == tmp_path


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, "AIM_SECRET_KEY is not set. Make a key once with python3 -c"),
        ({"AIM_SECRET_KEY": ""}, "AIM_SECRET_KEY is not set. Make a key once with python3 -c"),
        ({"AIM_SECRET_KEY": "x" * 31}, "AIM_SECRET_KEY has 31 characters and needs 32 or more."),
    ],
)
def test_a_missing_or_short_secret_is_refused(environ: dict[str, str], told: str) -> None:
    with pytest.raises(Refused) as refused:
        secret_key(environ)
    assert str(refused.value).startswith(told)
    assert 'python3 -c "import secrets; print(secrets.token_hex(32))"' in str(refused.value)
    assert "xxx" not in str(refused.value)


def test_each_purpose_has_its_own_key() -> None:
    secret = secret_key({"AIM_SECRET_KEY": "x" * 32})
    keys = {derived_key(secret, purpose) for purpose in ("audit chain", "seal", "audit chain")}
    assert len(keys) == 2
    assert {len(key) for key in keys} == {32}
    assert derived_key(b"x" * 32, "audit chain") != derived_key(b"y" * 32, "audit chain")


def test_the_wheels_resources_come_before_those_of_a_checkout(tmp_path: Path) -> None:
    package = tmp_path / "aim_loans"
    (tmp_path / "config.toml").write_text("", encoding="utf-8")
    assert resource("config.toml", package=package) == tmp_path / "config.toml"
    (package / "resources").mkdir(parents=True)
    (package / "resources" / "config.toml").write_text("", encoding="utf-8")
    assert resource("config.toml", package=package) == package / "resources" / "config.toml"
    with pytest.raises(NotFound, match="came without its migrations"):
        resource("migrations", package=package)


def test_a_configuration_says_when_its_book_is_made_up(
    shipped: Settings, read: Callable[[str], Settings], faults: Reader
) -> None:
    assert not shipped.institution.synthetic
    assert read(changed("synthetic = false", "synthetic = true")).institution.synthetic
    (line,) = [line for line in SHIPPED.splitlines() if line.startswith("synthetic")]
    assert not read(changed(f"{line}\n", "")).institution.synthetic
    (fault,) = faults(changed("synthetic = false", 'synthetic = "no"'))
    assert fault.startswith("institution.synthetic: Write true or false")
