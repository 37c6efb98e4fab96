"""The statements that a database is asked, counted alike by the bench and the tests."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event

# So many a page may ask.
MOST_STATEMENTS = 8
_OF_THE_TRANSACTION = ("BEGIN", "SET ", "SAVEPOINT", "RELEASE")


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Keep the statements that a database is asked, but for the frame of transactions."""
    asked: list[str] = []

    def keep(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(_OF_THE_TRANSACTION):
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", keep)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", keep)
