"""The issuer's keys: fetched seldom, renewed in time, and used on while it is down."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
import trustme
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import ECKey

from api_service.auth import issuer_keys
from api_service.auth.development import KEY_FILE, refused_in_production
from api_service.auth.issuer_keys import FRESH_SECONDS, RENEW_SECONDS, RETRY_SECONDS, UNKNOWN_SECONDS, IssuerKeys
from api_service.auth.key_documents import parse_pem
from api_service.auth.keys import KeysUnavailable
from api_service.auth.tokens import InvalidToken
from tests.unit.api.issuer import (
    ALIVE_SECONDS,
    Issuer,
    Reply,
    closing,
    dripping,
    key_set,
    sending,
    silent,
    waiting,
)
from tests.unit.api.signing import believing, token

PATIENCE_SECONDS = 30.0
SHORT_SECONDS = 0.3


def named(kid: str) -> ECKey:
    return ECKey.import_key({**ECKey.generate_key("P-256").as_dict(private=True), "kid": kid})


OLD, NEW = named("old"), named("new")
HEAD = b"HTTP/1.1 200 OK\r\n"
DRIPS: dict[str, Reply] = {
    "a status line that never ends": dripping(b"HTTP/1.1 2", b"0"),
    "headers that never end": dripping(HEAD + b"X-Long: ", b"x"),
    "ever more headers": dripping(HEAD, b"X: y\r\n"),
    "a body that never ends": dripping(HEAD + b"Content-Length: 9999\r\n\r\n", b" "),
    "chunks that never end": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a chunk's size that never ends": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "interim answers without end": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "silence": silent,
}
FAULTS: dict[str, Reply] = {
    "500": sending(key_set(NEW), "500 Internal Server Error"),
    "503": sending(b"", "503 Service Unavailable"),
    "404": sending(key_set(NEW), "404 Not Found"),
    "a redirect": sending(key_set(NEW), "302 Found", "Location: http://127.0.0.1:1/jwks\r\n"),
    "nothing": sending(b""),
    "rubbish": sending(b"<html>"),
    "no set": sending(b"[]"),
    "an empty set": sending(b'{"keys": []}'),
    "a set of other keys": sending(b'{"keys": [{"kty": "oct", "k": "AAAA", "kid": "old"}]}'),
    "endless nesting": sending(b"[" * 100_000),
    "too much": sending(b" " * 300_000 + key_set(NEW)),
    "no HTTP": lambda connection: connection.sendall(b"\x00\x01\x02\r\n\r\n"),
    "a hang-up": closing,
    "half an answer": lambda connection: connection.sendall(HEAD + b"Content-Length: 9999\r\n\r\n{"),
}


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as issuer:
        issuer.publish(OLD)
        yield issuer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(issuer: Issuer, clock: Clock) -> IssuerKeys:
    return IssuerKeys(issuer.url, clock=clock, timeout_seconds=PATIENCE_SECONDS)


def knows(keys: IssuerKeys, key: ECKey) -> bool:
    """Whether a token of that key is believed."""
    try:
        return believing(keys).verify(token(key, "ES256", {"kid": key.kid})).sub == "alice"
    except InvalidToken:
        return False


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def fetching() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "issuer keys"]


def test_keys_are_fetched_once_for_many_requests(issuer: Issuer, keys: IssuerKeys) -> None:
    assert all(knows(keys, OLD) for _ in range(20))
    assert issuer.fetches == 1


def test_requests_at_the_start_share_one_fetch(issuer: Issuer, keys: IssuerKeys) -> None:
    ready = threading.Event()
    issuer.reply = waiting(ready, sending(key_set(OLD)))
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(knows, keys, OLD) for _ in range(16)]
        wait_for(lambda: issuer.fetches == 1)
        ready.set()
        assert all(answer.result() for answer in asked)
    assert issuer.fetches == 1


def test_a_new_key_is_taken_up_by_its_first_token(issuer: Issuer, keys: IssuerKeys) -> None:
    assert knows(keys, OLD)
    issuer.publish(OLD, NEW)
    assert knows(keys, NEW)
    assert knows(keys, OLD)
    assert issuer.fetches == 2


def test_all_tokens_of_a_new_key_wait_for_the_one_fetch(issuer: Issuer, keys: IssuerKeys) -> None:
    assert knows(keys, OLD)
    ready = threading.Event()
    issuer.reply = waiting(ready, sending(key_set(OLD, NEW)))
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(knows, keys, NEW) for _ in range(16)]
        wait_for(lambda: issuer.fetches == 2)
        assert knows(keys, OLD)  # whose key is known goes on meanwhile
        ready.set()
        assert all(answer.result() for answer in asked)
    assert issuer.fetches == 2


def test_a_thousand_made_up_key_ids_make_one_fetch_an_interval(issuer: Issuer, keys: IssuerKeys, clock: Clock) -> None:
    assert knows(keys, OLD)
    numbers = count()

    def make_up(_: int) -> None:
        with pytest.raises(InvalidKeyIdError):
            keys.key(f"made-up-{next(numbers)}", "ES256")

    with ThreadPoolExecutor(16) as pool:
        for interval in (1, 2, 3):
            list(pool.map(make_up, range(1000)))
            assert issuer.fetches == 1 + interval
            clock.pass_(UNKNOWN_SECONDS)
    assert knows(keys, OLD)


def test_while_nobody_can_say_made_up_ids_make_no_more_fetches(issuer: Issuer, clock: Clock) -> None:
    keys = IssuerKeys(issuer.url, clock=clock, timeout_seconds=PATIENCE_SECONDS)
    issuer.reply = closing
    for attempt in (1, 2, 3):
        for _ in range(100):
            with pytest.raises(KeysUnavailable):
                keys.key("made-up", "ES256")
        assert issuer.fetches == attempt
        clock.pass_(RETRY_SECONDS)


def test_keys_are_renewed_while_requests_go_on(issuer: Issuer, keys: IssuerKeys, clock: Clock) -> None:
    assert knows(keys, OLD)
    ready = threading.Event()
    issuer.reply = waiting(ready, sending(key_set(NEW)))
    clock.pass_(RENEW_SECONDS - 1)
    assert knows(keys, OLD)
    assert issuer.fetches == 1
    clock.pass_(1)
    assert knows(keys, OLD)  # not held, though the issuer is slow
    wait_for(lambda: issuer.fetches == 2)
    ready.set()
    wait_for(lambda: not fetching())
    assert knows(keys, NEW)
    assert not knows(keys, OLD)


def test_a_key_that_the_issuer_took_back_is_not_believed_after_its_time(
    issuer: Issuer, keys: IssuerKeys, clock: Clock
) -> None:
    """Nobody asked for so long that nothing was renewed: the first who asks waits for what is true now."""
    assert knows(keys, OLD)
    issuer.publish(NEW)
    assert knows(keys, OLD)
    clock.pass_(FRESH_SECONDS)
    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(lambda _: knows(keys, OLD), range(8)))
    assert knows(keys, NEW)


@pytest.mark.parametrize("fault", FAULTS)
def test_while_the_issuer_is_down_its_keys_are_used_on(
    issuer: Issuer, keys: IssuerKeys, clock: Clock, fault: str
) -> None:
    assert knows(keys, OLD)
    issuer.reply = FAULTS[fault]
    assert not knows(keys, NEW)
    wait_for(lambda: not fetching())
    clock.pass_(100 * FRESH_SECONDS)
    for attempt in (3, 4):
        assert knows(keys, OLD)
        wait_for(lambda: not fetching())
        assert all(knows(keys, OLD) for _ in range(10))
        assert issuer.fetches == attempt
        clock.pass_(RETRY_SECONDS)
    issuer.publish(NEW)
    assert knows(keys, OLD)
    wait_for(lambda: not fetching())
    assert knows(keys, NEW)
    assert not knows(keys, OLD)


def test_no_request_waits_for_an_issuer_that_is_known_to_hang(issuer: Issuer, keys: IssuerKeys, clock: Clock) -> None:
    assert knows(keys, OLD)
    issuer.reply = closing
    clock.pass_(FRESH_SECONDS)
    assert knows(keys, OLD)
    given_up = threading.Event()
    issuer.reply = waiting(given_up, closing)
    clock.pass_(RETRY_SECONDS)
    begun = time.monotonic()
    assert all(knows(keys, OLD) for _ in range(10))
    clock.pass_(UNKNOWN_SECONDS)
    assert not any(knows(keys, NEW) for _ in range(10))  # not even those that make a key id up
    assert fetching()
    assert time.monotonic() - begun < PATIENCE_SECONDS / 2
    given_up.set()
    wait_for(lambda: not fetching())


def test_an_issuer_that_failed_once_is_asked_again_soon(issuer: Issuer, keys: IssuerKeys, clock: Clock) -> None:
    assert knows(keys, OLD)
    issuer.reply = closing
    assert not knows(keys, NEW)
    issuer.publish(OLD, NEW)
    clock.pass_(RETRY_SECONDS)
    assert knows(keys, OLD)
    wait_for(lambda: issuer.fetches == 3 and not fetching())
    assert knows(keys, NEW)
    assert issuer.fetches == 3


@pytest.mark.parametrize("fault", FAULTS)
def test_before_the_issuer_has_answered_nobody_can_be_judged(issuer: Issuer, keys: IssuerKeys, fault: str) -> None:
    issuer.reply = FAULTS[fault]
    with pytest.raises(KeysUnavailable):
        knows(keys, OLD)


@pytest.mark.parametrize("drip", DRIPS)
def test_one_deadline_holds_for_a_whole_fetch_and_every_request(issuer: Issuer, clock: Clock, drip: str) -> None:
    keys = IssuerKeys(issuer.url, clock=clock, timeout_seconds=SHORT_SECONDS)
    issuer.reply = DRIPS[drip]

    def ask(_: int) -> float:
        begun = time.monotonic()
        with pytest.raises(KeysUnavailable):
            keys.key("old", "ES256")
        return time.monotonic() - begun

    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(ask, range(8)))
    assert max(held) < ALIVE_SECONDS / 2  # what drips ends after that; one that waited its turn would fetch once more
    wait_for(lambda: not fetching())
    assert issuer.fetches == 1


def test_an_unknown_key_id_holds_a_request_no_longer_than_one_deadline(
    issuer: Issuer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first keys come late, and lack the token's: the second fetch has what is left of the request's time."""
    deadlines: list[float] = []
    wait = issuer_keys._Fetch.wait

    def noting(fetch: issuer_keys._Fetch, until: float) -> None:
        deadlines.append(until)
        wait(fetch, until)

    monkeypatch.setattr(issuer_keys._Fetch, "wait", noting)
    keys = IssuerKeys(issuer.url, clock=clock, timeout_seconds=2.0)
    late = threading.Event()
    threading.Timer(0.2, late.set).start()
    replies = iter([waiting(late, sending(key_set(OLD))), silent])
    issuer.reply = lambda connection: next(replies)(connection)
    begun = time.monotonic()
    with pytest.raises(InvalidKeyIdError):
        keys.key("new", "ES256")
    assert time.monotonic() - begun < ALIVE_SECONDS / 2
    assert len(deadlines) == 2
    assert len(set(deadlines)) == 1


def test_an_issuer_that_cannot_be_reached_leaves_nobody_judged() -> None:
    for url in ("http://127.0.0.1:1/jwks", "http://issuer.invalid/jwks", "https://127.0.0.1:1/jwks", "http://["):
        with pytest.raises(KeysUnavailable):
            IssuerKeys(url).key("old", "ES256")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_issuer_on_this_machine_is_not_asked_through_a_proxy(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with Issuer() as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        url = f"http://{host}:{issuer.port}/jwks"
        assert knows(IssuerKeys(url, timeout_seconds=PATIENCE_SECONDS), OLD)
        assert proxy.fetches == 0
        with pytest.raises(KeysUnavailable):
            knows(IssuerKeys("http://issuer.invalid/jwks", timeout_seconds=PATIENCE_SECONDS), OLD)
        assert proxy.fetches == 1


def test_keys_come_over_tls_from_whom_the_machine_trusts(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Issuer(context) as issuer, authority.cert_pem.tempfile() as bundle:
        issuer.publish(OLD)
        keys = IssuerKeys(issuer.url, clock=clock, timeout_seconds=PATIENCE_SECONDS)
        with pytest.raises(KeysUnavailable):
            knows(keys, OLD)
        clock.pass_(RETRY_SECONDS)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
        assert knows(keys, OLD)
        issuer.reply = DRIPS["headers that never end"]
        keys = IssuerKeys(issuer.url, timeout_seconds=SHORT_SECONDS)
        with pytest.raises(KeysUnavailable):
            knows(keys, OLD)
        wait_for(lambda: not fetching())


def test_a_tls_handshake_is_held_to_the_deadline_too() -> None:
    def begin_one(connection: socket.socket) -> None:
        dripping(b"\x16\x03\x03\x3f\xff", b"\x02")(connection)

    with Issuer() as issuer:
        issuer.reply = begin_one
        keys = IssuerKeys(issuer.url.replace("http:", "https:"), timeout_seconds=SHORT_SECONDS)
        with pytest.raises(KeysUnavailable):
            keys.key("old", "ES256")
        wait_for(lambda: not fetching())
        assert issuer.fetches == 1


def test_the_development_key_is_not_believed_from_an_issuer_either(issuer: Issuer, clock: Clock) -> None:
    development = ECKey.import_key({**parse_pem(KEY_FILE.read_bytes()).as_dict(private=True), "kid": "development"})
    issuer.publish(development)
    keys = IssuerKeys(issuer.url, clock=clock, refused=refused_in_production())
    with pytest.raises(KeysUnavailable):
        knows(keys, development)
    issuer.publish(development, NEW)
    clock.pass_(RETRY_SECONDS)
    assert knows(keys, NEW)
    assert not knows(keys, development)
    assert not knows(keys, parse_pem(KEY_FILE.read_bytes()))  # type: ignore[arg-type]
