"""A joint statement of a made-up period, counted from made-up enterprises in plain loops."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random

from aim_loans.mou.definitions import DEFINITIONS, SPLIT_LINES, SPLITS, Unit
from aim_loans.mou.periods import parse_period
from aim_loans.mou.published import Head, JointReport
from aim_loans.mou.publishing import Withheld, to_publish, withhold
from aim_loans.mou.reporting import joint_report
from aim_loans.mou.statement import (
    Cell,
    Cohort,
    Figure,
    Funnel,
    JointStatement,
    Line,
    NationalBook,
    Sample,
    Split,
    status_of,
)

MOMENT = datetime(2026, 7, 6, 9, 30, tzinfo=UTC)
STARTED = date(2025, 7, 5)
_PLACES = {
    "Lahore": ("Punjab", "other"),
    "Multan": ("Punjab", "other"),
    "Rajanpur": ("Punjab", "underserved"),
    "Sialkot": ("Punjab", "other"),
    "Larkana": ("Sindh", "other"),
    "Tharparkar": ("Sindh", "underserved"),
    "Quetta": ("Balochistan", "other"),
    "Swat": ("Khyber Pakhtunkhwa", "underserved"),
    "Skardu": ("Gilgit-Baltistan", "other"),
}
_TARGETS = {"A1": 900, "A2": 50_000_000_00, "A4.women": 500, "A10.par30": 300, "F2": 150, "H8": 400}
_TYPES = tuple(f"F{number}" for number in range(1, 10))


@dataclass(frozen=True)
class Shop:
    """One made-up enterprise, or one person at a training."""

    about: dict[str, str]
    in_cohort: bool
    amount: int
    first: bool
    type: str


def shops(dice: Random, count: int) -> list[Shop]:
    """Make so many enterprises, most of them usual and some rare."""
    found = []
    for _ in range(count):
        district = dice.choices(list(_PLACES), (40, 20, 9, 12, 8, 4, 5, 3, 1))[0]
        province, tier = _PLACES[district]
        about = {
            "sector": dice.choices(
                ("trade", "livestock", "agriculture", "manufacturing", "education", "health"),
                (45, 20, 12, 15, 5, 1),
            )[0],
            "gender": dice.choices(("female", "male", "transgender"), (55, 44, 1))[0],
            "age": dice.choices(("18-29", "30-44", "45-59", "60+"), (25, 45, 25, 5))[0],
            "disability": dice.choices(("no", "yes"), (97, 3))[0],
            "province": province,
            "tier": tier,
            "district": district,
        }
        amount = dice.randrange(20, 80) * 1_000_00
        found.append(
            Shop(about, dice.random() < 0.4, amount, dice.random() < 0.7, dice.choice(_TYPES))
        )
    return found


def made_up(
    period: str = "2026-H1",
    *,
    seed: int = 1,
    size: int = 900,
    change: Callable[[list[Shop]], None] | None = None,
) -> JointStatement:
    """Give the statement of a period; `change` may alter its enterprises first."""
    dice = Random(seed)
    found = {
        "A1": shops(dice, size),
        "F": shops(dice, size // 3),
        "H1.participants": shops(dice, size // 5),
    }
    if change is not None:
        change(found["A1"])
    found["A2"] = found["A1"]
    splits = [_split(name, by, found[name]) for name in SPLIT_LINES for by in SPLITS]
    counted = _figures(found, dice)
    asked = parse_period(period)
    return JointStatement(
        period=asked,
        known_at=MOMENT,
        started_on=STARTED,
        lines=[_line(name, counted, dice) for name in DEFINITIONS],
        splits=splits,
        funnels=[_funnel(name, dice) for name in _TYPES],
        cohort=Cohort(size // 2, size // 4, size * 11_000_00, size // 4),
        sample=Sample(120, 96, size, 93),
        benchmark=NationalBook(
            644_000_000_000_00, date(2026, 3, 31), "published total", verified=False
        ),
        waiting=12,
        unverified=["applicable", "benchmark"],
    )


def head(statement: JointStatement, *, edition: int = 1) -> Head:
    """Give the head of a report of a statement."""
    period = statement.period
    return Head(
        "Akhuwat Islamic Microfinance",
        period.name,
        period.first,
        period.last,
        MOMENT,
        "final",
        edition,
        "5f0c" * 16,
        STARTED,
    )


def report_of(
    statement: JointStatement, *, before: JointReport | None = None
) -> tuple[JointReport, Withheld]:
    """Publish a statement."""
    statement = to_publish(statement)
    held = withhold(statement)
    return joint_report(statement, held, head(statement), before=before), held


def _split(line: str, by: tuple[str, ...], members: Sequence[Shop]) -> Split:
    units: Counter[tuple[str, ...]] = Counter()
    values: Counter[tuple[str, ...]] = Counter()
    cohort: Counter[tuple[str, ...]] = Counter()
    for each in members:
        keys = tuple(each.about[name] for name in by)
        value = each.amount if line == "A2" else 1
        units[keys] += 1
        values[keys] += value
        cohort[keys] += value if each.in_cohort else 0
    return Split(
        line, by, [Cell(keys, values[keys], cohort[keys], units[keys]) for keys in sorted(units)]
    )


Pair = tuple[Figure, Figure]


def _figures(found: dict[str, list[Shop]], dice: Random) -> dict[str, Pair]:
    """Count the lines that are cells of tables; the others are made up."""
    lent, people = found["A1"], found["H1.participants"]

    def of(members: Sequence[Shop], keep: Callable[[Shop], bool]) -> Pair:
        kept = [each for each in members if keep(each)]
        return Figure(len(kept)), Figure(sum(each.in_cohort for each in kept))

    counted = {
        "A1": of(lent, lambda _: True),
        "A2": (
            Figure(sum(each.amount for each in lent)),
            Figure(sum(each.amount for each in lent if each.in_cohort)),
        ),
        "A3.first": of(lent, lambda each: each.first),
        "A4.women": of(lent, lambda each: each.about["gender"] == "female"),
        "A4.transgender": of(lent, lambda each: each.about["gender"] == "transgender"),
        "A4.youth": of(lent, lambda each: each.about["age"] == "18-29"),
        "A4.disability": of(lent, lambda each: each.about["disability"] == "yes"),
        "A6": of(lent, lambda each: each.about["tier"] == "underserved"),
        "H1.participants": of(people, lambda _: True),
        "H1.women": of(people, lambda each: each.about["gender"] == "female"),
    }
    for name in _TYPES:
        counted[name] = of(found["F"], lambda each, name=name: each.type == name)  # type: ignore[misc]  # a default binds the name
    counted["A11"] = counted["F7"]
    first = counted["A3.first"]
    counted["A3.share"] = (
        Figure(first[0].number, len(lent)),
        Figure(first[1].number, counted["A1"][1].number),
    )
    received = dice.randrange(60, 90)
    for name, number in zip(
        ("A7.received", "A7.applied", "A7.approved", "A7.disbursed"),
        (received, received - 14, received - 26, received - 30),
        strict=True,
    ):
        counted[name] = (Figure(number), Figure(number))
    counted["H1.completed"] = (Figure(140, 200), Figure(50, 80))
    counted["H1.attendances"] = (Figure(200), Figure(80))
    for name, number in (("O3", 84), ("O4", 51), ("O5", 30), ("O6", 3)):
        counted[name] = (Figure(number, 96), Figure(number, 96))
    return counted


def _line(name: str, counted: dict[str, Pair], dice: Random) -> Line:
    definition = DEFINITIONS[name]
    actual, cohort = counted.get(name) or _made_up_pair(definition.unit, dice)
    target = _TARGETS.get(name)
    none = name in ("A3.formal", "O2.real")
    of_survey = name.startswith("O")
    return Line(
        id=name,
        owner=definition.owner,
        unit=definition.unit.value,
        actual=None if none else actual,
        cohort=None if none or of_survey else cohort,
        baseline=None if none or of_survey else _made_up_pair(definition.unit, dice)[0],
        last_period=None,
        target=target,
        status=status_of(name, None if none else actual, target),
    )


def _made_up_pair(unit: Unit, dice: Random) -> Pair:
    number = dice.choice((0, 4, 12, 30, 55, 120))
    if unit is Unit.PAISA:
        return Figure(number * 1_000_000_00), Figure(number * 400_000_00)
    if unit is Unit.COUNT:
        return Figure(number), Figure(number // 2)
    if unit is Unit.SHARE:
        return Figure(dice.randrange(2_000), 10_000), Figure(dice.randrange(900), 9_000)
    return Figure(dice.randrange(200, 300), 70), Figure(90, 30)


def _funnel(name: str, dice: Random) -> Funnel:
    top = dice.randrange(150, 800)
    held = top // 3
    return Funnel(
        type=name,
        applicable=top,
        reached=[
            ("informed", top - 30),
            ("consented", top // 2 + 40),
            ("assisted", top // 2),
            ("applied", top // 2 - 20),
        ],
        held=held,
        verified=held - dice.choice((2, 15, 40)),
        lapsed=dice.choice((0, 3, 11)),
        baseline=held // 4,
    )
