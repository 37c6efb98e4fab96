"""The chart of accounts. Pure."""

from enum import StrEnum

from aim_loans.errors import Refused


class Account(StrEnum):
    """Each account by its code; its kind stands in the chart table."""

    VAULT = "vault"
    CASH_WITH_OFFICER = "cash_with_officer"
    BANK = "bank"
    INTER_BRANCH = "inter_branch"
    INTER_FUND = "inter_fund"
    LOANS = "loans"
    LOSS_ALLOWANCE = "loss_allowance"
    SUSPENSE = "suspense"
    BORROWER_CREDIT = "borrower_credit"
    IMPORT_OPENING = "import_opening"
    FUND_CAPITAL = "fund_capital"
    FEE_INCOME = "fee_income"
    DONATIONS = "donations"
    RECOVERY_INCOME = "recovery_income"
    WRITE_OFF = "write_off"
    WAIVER = "waiver"
    PROVISION = "provision"


KINDS: dict[Account, str] = {
    Account.VAULT: "asset",
    Account.CASH_WITH_OFFICER: "asset",
    Account.BANK: "asset",
    Account.INTER_BRANCH: "asset",
    Account.INTER_FUND: "asset",
    Account.LOANS: "asset",
    Account.LOSS_ALLOWANCE: "asset",
    Account.SUSPENSE: "liability",
    Account.BORROWER_CREDIT: "liability",
    Account.IMPORT_OPENING: "fund",
    Account.FUND_CAPITAL: "fund",
    Account.FEE_INCOME: "income",
    Account.DONATIONS: "income",
    Account.RECOVERY_INCOME: "income",
    Account.WRITE_OFF: "expense",
    Account.WAIVER: "expense",
    Account.PROVISION: "expense",
}

# The account that money of a channel comes into.
ACCOUNT_OF_CHANNEL = {
    "cash": Account.CASH_WITH_OFFICER,
    "bank": Account.BANK,
    "cheque": Account.BANK,
    "easypaisa": Account.BANK,
    "jazzcash": Account.BANK,
    "raast": Account.BANK,
}


def account_of_channel(channel: str) -> Account:
    """Give the account of a channel; Refused for a channel that there is not."""
    if channel not in ACCOUNT_OF_CHANNEL:
        raise Refused(
            "There is no channel {channel}. Use one of: {known}.",
            field="channel",
            channel=channel,
            known=", ".join(ACCOUNT_OF_CHANNEL),
        )
    return ACCOUNT_OF_CHANNEL[channel]
