"""The house's rules: who may import whom, and where the environment and the clock are read."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("api_service", "worker_service", "shared", "deploy")
TOP_LEVEL = {"api_service", "worker_service", "shared", "tests", "deploy", "pyproject.toml", "Makefile", "README.md"}
MAY_STAND_BESIDE = {"LICENSE", "CHANGELOG", "CHANGELOG.md"}

ONLY_IN = {
    "sqlalchemy": ("shared/db/",),
    "alembic": ("shared/db/",),
    "celery": ("worker_service/celery_app.py", "worker_service/tasks.py"),
    "kombu": ("worker_service/celery_app.py", "worker_service/tasks.py"),
    "tenacity": ("worker_service/gateway/",),
    "requests": ("worker_service/gateway/", "api_service/auth/", "deploy/"),
    "redis": ("shared/cache.py", "api_service/counters.py", "worker_service/", "deploy/"),
    "flask": ("api_service/",),
    "flask_smorest": ("api_service/",),
}
BANNED_WORDS = {"manager", "helper", "util", "utils", "handler", "data", "info", "job"}


def _files(*folders: str) -> Iterator[Path]:
    for folder in folders or PACKAGES:
        yield from sorted((ROOT / folder).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def _tree(path: Path) -> list[ast.AST]:
    """All of a file; most tests look at every file."""
    return list(ast.walk(ast.parse(path.read_text())))


@cache
def _imports(path: Path) -> set[str]:
    found = set()
    for node in _tree(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _calls(path: Path) -> set[str]:
    return {ast.unparse(node.func) for node in _tree(path) if isinstance(node, ast.Call)}


def _packages(path: Path) -> set[str]:
    return {module.split(".")[0] for module in _imports(path)}


def test_the_top_level_is_what_was_agreed() -> None:
    present = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    built = {name for name in present if name.endswith(".egg-info")} | {"build", "dist", "results.json"}
    assert present >= TOP_LEVEL
    assert present - built - MAY_STAND_BESIDE == TOP_LEVEL


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("shared", {"api_service", "worker_service", "deploy"}),
        ("api_service", {"worker_service", "deploy"}),
        ("worker_service", {"api_service", "deploy"}),
    ],
)
def test_a_package_imports_none_above_or_beside_it(package: str, forbidden: set[str]) -> None:
    assert {_name(path): found for path in _files(package) if (found := _packages(path) & forbidden)} == {}


def test_only_the_command_line_imports_both_services() -> None:
    both = {"api_service", "worker_service"}
    assert {
        _name(p) for p in _files("deploy") if _packages(p) & both and not _name(p).startswith("deploy/cli/")
    } == set()


def test_the_domain_imports_the_standard_library_and_itself() -> None:
    for path in _files("shared/domain"):
        foreign = {name for name in _packages(path) if name not in sys.stdlib_module_names and name != "shared"}
        assert foreign == set(), _name(path)
        own = {name for name in _imports(path) if name.startswith("shared")}
        assert all(name.startswith("shared.domain") for name in own), _name(path)


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_a_library_is_used_only_where_it_belongs(library: str) -> None:
    users = [_name(path) for path in _files() if library in _packages(path)]
    assert users
    assert [user for user in users if not user.startswith(ONLY_IN[library])] == []


def _users(module: str, *folders: str) -> set[str]:
    """Who imports a module, or something of it."""
    return {
        _name(path)
        for path in _files(*folders)
        if any(name == module or name.startswith(f"{module}.") for name in _imports(path))
    }


def test_only_payments_and_notices_are_sent_out_of_the_house() -> None:
    services = ("api_service", "worker_service", "shared")
    callers = _users("worker_service.calling", *services)
    outside = {name for name in callers if not name.startswith(("worker_service/calling/", "worker_service/gateway/"))}
    assert outside == {"worker_service/receiver.py"}
    assert all(name.startswith("worker_service/calling/") for name in _users("http.client", *services))
    assert _users("urllib.request", *services) | _users("urllib3", *services) == set()


def test_the_environment_is_read_in_one_place() -> None:
    readers = {
        _name(path)
        for path in _files("api_service", "worker_service", "shared")
        if "os.environ" in path.read_text() or "getenv" in path.read_text()
    }
    assert readers == {"shared/settings.py"}


def test_the_wall_clock_is_read_in_one_place() -> None:
    clocks = {"datetime.now", "date.today", "time.time", "time.time_ns", "datetime.utcnow", "datetime.datetime.now"}
    readers = {_name(path) for path in _files("api_service", "worker_service", "shared") if _calls(path) & clocks}
    assert readers == {"shared/clock.py"}


def test_the_domain_knows_no_clock() -> None:
    assert {_name(path) for path in _files("shared/domain") if "shared.clock" in _imports(path)} == set()


def test_only_outermost_functions_commit() -> None:
    committing = {_name(path) for path in _files("shared/db") if any(call.endswith(".commit") for call in _calls(path))}
    assert committing == set()


def test_files_are_named_after_one_thing() -> None:
    for path in _files():
        assert not BANNED_WORDS & set(path.stem.split("_")), _name(path)


def test_a_check_that_finds_nothing_would_be_seen() -> None:
    """The walk sees the imports that it is there to see."""
    assert "sqlalchemy" in _packages(ROOT / "shared/db/models/base.py")
    assert "shared.domain.payments" in _imports(ROOT / "worker_service/orders.py")
    assert any(call.endswith("time_ns") for call in _calls(ROOT / "shared/clock.py"))
