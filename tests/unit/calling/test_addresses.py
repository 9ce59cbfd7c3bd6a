"""Which addresses may be called where somebody else wrote the name down."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_service.calling.addresses import Address, AddressNotAllowed, is_public, public_only, resolve

INSIDE = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.3", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.1.1", "192.0.2.1", "198.18.0.1", "198.51.100.7"),
    *("203.0.113.9", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "2001:db8::1", "2001::1", "2002:7f00:1::", "2002:a9fe:a9fe::"),
    *("fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "4000::1"),
]
OUTSIDE = [
    *("1.1.1.1", "9.9.9.9", "100.63.255.255", "100.128.0.1", "168.63.129.17", "172.32.0.1", "223.255.255.1"),
    *("2606:4700:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_anybody_may_call_is(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_that_is_carried_is_judged_as_itself(address: object) -> None:
    assert is_public(f"::ffff:{address}") == is_public(f"64:ff9b::{address}") == is_public(str(address))


@given(st.ip_addresses(v=6))
def test_no_address_is_too_odd_to_be_judged(address: object) -> None:
    assert is_public(str(address)) in (True, False)


def of(*addresses: str) -> Sequence[Address]:
    kind = {True: socket.AF_INET6, False: socket.AF_INET}
    return [(kind[":" in text], socket.SOCK_STREAM, 6, "", (text, 443)) for text in addresses]


def test_of_several_addresses_those_inside_are_passed_over() -> None:
    found = public_only(lambda _host, _port: of("10.0.0.1", "1.1.1.1", "::1", "2606:4700:4700::1111"))
    assert [address[4][0] for address in found("receiver.example", 443)] == ["1.1.1.1", "2606:4700:4700::1111"]


def test_a_name_with_none_left_is_refused() -> None:
    found = public_only(lambda _host, _port: of("10.0.0.1", "::ffff:127.0.0.1"))
    with pytest.raises(AddressNotAllowed, match="address not allowed"):
        found("receiver.example", 443)


@pytest.mark.parametrize("name", ["localhost", "127.1", "2130706433", "0x7f.1", "0", "::1"])
def test_names_of_this_machine_are_refused_however_they_are_written(name: str) -> None:
    with pytest.raises(OSError, match=r"not allowed|Name or service|No address"):
        public_only(resolve)(name, 80)
