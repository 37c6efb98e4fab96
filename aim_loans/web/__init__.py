"""The web's door: pages and forms for staff."""
