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
    """Many ids at once, in rising order, so that the rows of one batch lie next to each other.

    After the time stands a 31-bit counter from a random start, then 43 random bits. `count` is at most 2**30.
    """
    time_part = (unix_milliseconds() & 0xFFFF_FFFF_FFFF) << 80
    noise = os.urandom(4 + 6 * count)
    start = int.from_bytes(noise[:4], "big") >> 2
    return [
        _place(time_part, start + index, int.from_bytes(noise[4 + 6 * index : 10 + 6 * index], "big") >> 5)
        for index in range(count)
    ]


def _place(time_part: int, counter: int, noise: int) -> UUID:
    value = counter << 43 | noise
    return UUID(int=time_part | 0x7 << 76 | (value >> 62 & 0xFFF) << 64 | 0b10 << 62 | value & 0x3FFF_FFFF_FFFF_FFFF)
