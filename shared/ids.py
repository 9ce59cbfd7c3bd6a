"""Ids: UUIDv7 (RFC 9562, 5.7), which sort by the time they were made and so keep index pages warm."""

from __future__ import annotations

import os
from uuid import UUID

from shared.clock import unix_milliseconds


def new_id() -> UUID:
    """A new UUIDv7: 48 bits of milliseconds, then 74 random bits."""
    random = int.from_bytes(os.urandom(10), "big")
    value = (unix_milliseconds() & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | random & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=value)


def new_ids(count: int) -> list[UUID]:
    """Many ids at once, in rising order, so that the rows of one batch lie next to each other; at most 2**30."""
    return [UUID(int=value) for value in _values(count)]


def new_id_texts(count: int) -> list[str]:
    """The same as texts of 32 hexadecimal digits, which PostgreSQL reads as ids, at a third of what UUIDs cost."""
    return [f"{value:032x}" for value in _values(count)]


def _values(count: int) -> list[int]:
    """After the time stands a 31-bit counter from a random start, then 43 random bits."""
    fixed = (unix_milliseconds() & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | 0b10 << 62
    noise = os.urandom(4 + 6 * count)
    counters = range(int.from_bytes(noise[:4], "big") >> 2, 2**32)
    values = []
    for place, counter in zip(range(4, len(noise), 6), counters, strict=False):
        value = counter << 43 | int.from_bytes(noise[place : place + 6], "big") >> 5
        values.append(fixed | (value >> 62) << 64 | value & 0x3FFF_FFFF_FFFF_FFFF)
    return values
