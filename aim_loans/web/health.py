"""Whether the application and its database answer."""

from flask import Blueprint
from sqlalchemy import text

from aim_loans.web.surroundings import around

pages = Blueprint("health", __name__)


@pages.get("/health")
def show() -> tuple[dict[str, str], int]:
    """Answer "ok" once the database has answered."""
    with around().reading() as connection:
        connection.execute(text("SELECT 1"))
    return {"status": "ok"}, 200
