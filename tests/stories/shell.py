"""The command line as its users meet it: what it says on which output, and its exit code."""

from csv import DictReader
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from aim_loans.cli.main import main

WORKED = Path(__file__).resolve().parent.parent / "worked"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, str]]:
        """Read the output as CSV."""
        return list(DictReader(self.out.splitlines()))


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell with a database and a folder to stand in."""

    url: str
    folder: Path

    def run(self, *arguments: object) -> Said:
        """Run one command."""
        runner = CliRunner(env={"AIM_DATABASE_URL": self.url})
        done = runner.invoke(main, [str(argument) for argument in arguments])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    def good(self, *arguments: object) -> Said:
        """Run a command that must end well."""
        said = self.run(*arguments)
        assert said.code == 0, said.err
        return said


def import_worked(shell: Shell, *more: object) -> Said:
    """Import the book worked by hand."""
    files = ("--loans", WORKED / "loans.csv", "--receipts", WORKED / "receipts.csv")
    given = ("--schedules", WORKED / "schedules.csv", "--create-missing")
    return shell.run("import", "book", *files, *given, *more)
