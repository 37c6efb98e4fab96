"""The settings as frozen values: what the institution decided, and from which day.

Amounts are paisa, rates are basis points (1 % = 100), days are dates. A dated rule carries
the day from which it holds, where it comes from, and whether the institution has confirmed
it against that source.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from aim_loans.config.dated_rule import DatedRule, in_force
from aim_loans.config.mou import Mou
from aim_loans.errors import NotFound
from aim_loans.money import Grouping, RoundingRule
from aim_loans.value_words import word

Frequency = Literal[
    "weekly", "fortnightly", "four_weekly", "monthly", "quarterly", "half_yearly", "single"
]
DueRule = Literal["fixed_day", "anniversary"]
HolidayRule = Literal["none", "next_working_day", "previous_working_day"]
FundPurpose = Literal["lending", "relief"]
LadderClassName = Literal["regular", "oaem", "substandard", "doubtful", "loss"]

SECTOR_KEYS = (
    "trade",
    "livestock",
    "agriculture",
    "manufacturing",
    "housing",
    "education",
    "health",
    "other",
)

CHANNELS = ("cash", "bank", "cheque", "easypaisa", "jazzcash", "raast")


def _same_month(one: date, other: date) -> bool:
    return (one.year, one.month) == (other.year, other.month)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product(DatedRule):
    """The rules of one interest-free product; it has no field that could add a charge.

    An empty `sectors` allows every sector.
    """

    code: str
    name: str
    frequency: Frequency
    rounding: RoundingRule
    round_to: int
    due_rule: DueRule
    due_day: int
    cutoff_day: int
    grace_months: int
    holiday_rule: HolidayRule
    min_principal: int
    max_principal: int
    min_months: int
    max_months: int
    sectors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderClass:
    """One class: from how many days past due (>=), and the specific provision on the balance."""

    name: LadderClassName
    from_days: int
    provision_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder(DatedRule):
    """The classification ladder; its classes go up, the first from day 0."""

    general_provision_bps: int
    classes: tuple[LadderClass, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitteeStep:
    """Who decides on loans up to an amount; the last step has no `up_to` and takes the rest."""

    up_to: int | None
    approvers: int
    highest_rank: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(DatedRule):
    """Limits on borrowers, guarantors, loan sizes and the committee.

    `max_principal_by_cycle` lists the first loan, the second and so on; the last entry holds
    for all later ones.
    """

    age_min: int
    age_max: int
    guarantors_required: int
    max_live_guarantees: int
    max_principal_by_cycle: tuple[int, ...]
    micro_turnover_max: int
    small_turnover_max: int
    medium_turnover_max: int
    committee: tuple[CommitteeStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFee(DatedRule):
    """The application fee: one amount at cost, the same for every product and size."""

    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry(DatedRule):
    """How many days an application may stand without a step before it expires.

    `approved_days` from the approval without being collected, `unfinished_days` as a draft or
    returned.
    """

    approved_days: int
    unfinished_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkLine:
    """One sector's part of the national portfolio."""

    sector: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark(DatedRule):
    """The national portfolio as one source states it.

    `lines` plus `not_itemised` is `total`; what the source does not itemise is never split.
    `as_of` is the day its figures stand for, `stated_on` the day of the statement, if known.
    """

    as_of: date
    stated_on: date | None
    total: int
    not_itemised: int
    lines: tuple[BenchmarkLine, ...]
    growth_bps: int | None
    active_borrowers: int | None
    women_share_bps: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLoss:
    """The expected credit loss of the loans of one class."""

    name: LadderClassName
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedLoss(DatedRule):
    """The expected credit loss (IFRS 9) as head office entered it, of the month it begins in.

    A class without a line has no figure.
    """

    classes: tuple[ClassLoss, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedTables:
    """The dated tables: first read from config.toml, later from the database."""

    products: tuple[Product, ...]
    ladder: tuple[Ladder, ...]
    limits: tuple[Limits, ...]
    fee: tuple[ApplicationFee, ...]
    benchmark: tuple[Benchmark, ...]
    expiry: tuple[Expiry, ...] = ()
    expected_loss: tuple[ExpectedLoss, ...] = ()

    def product_on(self, code: str, day: date) -> Product:
        """Give a product's rules on a day; NotFound for a code that is not there."""
        rows = [product for product in self.products if product.code == code]
        if not rows:
            known = ", ".join(sorted({product.code for product in self.products}))
            raise NotFound(
                "There is no product {code}. Use one of: {known}.",
                field="product",
                code=code,
                known=known,
            )
        return in_force(rows, day)

    def ladder_on(self, day: date) -> Ladder:
        """Give the classification ladder in force on a day."""
        return in_force(self.ladder, day)

    def limits_on(self, day: date) -> Limits:
        """Give the limits in force on a day."""
        return in_force(self.limits, day)

    def fee_on(self, day: date) -> ApplicationFee:
        """Give the application fee in force on a day."""
        return in_force(self.fee, day)

    def expiry_on(self, day: date) -> Expiry | None:
        """Give when applications expire, as in force on a day; None where nobody said so."""
        return in_force(self.expiry, day) if self.expiry else None

    def benchmark_on(self, day: date) -> Benchmark:
        """Give the national benchmark in force on a day."""
        return in_force(self.benchmark, day)

    def expected_loss_of(self, month: date) -> ExpectedLoss | None:
        """Give the expected credit loss entered for a month; None where there is none."""
        entered = [row for row in self.expected_loss if _same_month(row.effective_from, month)]
        return max(entered, key=lambda row: row.effective_from, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """The lender: its name, country (ISO 3166), language of the papers and time zone.

    `synthetic` is true for a demonstration: every page and paper says that its book is made up.
    """

    name: str
    country: str
    language: str
    time_zone: str
    synthetic: bool

    @property
    def zone(self) -> ZoneInfo:
        """Give the time zone in which a day begins and ends."""
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """The currency (ISO 4217) and how its amounts are grouped on screens and papers."""

    code: str
    minor_units: int
    grouping: Grouping


@dataclass(frozen=True, slots=True, kw_only=True)
class Lending:
    """What applies to the whole book.

    A receipt dated more than `backdating_days` before its entry needs a second person.
    """

    backdating_days: int
    channels: tuple[str, ...]
    default_product: str
    default_programme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachments:
    """How large a file attached to a borrower may be, in megabytes."""

    most_megabytes: int

    @property
    def most_bytes(self) -> int:
        """Give the same in bytes."""
        return self.most_megabytes * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One activity under a sector."""

    key: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    """One sector, with the activities offered under it."""

    key: str
    label: str
    activities: tuple[Activity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fund:
    """Money held apart: `lending` funds are lent, `relief` funds pay waivers."""

    code: str
    name: str
    purpose: FundPurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A programme and the lending fund whose money it lends."""

    code: str
    name: str
    fund: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """One day on which nothing falls due under a holiday rule."""

    day: date
    name: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingCalendar:
    """The weekly rest days (Monday is 0) and the holidays."""

    weekly_rest_days: frozenset[int]
    holidays: tuple[Holiday, ...]

    def rest_days(self, first: date, last: date) -> frozenset[date]:
        """Give every day without work from `first` to `last`, both included."""
        span = (first + timedelta(days=step) for step in range((last - first).days + 1))
        weekly = {day for day in span if day.weekday() in self.weekly_rest_days}
        return frozenset(weekly | {row.day for row in self.holidays if first <= row.day <= last})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration; `mou` is None where there is no memorandum with SMEDA."""

    institution: Institution
    currency: Currency
    lending: Lending
    attachments: Attachments
    calendar: WorkingCalendar
    sectors: tuple[Sector, ...]
    funds: tuple[Fund, ...]
    programmes: tuple[Programme, ...]
    dated: DatedTables
    mou: Mou | None = None

    def programme(self, code: str) -> Programme:
        """Give a programme; NotFound for a code that is not there."""
        for programme in self.programmes:
            if programme.code == code:
                return programme
        raise NotFound(
            "There is no programme {code}. Use one of: {known}.",
            field="programme",
            code=code,
            known=", ".join(programme.code for programme in self.programmes),
        )

    def label(self, dimension: str, key: str) -> str:
        """Give the words for a key of a dimension, as a message to translate.

        Sectors, activities, products, programmes and funds are named in the configuration,
        genders, classes and the like in `texts`; a key that nobody named is its own label.
        """
        names = {
            "sector": {row.key: row.label for row in self.sectors},
            "activity": {row.key: row.label for s in self.sectors for row in s.activities},
            "product": {row.code: row.name for row in self.dated.products},
            "programme": {row.code: row.name for row in self.programmes},
            "fund": {row.code: row.name for row in self.funds},
        }
        return names.get(dimension, {}).get(key) or word(dimension, key)
