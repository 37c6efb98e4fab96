"""The bare peers: plain SQL and the driver, with nothing of the software between them."""
