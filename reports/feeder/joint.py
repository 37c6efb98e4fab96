"""The declared files of the joint work: the set beside the joint report, and SMEDA's own rows."""

from aim_loans.cells import Kind
from aim_loans.value_words import WORDS
from reports.feeder.columns import FeederFile, FileColumn

_HELD = ("yes", "no")
_KEY = "[0-9a-f]{32}"


def _column(name: str, kind: Kind, description: str, unit: str = "") -> FileColumn:
    return FileColumn(name, kind, description, unit)


def _one_of(name: str, values: tuple[str, ...], description: str) -> FileColumn:
    return FileColumn(name, "text", description, values=values)


def _if_shown(name: str, kind: Kind, description: str, unit: str) -> FileColumn:
    return FileColumn(name, kind, f"{description} Empty when held back.", unit, required=False)


_PERIOD = _column("period", "text", "Half-year (2026-H1) or month (2026-10) of the report.")
_HELD_BACK = _one_of(
    "held_back", _HELD, "Whether the figure is held back, so that nobody learns of a few people."
)

LINES = FeederFile(
    "smeda_joint_lines",
    "A",
    "A row for each line of the joint report and each of its figures that exists.",
    (
        _PERIOD,
        _column("line", "text", "Id of the line, as on the report."),
        _column("indicator", "text", "Its name."),
        _one_of("owner", tuple(WORDS["party"]), "The party that answers for it."),
        _one_of("unit", tuple(WORDS["unit"]), "What its figures are."),
        _one_of(
            "measure",
            ("actual", "cohort", "baseline", "last_period", "target"),
            "Which figure: of the period, of the MoU cohort in it, before the programme, as "
            "published of the period before, or aimed at.",
        ),
        _if_shown("number", "count", "A count.", "number"),
        _if_shown("amount", "amount", "An amount of money.", "PKR"),
        _if_shown("ratio", "ratio", "A share as a fraction, a mean of days or points.", "ratio"),
        _HELD_BACK,
    ),
)
TABLES = FeederFile(
    "smeda_joint_tables",
    "A",
    "A row for each cell of the tables of the joint report.",
    (
        _PERIOD,
        _column("line", "text", "What is counted: A1, A2, F (registrations), H1.participants."),
        _one_of("dimension", tuple(WORDS["split"]), "First dimension of the table."),
        _column("value", "text", "Value of the first dimension."),
        FileColumn("second_dimension", "text", "Empty in tables by one dimension.", required=False),
        FileColumn("second_value", "text", "Empty in tables by one dimension.", required=False),
        _if_shown("number", "count", "How many, of all of AIM. Empty where it is money.", "number"),
        _if_shown("amount", "amount", "How much, of all of AIM. Empty where it is a count.", "PKR"),
        _if_shown("cohort_number", "count", "How many of them of the MoU cohort.", "number"),
        _HELD_BACK,
    ),
)
FUNNELS = FeederFile(
    "smeda_joint_funnels",
    "A",
    "A row for each registration and stage, at the end of the period.",
    (
        _PERIOD,
        _one_of("registration", tuple(WORDS["registration"]), "Type of the registration."),
        _one_of("stage", tuple(WORDS["funnel"]), "How far the enterprises are."),
        _if_shown("number", "count", "Enterprises at the stage.", "enterprises"),
        _HELD_BACK,
    ),
)
FORMALISATION = FeederFile(
    "smeda_formalisation",
    "B",
    "A row for each registration of each enterprise whose owner consents that SMEDA sees it, on "
    "the last day of the month and on the day on which the file is made.",
    (
        _column("as_of_date", "date", "The month's last day, for which the row stands."),
        FileColumn(
            "enterprise_id",
            "text",
            "Pseudonym of the enterprise, made for SMEDA alone: no other file holds the same.",
            pattern=_KEY,
        ),
        _one_of("sector", tuple(WORDS["sector"]), "Sector of the enterprise."),
        FileColumn("province", "text", "Province. Empty when not known.", required=False),
        _one_of("registration", tuple(WORDS["registration"]), "Type of the registration."),
        _one_of("state", tuple(WORDS["registration_state"]), "How far it is."),
        _column("since", "date", "Day of the last step."),
    ),
)
# The set that stands beside the joint report.
JOINT_FILES = (LINES, TABLES, FUNNELS)
