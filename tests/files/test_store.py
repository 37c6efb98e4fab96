"""The store keeps bytes once, tells nothing to who has the folder, refuses what is not whole."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aim_loans.errors import NotFound, Refused
from aim_loans.files.store import Store

KEY = b"a key that only the tests seal files with"
CONTENT = b"the front of a card " * 50


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "files", KEY)


def kept(store: Store) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(contents=st.lists(st.binary(max_size=200), max_size=4))
def test_what_was_put_comes_back(store: Store, contents: list[bytes]) -> None:
    names = [store.put(content) for content in contents]
    assert [store.get(name) for name in names] == contents
    assert len(set(names)) == len(set(contents))


def test_the_same_bytes_are_kept_once_and_no_temporary_file_stays(store: Store) -> None:
    assert store.put(CONTENT) == store.put(CONTENT)
    assert [path.name for path in kept(store)] == [store.put(CONTENT)]


def test_the_folder_tells_neither_the_contents_nor_whether_it_holds_them(store: Store) -> None:
    name = store.put(CONTENT)
    (path,) = kept(store)
    assert CONTENT[:10] not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert replace(store, key=b"another key").put(CONTENT) != name


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
        lambda sealed: bytes([sealed[0] ^ 1]) + sealed[1:],
        lambda sealed: sealed + b"x",
        lambda sealed: sealed[:5],
        lambda sealed: sealed[:0],
    ],
)
def test_a_damaged_file_is_refused_and_mended_by_putting_it_again(store: Store, spoil) -> None:  # type: ignore[no-untyped-def]  # any change of bytes
    name = store.put(CONTENT)
    (path,) = kept(store)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(Refused, match="damaged, or AIM_SECRET_KEY"):
        store.check(name)
    store.put(CONTENT)
    assert store.get(name) == CONTENT


def test_a_file_in_the_place_of_another_is_refused(store: Store) -> None:
    first, second = store.put(CONTENT), store.put(CONTENT * 2)
    places = {path.name: path for path in kept(store)}
    places[first].write_bytes(places[second].read_bytes())
    with pytest.raises(Refused, match="damaged"):
        store.get(first)


def test_another_key_and_a_missing_file_are_said_clearly(store: Store) -> None:
    name = store.put(CONTENT)
    with pytest.raises(Refused, match="AIM_SECRET_KEY is not the one"):
        replace(store, key=b"another key").get(name)
    for path in kept(store):
        path.unlink()
    with pytest.raises(NotFound, match="Put the folder back from the backup"):
        store.get(name)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file in the way")
    with pytest.raises(Refused, match="folder of files cannot be used"):
        Store(tmp_path / "files", KEY).put(CONTENT)
    assert not list(tmp_path.rglob("tmp*"))
