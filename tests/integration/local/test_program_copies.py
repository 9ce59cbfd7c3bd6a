import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.local.account import Account
from deploy.local.binaries import POSTGRES_PACKAGE, installed_postgres, readable_copy
from deploy.local.errors import MissingServerError

STRANGER = Account("stranger", uid=54_321, gid=54_321)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installed package as a cautious administrator's umask leaves it, readable for its owner alone."""
    home = tmp_path / "site-packages"
    for name, mode in (("programs/bin/server", 0o700), ("programs/text", 0o600), ("libs/one.so", 0o600)):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        path.chmod(mode)
    return home


def copy(home: Path, parent: Path) -> Path:
    return readable_copy(POSTGRES_PACKAGE, home, ("programs", "libs", "absent"), STRANGER, [parent])


def test_everybody_can_read_a_copy_and_run_its_programs(home: Path, reachable: Path) -> None:
    copied = copy(home, reachable)
    assert STRANGER.blocked_by(copied / "programs" / "bin" / "server") == []
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in copied.rglob("*") if path.is_file()}
    assert modes == {"server": 0o755, "text": 0o644, "one.so": 0o644}
    assert (copied / "libs" / "one.so").read_text() == "libs/one.so"


def test_many_who_ask_at_once_share_one_copy(home: Path, reachable: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        copies = set(pool.map(lambda _: copy(home, reachable), range(16)))
    assert len(copies) == 1
    assert sorted(path.name for path in (reachable / "payday").iterdir()) == sorted(["lock", copies.pop().name])


def test_a_copy_is_not_made_again(home: Path, reachable: Path) -> None:
    first = copy(home, reachable)
    before = first.stat().st_ino
    assert copy(home, reachable).stat().st_ino == before


def test_what_a_killed_copy_left_is_cleared_away(home: Path, reachable: Path) -> None:
    left = reachable / "payday" / ".new-left" / "programs"
    left.mkdir(parents=True)
    copied = copy(home, reachable)
    assert not left.exists()
    assert (copied / "programs" / "text").exists()


def test_no_program_is_taken_from_a_folder_that_others_can_write(home: Path, reachable: Path) -> None:
    (reachable / "payday").mkdir()
    (reachable / "payday").chmod(0o777)
    with pytest.raises(MissingServerError, match="no place"):
        copy(home, reachable)


def test_the_next_place_is_taken_when_the_first_is_closed(home: Path, reachable: Path) -> None:
    closed, usable = reachable / "closed", reachable / "usable"
    closed.mkdir(mode=0o700)
    usable.mkdir()
    parents = [reachable / "absent", closed, usable]
    copied = readable_copy(POSTGRES_PACKAGE, home, ("programs",), STRANGER, parents)
    assert copied.is_relative_to(usable)


def test_a_version_that_is_not_installed_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "postgres"
    program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 77.1 (some build)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert installed_postgres(77) == tmp_path
    assert installed_postgres(78) is None
