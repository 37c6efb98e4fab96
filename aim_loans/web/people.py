"""Who is asking: the session's token becomes an actor, afresh for each page."""

from dataclasses import dataclass

from aim_loans.identity.sign_in import SEEN_EVERY, SignedIn, signed_in, touch_session
from aim_loans.web.surroundings import around
from aim_loans.web.untyped import LoginManager, present


@dataclass(frozen=True, slots=True)
class User:
    """What Flask-Login keeps of a session: its token, and who it belongs to."""

    token: str
    found: SignedIn
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """Give what the cookie holds."""
        return self.token


def login_manager() -> LoginManager:
    """Make the manager; it asks the database for every page, so an ended session ends at once."""
    manager = LoginManager()
    # The session's row says by itself when it ends.
    manager.session_protection = None
    manager.user_loader(load_user)
    return manager


def load_user(token: str) -> User | None:
    """Give the user of a token; None when its session has ended."""
    here = around()
    now = here.now
    with here.reading() as connection:
        found = signed_in(connection, token, now=now, today=here.today)
    if found is None:
        return None
    if now - found.seen_at > SEEN_EVERY:
        with here.writing() as tx:
            touch_session(tx, token)
    return User(token, found)


def who() -> SignedIn | None:
    """Give who is signed in."""
    user = present()
    return user.found if isinstance(user, User) else None


def me() -> SignedIn:
    """Give who is signed in; the guard has let nobody else through."""
    found = who()
    if found is None:
        raise AssertionError("a page without the guard's leave")
    return found


def token() -> str:
    """Give the token of the session."""
    return str(present().get_id())
