"""Folders for servers that a test starts itself."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.account import server_account
from deploy.local.folder import DataFolder


@pytest.fixture
def reachable() -> Iterator[Path]:
    """An empty folder that the servers' user can pass through."""
    yield from _reachable()


@pytest.fixture(scope="module")
def lasting() -> Iterator[Path]:
    """The same for all tests of a file, so that each need not make a cluster."""
    yield from _reachable()


@pytest.fixture
def folder(reachable: Path) -> Iterator[DataFolder]:
    """A data folder that the test holds."""
    folder = DataFolder(reachable / "data", server_account())
    folder.open()
    yield folder
    folder.close()


def _reachable() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="payday-test-"))
    path.chmod(0o755)
    yield path.resolve()
    shutil.rmtree(path)
