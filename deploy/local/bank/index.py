"""Where in the journal the last word on each key stands."""

from __future__ import annotations

_SHARDS = 256


class KeyIndex:
    """Key to offset, about 200 bytes a key.

    In many small dictionaries: one with tens of millions of keys stops everything for seconds when it grows.
    """

    def __init__(self) -> None:
        self._shards: list[dict[str, int]] = [{} for _ in range(_SHARDS)]

    def get(self, key: str) -> int | None:
        return self._shards[hash(key) % _SHARDS].get(key)

    def put(self, key: str, offset: int) -> None:
        self._shards[hash(key) % _SHARDS][key] = offset

    def put_new(self, key: str, offset: int) -> bool:
        """Puts the offset for a key that is not there yet; False, and nothing, when it is."""
        shard = self._shards[hash(key) % _SHARDS]
        if key in shard:
            return False
        shard[key] = offset
        return True

    def __len__(self) -> int:
        return sum(map(len, self._shards))
