"""With CI=true a skipped test is a failure, unless it is listed here by name with its reason.

A suite that skips what it cannot run looks green on a machine on which it tested nothing.
"""

import os
from collections.abc import Generator

import pytest

SERVICES = "tests/integration/local/test_payday_services.py"
ALLOWED = {
    "tests/acceptance/test_demo.py::test_the_demo_works_for_an_ordinary_user_too": (
        "run by root from a folder, or with an interpreter, that an ordinary user cannot read"
    ),
    f"{SERVICES}::test_a_folder_closed_to_the_servers_user_is_refused_and_left_as_it_is": (
        "only root starts servers as another user"
    ),
    "tests/unit/test_units.py::test_systemd_understands_a_unit_and_finds_little_to_shut": (
        "a machine without systemd, as most containers are"
    ),
    f"{SERVICES}::test_an_ordinary_user_needs_no_copy_and_no_other_user": (
        "run by root from a folder, or with an interpreter, that an ordinary user cannot read"
    ),
}


def is_failure(nodeid: str) -> bool:
    """Whether a skip of this test or file counts as a failure here."""
    test = nodeid.split("[")[0].split("@")[0]  # without its parameters, and the group that xdist writes behind
    return os.environ.get("CI") == "true" and test not in ALLOWED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a test's skip into a failure; an expected failure (xfail) is none."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and is_failure(item.nodeid):
        report.outcome = "failed"
        report.longrepr = explain(item.nodeid, report.longrepr)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn the skip of a whole file into an error."""
    report = yield
    if report.skipped and is_failure(collector.nodeid):
        report.outcome = "failed"
        report.longrepr = explain(collector.nodeid, report.longrepr)
    return report


def explain(nodeid: str, skip: object) -> str:
    """What to do about it; a skip is (path, line, reason)."""
    reason = skip[2] if isinstance(skip, tuple) else skip
    return f"{nodeid} was skipped though CI=true ({reason}): mend it, or list it in tests/skips.py with its reason"
