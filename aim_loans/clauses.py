"""What the papers of a loan say, the same on the screen and in print.

Each is a message with the fields {amount}, {count}, {first}, {day}, {fee} and {purpose}.
"""

from aim_loans.vocabulary import N_

PROMISE = N_(
    "This is an interest-free loan (Qard-e-Hasna). You pay back exactly what you received."
)

AT_COST = N_(
    "The fee is at cost, the same for every loan, and taken once. It is not taken out of the loan."
)

KEY_FACTS = (
    N_(
        "This is an interest-free loan (Qard-e-Hasna). You pay back exactly {amount}, "
        "in {count} instalments, the first of {first} on {day}."
    ),
    N_(
        "The service fee for the application is {fee}, at cost, once. "
        "It is not taken out of the loan."
    ),
    N_("A donation is voluntary and never a condition."),
    N_(
        "There is no charge when an instalment is late. Tell the branch early, "
        "and a new day is agreed."
    ),
    N_("You may pay back earlier at any time; that costs nothing."),
    N_(
        "On death or permanent disability the balance can be waived out of the mutual-support fund."
    ),
    N_(
        "For a complaint, go to the branch manager or write to head office. You will get an answer."
    ),
)

OTHER_DAY = N_("If it is paid out on another day, the dates change and a new statement is printed.")

AGREEMENT = (
    N_("The institution lends {amount} without interest, for this purpose: {purpose}"),
    N_(
        "The borrower pays it back by the instalments of the key fact statement, at the branch, "
        "by bank or by wallet, and gets a numbered receipt for each payment."
    ),
    N_(
        "Nothing is added to the loan for any reason. What is paid above the balance belongs to "
        "the borrower and is paid back."
    ),
    N_("The borrower uses the loan for this purpose and lets the branch see the business."),
    N_(
        "Where the borrower cannot pay, the branch is told, and the schedule can be put off; "
        "the total stays."
    ),
)

OF_A_GROUP = N_(
    "The group {name} ({ref}) guarantees this loan: its members help each other that every "
    "instalment is paid. Each member has a loan of their own; no loan is split."
)

UNDERTAKING = N_(
    "I know the borrower and the loan. If the borrower does not pay an instalment, I will help "
    "that it is paid, up to {amount} in all. I do not live in the borrower's household."
)

CLEARANCE = (
    N_("The loan {ref} of {amount}, paid out on {day}, is paid back in full."),
    N_("Nothing is owed on it any more, by the borrower or by a guarantor."),
)
