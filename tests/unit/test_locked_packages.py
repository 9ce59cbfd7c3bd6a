"""What is installed is what the lock files say, each file of it by its hash."""

import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}(?= |$)")
ANY_HASH = re.compile(r"--hash=\S+")


class Locked(NamedTuple):
    """One entry of a lock file."""

    requirement: Requirement
    hashes: int

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        (pin,) = self.requirement.specifier
        return pin.version


def entries(name: str) -> list[Locked]:
    lines = (ROOT / "deploy" / name).read_text().replace("\\\n", " ").splitlines()
    found = []
    for line in filter(None, (line.strip() for line in lines)):
        hashes = ANY_HASH.findall(line)
        assert all(HASH.fullmatch(item) for item in hashes), line
        found.append(Locked(Requirement(ANY_HASH.sub("", line).strip()), len(hashes)))
    return found


LOCKED = {name: entries(name) for name in ("requirements.lock", "requirements-test.lock", "requirements-bench.lock")}


@pytest.mark.parametrize("name", LOCKED)
def test_every_locked_package_has_one_version_and_the_hashes_of_its_files(name: str) -> None:
    assert len(LOCKED[name]) > 50
    for locked in LOCKED[name]:
        assert [pin.operator for pin in locked.requirement.specifier] == ["=="], locked.name
        assert locked.hashes >= 1, locked.name
        assert locked.requirement.url is None


@pytest.mark.parametrize("name", ["requirements-test.lock", "requirements-bench.lock"])
def test_tests_and_benchmarks_run_on_the_versions_that_are_delivered(name: str) -> None:
    used = {(item.name, str(item.requirement.marker)): item.version for item in LOCKED[name]}
    for item in LOCKED["requirements.lock"]:
        assert used[item.name, str(item.requirement.marker)] == item.version


def test_every_package_that_we_name_is_locked_at_a_version_that_fits() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    named = {
        "requirements.lock": project["dependencies"] + extras["build"] + extras["local"],
        "requirements-test.lock": extras["test"],
        "requirements-bench.lock": extras["test"] + extras["bench"],
    }
    for lock, wanted in named.items():
        locked = {item.name: item.version for item in LOCKED[lock]}
        for requirement in map(Requirement, wanted):
            assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), requirement


def test_what_is_installed_is_what_is_locked() -> None:
    wrong = {}
    for locked in LOCKED["requirements-test.lock"]:
        if locked.requirement.marker and not locked.requirement.marker.evaluate():
            continue
        try:
            installed = version(locked.name)
        except PackageNotFoundError:
            installed = "nothing"
        if installed != locked.version:
            wrong[locked.name] = installed
    assert wrong == {}


def test_installing_takes_nothing_without_its_hash() -> None:
    """Neither the packages nor what builds ours."""
    script = (ROOT / "deploy" / "install.sh").read_text()
    commands = [line for line in script.splitlines() if line.startswith("pip install ")]
    assert commands == [
        'pip install --require-hashes -r "$lock"',
        "pip install --no-deps --no-build-isolation -e .",
    ]


def test_nodes_packages_are_locked_by_hash_and_name_no_place_to_fetch_them_from() -> None:
    folder = ROOT / "tests" / "benchmarks" / "peers"
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    assert locked.pop("")["dependencies"] == wanted
    assert {name for name, package in locked.items() if not package.get("integrity", "").startswith("sha512-")} == set()
    assert {name for name, package in locked.items() if "resolved" in package} == set()


def test_nodes_packages_are_locked_for_every_system() -> None:
    """`npm ci` refuses a lock file that lacks the variant for any of them."""
    locked = json.loads((ROOT / "tests/benchmarks/peers/package-lock.json").read_text())["packages"]
    optional = {name for package in locked.values() for name in package.get("optionalDependencies", {})}
    assert optional
    assert {name for name in optional if f"node_modules/{name}" not in locked} == set()
