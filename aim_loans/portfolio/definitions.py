"""What each indicator of a statement means: its formula, as a message.

After CGAP's technical guide to performance indicators and the SEEP ratios (DOMAIN.md 5).
"""

from aim_loans.portfolio.statement import Definition
from aim_loans.vocabulary import N_

_FORMULAS = {
    "members": N_("Persons to whom a loan was ever paid out, each counted once."),
    "loans_made": N_("Loans paid out; a loan counts in the month of its first tranche."),
    "active_loans": N_("Loans with an outstanding balance."),
    "active_borrowers": N_(
        "Persons with an outstanding balance, each counted once; they do not add up over groups."
    ),
    "glp": N_(
        "Outstanding principal of all active loans: disbursed less received, waived and written "
        "off. What was waived or written off is outside."
    ),
    "received": N_("Money applied to principal, never more than was lent; the rest is credit."),
    "arrears": N_("What has fallen due by the schedule in force and was not paid."),
    "arrears_rate": N_("Arrears over the gross loan portfolio."),
    "par": N_(
        "Whole outstanding balance of the loans more than so many days late, over the gross loan "
        "portfolio. Money pays the oldest instalment first; the due day itself is 0."
    ),
    "par30_renegotiated": N_(
        "Portfolio at risk over 30 days with the rescheduled loans that are 30 days late or less, "
        "over the gross loan portfolio."
    ),
    "recovery": N_(
        "Over every loan ever paid out: the lesser of received and due, over what has fallen due "
        "as first agreed. Read it beside portfolio at risk."
    ),
    "on_time_recovery": N_(
        "Of the principal that fell due in the month, what was covered on or before its due date."
    ),
    "current_recovery": N_(
        "Received in the month, without money on instalments due after it, over what fell due in "
        "the month; it can pass 100 %."
    ),
    "write_off_ratio": N_(
        "Twelve times the month's write-offs, over the mean of the opening and the closing "
        "portfolio (annualised)."
    ),
    "waiver_ratio": N_(
        "Twelve times the month's waivers, over the mean of the opening and the closing portfolio "
        "(annualised)."
    ),
    "risk_coverage": N_("Loss allowance in the ledger over portfolio at risk over 30 days."),
    "women_share": N_(
        "Women among the active borrowers; every other gender, and not known, stays below the line."
    ),
    "average_loan": N_("Disbursed in the month over the loans made in it."),
    "average_balance": N_("Gross loan portfolio over active borrowers."),
    "provision": N_(
        "The rate of a class on the whole outstanding of its loans; a class begins at its days, "
        "so a loan exactly 30 days late is in the watch class and not in portfolio at risk."
    ),
    "vintage": N_(
        "Of all that was disbursed on the loans first paid out in a month: the outstanding more "
        "than 30 days late and what was written off, by months since."
    ),
    "roll_rate": N_(
        "Where the opening outstanding of each bucket stands at the month's end, or how it ended."
    ),
    "concentration": N_("Sum of the squared shares of the portfolio; share of the largest ten."),
    "turnaround": N_("Days from the entry of the application to the disbursement."),
    "portfolio_yield": N_("Not applicable: interest-free."),
}

DEFINITIONS = tuple(Definition(indicator, formula) for indicator, formula in _FORMULAS.items())
