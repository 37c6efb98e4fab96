"""The four files of a book: their columns, and which of them must be there. Pure."""

from dataclasses import dataclass

# The name of a kind of file: of one of a book, or of what another room takes in.
FileKind = str

LOANS: FileKind = "loans"
RECEIPTS: FileKind = "receipts"
SCHEDULES: FileKind = "schedules"
EVENTS: FileKind = "events"

# A rejects file has this column more; it is dropped when the mended file is sent again.
REASON_COLUMN = "reason"
LINE_COLUMN = "line"


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one kind of file; amounts are rupees, dates year-month-day."""

    kind: FileKind
    columns: tuple[str, ...]
    required: frozenset[str]
    amounts: frozenset[str]
    dates: frozenset[str]
    moments: frozenset[str] = frozenset()

    @property
    def amount(self) -> str:
        """Name the column whose sum says how much the file holds."""
        return "principal" if self.kind == LOANS else "amount"


LAYOUTS: dict[FileKind, Layout] = {
    LOANS: Layout(
        LOANS,
        (
            "loan_ref",
            "branch",
            "borrower_ref",
            "borrower_name",
            "cnic",
            "gender",
            "birth_date",
            "district",
            "sector",
            "activity",
            "product",
            "programme",
            "purpose",
            "disbursed_on",
            "principal",
            "instalments",
            "frequency",
            "first_due_on",
            "instalment_amount",
            "opening_received",
            "opening_as_of",
        ),
        frozenset(
            {
                "loan_ref",
                "branch",
                "borrower_ref",
                "borrower_name",
                "sector",
                "disbursed_on",
                "principal",
                "instalments",
                "frequency",
            }
        ),
        frozenset({"principal", "instalment_amount", "opening_received"}),
        frozenset({"birth_date", "disbursed_on", "first_due_on", "opening_as_of"}),
    ),
    RECEIPTS: Layout(
        RECEIPTS,
        ("receipt_ref", "loan_ref", "received_on", "amount", "channel", "recorded_at"),
        frozenset({"receipt_ref", "loan_ref", "received_on", "amount"}),
        frozenset({"amount"}),
        frozenset({"received_on"}),
        frozenset({"recorded_at"}),
    ),
    SCHEDULES: Layout(
        SCHEDULES,
        ("loan_ref", "number", "due_on", "amount"),
        frozenset({"loan_ref", "number", "due_on", "amount"}),
        frozenset({"amount"}),
        frozenset({"due_on"}),
    ),
    EVENTS: Layout(
        EVENTS,
        ("loan_ref", "kind", "on", "amount", "fund"),
        frozenset({"loan_ref", "kind", "on"}),
        frozenset({"amount"}),
        frozenset({"on"}),
    ),
}
