"""Random lives of loans on both databases, step by step equal to a naive model."""

import sys

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.book import open_book
from tests.stateful.lives import EVENTS, Tally, machine

STEPS = 40
LONG_ENOUGH = 30
# Under the long profile each database lives as many lives as the profile says.
EXAMPLES = {"sqlite": 30, "postgresql": 10}
KINDS = ("disbursement", "receipt", "waiver", "write_off", "recovery", "credit", "refund")


def wanted(database_kind: str) -> settings:
    if settings.get_current_profile_name() == "long":
        return settings(stateful_step_count=STEPS)
    return settings(stateful_step_count=STEPS, max_examples=EXAMPLES[database_kind])


def test_random_lives_are_those_of_the_model(database_kind: str, book_url: str) -> None:
    book, tally, how = open_book(book_url), Tally(), wanted(database_kind)
    try:
        run_state_machine_as_test(machine(book.engine, tally), settings=how)
    finally:
        book.engine.dispose()
        sys.stdout.write(f"\nRandom lives on {database_kind}: {tally.table()}\n")
    # A few lives that hypothesis itself cut short come on top.
    assert sum(steps >= LONG_ENOUGH for steps in tally.steps) >= 0.9 * how.max_examples
    assert all(tally.accepted(f"fact: {kind}") for kind in KINDS)
    # The few lives on PostgreSQL need not meet each rare kind twice.
    spared = 0 if database_kind == "sqlite" else 3
    taken_back = [kind for kind in KINDS if tally.events[f"fact: {kind}", "taken back"]]
    assert len(taken_back) >= len(KINDS) - spared
    assert len(tally.names()) > len(set(EVENTS))
