"""Invariants as named checks over the whole book."""
