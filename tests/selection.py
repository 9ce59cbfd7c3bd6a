"""Which tests a run takes: those marked `all` only with --all, benchmarks only when they are named.

With --on-database only those that use the database server, to run them again on another one: of each the first and the
last case, because those between send the same statements with other values, unless it is marked `every_case`.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

DATABASE_FIXTURE = "postgres_server"
BENCHMARKS = Path(__file__).parent / "benchmarks"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --all and --on-database."""
    parser.addoption("--all", action="store_true", help="run the tests marked `all` too")
    parser.addoption("--on-database", action="store_true", help="only tests that use the database server")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take tests out of a run that are not for it; they are deselected, not skipped."""
    kept = {item for item in items if _is_wanted(item)}
    if config.getoption("--on-database"):
        kept = set(_first_and_last([item for item in items if item in kept]))
    if len(kept) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        # In the order in which they were: a fixture of several tests with parameters would be made anew for each.
        items[:] = [item for item in items if item in kept]


def _first_and_last(items: Sequence[pytest.Item]) -> Iterator[pytest.Item]:
    """The first and the last case of each test."""
    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        cases[item.nodeid.partition("[")[0]].append(item)
    for several in cases.values():
        if several[0].get_closest_marker("every_case"):
            yield from several
        else:
            yield from dict.fromkeys((several[0], several[-1]))


def _is_wanted(item: pytest.Item) -> bool:
    if item.config.getoption("--on-database") and DATABASE_FIXTURE not in getattr(item, "fixturenames", ()):
        return False
    return bool(item.config.getoption("--all")) or item.get_closest_marker("all") is None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Pass over benchmarks unless an argument names them."""
    if collection_path != BENCHMARKS:
        return None
    start = config.invocation_params.dir
    named = [(start / argument.split("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(BENCHMARKS) for path in named) else True
