"""Applying money, reversal, refund, waiver, write-off, recovery."""
