"""What can happen in cash: money comes in and gets a number; it is cancelled."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import repeat
from typing import NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from aim_loans.cash.models import money_in, number_series
from aim_loans.cash.queries import Receipt, receipt_number
from aim_loans.cash.series import INCOME_OF_SERIES
from aim_loans.dates import fiscal_year
from aim_loans.db.bulk import Row, insert_new, stored_day
from aim_loans.db.engine import Writing
from aim_loans.db.statements import Statement
from aim_loans.db.tables import to_micros
from aim_loans.errors import Conflict, Refused
from aim_loans.identity.operations import Act
from aim_loans.ledger.chart import ACCOUNT_OF_CHANNEL, Account
from aim_loans.ledger.lines import Side, bridge
from aim_loans.ledger.operations import Entry, post_entries

RECEIPT_SERIES = "R"
IMPORT_SERIES = "I"
IMPORT_ACCOUNT = "import"


class MoneyDraft(NamedTuple):
    """Money in, before it is recorded: amount in paisa, the day it was received.

    `account` says which bank or wallet account it came into ('' for cash, "import" for a
    book's history, which posts against the opening account and never to cash).
    """

    branch: str
    fund: str
    channel: str | None
    account: str
    reference: str | None
    amount: int
    received_on: date
    payer: str | None = None
    book_number: str | None = None
    source_digest: str | None = None
    source_recorded_at: datetime | None = None


def waiting_side(account: str, branch: str, fund: str) -> Side:
    """Give where money waits to be applied: suspense, or an imported book's opening account."""
    held = Account.IMPORT_OPENING if account == IMPORT_ACCOUNT else Account.SUSPENSE
    return Side(held.value, branch, fund)


_MOVE_COUNTER = Statement(
    "INSERT INTO number_series (branch_code, series, fiscal_year, last_number) "
    "VALUES (:branch, :series, :year, :count) "
    "ON CONFLICT (branch_code, series, fiscal_year) "
    "DO UPDATE SET last_number = number_series.last_number + :count RETURNING id, last_number"
)
_COLUMNS = (
    "branch_code",
    "fund_code",
    "channel",
    "account",
    "reference",
    "amount",
    "received_on",
    "payer",
    "book_number",
    "series_id",
    "number",
    "source_digest",
    "source_recorded_at",
    "reverses_id",
    "act_id",
    "recorded_at",
)


def take_receipt(
    tx: Writing, act: Act, draft: MoneyDraft, *, today: date, series: str = RECEIPT_SERIES
) -> Receipt:
    """Record money in at the counter, numbered in a series of its branch.

    Its entry (`receipt_entry`) is posted by the act that takes it. Conflict when the reference
    is in the book already, Refused for the account that is kept for imported books.
    """
    _check_account(draft.account)
    year = fiscal_year(today)
    ((new_id, number),) = _record(tx, act, [draft], series=series, year=year)
    return Receipt(
        id=new_id,
        branch_code=draft.branch,
        fund_code=draft.fund,
        channel=draft.channel,
        account=draft.account,
        reference=draft.reference,
        amount=draft.amount,
        received_on=draft.received_on,
        series=series,
        number=receipt_number(draft.branch, series, year, number),
        cancelled=False,
    )


def check_origin(connection: Connection, channel: str, account: str, reference: str | None) -> None:
    """Refuse beforehand what `take_receipt` would refuse of where money came from."""
    _check_account(account)
    if reference is None:
        return
    known = select(money_in.c.id).where(
        money_in.c.reference == reference,
        money_in.c.account == account,
        money_in.c.channel == channel,
    )
    if connection.execute(known).first():
        raise _known_reference(reference, channel)


def receive(
    tx: Writing, act: Act, draft: MoneyDraft, *, today: date, series: str = RECEIPT_SERIES
) -> Receipt:
    """Record money in as `take_receipt` does, and post its entry: all that happens to it today."""
    taken = take_receipt(tx, act, draft, today=today, series=series)
    post_entries(tx, act, [receipt_entry(taken)])
    return taken


def receipt_entry(taken: Receipt) -> Entry:
    """Give the journal entry of a receipt: the channel's account against where it goes."""
    if taken.channel is None:
        raise ValueError("only an imported book may leave the channel out")
    money, held = _sides(taken.channel, taken.branch_code, taken.fund_code, taken.series)
    return Entry("money_in", taken.id, bridge(taken.received_on, money, held, taken.amount))


def take_imported(tx: Writing, act: Act, drafts: Sequence[MoneyDraft], *, today: date) -> list[int]:
    """Record the money of an imported book, in a series of its own.

    Returns the new ids in the order of the drafts. It never came through our cash: nothing is
    posted until it is applied, against the opening account.
    """
    if any(draft.account != IMPORT_ACCOUNT for draft in drafts):
        raise ValueError("money of an imported book is in the account that is kept for it")
    taken = _record(tx, act, drafts, series=IMPORT_SERIES, year=fiscal_year(today))
    return [new_id for new_id, _ in taken]


def cancel_money(tx: Writing, act: Act, money_in_id: int, *, value_on: date) -> int:
    """Record the opposite of money in; its number stays used and prints "cancelled".

    `value_on` is the day of the original, or the day on which a cheque was dishonoured.
    """
    wanted = (
        select(money_in, number_series.c.series)
        .join(number_series, number_series.c.id == money_in.c.series_id)
        .where(money_in.c.id == money_in_id)
    )
    original = tx.connection.execute(wanted).one()
    row = (
        original.branch_code,
        original.fund_code,
        original.channel,
        original.account,
        None,
        -original.amount,
        value_on,
        None,
        None,
        None,
        None,
        None,
        None,
        money_in_id,
        act.id,
        act.recorded_micros,
    )
    (new_id,) = insert_new(tx.connection, money_in, _COLUMNS, [row])
    if original.account != IMPORT_ACCOUNT:
        money, held = _sides(
            original.channel, original.branch_code, original.fund_code, original.series
        )
        lines = bridge(value_on, held, money, original.amount)
        post_entries(tx, act, [Entry("money_in", new_id, lines)])
    return new_id


def _record(
    tx: Writing, act: Act, drafts: Sequence[MoneyDraft], *, series: str, year: int
) -> list[tuple[int, int]]:
    """Insert money in under the next numbers of its branches; gives ids and numbers."""
    numbers = _take_numbers(tx, drafts, series=series, year=year)
    rows = [
        (
            draft.branch,
            draft.fund,
            draft.channel,
            draft.account,
            draft.reference,
            draft.amount,
            stored_day(draft.received_on),
            draft.payer,
            draft.book_number,
            series_id,
            number,
            draft.source_digest,
            None if draft.source_recorded_at is None else to_micros(draft.source_recorded_at),
            None,
            act.id,
            act.recorded_micros,
        )
        for draft, (series_id, number) in zip(drafts, numbers, strict=True)
    ]
    ids = _insert(tx, rows, drafts)
    return [(new_id, number) for new_id, (_, number) in zip(ids, numbers, strict=True)]


def _insert(tx: Writing, rows: Sequence[Row], drafts: Sequence[MoneyDraft]) -> list[int]:
    # Two clerks can send one reference at the same moment, so the database decides: the
    # second waits for the first, and then fails here.
    try:
        return insert_new(tx.connection, money_in, _COLUMNS, rows)
    except IntegrityError as fault:
        # Of several rows the fault does not say which one.
        if len(drafts) > 1 or "reference" not in str(fault.orig):
            raise
        raise _known_reference(drafts[0].reference, drafts[0].channel) from fault


def _known_reference(reference: str | None, channel: str | None) -> Conflict:
    return Conflict(
        "The reference {reference} ({channel}) is already in the book. "
        "Open that receipt, or check the reference.",
        field="reference",
        reference=reference,
        channel=channel,
    )


def _check_account(account: str) -> None:
    if account == IMPORT_ACCOUNT:
        raise Refused(
            "The account {account} is kept for imported books. Name the bank or wallet account.",
            field="account",
            account=IMPORT_ACCOUNT,
        )


def _sides(channel: str, branch: str, fund: str, series: str) -> tuple[Side, Side]:
    account = ACCOUNT_OF_CHANNEL[channel]
    held = INCOME_OF_SERIES.get(series, Account.SUSPENSE)
    return Side(account, branch, fund), Side(held, branch, fund)


def _take_numbers(
    tx: Writing, drafts: Sequence[MoneyDraft], *, series: str, year: int
) -> list[tuple[int, int]]:
    counts = Counter(draft.branch for draft in drafts)
    blocks = {
        branch: _reserve_block(tx, branch, series=series, year=year, count=counts[branch])
        for branch in sorted(counts)
    }
    return [next(blocks[draft.branch]) for draft in drafts]


def _reserve_block(
    tx: Writing, branch: str, *, series: str, year: int, count: int
) -> Iterator[tuple[int, int]]:
    """Move the counter; give the series' id and each number of the block."""
    values = {"branch": branch, "series": series, "year": year, "count": count}
    ((series_id, last),) = _MOVE_COUNTER.run(tx.connection, values)
    return zip(repeat(series_id), range(last - count + 1, last + 1), strict=False)
