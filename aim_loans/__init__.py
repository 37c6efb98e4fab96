"""The loan system of an interest-free lender."""
