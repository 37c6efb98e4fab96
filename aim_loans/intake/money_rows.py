"""Decides about the rows of receipts and events: new, there already, or refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from aim_loans.db.tables import from_micros
from aim_loans.errors import Refused
from aim_loans.intake.catalogue import Catalogue
from aim_loans.intake.chunks import ChunkBook, Plan, event_reference
from aim_loans.intake.layout import RECEIPTS
from aim_loans.intake.outcomes import Outcomes
from aim_loans.intake.rows import ReceiptRow
from aim_loans.intake.staging import Group, Happening, Staging
from aim_loans.intake.targets import Target
from aim_loans.ledger.chart import Account
from aim_loans.ledger.lines import Side
from aim_loans.loans.facts import Fact, Kind
from aim_loans.loans.history import History
from aim_loans.loans.imported import BookMoney
from aim_loans.money import Rupees


@dataclass(slots=True)
class _InHand:
    """The loan in hand: what its rows go to, and which of them were new so far."""

    ref: str
    target: Target | None
    book: ChunkBook
    plan: Plan
    receipts: set[str] = field(default_factory=set)
    events: dict[tuple[str, date], Happening] = field(default_factory=dict)


class MoneyRows:
    """Decides about what happened to loans, in the order in which it did, and plans it."""

    def __init__(
        self,
        staging: Staging,
        outcomes: Outcomes,
        catalogue: Catalogue,
        unknown_loan: Callable[[str], Refused],
    ) -> None:
        """Take what the whole import shares, and who knows why a loan is not there."""
        self._staging = staging
        self._outcomes = outcomes
        self._catalogue = catalogue
        self._unknown_loan = unknown_loan

    def decide(self, group: Group, target: Target | None, book: ChunkBook, plan: Plan) -> None:
        """Decide about a group's receipts and events."""
        hand = _InHand(group.ref, target, book, plan)
        happenings = group.happenings
        if target is not None and target.history is None:
            happenings = self._plain_receipts(target, happenings, book, plan)
        for row in happenings:
            file, amount = row.file, row.amount or 0
            try:
                new = (self._receipt if file == RECEIPTS else self._event)(hand, row)
            except Refused as refused:
                self._outcomes.refuse(file, row.line, amount, refused)
            else:
                (self._outcomes.add if new else self._outcomes.skip)(file, amount)

    def _plain_receipts(
        self, target: Target, rows: Sequence[Happening], book: ChunkBook, plan: Plan
    ) -> list[Happening]:
        """Plan the receipts of a new loan that need no second look; give the other rows.

        Nearly all rows of a book are such receipts, so they go by the list.
        """
        plain_ones: list[Happening] = []
        others: list[Happening] = []
        for row in rows:
            second_look = row.first_line or row.ref in book.money or not target.takes(row.day)
            (others if second_look else plain_ones).append(row)
        total = plan.receive_all(target, plain_ones)
        self._outcomes.add(RECEIPTS, total, rows=len(plain_ones))
        return others

    def _target(self, hand: _InHand) -> Target:
        if hand.target is None:
            raise self._unknown_loan(hand.ref)
        return hand.target

    def _receipt(self, hand: _InHand, row: Happening) -> bool:
        """Plan a receipt that is new; False when it is there already, with the same values."""
        known = hand.book.money.get(row.ref)
        repeated = row.first_line is not None
        if (known is not None or repeated) and self._is_there(hand, row, known):
            return False
        target = self._target(hand)
        amount = row.amount or 0
        micros = row.recorded_micros
        hand.plan.receive(
            target,
            kind=target.take_money(amount, row.day),
            reference=row.ref,
            amount=amount,
            day=row.day,
            channel=row.extra,
            recorded_at=None if micros is None else from_micros(micros),
        )
        if repeated:
            hand.receipts.add(row.ref)
        return True

    def _is_there(self, hand: _InHand, row: Happening, known: BookMoney | None) -> bool:
        """Tell whether a receipt is in the book or stands earlier in the file.

        Refused when the one that is there says anything else.
        """
        if known is not None:
            _check_same(hand.ref, row, known)
        if row.first_line is None or row.first_line == row.line:
            return known is not None
        self._check_repeat(hand.ref, row, row.first_line)
        if known is None and row.ref not in hand.receipts:
            raise Refused(
                "The same row on line {line} was refused: mend that one and remove this.",
                line=row.first_line,
            )
        return True

    def _check_repeat(self, loan_ref: str, row: Happening, first_line: int) -> None:
        first = self._staging.receipt_on(first_line)
        same = _as_receipt(loan_ref, row)
        differ = [
            name
            for name, one, other in zip(first._fields, first, same, strict=True)
            if one != other
        ]
        if differ:
            raise Refused(
                "Receipt {ref} stands on line {line} with other values: {columns}. "
                "Keep one of the two.",
                field="receipt_ref",
                ref=row.ref,
                line=first_line,
                columns=", ".join(differ),
            )

    def _event_is_there(self, hand: _InHand, row: Happening) -> bool:
        """Tell whether an event is in the book or stands earlier in the file.

        Refused when the one that is there says anything else.
        """
        earlier = hand.events.get((row.kind, row.day))
        if earlier is not None:
            if (earlier.amount, earlier.extra) != (row.amount, row.extra):
                raise Refused(
                    "Line {line} holds this event with another amount or fund. Keep one of the "
                    "two.",
                    line=earlier.line,
                )
            return True
        loan = hand.book.loans.get(hand.ref)
        if loan is None:
            return False
        if row.kind == Kind.RECOVERY:
            money = hand.book.money.get(event_reference(hand.ref, row.day))
            there = None if money is None else (money.amount, loan.fund)
        else:
            there = hand.book.endings.get((loan.id, row.kind, row.day))
        if there is None:
            return False
        amount, fund = there
        if (row.amount or amount, row.extra or fund) != (amount, fund):
            raise Refused(
                "The book holds this event with Rs {amount} and fund {fund}. An import changes "
                "nothing that is there.",
                field="amount" if row.amount not in (None, amount) else "fund",
                amount=Rupees(amount),
                fund=fund,
            )
        return True

    def _event(self, hand: _InHand, row: Happening) -> bool:
        """Plan an event that is new; False when it is there already, with the same values."""
        if self._event_is_there(hand, row):
            return False
        target = self._target(hand)
        if target.history is None:
            raise AssertionError("a loan with events has its history in hand")
        try:
            if row.kind == Kind.RECOVERY:
                self._recover(hand, target, target.history, row)
            else:
                self._end(hand, target, target.history, row)
        except Refused as refused:
            column = "on" if refused.field == "received_on" else refused.field
            raise Refused(refused.message, field=column, **refused.values) from refused
        hand.events[row.kind, row.day] = row
        return True

    def _recover(self, hand: _InHand, target: Target, history: History, row: Happening) -> None:
        """Take money that came in on a written-off loan; without an amount, the whole claim."""
        _check_own_fund(target, row)
        claim = history.sums.written_off - history.sums.recovery
        amount = row.amount or claim
        if not amount:
            raise Refused(
                "Loan {ref} has no claim left to recover. Give the amount that came in.",
                field="amount",
                ref=hand.ref,
            )
        kind = target.take_money(amount, row.day, kind=Kind.RECOVERY)
        reference = event_reference(hand.ref, row.day)
        hand.plan.receive(target, kind=kind, reference=reference, amount=amount, day=row.day)

    def _end(self, hand: _InHand, target: Target, history: History, row: Happening) -> None:
        """Waive or write off the whole balance; a waiver may be given by another fund."""
        if row.kind == Kind.WRITE_OFF:
            _check_own_fund(target, row)
        fund = row.extra or target.fund
        fault = self._catalogue.fund_fault(fund)
        if fault is not None:
            raise fault
        amount = row.amount or history.sums.outstanding
        target.take(Fact(row.kind, amount, row.day), history)
        self._catalogue.want_fund(fund, hand.plan.missing)
        account = Account.WAIVER if row.kind == Kind.WAIVER else Account.WRITE_OFF
        contra = Side(account, target.branch_of(row.day), fund)
        hand.plan.post(target, kind=Kind(row.kind), amount=amount, day=row.day, contra=contra)


def _as_receipt(loan_ref: str, row: Happening) -> ReceiptRow:
    recorded = None if row.recorded_micros is None else from_micros(row.recorded_micros)
    return ReceiptRow(row.ref, loan_ref, row.day, row.amount or 0, row.extra, recorded)


def _check_same(loan_ref: str, row: Happening, known: BookMoney) -> None:
    """Refuse a receipt that the book holds with other values, and say which."""
    mine = BookMoney(loan_ref, row.day, row.amount or 0, row.extra, row.recorded_micros)
    if mine == known:
        return
    names = ("loan_ref", "received_on", "amount", "channel", "recorded_at")
    differ = [name for name, one, other in zip(names, mine, known, strict=True) if one != other]
    raise Refused(
        "Receipt {ref} is in the book with other values: {columns}. An import changes nothing "
        "that is there.",
        field="receipt_ref",
        ref=row.ref,
        columns=", ".join(differ),
    )


def _check_own_fund(target: Target, row: Happening) -> None:
    if row.extra not in (None, target.fund):
        raise Refused(
            "Only a waiver is given by another fund; this belongs to the loan's own, {fund}.",
            field="fund",
            fund=target.fund,
        )
