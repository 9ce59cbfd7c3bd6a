"""Text that payers and operators write: one line that looks the same to everyone who reads it."""

from __future__ import annotations

import re
from typing import Final

PLAIN_TEXT_PATTERN: Final = r"[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*"
"""What JSON Schema can say of `is_plain_text`: lone surrogates are no text to it at all."""

_PLAIN: Final = re.compile(PLAIN_TEXT_PATTERN.replace("]*", r"\ud800-\udfff]*"))


def is_plain_text(text: str) -> bool:
    """Whether it holds no control character, line or paragraph separator, lone surrogate, or change of direction.

    PostgreSQL refuses NUL, UTF-8 has no surrogates, and a line break would end a row of a statement. The embeddings,
    overrides and isolates of the bidirectional algorithm (UAX 9: U+202A to U+202E, U+2066 to U+2069) would show the
    rest of a statement's line in another order than it was written. Marks (U+200E, U+200F) and letters that run from
    right to left by themselves may stand: they reorder nothing but their own text.
    """
    return _PLAIN.fullmatch(text) is not None
