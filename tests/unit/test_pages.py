"""The pages for operators name every setting and every alert that there is, and none that is not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "deploy" / "docs"
PACKAGES = ("shared", "api_service", "worker_service", "deploy")
FOR_TESTS = {"CRASH_AT"}


def calls(*packages: str) -> Iterator[ast.Call]:
    """Every call in the sources."""
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def first_text(call: ast.Call) -> str | None:
    """The first of its positional arguments that is a text."""
    values = [value.value for value in call.args if isinstance(value, ast.Constant)]
    return next((value for value in values if isinstance(value, str)), None)


def alerts() -> set[str]:
    """The messages of log lines that call for a person."""
    return {
        message
        for call in calls(*PACKAGES)
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("error", "warning", "critical")
        if any(keyword.arg == "alert" for keyword in call.keywords)
        if (message := first_text(call))
    }


def section(page: str, heading: str) -> str:
    """What stands under a heading."""
    _, _, rest = (DOCS / page).read_text().partition(f"\n## {heading}\n")
    return rest.partition("\n## ")[0]


def test_every_alert_is_on_the_page_of_what_needs_a_person() -> None:
    rows = set(re.findall(r"^\| `([^`]+)` \|", section("operations.md", "What needs a person"), re.MULTILINE))
    assert len(rows) > 15
    assert rows == alerts()


def test_every_setting_is_on_a_page() -> None:
    asked = {
        name
        for path in ("settings.py", "settings_values.py")
        for name in re.findall(r"reader(?:\.\w+\(|, )\"([A-Z][A-Z_]+)\"", (ROOT / "shared" / path).read_text())
    }
    assert len(asked) > 40
    told = set(re.findall(r"`([A-Z][A-Z_]+)`", "".join(page.read_text() for page in DOCS.glob("*.md"))))
    assert asked - FOR_TESTS - told == set()


def test_every_file_that_a_page_names_is_there() -> None:
    pages = (ROOT / "README.md", *DOCS.glob("*.md"))
    named = {
        path
        for page in pages
        for path in re.findall(r"`((?:api_service|worker_service|shared|tests|deploy)/[\w./-]+)`", page.read_text())
    }
    assert len(named) > 40
    assert {path for path in named if not (ROOT / path).exists()} == set()
    of_tests = {name for page in pages for name in re.findall(r"`(test_\w+\.py)`", page.read_text())}
    assert of_tests == set(), "without their folders"
