"""Everything the software refuses, as one small tree.

    AimError
    └── Refused          a rule says no; the message names the rule and the way out
        ├── NotAllowed   the actor's role, scope or the separation of duties says no
        ├── NotFound     the thing named is not there
        └── Conflict     something else was already recorded under the same key

A message is an English sentence with {named} fields, so that it can be translated as a
whole and shown at the field, row or key concerned. Nothing here knows HTTP.
"""


class AimError(Exception):
    """Base of all errors that a person should read."""

    def __init__(self, message: str, *, field: str = "", **values: object) -> None:
        """Keep the sentence, its values and the field (form field, column or key) concerned."""
        super().__init__(message)
        self.message = message
        self.field = field
        self.values = values

    def __str__(self) -> str:
        """Give the English sentence with its values filled in."""
        return self.message.format(**self.values)


class Refused(AimError):
    """A rule of the trade says no."""


class NotAllowed(Refused):
    """The actor may not do this."""


class NotFound(Refused):
    """The thing named is not in the book."""


class Conflict(Refused):
    """Another act or row already holds this key with other values."""
