"""Decides about the rows of loans and schedules: new, there already, or refused."""

from aim_loans.errors import Refused
from aim_loans.intake.catalogue import Belongs, Catalogue
from aim_loans.intake.chunks import ChunkBook, NewLoan, Plan, opening_reference
from aim_loans.intake.layout import LOANS, SCHEDULES
from aim_loans.intake.outcomes import Outcomes
from aim_loans.intake.rows import LoanRow, columns_that_differ
from aim_loans.intake.staging import Group, StagedLoan, Staging
from aim_loans.intake.targets import Target, new_target
from aim_loans.ledger.chart import Account
from aim_loans.ledger.lines import Side
from aim_loans.loans.facts import Kind
from aim_loans.loans.imported import BookLoan
from aim_loans.loans.schedule import Request, Schedule, build, from_rows


class LoanRows:
    """Decides about loans and their given schedules, and plans the loans that are new."""

    def __init__(self, staging: Staging, outcomes: Outcomes, catalogue: Catalogue) -> None:
        """Take what the whole import shares."""
        self._staging = staging
        self._outcomes = outcomes
        self._catalogue = catalogue

    def decide(self, group: Group, book: ChunkBook, plan: Plan) -> Target | None:
        """Decide about a group's loan and schedule; give the loan that its money goes to."""
        known = book.loans.get(group.ref)
        if known is not None:
            self._compare_loans(group, known)
            self._compare_schedule(group, known, book)
            return _target_of(group.ref, known, book)
        if group.loans:
            return self._decide_new(group, plan)
        self._refuse_schedule(group, self.unknown_loan(group.ref))
        return None

    def unknown_loan(self, ref: str) -> Refused:
        """Say why there is no loan to put a row on."""
        line = self._staging.refused_loan_line(ref)
        if line is None:
            return Refused(
                "There is no loan {ref}, neither in the book nor in the loans file. "
                "Check the number.",
                field="loan_ref",
                ref=ref,
            )
        return Refused(
            "Loan {ref} was refused: mend line {line} of the loans file first.",
            field="loan_ref",
            ref=ref,
            line=line,
        )

    def _compare_loans(self, group: Group, known: BookLoan) -> None:
        for line, row, _ in group.loans:
            if known.digest == row.fingerprint:
                self._outcomes.skip(LOANS, row.principal)
            elif known.digest is None:
                self._refuse_loan(line, row, _not_imported(row))
            else:
                self._refuse_loan(line, row, _differs_from_book(row, known.digest))

    def _compare_schedule(self, group: Group, known: BookLoan, book: ChunkBook) -> None:
        """A schedule is part of the contract: each of its rows is in the book, or differs."""
        for line, row in group.schedule:
            if book.schedules.get((known.id, row.number)) == (row.due_on, row.amount):
                self._outcomes.skip(SCHEDULES, row.amount)
            else:
                self._outcomes.refuse(SCHEDULES, line, row.amount, _other_schedule(group.ref))

    def _decide_new(self, group: Group, plan: Plan) -> Target | None:
        first, *others = group.loans
        row = first.row
        belongs = self._catalogue.belongs(row.branch, row.product, row.programme)
        errors = self._catalogue.faults(belongs)
        schedule = self._schedule(group, belongs, errors)
        if errors or schedule is None:
            self._refuse_loan(first.line, row, *errors)
            if schedule is not None:
                self._refuse_schedule(group, self.unknown_loan(group.ref))
            self._decide_repeats(first, others, taken=False)
            return None
        with_history = any(happening.kind != "receipt" for happening in group.happenings)
        target = new_target(row, belongs.fund, with_history=with_history)
        self._catalogue.want(belongs, plan.missing)
        plan.loans.append(NewLoan(target, first, belongs, schedule))
        _plan_first_facts(target, row, plan)
        self._outcomes.add(LOANS, row.principal)
        self._accept_schedule(group)
        self._decide_repeats(first, others, taken=True)
        return target

    def _decide_repeats(self, first: StagedLoan, others: list[StagedLoan], *, taken: bool) -> None:
        for line, row, _ in others:
            if row.fingerprint != first.row.fingerprint:
                self._refuse_loan(line, row, _differs_from_line(row, first))
            elif taken:
                self._outcomes.skip(LOANS, row.principal)
            else:
                self._refuse_loan(line, row, self.unknown_loan(row.loan_ref))

    def _schedule(self, group: Group, belongs: Belongs, errors: list[Refused]) -> Schedule | None:
        """Give the loan's schedule; None, with an error noted, when there can be none."""
        spoiled = self._staging.spoiled_schedule_line(group.ref)
        if spoiled is not None:
            fault = _schedule_refused(group.ref, spoiled)
            self._refuse_schedule(group, fault)
            errors.append(fault)
            return None
        row = group.loans[0].row
        if group.schedule:
            return self._given_schedule(group, row, errors)
        try:
            return self._built_schedule(row, belongs)
        except Refused as refused:
            errors.append(refused)
            return None

    def _given_schedule(self, group: Group, row: LoanRow, errors: list[Refused]) -> Schedule | None:
        rows = sorted({(row.number, row.due_on, row.amount) for _, row in group.schedule})
        try:
            return from_rows(row.principal, rows, disbursed_on=row.disbursed_on)
        except Refused as refused:
            number = refused.values.get("number")
            lines = [line for line, given in group.schedule if given.number == number]
            faulty = lines[0] if lines else group.schedule[0].line
            pointer = _schedule_refused(group.ref, faulty)
            for line, given in group.schedule:
                fault = refused if line == faulty else pointer
                self._outcomes.refuse(SCHEDULES, line, given.amount, fault)
            errors.append(pointer)
            return None

    def _built_schedule(self, row: LoanRow, belongs: Belongs) -> Schedule:
        request = Request(
            principal=row.principal,
            disbursed_on=row.disbursed_on,
            instalments=row.instalments,
            instalment_amount=row.instalment_amount,
            first_due_on=row.first_due_on,
        )
        rules = self._catalogue.rules(belongs.product, row.disbursed_on, row.frequency)
        return build(request, rules, self._catalogue.holidays)

    def _accept_schedule(self, group: Group) -> None:
        seen = set()
        for _, row in group.schedule:
            if row in seen:
                self._outcomes.skip(SCHEDULES, row.amount)
            else:
                self._outcomes.add(SCHEDULES, row.amount)
            seen.add(row)

    def _refuse_schedule(self, group: Group, error: Refused) -> None:
        for line, row in group.schedule:
            self._outcomes.refuse(SCHEDULES, line, row.amount, error)

    def _refuse_loan(self, line: int, row: LoanRow, *errors: Refused) -> None:
        self._outcomes.refuse(LOANS, line, row.principal, *errors)
        self._staging.refuse_loan(row.loan_ref, line)


def _target_of(ref: str, known: BookLoan, book: ChunkBook) -> Target | None:
    """Give a loan of the book; None where nothing new may come to it."""
    history = book.histories.get(known.id)
    if history is None:
        return None
    opening = book.money.get(opening_reference(ref))
    return Target(
        ref,
        known.fund,
        known.id,
        history.branches[0].branch,
        opening_as_of=opening.received_on if opening else None,
        history=history,
    )


def _plan_first_facts(target: Target, row: LoanRow, plan: Plan) -> None:
    """Plan the disbursement, against the opening account, and the opening amount."""
    plan.post(
        target,
        kind=Kind.DISBURSEMENT,
        amount=row.principal,
        day=row.disbursed_on,
        contra=Side(Account.IMPORT_OPENING, row.branch, target.fund),
    )
    if row.opening_received and row.opening_as_of:
        plan.receive(
            target,
            kind=Kind.RECEIPT,
            reference=opening_reference(row.loan_ref),
            amount=row.opening_received,
            day=row.opening_as_of,
        )


def _differs_from_book(row: LoanRow, digest: str) -> Refused:
    return Refused(
        "Loan {ref} is in the book with other values: {columns}. An import changes nothing that "
        "is there.",
        field="loan_ref",
        ref=row.loan_ref,
        columns=", ".join(columns_that_differ(row.fingerprint, digest)),
    )


def _differs_from_line(row: LoanRow, first: StagedLoan) -> Refused:
    return Refused(
        "Loan {ref} stands on line {line} with other values: {columns}. Keep one of the two.",
        field="loan_ref",
        ref=row.loan_ref,
        line=first.line,
        columns=", ".join(columns_that_differ(row.fingerprint, first.row.fingerprint)),
    )


def _not_imported(row: LoanRow) -> Refused:
    return Refused(
        "Loan {ref} is in the book and was not imported. Check the number.",
        field="loan_ref",
        ref=row.loan_ref,
    )


def _other_schedule(ref: str) -> Refused:
    return Refused(
        "Loan {ref} is in the book with another schedule. An import changes nothing that is there.",
        field="due_on",
        ref=ref,
    )


def _schedule_refused(ref: str, line: int) -> Refused:
    return Refused(
        "The schedule of loan {ref} is not whole: mend line {line} of the schedules file first.",
        ref=ref,
        line=line,
    )
