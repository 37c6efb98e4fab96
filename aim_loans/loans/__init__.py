"""The contract: what was lent, on which schedule, and what has become of it."""
