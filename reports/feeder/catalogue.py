"""The declared files for regulators and partners: every column, once.

The official layouts were not available; these are feeder files, and say so: `verified: false`.
"""

from aim_loans.cells import Kind
from aim_loans.value_words import WORDS
from reports.feeder.columns import FeederFile, FileColumn
from reports.feeder.joint import FORMALISATION, JOINT_FILES

PKR = "PKR"
YES_NO = ("yes", "no")
GENDERS = tuple(WORDS["gender"])
CLASSES = tuple(WORDS["class"])
STATUSES = ("active", "closed", "waived", "written_off")
CNIC = "[1-9][0-9]{12}"
KEY = "[0-9a-f]{32}"


def _column(name: str, kind: Kind, description: str, unit: str = "") -> FileColumn:
    return FileColumn(name, kind, description, unit)


def _money(name: str, description: str) -> FileColumn:
    return _column(name, "amount", description, PKR)


def _number(name: str, description: str, unit: str) -> FileColumn:
    return _column(name, "count", description, unit)


def _if_known(name: str, kind: Kind, description: str, unit: str = "") -> FileColumn:
    return FileColumn(name, kind, f"{description} Empty when not known.", unit, required=False)


def _one_of(
    name: str, values: tuple[str, ...], description: str, *, required: bool = True
) -> FileColumn:
    return FileColumn(name, "text", description, required=required, values=values)


AS_OF = _column("as_of_date", "date", "The month's last day, for which the row stands.")
BRANCH = _column("branch", "text", "Code of the branch that the loan belonged to on the day.")
GENDER = _one_of("gender", GENDERS, "Gender entered with the loan.")
LOAN_REF = _column("loan_id", "text", "Number of the loan at the institution.")
LOAN_KEY = FileColumn(
    "loan_id",
    "text",
    "Pseudonym of the loan: the same in every month, to be undone only by the institution.",
    pattern=KEY,
)
CNIC_OF_BORROWER = FileColumn(
    "borrower_cnic", "text", "CNIC, 13 digits. Empty when not known.", required=False, pattern=CNIC
)
NAME_OF_BORROWER = _column("borrower_name", "text", "Name as on the CNIC, in either script.")
KEY_OF_BORROWER = FileColumn(
    "borrower_id",
    "text",
    "Pseudonym of the borrower: the same in every month, to be undone only by the institution.",
    pattern=KEY,
)

_TAPE_PLACE = (
    AS_OF,
    BRANCH,
    _if_known("district", "text", "District of the loan on the day."),
)
_TAPE_LOAN = (
    _one_of("status", STATUSES, "What the loan was on the day; all but active ended in the month."),
    _number("cycle", "1 for the borrower's first loan here, 2 for the second.", "loans"),
    _column("programme", "text", "Code of the programme that lends."),
    _column("product", "text", "Code of the product."),
    _one_of("lending_method", ("individual",), "Lent to one person, with guarantors."),
    _one_of("sector", tuple(WORDS["sector"]), "Sector of the business."),
    _if_known("approved_on", "date", "Day of the last approval."),
    _money("approved_amount", "Principal as agreed."),
    _column("disbursed_on", "date", "Day on which the loan was paid out."),
    _money("disbursed_amount", "Principal paid out by the day."),
    _column("maturity_on", "date", "Due date of the last instalment, by the schedule in force."),
    _number("instalments", "Number of instalments of the schedule in force.", "instalments"),
    _one_of("frequency", tuple(WORDS["frequency"]), "How often an instalment falls due."),
    _money("outstanding", "Disbursed - received - waived - written off."),
    _money("due", "Fallen due by the day, by the schedule in force."),
    _money("received", "Money put on the principal; what is above the balance is not in it."),
    _money("arrears", "max(0, due - received), of a loan with a balance."),
    _money("advance", "max(0, received - due)."),
    _number("days_past_due", "Day - due date of the oldest instalment not covered.", "days"),
    _one_of("class", CLASSES, "Class by days past due; empty without a balance.", required=False),
    FileColumn(
        "provision_rate",
        "ratio",
        "Specific provision of the class; empty without a balance.",
        "fraction",
        required=False,
    ),
    _money("provision_amount", "Outstanding x provision rate, to the paisa, a half up."),
    _one_of("rescheduled", YES_NO, "Whether another schedule than the first is in force."),
    _number("reschedule_count", "How often the loan was rescheduled.", "times"),
    _column("markup_rate", "ratio", "Always 0: the loan is interest-free.", "fraction"),
    _one_of(
        "bureau_check",
        tuple(WORDS["answer"]),
        "Last answer of the credit bureau for the application. Empty when not asked.",
        required=False,
    ),
)
_URBAN_RURAL = _one_of(
    "urban_rural", tuple(WORDS["urban_rural"]), "Empty when not known.", required=False
)
_TAPE_GRAIN = (
    "A row for every loan with a balance on the day, and for those closed, waived or written "
    "off in the month."
)

TAPE = FeederFile(
    "secp_loan_tape",
    "B",
    _TAPE_GRAIN,
    (
        *_TAPE_PLACE,
        KEY_OF_BORROWER,
        GENDER,
        _if_known("birth_year", "count", "Year of birth.", "year"),
        _URBAN_RURAL,
        LOAN_KEY,
        *_TAPE_LOAN,
    ),
)
TAPE_IDENTIFIED = FeederFile(
    "secp_loan_tape_identified",
    "C",
    _TAPE_GRAIN,
    (
        *_TAPE_PLACE,
        CNIC_OF_BORROWER,
        NAME_OF_BORROWER,
        GENDER,
        _if_known("birth_date", "date", "Day of birth."),
        _URBAN_RURAL,
        LOAN_REF,
        *_TAPE_LOAN,
    ),
)

CLASSIFICATION = FeederFile(
    "secp_classification_summary",
    "A",
    "A row for every value of a dimension and class that holds a loan with a balance. A borrower "
    "counts once a dimension: in the worst class, there on the largest loan, then the oldest.",
    (
        AS_OF,
        _one_of(
            "dimension",
            (
                *("whole", "branch", "district", "programme", "product", "sector"),
                *("gender", "urban_rural"),
            ),
            "What the portfolio is parted by; whole is the institution.",
        ),
        _if_known("value", "text", "Value of the dimension; empty for the whole."),
        _one_of("class", CLASSES, "Class by days past due."),
        _number("loans", "Loans with a balance.", "loans"),
        _number("borrowers", "Borrowers, each counted once a dimension.", "persons"),
        _money("outstanding", "What these loans owe."),
        _money("arrears", "What of it has fallen due."),
        _column("provision_rate", "ratio", "Specific provision of the class.", "fraction"),
        _money("provision_amount", "Sum of the loans' provisions, as on the loan tape."),
    ),
)

GENDER_PORTFOLIO = FeederFile(
    "secp_gender_portfolio",
    "A",
    "A row for every gender, and one for those not known. A borrower with several loans counts "
    "on the largest, then the oldest.",
    (
        AS_OF,
        GENDER,
        _number(
            "new_borrowers", "Borrowers whose first loan was paid out in the month.", "persons"
        ),
        FileColumn(
            "new_borrowers_share",
            "ratio",
            "New borrowers / new borrowers of all genders. Empty when there were none.",
            "fraction",
            required=False,
        ),
        _number("active_borrowers", "Borrowers with a balance, each counted once.", "persons"),
        FileColumn(
            "active_borrowers_share",
            "ratio",
            "Active borrowers / active borrowers of all genders. Empty when there are none.",
            "fraction",
            required=False,
        ),
        _number("active_loans", "Loans with a balance.", "loans"),
        _number("loans_disbursed", "Loans paid out in the month.", "loans"),
        _money("amount_disbursed", "Principal paid out on the loans of the month."),
        _money("glp", "Gross loan portfolio: what the active loans owe."),
        _money("par30", "What of it is owed on loans more than 30 days past due."),
        FileColumn(
            "par30_ratio",
            "ratio",
            "PAR over 30 days / gross loan portfolio. Empty without a portfolio.",
            "fraction",
            required=False,
        ),
    ),
)

COMPLAINTS = FeederFile(
    "secp_complaints",
    "B",
    "A row for every complaint that was open on the day, or was closed in the month.",
    (
        AS_OF,
        _column("complaint_id", "text", "Number of the complaint at the institution."),
        _column("received_on", "date", "Day on which it was received."),
        _one_of("channel", tuple(WORDS["complaint_channel"]), "How it came in."),
        _one_of("category", tuple(WORDS["complaint_category"]), "What it is about."),
        _one_of("status", tuple(WORDS["complaint_status"]), "How it stood on the day."),
        _number("days_open", "From the day received to its close, or to the day.", "days"),
        _one_of(
            "outcome",
            tuple(WORDS["complaint_outcome"]),
            "What came of it. Empty until it is closed.",
            required=False,
        ),
        _one_of("gender", GENDERS, "Gender of the complainant."),
        _column("branch", "text", "Code of the branch that it is about."),
    ),
)

REGISTER = FeederFile(
    "waiver_writeoff_register",
    "C",
    "A row for every waiver, write-off, later recovery, and taking back of one, dated in the "
    "month.",
    (
        AS_OF,
        _column("event_id", "text", "Number of the event at the institution."),
        _one_of("event", ("waiver", "write_off", "recovery"), "What happened."),
        _if_known("takes_back", "text", "The event that this one takes back."),
        _column("event_on", "date", "Its value date."),
        _column("branch", "text", "Code of the branch in whose books it stands."),
        _column("fund", "text", "Code of the fund that bears or gets it."),
        LOAN_REF,
        CNIC_OF_BORROWER,
        NAME_OF_BORROWER,
        _one_of("gender", GENDERS, "Gender of the borrower."),
        _money("amount", "Amount; negative where an event is taken back."),
        _if_known("reason", "text", "Reason given."),
        _column("decided_by", "text", "User name of whoever recorded it."),
        _if_known("asked_by", "text", "User name of whoever asked for it."),
    ),
)

PROGRAMME = FeederFile(
    "programme_report",
    "C",
    "A row for every programme. A borrower with several loans counts on the largest, then the "
    "oldest.",
    (
        AS_OF,
        _column("programme", "text", "Code of the programme."),
        _column("programme_name", "text", "Its name."),
        _column("fund", "text", "Code of the fund whose money it lends."),
        _if_known("quota_amount", "amount", "What the owner asks to be lent.", PKR),
        _number("loans_disbursed_month", "Loans paid out in the month.", "loans"),
        _money("amount_disbursed_month", "Principal paid out on the loans of the month."),
        _number("loans_disbursed", "Loans ever paid out.", "loans"),
        _money("amount_disbursed", "Principal ever paid out."),
        _number("active_borrowers", "Borrowers with a balance, each counted once.", "persons"),
        _number("active_loans", "Loans with a balance.", "loans"),
        _money("outstanding", "What the active loans owe."),
        _money("due", "Fallen due by the day, by the schedules in force, since the beginning."),
        _money("received", "Money put on the principal since the beginning."),
        _money("received_month", "Receipts of the month, less those taken back."),
        _money("arrears", "What has fallen due and is not paid, of loans with a balance."),
        _money("par30", "What is owed on loans more than 30 days past due."),
        FileColumn(
            "par30_ratio",
            "ratio",
            "PAR over 30 days / outstanding. Empty without a portfolio.",
            "fraction",
            required=False,
        ),
        _money("waived_month", "Waived in the month."),
        _money("waived", "Waived since the beginning."),
        _money("written_off_month", "Written off in the month."),
        _money("written_off", "Written off since the beginning."),
        _money(
            "fund_received",
            "Capital, donations and opening balances of the fund by the ledger; programmes of one "
            "fund show the same.",
        ),
        _money(
            "fund_available",
            "Cash and bank of the fund by the ledger; programmes of one fund show the same.",
        ),
    ),
)

FILES = (
    TAPE,
    TAPE_IDENTIFIED,
    CLASSIFICATION,
    GENDER_PORTFOLIO,
    COMPLAINTS,
    REGISTER,
    PROGRAMME,
    FORMALISATION,
)
BY_NAME = {file.name: file for file in (*FILES, *JOINT_FILES)}
