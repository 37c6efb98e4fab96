"""From added-up cells to the parts of a statement. Pure but for the frames that it reads."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import pandas as pd

from aim_loans.config.settings import Benchmark, ExpectedLoss, Ladder
from aim_loans.dates import month_index
from aim_loans.money import Ratio, points
from aim_loans.portfolio.comparison import beside_national
from aim_loans.portfolio.flows import DUE, NO_LEVEL, MonthCells
from aim_loans.portfolio.lateness import BUCKETS, EXACT_DAYS, PAR_DAYS, Scale
from aim_loans.portfolio.month_ends import MonthStanding
from aim_loans.portfolio.provisions import provision_of
from aim_loans.portfolio.statement_figures import (
    AgeingLine,
    Classification,
    ClassLine,
    Flow,
    Headline,
    MonthEnd,
    Risk,
    RiskLine,
    SectorComparison,
    SectorLine,
)
from aim_loans.portfolio.statement_reads import Controls, Lag
from aim_loans.portfolio.statement_tables import (
    Concentration,
    FundLine,
    GroupLine,
    PostingLag,
    RollLine,
    Turnaround,
    Vintage,
    VintagePoint,
)

LAG_FROM = (0, 1, 3, 8)
_TOP = 10
_RENEGOTIATED_DAYS = 30
_FLOWS = (
    "loans_made",
    "disbursed",
    "received",
    "received_due",
    "waived",
    "written_off",
    "recovered",
    "refunded",
)
_OF_GROUP = ("loans_made", "disbursed", "received")


def flow(cells: MonthCells) -> Flow:
    """Add a month's cells up."""
    return Flow(**{name: int(cells.by_level[name].sum()) for name in (*_FLOWS, *DUE)})


def headline(trend: Sequence[MonthEnd], month: Flow, *, credit: int, allowance: int) -> Headline:
    """Give the figures of the first page that stand in no table."""
    now, both = trend[-1], trend[-2].outstanding + trend[-1].outstanding
    return Headline(
        arrears_rate=Ratio(now.arrears, now.outstanding),
        average_loan=Ratio(month.disbursed, month.loans_made),
        average_balance=Ratio(now.outstanding, now.active_borrowers),
        women_share=Ratio(now.active_women, now.active_borrowers),
        write_off_ratio=Ratio(24 * month.written_off, both),
        waiver_ratio=Ratio(24 * month.waived, both),
        risk_coverage=Ratio(allowance, now.par30),
        credit=credit,
        allowance=allowance,
    )


def sectors(own: Mapping[str, int], benchmark: Benchmark, as_of: date) -> SectorComparison:
    """Put the own sectors beside the national ones."""
    found = beside_national(own, benchmark)
    whole, national = found.own_whole, benchmark.total
    lines = [
        SectorLine(
            row.sector,
            row.own,
            row.national,
            None if row.national is None else points(row.own, whole, row.national, national),
        )
        for row in found.sectors
    ]
    return SectorComparison(
        lines=tuple(lines),
        own_whole=whole,
        own_as_of=as_of,
        national_whole=national,
        national_not_itemised=benchmark.not_itemised,
        national_as_of=benchmark.as_of,
        national_stated_on=benchmark.stated_on,
        national_source=benchmark.source,
        national_verified=benchmark.verified,
        dates_differ=benchmark.as_of != as_of,
    )


def risk(cells: MonthCells, scale: Scale) -> Risk:
    """Give lateness: buckets, what is exactly at an edge, portfolio at risk."""
    late = _with_days(cells.by_level, scale)
    days, again = late["days"], late["rescheduled"] == 1
    buckets = days.map(scale.bucket)
    return Risk(
        ageing=tuple(
            AgeingLine(
                name, *_sums(late[buckets == name], "active_loans", "outstanding", "arrears")
            )
            for name, _ in BUCKETS
        ),
        exactly=tuple(_risk_line(each, late[days == each]) for each in EXACT_DAYS),
        over=tuple(_risk_line(each, late[days > each]) for each in PAR_DAYS),
        renegotiated=_risk_line(_RENEGOTIATED_DAYS, late[(days > _RENEGOTIATED_DAYS) | again]),
        rescheduled=_risk_line(0, late[again]),
        whole=int(late["outstanding"].sum()),
    )


def classification(
    cells: MonthCells, scale: Scale, ladder: Ladder, losses: ExpectedLoss | None
) -> Classification:
    """Give the classes of a ladder; a provision is rounded half up, once a class."""
    expected = {} if losses is None else {loss.name: loss.amount for loss in losses.classes}
    late = _with_days(cells.by_level, scale)
    classes, lines = late["days"].map(scale.loan_class), []
    for step in ladder.classes:
        rows = late[classes == step.name]
        loans, outstanding, arrears = _sums(rows, "active_loans", "outstanding", "arrears")
        provision = provision_of(outstanding, step.provision_bps)
        figures = (loans, outstanding, arrears, step.provision_bps, provision)
        lines.append(ClassLine(step.name, step.from_days, *figures, expected.get(step.name)))
    specific = sum(line.provision for line in lines)
    whole = sum(line.outstanding for line in lines)
    return Classification(
        lines=tuple(lines),
        specific=specific,
        general_bps=ladder.general_provision_bps,
        general=provision_of(whole - specific, ladder.general_provision_bps),
        expected_loss_source="" if losses is None else losses.source,
        ladder_from=ladder.effective_from,
        ladder_source=ladder.source,
        verified=ladder.verified,
    )


def groups(name: str, book: pd.DataFrame, cells: MonthCells) -> tuple[GroupLine, ...]:
    """Give the lines of a dimension: its book (`engine.book_tables`) with what moved."""
    lines = book.join(cells.of(name, _OF_GROUP), on=name)
    columns = ("active_loans", "active_borrowers", "glp", "arrears", "par0", "par30")
    parts = ("recovery_due", "recovery_collected", *_OF_GROUP)
    cells_of = zip(*(lines[column].tolist() for column in (name, *columns, *parts)), strict=True)
    return tuple(GroupLine(*row) for row in cells_of)


def funds(cells: MonthCells, controls: Mapping[str, Controls]) -> tuple[FundLine, ...]:
    """Give each fund's loans from its opening in the ledger to its closing; funds that lend."""
    names = ("outstanding", "disbursed", "received", "waived", "written_off")
    by_fund, lines = fund_sums(cells, *names), []
    for code in sorted({*by_fund, *controls}):
        closing, disbursed, received, waived, written_off = by_fund.get(code, (0,) * len(names))
        opening = controls[code].opening if code in controls else 0
        moved_in = closing - (opening + disbursed - received - waived - written_off)
        amounts = (opening, disbursed, moved_in, received, waived, written_off, closing)
        if any(amounts):
            lines.append(FundLine(code, *amounts))
    return tuple(lines)


def fund_sums(cells: MonthCells, *names: str) -> dict[str, tuple[int, ...]]:
    """Add measures up by fund."""
    frame = cells.of("fund", names)
    return {str(fund): tuple(map(int, sums)) for fund, *sums in frame.itertuples()}


def rolls(cells: MonthCells, scale: Scale) -> tuple[RollLine, ...]:
    """Give where the opening outstanding of each bucket went."""
    rows = cells.by_level
    opening = rows["level_before"].map(lambda level: _bucket(level, scale))
    closing = rows["level"].map(lambda level: _bucket(level, scale))
    lines = []
    for bucket in (*(name for name, _ in BUCKETS), ""):
        here = opening == bucket
        went = (rows.loc[here & (closing == name), "outstanding"].sum() for name, _ in BUCKETS)
        begun, lent = _sums(rows[here], "opening", "disbursed")
        paid, waived, written_off = _sums(rows[here], "received", "waived", "written_off")
        lines.append(
            RollLine(bucket, begun, lent, tuple(map(int, went)), paid, waived, written_off)
        )
    return tuple(lines)


def vintages(trend: Sequence[MonthStanding]) -> tuple[Vintage, ...]:
    """Follow the cohorts of the trend's months over its month ends."""
    found = []
    for cohort in (each.whole.day for each in trend):
        later = [each for each in trend if each.whole.day >= cohort and cohort in each.cohorts]
        points_of = tuple(
            VintagePoint(month_index(each.whole.day) - month_index(cohort), *each.cohorts[cohort])
            for each in later
        )
        found.append(Vintage(cohort, points_of))
    return tuple(found)


def concentration(dimension: str, amounts: Iterable[int]) -> Concentration:
    """Give the Herfindahl-Hirschman index, the sum of squared shares, and the top-ten share."""
    held = sorted((amount for amount in amounts if amount), reverse=True)
    whole = sum(held)
    return Concentration(
        dimension,
        groups=len(held),
        hhi=Ratio(sum(amount * amount for amount in held), whole * whole),
        top_ten=Ratio(sum(held[:_TOP]), whole),
    )


def turnaround(days: Counter[int]) -> Turnaround:
    """Give the median and the 90th percentile (nearest rank) of waiting days."""
    waited = sorted(days.elements())
    count = len(waited)
    if not count:
        return Turnaround(0, None, None)
    middle = waited[(count - 1) // 2] + waited[count // 2]
    return Turnaround(count, Ratio(middle, 2), waited[(9 * count + 9) // 10 - 1])


def posting(lags: Sequence[Lag]) -> tuple[PostingLag, ...]:
    """Put lags into steps; what was entered before its day counts as entered on it."""
    beyond = (*LAG_FROM[1:], None)
    lines = []
    for low, below in zip(LAG_FROM, beyond, strict=True):
        here = [
            lag for lag in lags if max(0, lag.days) >= low and (below is None or lag.days < below)
        ]
        count, amount = sum(lag.receipts for lag in here), sum(lag.amount for lag in here)
        lines.append(PostingLag(low, count, amount))
    return tuple(lines)


def _with_days(by_level: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """Leave the cells with something outstanding, each with the fewest days of its level."""
    late = by_level[by_level["level"] != NO_LEVEL]
    return late.assign(days=late["level"].map(scale.lowest_days))


def _bucket(level: int, scale: Scale) -> str:
    return "" if level == NO_LEVEL else scale.bucket(scale.lowest_days(level))


def _risk_line(days: int, late: pd.DataFrame) -> RiskLine:
    return RiskLine(days, *_sums(late, "active_loans", "outstanding"))


def _sums(rows: pd.DataFrame, *names: str) -> list[int]:
    return [int(rows[name].sum()) for name in names]
