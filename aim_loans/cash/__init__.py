"""Money in and its receipt numbers."""
