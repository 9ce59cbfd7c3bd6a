"""The rules of this test suite, shown on small suites of their own."""

import signal
from collections.abc import Iterator

import pytest

SKIPPING = """
import pytest

@pytest.mark.skip(reason="no such server here")
def test_skipped(): pass

def test_skips_itself():
    pytest.skip("no such server here")

@pytest.mark.xfail(strict=True, reason="known")
def test_known_to_fail(): assert False

def test_passes(): pass
"""
MARKED = """
import pytest

@pytest.mark.all
def test_slow(): pass

def test_quick(): pass
"""


CASES = """
import pytest

@pytest.fixture
def postgres_server(): pass

@pytest.mark.parametrize("number", range(5))
def test_with_a_database(postgres_server, number): assert number in (0, 4)

@pytest.mark.every_case
@pytest.mark.parametrize("number", range(3))
def test_whose_cases_differ(postgres_server, number): pass

def test_alone(postgres_server): pass

def test_without_one(): assert False
"""

SHARED = """
import pytest

made = []

@pytest.fixture
def postgres_server(): pass

@pytest.fixture(scope="module", params=[1, 2])
def month(request):
    made.append(request.param)
    return request.param

def test_one(postgres_server, month): pass

def test_another(postgres_server, month): assert made == list(range(1, month + 1))

def test_without_one(): assert False
"""
INTERRUPTED = """
import signal, subprocess, sys

def test_one():
    program = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
    child = subprocess.run([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    assert child.returncode == -signal.SIGINT
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite under our rules, on a developer's machine."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini("[pytest]\nmarkers =\n  all: needs more\n  every_case: differs")
    return pytester


def run(suite: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    ours = ("-p", "tests.skips", "-p", "tests.selection", "-p", "tests.interrupts")
    return suite.runpytest_inprocess(*ours, "-p", "no:cacheprovider", *arguments)


def test_a_skip_is_a_skip_on_a_developers_machine(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_suite=SKIPPING)
    run(suite).assert_outcomes(passed=1, skipped=2, xfailed=1)


def test_a_skip_fails_in_continuous_integration(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    suite.makepyfile(test_suite=SKIPPING)
    done = run(suite)
    done.assert_outcomes(passed=1, failed=1, errors=1, xfailed=1)
    done.stdout.fnmatch_lines(["test_suite.py::test_skips_itself was skipped though CI=true (*no such server here)*"])
    assert done.ret == pytest.ExitCode.TESTS_FAILED


def test_a_skip_that_is_listed_by_name_does_not_fail(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr("tests.skips.ALLOWED", {"test_suite.py::test_skipped": "there is no such server"})
    suite.makepyfile(test_suite=SKIPPING)
    run(suite).assert_outcomes(passed=1, failed=1, skipped=1, xfailed=1)


def test_a_file_that_is_skipped_as_a_whole_fails_in_continuous_integration(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite.makepyfile(test_suite="import pytest\npytest.importorskip('no_such_module')\ndef test_one(): pass\n")
    assert run(suite).ret == pytest.ExitCode.NO_TESTS_COLLECTED
    monkeypatch.setenv("CI", "true")
    done = run(suite)
    done.stdout.fnmatch_lines(["test_suite.py was skipped though CI=true (*no_such_module*)*"])
    assert done.ret == pytest.ExitCode.INTERRUPTED


def test_what_needs_more_runs_only_when_all_is_asked_for(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_suite=MARKED)
    run(suite).assert_outcomes(passed=1, deselected=1)
    run(suite, "--all").assert_outcomes(passed=2)


def test_benchmarks_are_collected_only_when_they_are_named(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.selection.BENCHMARKS", suite.path / "benchmarks")
    suite.makepyfile(**{"test_other": "def test_other(): pass", "benchmarks/test_speed": "def test_speed(): pass"})
    run(suite).assert_outcomes(passed=1)
    run(suite, "benchmarks").assert_outcomes(passed=1)
    run(suite, "benchmarks/test_speed.py::test_speed").assert_outcomes(passed=1)
    run(suite, ".", "benchmarks").assert_outcomes(passed=2)


@pytest.fixture
def in_the_background() -> Iterator[None]:
    """As a shell starts its background commands."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


def test_another_database_gets_the_first_and_the_last_case_of_what_uses_one(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_suite=CASES)
    run(suite, "--on-database").assert_outcomes(passed=6, deselected=4)


def test_what_its_tests_share_is_made_once_on_another_database_too(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_suite=SHARED)
    run(suite, "--on-database").assert_outcomes(passed=4)


@pytest.mark.usefixtures("in_the_background")
def test_a_child_takes_ctrl_c_also_in_a_run_in_the_background(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_suite=INTERRUPTED)
    run(suite).assert_outcomes(passed=1)
