"""What can be asked of the ledger; changes nothing."""

from sqlalchemy import Connection, case, select

from aim_loans.db.bulk import whole_sum
from aim_loans.errors import NotFound
from aim_loans.ledger.models import account, fund, journal_line

# What is the fund's own, credit less debit: what was put in, earned and spent.
_OWN = ("fund", "income", "expense")


def known_funds(connection: Connection) -> set[str]:
    """Give the codes of all funds."""
    return set(connection.execute(select(fund.c.code)).scalars())


def require_fund(connection: Connection, code: str) -> None:
    """Refuse with NotFound a fund that is not there."""
    if code not in known_funds(connection):
        raise NotFound("There is no fund {code}. Check the code.", field="fund", code=code)


def fund_balance(connection: Connection, code: str) -> int:
    """Give what a fund has of its own (paisa): capital and income less expense, as known now."""
    own = select(account.c.code).where(account.c.kind.in_(_OWN))
    amount = journal_line.c.amount
    came = case((journal_line.c.credit.in_(own), amount), else_=0)
    went = case((journal_line.c.debit.in_(own), amount), else_=0)
    rows = select(whole_sum(came - went)).where(journal_line.c.fund_code == code)
    return int(connection.execute(rows).scalar_one())
