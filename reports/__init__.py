"""Draws finished values on paper."""
