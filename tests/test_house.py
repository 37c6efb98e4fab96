"""The rules of the house that no other tool holds, each with a planted fault it must find."""

import ast
import io
import re
import socket
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("aim_loans", "reports", "migrations", "bench", "tests")
LONGEST_FUNCTION = 60
LONGEST_FILE = 400

# Each library has its rooms, so that the rest of the house can be read without knowing it.
LIBRARY_ROOMS = {
    "flask": ("aim_loans/web/",),
    "flask_login": ("aim_loans/web/",),
    "flask_wtf": ("aim_loans/web/",),
    "markupsafe": ("aim_loans/web/",),
    "numpy": ("aim_loans/portfolio/", "aim_loans/mou/"),
    "pandas": ("aim_loans/portfolio/", "aim_loans/mou/"),
    "reportlab": ("reports/",),
}
PURE_RULES = {
    "allocation.py",
    "chart.py",
    "dates.py",
    "details.py",
    "due_dates.py",
    "mapping.py",
    "mobile.py",
    "money.py",
    "permissions.py",
    "receivable.py",
    "rows.py",
    "schedule.py",
    "spelling.py",
}
DOORS_TO_THE_CLOCK = ("aim_loans/cli/", "aim_loans/db/")
CLOCKS = re.compile(r"(^|\.)(datetime\.(now|today|utcnow)|date\.today|time\.time)$")
# An interest-free lender earns nothing on time or on lateness; its code has no name for it.
UNLAWFUL_NAMES = re.compile(r"interest_rate|late_fee|penalty")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
SWITCHED_OFF = re.compile(r"#\s*(noqa|type:\s*ignore)\b")
REASONED = re.compile(
    r"#\s*(noqa:\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*|type:\s*ignore\[[\w,-]+\])\s+#\s*\w"
)
ASSERTING = re.compile(r"^(raises|warns|fail|assert_\w+|_?check\w*|_?expect\w*)$")

Function = ast.FunctionDef | ast.AsyncFunctionDef
Check = Callable[["Source"], Iterator[tuple[int, str]]]


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: its path from the root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    def functions(self) -> Iterator[Function]:
        """Give every function, however deep."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def comments(self) -> Iterator[tuple[int, str]]:
        """Give every comment with its line."""
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def parse(path: str, text: str) -> Source:
    return Source(path, text, ast.parse(text))


@cache
def sources() -> tuple[Source, ...]:
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return tuple(
        parse(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths
    )


def long_function(source: Source) -> Iterator[tuple[int, str]]:
    for function in source.functions():
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > LONGEST_FUNCTION:
            yield function.lineno, f"{function.name} has {length} lines"


def long_file(source: Source) -> Iterator[tuple[int, str]]:
    length = source.text.count("\n")
    if length > LONGEST_FILE and not source.path.startswith(("tests/", "migrations/")):
        yield length, "the file is too long: split the room"


def hidden_import(source: Source) -> Iterator[tuple[int, str]]:
    for function in source.functions():
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield node.lineno, f"an import inside {function.name}"


def unreasoned_switch(source: Source) -> Iterator[tuple[int, str]]:
    for line, comment in source.comments():
        if SWITCHED_OFF.search(comment) and not REASONED.search(comment):
            yield line, "a check is switched off without its name or its reason"


def unfinished_word(source: Source) -> Iterator[tuple[int, str]]:
    if source.path == "tests/test_house.py":
        return
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := UNFINISHED.search(line):
            yield number, found[0]


def printing(source: Source) -> Iterator[tuple[int, str]]:
    if not source.path.startswith("aim_loans/") or source.path.startswith("aim_loans/cli"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and node.id == "print":
            yield node.lineno, "only the command line prints"


def question_to_the_clock(source: Source) -> Iterator[tuple[int, str]]:
    if not source.path.startswith("aim_loans/") or source.path.startswith(DOORS_TO_THE_CLOCK):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and CLOCKS.search(ast.unparse(node)):
            yield node.lineno, f"{ast.unparse(node)}: the door gives the time as an argument"


def unlawful_name(source: Source) -> Iterator[tuple[int, str]]:
    if source.path.startswith("tests/"):
        return
    for node in ast.walk(source.tree):
        for name in _names(node):
            if UNLAWFUL_NAMES.search(name):
                yield getattr(node, "lineno", 0), name


def _names(node: ast.AST) -> Iterator[str]:
    """Give the identifiers that a node itself writes; not those of the nodes below it."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.arg | ast.keyword):
        yield node.arg or ""
    elif isinstance(node, ast.alias):
        yield node.asname or node.name


def strange_library(source: Source) -> Iterator[tuple[int, str]]:
    if not source.path.startswith(("aim_loans/", "reports/")):
        return
    for line, library in _libraries(source):
        rooms = LIBRARY_ROOMS.get(library)
        if rooms and not source.path.startswith(rooms):
            yield line, f"{library} belongs in {' and '.join(rooms)} only"
        if library in {"sqlalchemy", "alembic"} and Path(source.path).name in PURE_RULES:
            yield line, f"{library} in a pure rule"


def _libraries(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, (node.module or "").partition(".")[0]


def bare_test(source: Source) -> Iterator[tuple[int, str]]:
    if not Path(source.path).name.startswith("test_"):
        return
    for function in source.functions():
        if function.name.startswith("test_") and not _asserts(function):
            yield function.lineno, f"{function.name} asserts nothing"


def _asserts(function: Function) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if ASSERTING.match(name):
                return True
    return False


# A message's {fields} are known only to the message.
KEEPERS_OF_FIELDS = ("aim_loans/errors.py", "aim_loans/texts.py", "aim_loans/cli/door.py")


def open_keywords(source: Source) -> Iterator[tuple[int, str]]:
    if not source.path.startswith("aim_loans/") or source.path in KEEPERS_OF_FIELDS:
        return
    for function in source.functions():
        if function.args.kwarg is not None:
            yield function.lineno, f"{function.name} takes **{function.args.kwarg.arg}"


def missing_docstring(source: Source) -> Iterator[tuple[int, str]]:
    if not source.path.startswith(("aim_loans/", "reports/")):
        return
    if ast.get_docstring(source.tree) is None:
        yield 1, "the file does not say what it is for"
    for node in source.tree.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None:
            yield node.lineno, f"{node.name} has no docstring"


# Each rule with a file that breaks it.
PLANTED: dict[Check, tuple[str, str]] = {
    long_function: ("bench/a.py", "def long():\n" + "    1\n" * LONGEST_FUNCTION),
    long_file: ("aim_loans/a.py", "1\n" * (LONGEST_FILE + 1)),
    hidden_import: ("bench/a.py", "def late():\n    import os\n"),
    unreasoned_switch: ("tests/a.py", "import os  #" + " noqa: F401\n"),
    unfinished_word: ("aim_loans/a.py", "# TODO: later\n"),
    printing: ("aim_loans/a.py", "print(1)\n"),
    question_to_the_clock: ("aim_loans/a.py", "now = datetime.datetime.now(UTC)\n"),
    unlawful_name: ("aim_loans/a.py", "def due(*, late_fee_paisa): ...\n"),
    strange_library: ("aim_loans/loans/schedule.py", "from sqlalchemy import select\n"),
    bare_test: ("tests/test_a.py", "def test_nothing():\n    1\n"),
    open_keywords: ("aim_loans/a.py", "def act(**values): ...\n"),
    missing_docstring: ("aim_loans/a.py", '"""A."""\ndef act(): ...\n'),
}


@pytest.mark.parametrize("check", PLANTED, ids=lambda check: check.__name__)
def test_the_house_keeps_its_rule(check: Check) -> None:
    faults = [
        f"{source.path}:{line}: {fault}" for source in sources() for line, fault in check(source)
    ]
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("check", PLANTED, ids=lambda check: check.__name__)
def test_a_rule_finds_what_breaks_it(check: Check) -> None:
    assert list(check(parse(*PLANTED[check])))


def test_a_reason_switches_a_check_off_in_peace() -> None:
    text = "import os  # noqa: F401  # kept for its side effect\nx = 1  # type: ignore[x]  # why\n"
    assert not list(unreasoned_switch(parse("tests/a.py", text)))


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_holds_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "--hash=sha256:" in text
    assert "://" not in text


def test_both_locks_agree() -> None:
    runtime, development = (
        set(re.findall(r"^\S+==\S+.*", (ROOT / lock).read_text("utf-8"), re.MULTILINE))
        for lock in ("requirements.lock", "requirements-dev.lock")
    )
    assert runtime <= development


def test_no_test_reaches_another_machine() -> None:
    # 192.0.2.0/24 is kept free for examples, so nothing would answer in any case.
    with pytest.raises(ConnectionRefusedError, match="may not reach"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
