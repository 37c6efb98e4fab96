"""The files for regulators and partners: declared once, written, read back, checked."""
