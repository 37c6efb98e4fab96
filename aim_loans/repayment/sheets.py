"""Posting a collection sheet: all its receipts and the counted cash agree, or nothing goes in."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from aim_loans.db.engine import Writing
from aim_loans.errors import NotAllowed, NotFound, Refused
from aim_loans.identity.permissions import Actor
from aim_loans.loans.queries import load_histories
from aim_loans.money import Rupees
from aim_loans.repayment.collection import PAGE_ROWS, due_on_loans
from aim_loans.repayment.operations import Recorded, RecordReceipt, record_receipt
from aim_loans.repayment.receivable import is_backdated
from aim_loans.vocabulary import N_


@dataclass(frozen=True, slots=True)
class SheetLine:
    """Cash received for a loan, in paisa; `due` is what the sheet called full, if that was paid."""

    loan_id: int
    amount: int
    due: int | None = None


@dataclass(frozen=True, slots=True)
class PostSheet:
    """A sheet as it came back: its day, what is due by when, the counted cash (paisa), its lines.

    The receipts are numbered in the order of the lines.
    """

    received_on: date
    due_by: date
    counted: int
    lines: tuple[SheetLine, ...]


class LinesRefused(Refused):
    """Lines of a sheet that cannot go in, by loan."""

    def __init__(self, faults: Mapping[int, Refused]) -> None:
        """Keep what each line was refused for."""
        super().__init__(N_("Some lines cannot go in; nothing was written."))
        self.faults = faults


def post_sheet(
    tx: Writing,
    command: PostSheet,
    *,
    actor: Actor,
    today: date,
    backdating_days: int,
    key: str,
) -> list[Recorded]:
    """Write a receipt for each line of a sheet, once however often it is sent.

    Refused when the lines do not add up to the counted cash; LinesRefused, with every fault,
    when a line cannot go in. Either way the door must write nothing of it.
    """
    _check_whole(command, today=today, backdating_days=backdating_days)
    ids = [line.loan_id for line in command.lines]
    # All loans at once, before the first receipt takes its number: so no two sheets wait for
    # each other in a circle.
    histories = load_histories(tx.connection, ids)
    if len(histories) < len(ids):
        raise NotFound("A loan of this sheet is not there, or stands on it twice. Open it again.")
    due = {row.loan_id: row.due for row in due_on_loans(tx.connection, ids, by=command.due_by)}

    def write(line: SheetLine) -> Recorded:
        done = record_receipt(
            tx,
            RecordReceipt(histories[line.loan_id].ref, line.amount, command.received_on, "cash"),
            actor=actor,
            today=today,
            backdating_days=backdating_days,
            key=_key_of_line(key, line.loan_id),
        )
        if not done.repeated:
            _check_full(line, due[line.loan_id])
        return done

    return _each(command.lines, write)


def _each(lines: Iterable[SheetLine], write: Callable[[SheetLine], Recorded]) -> list[Recorded]:
    """Write every line, and say at the end all that was refused."""
    recorded: list[Recorded] = []
    faults: dict[int, Refused] = {}
    for line in lines:
        try:
            recorded.append(write(line))
        except NotAllowed:
            raise
        except Refused as fault:
            faults[line.loan_id] = fault
    if faults:
        raise LinesRefused(faults)
    return recorded


def _key_of_line(key: str, loan_id: int) -> str:
    """Give the one-time key of a line, so that a line sent again finds its own receipt."""
    return hashlib.sha256(f"{key}:{loan_id}".encode()).hexdigest()


def _check_full(line: SheetLine, due: int) -> None:
    if line.due is not None and line.due != due:
        raise Refused(
            "What is due changed meanwhile: it is Rs {due} now. Look again, then send.",
            due=Rupees(due),
        )


def _check_whole(command: PostSheet, *, today: date, backdating_days: int) -> None:
    future = command.received_on > today
    if future or is_backdated(command.received_on, today=today, allowed_days=backdating_days):
        raise Refused(
            "A sheet is for today, or up to {days} days back. Take older money by the loan's own "
            "receipt form: it asks for the reason, and another person permits the date.",
            field="received_on",
            days=backdating_days,
        )
    if not command.lines:
        raise Refused("Nothing is entered yet. Tick who paid in full, or type an amount.")
    if len(command.lines) > PAGE_ROWS:
        raise Refused("A sheet holds at most {most} lines. Send it in parts.", most=PAGE_ROWS)
    entered = sum(line.amount for line in command.lines)
    if entered != command.counted:
        raise Refused(
            "The lines add up to Rs {entered}, and the counted cash is Rs {counted}: "
            "a difference of Rs {difference}. Count again, or correct a line.",
            field="counted",
            entered=Rupees(entered),
            counted=Rupees(command.counted),
            difference=Rupees(abs(entered - command.counted)),
        )
