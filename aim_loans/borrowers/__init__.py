"""Persons and their enterprises."""
