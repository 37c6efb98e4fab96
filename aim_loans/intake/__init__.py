"""Import of whole books."""
