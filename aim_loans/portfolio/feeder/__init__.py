"""The rows of the files for regulators and partners, and the facts of their issue."""
