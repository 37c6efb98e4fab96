"""What can happen in origination: the settings are copied in, a loan is paid out."""

import json
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select

from aim_loans.config.dated import DatedRow, dated_row, dated_rows
from aim_loans.config.settings import Settings
from aim_loans.db.bulk import next_ids
from aim_loans.db.engine import Writing
from aim_loans.errors import Refused
from aim_loans.identity.operations import (
    HEAD_OFFICE_CHAIN,
    Act,
    begin_act,
    begin_branch_act,
    seal_act,
    upsert,
)
from aim_loans.identity.permissions import Actor, Deed, require
from aim_loans.ledger.chart import account_of_channel
from aim_loans.ledger.lines import Side
from aim_loans.ledger.models import journal_line
from aim_loans.ledger.operations import ensure_fund
from aim_loans.loans.facts import Kind, branch_on
from aim_loans.loans.models import loan_fact
from aim_loans.loans.operations import FactDraft, post_facts
from aim_loans.loans.queries import load_history
from aim_loans.origination.models import dated_setting, product, programme
from aim_loans.origination.queries import settings_in_force
from aim_loans.vocabulary import N_

SOURCE_OF_AN_IMPORT = N_("made by an import, with the rules of the default product")


@dataclass(frozen=True, slots=True)
class SetUp:
    """Copy what the database does not hold yet; rows that it holds stay as they are."""

    settings: Settings


def set_up(tx: Writing, command: SetUp, *, actor: Actor) -> int:
    """Copy dated settings, funds, products and programmes from the configuration.

    Returns the number of dated rows that were new.
    """
    require(actor, Deed.MANAGE_SETTINGS, branch=None)
    this = begin_act(
        tx,
        kind="set_up",
        command=command,
        actor=actor,
        subject="settings",
        chain=HEAD_OFFICE_CHAIN,
    )
    settings = command.settings
    added = sum(add_row(tx, this, row) for row in dated_rows(settings.dated))
    for each in settings.funds:
        ensure_fund(tx, this, code=each.code, name=each.name)
    for rules in settings.dated.products:
        _add_product(tx, this, code=rules.code, name=rules.name)
    for offered in settings.programmes:
        _add_programme(tx, this, code=offered.code, name=offered.name, fund=offered.fund)
    seal_act(tx, this, (dated_setting,))
    return added


def ensure_product(tx: Writing, act: Act, code: str, *, default: str) -> None:
    """Make a product with the rules of the default one unless it is there; not verified."""
    known = tx.connection.execute(select(product.c.code).where(product.c.code == code)).first()
    if known is not None:
        return
    copied = [
        replace(rules, code=code, name=code, verified=False, source=SOURCE_OF_AN_IMPORT)
        for rules in settings_in_force(tx.connection).products
        if rules.code == default
    ]
    for rules in copied:
        add_row(tx, act, dated_row("products", rules))
    _add_product(tx, act, code=code, name=code)


def ensure_programme(tx: Writing, act: Act, code: str) -> None:
    """Make a programme with a fund of the same code unless it is there."""
    known = tx.connection.execute(select(programme.c.code).where(programme.c.code == code)).first()
    if known is not None:
        return
    ensure_fund(tx, act, code=code, name=code)
    _add_programme(tx, act, code=code, name=code, fund=code)


@dataclass(frozen=True, slots=True)
class Disburse:
    """Pay a loan out, whole, from the branch's cash or bank."""

    loan_ref: str
    paid_on: date
    channel: str


def disburse(
    tx: Writing, command: Disburse, *, actor: Actor, today: date, key: str | None = None
) -> Act:
    """Pay out an approved loan; its schedule was agreed with the contract."""
    history = load_history(tx.connection, command.loan_ref)
    branch = branch_on(command.paid_on, history.branches)
    require(actor, Deed.DISBURSE, branch=branch)
    agreed_on = history.branches[0].from_on
    if not agreed_on <= command.paid_on <= today:
        raise Refused(
            "Loan {ref} can be paid out from {day}, when it was agreed, up to today.",
            field="paid_on",
            ref=command.loan_ref,
            day=agreed_on.isoformat(),
        )
    account = account_of_channel(command.channel)
    this = begin_branch_act(
        tx,
        kind="disburse",
        command=command,
        actor=actor,
        subject=f"loan {command.loan_ref}",
        branch_code=branch,
        key=key,
    )
    if this.repeated:
        return this
    contra = Side(account, branch, history.fund)
    draft = FactDraft(
        history.loan_id, Kind.DISBURSEMENT, history.principal, command.paid_on, contra
    )
    post_facts(tx, this, [draft], [history])
    seal_act(tx, this, (loan_fact, journal_line))
    return this


def add_row(tx: Writing, act: Act, row: DatedRow) -> int:
    """Add a dated row inside an act that is under way; 0 when its day has one already."""
    statement = upsert(tx.connection, dated_setting).values(
        id=next_ids(tx.connection, dated_setting, 1)[0],
        table_name=row.table,
        key=row.key,
        effective_from=row.effective_from,
        source=row.source,
        verified=row.verified,
        body=row.body,
        act_id=act.id,
    )
    keys = ["table_name", "key", "effective_from"]
    done = statement.on_conflict_do_nothing(index_elements=keys).returning(dated_setting.c.id)
    return len(tx.connection.execute(done).all())


def offer_product(tx: Writing, act: Act, row: DatedRow) -> None:
    """Let the product of a dated row be lent, unless it is already, inside an act."""
    _add_product(tx, act, code=row.key, name=str(json.loads(row.body)["name"]))


def _add_product(tx: Writing, act: Act, *, code: str, name: str) -> None:
    statement = upsert(tx.connection, product).values(code=code, name=name, act_id=act.id)
    tx.connection.execute(statement.on_conflict_do_nothing(index_elements=["code"]))


def _add_programme(tx: Writing, act: Act, *, code: str, name: str, fund: str) -> None:
    statement = upsert(tx.connection, programme).values(
        code=code, name=name, fund_code=fund, act_id=act.id
    )
    tx.connection.execute(statement.on_conflict_do_nothing(index_elements=["code"]))
