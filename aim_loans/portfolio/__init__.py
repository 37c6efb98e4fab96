"""The book at any date, as known at any moment."""
