"""Reads one row of each dated table: products, ladder, limits, fee, benchmark and later ones.

Each reader takes the fields first and then notes what only shows when they are read together.
"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import TypedDict, get_args

from aim_loans.config.interest_free import refuse_charges, refuse_fee_shares
from aim_loans.config.rows import LARGEST_INTEGER, Row
from aim_loans.config.settings import (
    SECTOR_KEYS,
    ApplicationFee,
    Benchmark,
    BenchmarkLine,
    ClassLoss,
    CommitteeStep,
    DueRule,
    ExpectedLoss,
    Expiry,
    Frequency,
    HolidayRule,
    Ladder,
    LadderClass,
    LadderClassName,
    Limits,
    Product,
)
from aim_loans.errors import Refused
from aim_loans.money import PAISA_PER_RUPEE, RoundingRule

HIGHEST_ROUND_TO = 1000 * PAISA_PER_RUPEE
LONGEST_MONTHS = 600
WHOLE_BPS = 10_000
RANKS = ("branch_manager", "area_manager", "regional_manager", "head_office")

_LAST_DAY = 31
_OLDEST = 120
_LONGEST_DAYS = 3_660
_MOST_GUARANTORS = 10
_MOST_APPROVERS = 20


class _Header(TypedDict):
    effective_from: date
    source: str
    verified: bool


def _header(row: Row) -> _Header:
    return _Header(
        effective_from=row.day("effective_from"),
        source=row.string("source"),
        verified=row.flag("verified"),
    )


def read_product(row: Row) -> Product:
    """Read one row of [[products]]."""
    product = Product(
        **_header(row),
        code=row.string("code"),
        name=row.string("name"),
        frequency=row.choice("frequency", get_args(Frequency)),
        rounding=row.choice("rounding", get_args(RoundingRule)),
        round_to=row.amount("round_to"),
        due_rule=row.choice("due_rule", get_args(DueRule)),
        due_day=row.integer("due_day", lowest=1, highest=_LAST_DAY),
        cutoff_day=row.integer("cutoff_day", lowest=1, highest=_LAST_DAY),
        grace_months=row.integer("grace_months", highest=LONGEST_MONTHS),
        holiday_rule=row.choice("holiday_rule", get_args(HolidayRule)),
        min_principal=row.amount("min_principal"),
        max_principal=row.amount("max_principal"),
        min_months=row.integer("min_months", lowest=1, highest=LONGEST_MONTHS),
        max_months=row.integer("max_months", lowest=1, highest=LONGEST_MONTHS),
        sectors=row.choices("sectors", SECTOR_KEYS),
    )
    refuse_charges(row)
    _check_product(row, product)
    return product


def _check_product(row: Row, product: Product) -> None:
    row.require(
        Refused("Instalments are rounded to 0.01 to 1000 rupees.", field=row.key("round_to")),
        of=["round_to"],
        holds=1 <= product.round_to <= HIGHEST_ROUND_TO,
    )
    row.require(
        Refused(
            "The smallest loan must be more than 0 and not over the largest.",
            field=row.key("min_principal"),
        ),
        of=["min_principal", "max_principal"],
        holds=0 < product.min_principal <= product.max_principal,
    )
    row.require(
        Refused("The shortest tenor must not be over the longest.", field=row.key("min_months")),
        of=["min_months", "max_months"],
        holds=product.min_months <= product.max_months,
    )


def read_ladder(row: Row) -> Ladder:
    """Read one row of [[ladder]]."""
    ladder = Ladder(
        **_header(row),
        general_provision_bps=row.integer("general_provision_bps", highest=WHOLE_BPS),
        classes=tuple(_read_class(step) for step in row.tables("classes")),
    )
    _check_ladder(row, ladder)
    return ladder


def _read_class(row: Row) -> LadderClass:
    step = LadderClass(
        name=row.choice("name", get_args(LadderClassName)),
        from_days=row.integer("from_days"),
        provision_bps=row.integer("provision_bps", highest=WHOLE_BPS),
    )
    row.end()
    return step


def _check_ladder(row: Row, ladder: Ladder) -> None:
    """Note a ladder with a hole: every day past due falls into exactly one class."""
    key = row.key("classes")
    names = list(get_args(LadderClassName))
    starts = [step.from_days for step in ladder.classes]
    shares = [step.provision_bps for step in ladder.classes]
    row.require(
        Refused(
            "The ladder needs each class once, in this order: {known}.",
            field=key,
            known=", ".join(names),
        ),
        of=["classes"],
        holds=[step.name for step in ladder.classes] == names,
    )
    row.require(
        Refused("The first class must start from day 0.", field=key),
        of=["classes"],
        holds=starts[:1] == [0],
    )
    row.require(
        Refused("Each class must start later than the one before.", field=key),
        of=["classes"],
        holds=_rises(starts),
    )
    row.require(
        Refused("The provision must not fall from one class to the next.", field=key),
        of=["classes"],
        holds=shares == sorted(shares),
    )


def _rises(numbers: Sequence[int]) -> bool:
    """Tell whether each number is over the one before."""
    return all(one < following for one, following in pairwise(numbers))


def read_limits(row: Row) -> Limits:
    """Read one row of [[limits]]."""
    limits = Limits(
        **_header(row),
        age_min=row.integer("age_min", lowest=1, highest=_OLDEST),
        age_max=row.integer("age_max", lowest=1, highest=_OLDEST),
        guarantors_required=row.integer("guarantors_required", highest=_MOST_GUARANTORS),
        max_live_guarantees=row.integer("max_live_guarantees", lowest=1),
        max_principal_by_cycle=row.amounts("max_principal_by_cycle"),
        micro_turnover_max=row.amount("micro_turnover_max"),
        small_turnover_max=row.amount("small_turnover_max"),
        medium_turnover_max=row.amount("medium_turnover_max"),
        committee=tuple(_read_committee_step(step) for step in row.tables("committee")),
    )
    _check_limits(row, limits)
    return limits


def _read_committee_step(row: Row) -> CommitteeStep:
    step = CommitteeStep(
        up_to=row.amount("up_to") if row.has("up_to") else None,
        approvers=row.integer("approvers", lowest=1, highest=_MOST_APPROVERS),
        highest_rank=row.choice("highest_rank", RANKS),
    )
    row.end()
    return step


def _check_limits(row: Row, limits: Limits) -> None:
    """Note limits that contradict each other, and amounts for which no committee is named."""
    row.require(
        Refused("The lowest age must not be over the highest.", field=row.key("age_min")),
        of=["age_min", "age_max"],
        holds=limits.age_min <= limits.age_max,
    )
    sizes = limits.max_principal_by_cycle
    row.require(
        Refused(
            "List the largest loan of each cycle: more than 0 and never falling.",
            field=row.key("max_principal_by_cycle"),
        ),
        of=["max_principal_by_cycle"],
        holds=sum(sizes[:1]) > 0 and list(sizes) == sorted(sizes),
    )
    row.require(
        Refused(
            "The turnover limits must rise from micro to small to medium.",
            field=row.key("micro_turnover_max"),
        ),
        of=["micro_turnover_max", "small_turnover_max", "medium_turnover_max"],
        holds=0
        < limits.micro_turnover_max
        < limits.small_turnover_max
        < limits.medium_turnover_max,
    )
    bounds = [step.up_to for step in limits.committee]
    inner = [bound for bound in bounds[:-1] if bound is not None]
    row.require(
        Refused(
            "The committee's amounts must rise, and only the last step has no up_to: it "
            "decides on all larger loans.",
            field=row.key("committee"),
        ),
        of=["committee"],
        holds=bounds[-1:] == [None] and len(inner) == len(bounds) - 1 and _rises(inner),
    )


def read_fee(row: Row) -> ApplicationFee:
    """Read one row of [[fee]]."""
    header = _header(row)
    refuse_fee_shares(row)
    amount = row.amount("amount") if row.sound("amount") else 0
    return ApplicationFee(**header, amount=amount)


def read_expiry(row: Row) -> Expiry:
    """Read one row of [[expiry]]."""
    return Expiry(
        **_header(row),
        approved_days=row.integer("approved_days", lowest=1, highest=_LONGEST_DAYS),
        unfinished_days=row.integer("unfinished_days", lowest=1, highest=_LONGEST_DAYS),
    )


def read_benchmark(row: Row) -> Benchmark:
    """Read one row of [[benchmark]]."""
    benchmark = Benchmark(
        **_header(row),
        as_of=row.day("as_of"),
        stated_on=row.day("stated_on") if row.has("stated_on") else None,
        total=row.amount("total"),
        not_itemised=row.amount("not_itemised"),
        lines=tuple(_read_line(line) for line in row.tables("lines")),
        growth_bps=_optional(row, "growth_bps", lowest=-WHOLE_BPS),
        active_borrowers=_optional(row, "active_borrowers"),
        women_share_bps=_optional(row, "women_share_bps", highest=WHOLE_BPS),
    )
    _check_benchmark(row, benchmark)
    return benchmark


def read_expected_loss(row: Row) -> ExpectedLoss:
    """Read one row of [[expected_loss]]."""
    losses = tuple(_read_loss(line) for line in row.tables("classes"))
    if row.sound("classes"):
        row.no_repeats("classes", (loss.name for loss in losses))
    return ExpectedLoss(**_header(row), classes=losses)


def _read_loss(row: Row) -> ClassLoss:
    loss = ClassLoss(
        name=row.choice("name", get_args(LadderClassName)), amount=row.amount("amount")
    )
    row.end()
    return loss


def _optional(
    row: Row, name: str, *, lowest: int = 0, highest: int = LARGEST_INTEGER
) -> int | None:
    return row.integer(name, lowest=lowest, highest=highest) if row.has(name) else None


def _read_line(row: Row) -> BenchmarkLine:
    line = BenchmarkLine(sector=row.choice("sector", SECTOR_KEYS), amount=row.amount("amount"))
    row.end()
    return line


def _check_benchmark(row: Row, benchmark: Benchmark) -> None:
    """Note a benchmark whose lines and unitemised rest do not make its total."""
    itemised = sum(line.amount for line in benchmark.lines)
    if row.sound("lines"):
        row.no_repeats("lines", (line.sector for line in benchmark.lines))
    row.require(
        Refused("The lines and not_itemised must add up to the total.", field=row.key("total")),
        of=["total", "not_itemised", "lines"],
        holds=itemised + benchmark.not_itemised == benchmark.total,
    )
    row.require(
        Refused(
            "The figures cannot stand for a day after they were stated.",
            field=row.key("as_of"),
        ),
        of=["as_of", "stated_on"],
        holds=benchmark.stated_on is None or benchmark.as_of <= benchmark.stated_on,
    )
