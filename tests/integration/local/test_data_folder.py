import os
from pathlib import Path

import pytest

from deploy.local.account import Account
from deploy.local.errors import FolderInUseError, UnusableFolderError
from deploy.local.folder import FALLBACK, DataFolder, default_data_dir

# Nobody on this machine: what it may do follows from the permission bits for others.
STRANGER = Account("stranger", uid=54_321, gid=54_321)


def test_one_run_at_a_time_holds_a_folder(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path / "data", None), DataFolder(tmp_path / "data", None)
    first.open()
    with pytest.raises(FolderInUseError, match=str(tmp_path / "data")):
        second.open()
    first.close()
    second.open()
    second.close()


def test_two_folders_are_held_side_by_side(tmp_path: Path) -> None:
    folders = [DataFolder(tmp_path / name, None) for name in ("one", "two")]
    for folder in folders:
        folder.open()
    for folder in folders:
        folder.close()


def test_a_folder_below_a_closed_one_is_refused_by_name_and_nothing_is_changed(reachable: Path) -> None:
    closed, open_one = reachable / "closed", reachable / "closed" / "open"
    open_one.mkdir(parents=True)
    closed.chmod(0o700)
    with pytest.raises(UnusableFolderError, match=f"'stranger'.*{closed}: choose --data.*chmod o\\+x {closed}$"):
        DataFolder(open_one / "a" / "data", STRANGER).open()
    assert closed.stat().st_mode & 0o777 == 0o700
    assert list(open_one.iterdir()) == []


def test_every_closed_folder_on_the_way_is_named(reachable: Path) -> None:
    outer, inner = reachable / "outer", reachable / "outer" / "inner"
    inner.mkdir(parents=True)
    for closed in (inner, outer):
        closed.chmod(0o700)
    with pytest.raises(UnusableFolderError, match=f"chmod o\\+x {outer} {inner}$"):
        DataFolder(inner / "data", STRANGER).open()


def test_a_link_into_a_closed_folder_is_refused(reachable: Path) -> None:
    closed = reachable / "closed"
    closed.mkdir(mode=0o700)
    (reachable / "link").symlink_to(closed)
    with pytest.raises(UnusableFolderError, match=str(closed)):
        DataFolder(reachable / "link" / "data", STRANGER).open()


def test_new_folders_can_be_passed_whatever_the_umask(reachable: Path) -> None:
    before = os.umask(0o077)
    try:
        folder = DataFolder(reachable / "new" / "data", STRANGER)
        folder.open()
    finally:
        os.umask(before)
    folder.close()
    assert STRANGER.blocked_by(folder.path / "postgres") == []


def test_an_empty_closed_folder_made_for_the_data_is_opened_for_passing_only(reachable: Path) -> None:
    data = reachable / "data"
    data.mkdir(mode=0o700)
    for _ in range(2):
        folder = DataFolder(data, STRANGER)
        folder.open()
        folder.close()
    assert data.stat().st_mode & 0o777 == 0o711


def test_a_closed_folder_with_other_things_in_it_stays_closed(reachable: Path) -> None:
    data = reachable / "data"
    data.mkdir(mode=0o700)
    (data / "diary").touch()
    with pytest.raises(UnusableFolderError, match=f"cannot enter {data}"):
        DataFolder(data, STRANGER).open()
    assert data.stat().st_mode & 0o777 == 0o700


def test_a_folder_in_which_all_may_write_is_refused(reachable: Path) -> None:
    (reachable / "data").mkdir()
    (reachable / "data").chmod(0o1777)
    with pytest.raises(UnusableFolderError, match="all may write"):
        DataFolder(reachable / "data", None).open()


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(UnusableFolderError, match="not a folder"):
        DataFolder(tmp_path / "data", None).open()


def test_a_lock_is_not_followed_to_another_file(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnusableFolderError, match=str(tmp_path / "lock")):
        DataFolder(tmp_path, None).open()
    assert not (tmp_path / "elsewhere").exists()


def test_the_folder_stands_in_the_current_one_when_servers_can_use_that(
    reachable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reachable)
    assert default_data_dir() == reachable / ".payday"


def test_a_checkout_that_servers_cannot_reach_has_its_folder_elsewhere(
    reachable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.folder.server_account", lambda: STRANGER)
    chosen = {}
    for name in ("one", "two"):
        checkout = reachable / name / "checkout"
        checkout.mkdir(parents=True)
        checkout.parent.chmod(0o700)
        monkeypatch.chdir(checkout)
        chosen[name] = default_data_dir()
        assert default_data_dir() == chosen[name]
        assert chosen[name].parent == FALLBACK
    assert chosen["one"] != chosen["two"]
