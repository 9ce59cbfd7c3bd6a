"""When a request counts as arrived: never before its end, and at once where it cannot be right."""

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from gunicorn.http.message import Request  # type: ignore[import-untyped]
from gunicorn.http.unreader import IterUnreader  # type: ignore[import-untyped]

from api_service.arrival import MAX_ARRIVAL_BYTES, MAX_HEAD_BYTES, READ_AHEAD_BYTES, Arrival
from api_service.json_body import MAX_BODY_BYTES

TOO_LONG = MAX_BODY_BYTES + READ_AHEAD_BYTES
HEAD = b"POST /v1/schedules HTTP/1.1\r\nHost: x\r\n"
WHOLE = (
    b"GET /healthz HTTP/1.1\r\n\r\n",
    b"\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    HEAD + b"Content-Length: 0\r\n\r\n",
    HEAD + b"content-LENGTH:  9 \r\n\r\n{\r\n\r\n\r\n\r\n"[:-1] + b"}",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD
    + b'Transfer-Encoding: gzip, Chunked\r\n\r\n5;name=value\r\n0\r\n\r\n\r\nA ;a="b;c"\r\n0123456789\r\n0\r\n\r\n',
    HEAD + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n00\r\n\r\n",
    b"POST / HTTP/1.0\r\nContent-Length: 00002\r\nExpect: 100-continue\r\n\r\n{}",
)
DOUBTFUL = (
    b"Content-Length: 0000000000000000000000034",
    b"Content-Length: " + b"9" * 5000,
    b"Content-Length: 0\r\nContent-Length: 34",
    b"Content-Length: 34\r\nContent-Length: 34",
    b"Content-Length: +34",
    b"Content-Length: -34",
    b"Content-Length: 3_4",
    b"Content-Length: 3 4",
    b"Content-Length: 3,4",
    b"Content-Length: \xb2",
    b"Content-Length:",
    b"Content-Length: 3\r\n 4",
    b"Content-Length : 34",
    b" Content-Length: 34",
    b"Content-Length\t: 34",
    b"X: a\nContent-Length: 34",
    b"X: a\rContent-Length: 34",
    b"X: a\0\r\nContent-Length: 34",
    b"Content-Length",
    b": 34",
    b"Transfer-Encoding: chunked\r\nContent-Length: 34",
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: chunked, gzip",
    b"Transfer-Encoding: chunked,",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding: chunked\x0b",
    b"Transfer-Encoding :chunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    b"Expect: miracles\r\nContent-Length: 2",
    b"Expect: 100-continue\r\nExpect: miracles\r\nContent-Length: 2",
)
LIKELY = (
    b"X: y",
    b"Content_Length: 34",
    b"X-Content-Length: 34",
    b"X:Content-Length: 34",
    b"content-length:\t34\t ",
    b"Content-Length: 0000000000000000034",
    b"Transfer-Encoding:chunked",
    b"transfer-encoding: identity, gzip,\tCHUNKED ",
    b"X: \x80\xff",
)
FOLLOWING = b"1\r\n{\r\n0\r\n\r\n" + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 2


@pytest.mark.parametrize("fields", [*DOUBTFUL, *LIKELY])
def test_a_request_ends_where_gunicorn_ends_it_or_is_the_last(fields: bytes) -> None:
    sent = HEAD + fields + b"\r\n\r\n" + FOLLOWING
    arrival = Arrival()
    arrived = next(at for at in range(1, len(sent)) if arrival.take(sent[at - 1 : at]))
    assert arrival.is_cut == (fields in DOUBTFUL)
    assert arrival.is_cut or arrived == end_by_gunicorn(sent)


def end_by_gunicorn(sent: bytes) -> int | None:
    """Where the next request would begin; None where there can be none."""
    unreader = IterUnreader([sent])
    try:
        Request(Config(), unreader, ("127.0.0.1", 1)).body.read()
    except ParseException:
        return None
    return len(sent) - len(unreader.take_buffered())


@pytest.mark.parametrize("request_", WHOLE)
def test_a_request_has_arrived_with_its_last_byte_however_it_comes(request_: bytes) -> None:
    by_the_byte = Arrival()
    taken = [by_the_byte.take(request_[at : at + 1]) for at in range(len(request_))]
    assert taken == [False] * (len(request_) - 1) + [True]
    for cut in range(1, len(request_)):
        halves = Arrival()
        assert not halves.take(request_[:cut])
        assert halves.take(request_[cut:])
        assert bytes(halves.received) == request_
        assert not halves.is_cut


@pytest.mark.parametrize("request_", WHOLE)
def test_what_follows_a_request_is_kept_for_the_next(request_: bytes) -> None:
    arrival = Arrival()
    assert arrival.take(request_ + b"GET / HTTP/1.1\r\n")
    assert bytes(arrival.received) == request_ + b"GET / HTTP/1.1\r\n"
    assert not arrival.is_cut


@pytest.mark.parametrize(
    "beginning",
    [
        *(HEAD + fields + b"\r\n\r\n" for fields in DOUBTFUL),
        HEAD + b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1),
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"Expect: 100-continue\r\nPOST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nA \r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;=\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 2000,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + b" " * (TOO_LONG + 1),
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b" " * 0x8000 + b"\r\n8401\r\n" + b" " * 0x8401,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1;%s\r\n \r\n" % (b"x" * 500) * (MAX_ARRIVAL_BYTES // 500),
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"x" * (MAX_HEAD_BYTES + 1),
    ],
)
def test_what_cannot_be_right_is_not_waited_for(beginning: bytes) -> None:
    arrival = Arrival()
    assert arrival.take(beginning)
    assert arrival.is_cut
    assert not arrival.head_is_too_long


def test_a_body_of_the_largest_size_is_waited_for() -> None:
    arrival = Arrival()
    assert not arrival.take(HEAD + b"Content-Length: %d\r\n\r\n" % MAX_BODY_BYTES)
    assert not arrival.take(b" " * (MAX_BODY_BYTES - 1))
    assert arrival.take(b" ")
    assert not arrival.is_cut
    chunked = Arrival()
    assert not chunked.take(HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % MAX_BODY_BYTES + b" " * MAX_BODY_BYTES)
    assert chunked.take(b"\r\n0\r\n\r\n")
    assert not chunked.is_cut


def test_a_head_without_end_is_too_long_some_day() -> None:
    arrival = Arrival()
    assert not arrival.take(b"GET / HTTP/1.1\r\nX: ")
    assert arrival.take(b"x" * MAX_HEAD_BYTES)
    assert arrival.head_is_too_long
    assert arrival.is_cut


def test_who_waits_to_be_told_to_send_the_body_is_told_once() -> None:
    arrival = Arrival()
    assert not arrival.take(HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert arrival.expects_word
    assert arrival.take(b"{}")
    assert bytes(arrival.received) == HEAD + b"Content-Length: 2\r\n\r\n{}"


def test_nothing_follows_trailers() -> None:
    request = HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n00\r\nTrailer: a\r\nOther: b\r\n\r\n"
    arrival = Arrival()
    assert [arrival.take(request[at : at + 1]) for at in range(len(request))].index(True) == len(request) - 1
    assert arrival.is_cut


def test_an_old_client_is_not_told_to_send_the_body() -> None:
    arrival = Arrival()
    assert not arrival.take(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert not arrival.expects_word
    assert arrival.take(b"{}")
