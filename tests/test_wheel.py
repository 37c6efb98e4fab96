"""The wheel, as an institution installs it: whole, and at work where no checkout is."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = "aim_loans/resources"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel once, with the build tools of this environment and no network."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """Install the wheel alone into an empty environment; give the folder of its programs.

    The libraries it depends on are lent by this environment as one more folder on the path. The
    checkout is not: Python reads no .pth file in a folder that came from a .pth file.
    """
    home = tmp_path / "venv"
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    (site_packages,) = home.glob("lib/python*/site-packages")
    (site_packages / "lent.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    run([*pip, "--no-index", "--no-deps", "--force-reinstall", str(wheel)], tmp_path)
    return home / "bin"


def run(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=bare_environment() | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def bare_environment() -> dict[str, str]:
    return {key: os.environ[key] for key in ("HOME", "PATH", "LANG") if key in os.environ}


def test_the_wheel_holds_all_that_a_run_needs_and_no_more(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    carried = {
        f"{RESOURCES}/{path.relative_to(ROOT).as_posix()}"
        for path in [ROOT / "config.toml", *(ROOT / "migrations").rglob("*")]
        if path.is_file() and path.suffix != ".pyc"
    }
    shown = {
        path.relative_to(ROOT).as_posix()
        for folder in ("templates", "static")
        for path in (ROOT / "aim_loans" / "web" / folder).rglob("*")
        if path.is_file()
    }
    fonts = {f"reports/fonts/{path.name}" for path in (ROOT / "reports" / "fonts").iterdir()}
    assert carried | shown | fonts <= names
    assert {
        "aim_loans/cli/main.py",
        "reports/__init__.py",
        f"{RESOURCES}/migrations/env.py",
    } <= names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"aim_loans", "reports"}


def test_an_installed_wheel_sets_up_a_book(installed: Path, tmp_path: Path) -> None:
    where = [str(installed / "python"), "-c", "import aim_loans; print(aim_loans.__file__)"]
    assert Path(run(where, tmp_path).strip()).is_relative_to(installed.parent)
    book = tmp_path / "book.sqlite"
    settings = {
        "AIM_DATABASE_URL": f"sqlite:///{book}",
        "AIM_SECRET_KEY": "a key for the tests alone, 32 characters or more",
    }
    run([str(installed / "aim-loans"), "init"], tmp_path, **settings)
    assert book.stat().st_size > 0
