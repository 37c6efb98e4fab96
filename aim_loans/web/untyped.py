"""The libraries of the door that ship no types, each named once."""

from typing import Any

from flask_login import (  # type: ignore[import-untyped]  # it ships no types
    LoginManager,
    current_user,
    login_user,
    logout_user,
)
from flask_wtf.csrf import (  # type: ignore[import-untyped]  # it ships no types
    CSRFError,
    CSRFProtect,
)

__all__ = ["CSRFError", "CSRFProtect", "LoginManager", "login_user", "logout_user", "present"]


def present() -> Any:
    """Give the user of the request itself, not Flask-Login's stand-in for it."""
    return current_user._get_current_object()  # noqa: SLF001  # werkzeug's public way to unwrap
