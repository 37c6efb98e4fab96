"""What the README claims about speed, measured against bare SQL: `python -m bench`."""
