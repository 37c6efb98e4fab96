"""The series of receipts whose money is income when it comes in, and never waits. Pure."""

from aim_loans.ledger.chart import Account

FEE_SERIES = "F"
DONATION_SERIES = "D"
INCOME_OF_SERIES = {FEE_SERIES: Account.FEE_INCOME, DONATION_SERIES: Account.DONATIONS}
