"""The demonstration: a made-up book, the same for the same seed and day, and people to sign in."""
