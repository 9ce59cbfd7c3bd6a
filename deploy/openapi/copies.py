"""The committed copies of the document, and the changes that are declared."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent
CURRENT: Final = FOLDER / "openapi.json"
PROMISED: Final = FOLDER / "promised.json"
DECLARED: Final = FOLDER / "declared.toml"


def read(path: Path) -> dict[str, Any]:
    """A committed document."""
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def declared() -> list[dict[str, str]]:
    """`what` and `why` of each change that is declared."""
    changes: list[dict[str, str]] = tomllib.loads(DECLARED.read_text("utf-8")).get("change", [])
    return changes
