import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from deploy.local.errors import ChildFailedError
from deploy.local.folder import DataFolder
from deploy.local.ports import free_port
from deploy.local.valkey import Valkey


def settings(server: Valkey, *names: str) -> list[str]:
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        return [client.config_get(name)[name] for name in names]


def push(server: Valkey, message: str) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.rpush("queue", message)


def messages(server: Valkey) -> list[str]:
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        return list(client.lrange("queue", 0, -1))


@pytest.fixture
def queue(folder: DataFolder) -> Iterator[Valkey]:
    """A broker, started."""
    server = Valkey(folder.server_folder("broker"), eviction="noeviction", maxmemory="64mb", persistent=True)
    server.start()
    yield server
    server.stop()


def log_of(server: Valkey) -> Path:
    return max((server.data_dir / "appendonlydir").glob("*.incr.aof"))


def test_a_broker_never_forgets_and_a_cache_forgets_the_oldest(queue: Valkey, folder: DataFolder) -> None:
    names = ("maxmemory-policy", "appendonly", "appendfsync", "save", "maxmemory")
    assert settings(queue, *names) == ["noeviction", "yes", "everysec", "", str(64 << 20)]
    cache = Valkey(folder.server_folder("cache"), eviction="allkeys-lru", maxmemory="128mb", persistent=False)
    cache.start()
    try:
        assert settings(cache, *names) == ["allkeys-lru", "no", "everysec", "", str(128 << 20)]
        assert cache.port != queue.port
    finally:
        cache.stop()
    assert list(cache.data_dir.iterdir()) == []


def test_a_server_listens_on_the_loopback_only_and_has_no_password(queue: Valkey) -> None:
    assert settings(queue, "bind", "requirepass") == ["127.0.0.1", ""]


def test_messages_outlive_a_killed_broker_which_keeps_its_port(queue: Valkey) -> None:
    port = queue.port
    push(queue, "one")
    queue.kill()
    with pytest.raises(redis.ConnectionError):
        messages(queue)
    queue.start()
    assert (queue.port, messages(queue)) == (port, ["one"])
    queue.restart()
    assert (queue.port, messages(queue)) == (port, ["one"])


def test_a_log_cut_in_mid_word_is_read_up_to_there(queue: Valkey) -> None:
    push(queue, "one")
    push(queue, "two")
    queue.kill()
    log = log_of(queue)
    log.write_bytes(log.read_bytes()[:-3])
    queue.start()
    assert messages(queue) == ["one"]


def test_a_log_that_cannot_be_read_is_put_aside_and_kept(queue: Valkey) -> None:
    push(queue, "one")
    queue.kill()
    log = log_of(queue)
    log.write_bytes(b"\0" * 512 + log.read_bytes())
    queue.start()
    assert messages(queue) == []
    assert len(list(queue.data_dir.glob("appendonlydir.damaged-*"))) == 1


def test_a_server_that_lost_its_parent_is_stopped_before_a_new_one_starts(queue: Valkey) -> None:
    push(queue, "one")
    successor = Valkey(queue.data_dir, eviction="noeviction", maxmemory="64mb", persistent=True)
    successor.start()
    try:
        with pytest.raises(ChildFailedError, match="ended with status 0"):
            queue.check()
        assert messages(successor) == ["one"]
    finally:
        successor.stop()


def test_another_server_on_the_chosen_port_is_not_taken_for_ours(
    queue: Valkey, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = free_port()
    choices = iter([queue.port, free])
    monkeypatch.setattr("deploy.local.loopback.free_port", lambda: next(choices))
    second = Valkey(folder.server_folder("second"), eviction="noeviction", maxmemory="64mb", persistent=False)
    with contextlib.ExitStack() as stack:
        stack.callback(second.stop)
        second.start()
        assert second.port == free
        push(queue, "one")
        assert messages(second) == []
