"""The lines of the joint statement: what each counts, in what, and who answers for it. Pure.

The ids are those of the memorandum's pillars: A access to finance, F formalisation, H
hand-holding, O outcomes. An event with SMEDA's code counts once SMEDA has confirmed it; help
that AIM gives by itself carries no code and counts at once.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from aim_loans.borrowers.places import districts
from aim_loans.config.settings import SECTOR_KEYS
from aim_loans.value_words import WORDS
from aim_loans.vocabulary import N_


class Unit(StrEnum):
    """What a figure is; a target is a whole number of the same (shares: of a hundredth %)."""

    COUNT = "count"
    PAISA = "paisa"
    SHARE = "share"
    DAYS = "days"
    SCORE = "score"


class Definition(NamedTuple):
    """A line: its name, unit and owner; `less` where a smaller figure is the better one."""

    name: str
    unit: Unit
    owner: str
    less: bool = False


_COUNT, _PAISA, _SHARE = Unit.COUNT, Unit.PAISA, Unit.SHARE

DEFINITIONS: Mapping[str, Definition] = {
    "A1": Definition(N_("Enterprises financed"), _COUNT, "aim"),
    "A2": Definition(N_("Amount paid out"), _PAISA, "aim"),
    "A3.first": Definition(N_("Enterprises financed for the first time"), _COUNT, "aim"),
    "A3.share": Definition(N_("Share financed for the first time"), _SHARE, "aim"),
    "A3.formal": Definition(N_("Without any history at a credit bureau"), _COUNT, "aim"),
    "A4.women": Definition(N_("Enterprises of women financed"), _COUNT, "aim"),
    "A4.youth": Definition(N_("Enterprises of the young (18-29) financed"), _COUNT, "aim"),
    "A4.disability": Definition(
        N_("Enterprises of persons with disability financed"), _COUNT, "aim"
    ),
    "A4.transgender": Definition(N_("Enterprises of transgender persons financed"), _COUNT, "aim"),
    "A6": Definition(N_("Enterprises financed in underserved districts"), _COUNT, "aim"),
    "A7.received": Definition(N_("Referrals from SMEDA received"), _COUNT, "aim"),
    "A7.applied": Definition(N_("Of these applied"), _COUNT, "aim"),
    "A7.approved": Definition(N_("Of these approved"), _COUNT, "aim"),
    "A7.disbursed": Definition(N_("Of these paid out"), _COUNT, "aim"),
    "A7.days": Definition(N_("Mean days from referral to payout"), Unit.DAYS, "aim", less=True),
    "A8": Definition(N_("Referrals to banks"), _COUNT, "aim"),
    "A9.repeat": Definition(N_("Repeat loans"), _COUNT, "aim"),
    "A9.growth": Definition(N_("Repeat loans as a share of the loans before"), _SHARE, "aim"),
    "A10.par30": Definition(N_("PAR over 30 days, share"), _SHARE, "aim", less=True),
    "A10.on_time": Definition(N_("Recovered on time in the last month"), _SHARE, "aim"),
    "A11": Definition(N_("Business accounts or wallets opened"), _COUNT, "aim"),
    "F1": Definition(N_("SMEDA SME registration"), _COUNT, "joint"),
    "F2": Definition(N_("FBR NTN"), _COUNT, "joint"),
    "F3": Definition(N_("Sales tax or POS"), _COUNT, "joint"),
    "F4": Definition(N_("Provincial service tax"), _COUNT, "joint"),
    "F5": Definition(N_("Trade licence"), _COUNT, "joint"),
    "F6": Definition(N_("Partnership or company"), _COUNT, "joint"),
    "F7": Definition(N_("Business account or wallet"), _COUNT, "joint"),
    "F8": Definition(N_("Food authority, halal or standards certificate"), _COUNT, "joint"),
    "F9": Definition(N_("Trade single window or trademark"), _COUNT, "joint"),
    "F.index": Definition(N_("Registrations held of those that apply"), _SHARE, "joint"),
    "H1.trainings": Definition(N_("Trainings held"), _COUNT, "smeda"),
    "H1.participants": Definition(N_("Participants, each person once"), _COUNT, "smeda"),
    "H1.attendances": Definition(N_("Attendances"), _COUNT, "smeda"),
    "H1.women": Definition(N_("Women among the participants"), _COUNT, "smeda"),
    "H1.completed": Definition(N_("Attendances completed, share"), _SHARE, "smeda"),
    "H2": Definition(N_("Advisory cases"), _COUNT, "smeda"),
    "H3": Definition(N_("Help-desks held"), _COUNT, "smeda"),
    "H4": Definition(N_("Business plans and pre-feasibilities"), _COUNT, "smeda"),
    "H5.3": Definition(N_("Enterprises mentored at 3 months"), _COUNT, "smeda"),
    "H5.6": Definition(N_("Enterprises mentored at 6 months"), _COUNT, "smeda"),
    "H5.12": Definition(N_("Enterprises mentored at 12 months"), _COUNT, "smeda"),
    "H6": Definition(N_("Market links"), _COUNT, "smeda"),
    "H7": Definition(N_("Enterprises that used a common facility"), _COUNT, "smeda"),
    "H8": Definition(N_("Mean satisfaction, 1 to 5"), Unit.SCORE, "smeda"),
    "H9": Definition(N_("Follow-up visits done"), _COUNT, "smeda"),
    "O1.women": Definition(N_("Jobs of women now, less before"), _COUNT, "joint"),
    "O1.men": Definition(N_("Jobs of men now, less before"), _COUNT, "joint"),
    "O1.others": Definition(N_("Jobs of others now, less before"), _COUNT, "joint"),
    "O2": Definition(N_("Change of income"), _SHARE, "joint"),
    "O2.real": Definition(N_("Change of income at constant prices"), _SHARE, "joint"),
    "O3": Definition(N_("Enterprises still running"), _SHARE, "joint"),
    "O4": Definition(N_("Enterprises run by women"), _SHARE, "joint"),
    "O5": Definition(N_("Enterprises of the young (18-29)"), _SHARE, "joint"),
    "O6": Definition(N_("Enterprises of persons with disability"), _SHARE, "joint"),
}
# The lines of the brief of a month: half of the scoreboard, so that its page has room to breathe.
BRIEF_LINES = (
    *("A1", "A2", "A4.women", "A7.received", "A7.disbursed", "A10.par30", "A10.on_time"),
    *("F1", "F2", "F5", "F7", "F.index"),
    *("H1.trainings", "H1.participants", "H2", "H5.3", "H8", "H9"),
)
# What is counted in each split, and the fixed one- and two-way splits.
SPLIT_LINES = ("A1", "A2", "F", "H1.participants")
SPLITS: tuple[tuple[str, ...], ...] = (
    ("sector",),
    ("gender",),
    ("age",),
    ("disability",),
    ("province",),
    ("tier",),
    ("district",),
    ("sector", "gender"),
    ("province", "gender"),
)
AGES = ("under_18", "18-29", "30-44", "45-59", "60+", "unknown")
# The parts of each one-way split that a target can be set for; nobody aims at what is not known.
PARTS: Mapping[str, tuple[str, ...]] = {
    split: tuple(part for part in parts if part != "unknown")
    for split, parts in {
        "sector": SECTOR_KEYS,
        "age": AGES,
        **{split: tuple(WORDS[split]) for split in ("gender", "disability", "province", "tier")},
        "district": tuple(sorted(each.name for each in districts())),
    }.items()
}


def code_of(line: str) -> str:
    """Give a line's code in the memorandum: A4 of A4.women."""
    return line.partition(".")[0]
