"""The names of the indicators, levels and accounts that the portfolio paper shows."""

from collections.abc import Mapping

from aim_loans.vocabulary import N_

# Those that are not here have their name among the headings of columns.
INDICATORS: Mapping[str, str] = {
    "members": N_("Persons ever lent to"),
    "loans_made": N_("Loans made"),
    "active_women": N_("Women among borrowers"),
    "disbursed_so_far": N_("Disbursed since the beginning"),
    "received_so_far": N_("Received since the beginning"),
    "due_so_far": N_("Fallen due so far"),
    "overdue": N_("Overdue"),
    "arrears_rate": N_("Arrears rate"),
    "par": N_("Portfolio at risk"),
    "par30_renegotiated": N_("PAR over 30 days with renegotiated loans"),
    "on_time_recovery": N_("On-time recovery of the month"),
    "current_recovery": N_("Current recovery of the month"),
    "recovery": N_("Cumulative recovery"),
    "write_off_ratio": N_("Write-off ratio"),
    "waiver_ratio": N_("Waiver ratio"),
    "risk_coverage": N_("Risk coverage"),
    "women_share": N_("Women's share"),
    "average_loan": N_("Average loan"),
    "average_balance": N_("Average balance"),
    "provision": N_("Provision"),
    "vintage": N_("Vintage curve"),
    "roll_rate": N_("Roll rates"),
    "concentration": N_("Concentration"),
    "turnaround": N_("Turnaround"),
    "portfolio_yield": N_("Portfolio yield"),
    "recovered": N_("Recovered after write-offs"),
    "refunded": N_("Credit paid back"),
    "received_due": N_("Of it without prepayments"),
    "fell_due": N_("Fell due in the month"),
    "due_on_time": N_("Of it covered on time"),
    "allowance": N_("Loss allowance in the ledger"),
    "credit_held": N_("Borrowers' credit held"),
}

LEVELS: Mapping[str, str] = {
    "whole": N_("The whole institution"),
    "division": N_("Division"),
    "region": N_("Region"),
    "area": N_("Area"),
    "branch": N_("Branch"),
}

ACCOUNTS: Mapping[str, str] = {
    "loans": N_("Loans to borrowers"),
    "borrower_credit": N_("Borrowers' credit"),
    "loss_allowance": N_("Loss allowance (beside it: the movements posted)"),
}
