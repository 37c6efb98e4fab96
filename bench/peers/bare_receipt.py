"""A receipt as bare statements: the same rows and keys in one transaction, nothing checked."""

import hashlib
import hmac
import time
from typing import Any

from aim_loans.db.engine import CUT_LOCK
from bench.lives import LAST_DAY
from bench.places import POSTGRESQL, Database

KEY = b"any key"

LOAN = """
    SELECT l.id, l.fund_code, p.applied, p.outstanding FROM loan AS l
    JOIN loan_position AS p ON p.loan_id = l.id WHERE l.ref = :ref"""
ACT = """
    INSERT INTO act (kind, actor, branch_code, subject, command_digest, recorded_at)
    VALUES ('record_receipt', 'bench', :branch, :ref, :digest, :now) RETURNING id"""
NUMBER = """
    INSERT INTO number_series (branch_code, series, fiscal_year, last_number)
    VALUES (:branch, 'R', 2025, 1)
    ON CONFLICT (branch_code, series, fiscal_year)
    DO UPDATE SET last_number = number_series.last_number + 1 RETURNING id, last_number"""
MONEY = """
    INSERT INTO money_in (branch_code, fund_code, channel, account, amount, received_on,
                          series_id, number, act_id, recorded_at)
    VALUES (:branch, :fund, 'cash', '', :amount, :day, :series, :number, :act, :now)
    RETURNING id"""
FACT = """
    INSERT INTO loan_fact (loan_id, kind, amount, value_on, fund_code, contra, contra_branch,
                           money_in_id, act_id, recorded_at)
    VALUES (:loan, 'receipt', :amount, :day, :fund, 'suspense', :branch, :money, :act, :now)
    RETURNING id"""
LINES = """
    INSERT INTO journal_line (source, source_id, value_on, booked_on, branch_code, fund_code,
                              debit, credit, amount, act_id, recorded_at)
    VALUES ('money_in', :money, :day, :day, :branch, :fund, 'cash_with_officer', 'suspense',
            :amount, :act, :now),
           ('loan_fact', :fact, :day, :day, :branch, :fund, 'suspense', 'loans',
            :amount, :act, :now)"""
POSITION = """
    UPDATE loan_position SET applied = :applied, outstanding = :outstanding,
        oldest_unpaid_due_on = (
            SELECT i.due_on FROM instalment AS i
            WHERE i.version_id = loan_position.version_id AND i.due_total > :applied
            ORDER BY i.number LIMIT 1),
        last_value_on = :day
    WHERE loan_id = :loan"""
CHAIN = """
    INSERT INTO audit_chain (name, last_number, last_mac) VALUES (:chain, 1, '')
    ON CONFLICT (name) DO UPDATE SET last_number = audit_chain.last_number + 1
    RETURNING last_number, last_mac"""
ENTRY = """
    INSERT INTO audit_entry (chain, number, act_id, content_digest, mac)
    VALUES (:chain, :entry, :act, :digest, :mac)"""
HEAD = "UPDATE audit_chain SET last_mac = :mac WHERE name = :chain"


def take_receipt(driver: Any, database: Database, ref: str, *, branch: str, amount: int) -> None:
    """Take one receipt on a running loan."""
    on_server = database.kind == POSTGRESQL
    digest = hashlib.sha256(f"{ref} {amount}".encode()).hexdigest()
    v: dict[str, Any] = {
        "ref": ref,
        "branch": branch,
        "amount": amount,
        "digest": digest,
        "chain": f"branch:{branch}",
        "day": LAST_DAY.isoformat(),
        "now": time.time_ns() // 1_000,
    }

    def run(statement: str) -> Any:
        return driver.execute(database.sql(statement), v)

    run(f"SELECT pg_advisory_xact_lock_shared({CUT_LOCK})" if on_server else "BEGIN IMMEDIATE")
    found = run(LOAN + " FOR UPDATE OF p" if on_server else LOAN).fetchone()
    v["loan"], v["fund"], applied, outstanding = found
    v["applied"], v["outstanding"] = applied + amount, outstanding - amount
    (v["act"],) = run(ACT).fetchone()
    v["series"], v["number"] = run(NUMBER).fetchone()
    (v["money"],) = run(MONEY).fetchone()
    (v["fact"],) = run(FACT).fetchone()
    run(LINES)
    run(POSITION)
    v["entry"], last = run(CHAIN).fetchone()
    v["mac"] = hmac.new(KEY, f"{last} {digest}".encode(), hashlib.sha256).hexdigest()
    run(ENTRY)
    run(HEAD)
    driver.commit()
