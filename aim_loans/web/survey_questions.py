"""What a survey asks for twice, as it was and as it is now: the same on the screen and in print."""

from typing import NamedTuple

from aim_loans.vocabulary import N_


class Question(NamedTuple):
    """A question with its two fields; an amount is in rupees a month, all else are heads."""

    label: str
    before: str
    now: str
    is_amount: bool = False

    @property
    def fields(self) -> tuple[str, str]:
        """Give the fields of both answers."""
        return self.before, self.now


QUESTIONS = (
    Question(N_("Women who work there"), "women_before", "women_now"),
    Question(N_("Men who work there"), "men_before", "men_now"),
    Question(N_("Others who work there"), "others_before", "others_now"),
    Question(N_("Income a month (rupees)"), "income_before", "income_now", is_amount=True),
)
NOW = tuple(question.now for question in QUESTIONS)
