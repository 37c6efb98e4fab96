"""Issued papers of the book: asked for in packs, kept for good, proved genuine."""
