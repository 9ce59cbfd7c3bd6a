"""Which fault of the chain is named, and with which row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.domain.chain import Fault, FaultKind, Head, HeadsSeen, Link, first_fault
from shared.domain.sealing import AuditRow, Seal, seal

AT = "1764003601.000000"


def chain(length: int) -> list[Link]:
    """Rows 10, 20, 30, … at positions 1, 2, 3, …"""
    links: list[Link] = []
    last: Seal | None = None
    for number in range(1, length + 1):
        row = AuditRow(10 * number, AT, "alice", None, "event.updated", "event", str(number), None, "{}", None)
        last = seal(last, row, AT)
        links.append(Link(last, row))
    return links


def judge(links: list[Link]) -> Fault | None:
    passed: list[Seal] = []
    fault = first_fault(links, passed.append)
    sound = len(links) if fault is None else (fault.position or 0) - 1
    assert [link.position for link in passed] == list(range(1, sound + 1))
    return fault


def row(link: Link, **changes: Any) -> Link:
    assert link.row is not None
    return link._replace(row=link.row._replace(**changes))


def sealed(link: Link, **changes: Any) -> Link:
    return link._replace(seal=link.seal._replace(**changes))


def test_an_empty_chain_and_a_whole_one_have_no_fault() -> None:
    assert judge([]) is None
    assert judge(chain(1)) is None
    assert judge(chain(5)) is None


def with_(place: int, change: Callable[[Link], Link]) -> list[Link]:
    links = chain(5)
    links[place - 1] = change(links[place - 1])
    return links


@pytest.mark.parametrize("place", [1, 3, 4])
@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda link: row(link, actor="bob"), FaultKind.CHANGED),
        (lambda link: row(link, before="{}"), FaultKind.CHANGED),
        (lambda link: sealed(link, sealed_at="1764003601.000001"), FaultKind.CHANGED),
        (lambda link: sealed(link, hash=bytes(32)), FaultKind.SEAL_CHANGED),
        (lambda link: link._replace(row=None), FaultKind.REMOVED),
        (lambda link: row(sealed(link, hash=bytes(32)), actor="bob"), FaultKind.CHANGED),
    ],
)
def test_a_link_that_is_not_what_it_was_is_named(place: int, change: Callable[[Link], Link], kind: FaultKind) -> None:
    fault = judge(with_(place, change))
    assert fault is not None
    assert (fault.kind, fault.position, fault.audit_id) == (kind, place, 10 * place)


def test_of_the_newest_link_nothing_tells_which_side_was_changed() -> None:
    fault = judge(with_(5, lambda link: sealed(link, hash=bytes(32))))
    assert fault == Fault(FaultKind.CHANGED, 5, 50, "it does not follow from the one before it")


@pytest.mark.parametrize(
    ("gone", "detail"),
    [
        ([1], "the seal at position 1 is gone, before row 20"),
        ([3], "the seal at position 3 is gone, between rows 20 and 40"),
        ([3, 4], "the seals at positions 3 to 4 are gone, between rows 20 and 50"),
    ],
)
def test_a_seal_that_is_gone_is_named_by_its_place(gone: list[int], detail: str) -> None:
    fault = judge([link for link in chain(5) if link.seal.position not in gone])
    assert fault == Fault(FaultKind.SEAL_REMOVED, gone[0], None, detail)


def test_a_row_that_was_taken_out_with_its_seal_is_missed_though_the_places_were_closed_up() -> None:
    links = [link for link in chain(5) if link.seal.position != 3]
    closed_up = [sealed(link, position=place) for place, link in enumerate(links, 1)]
    fault = judge(closed_up)
    assert fault is not None
    assert (fault.kind, fault.position, fault.audit_id) == (FaultKind.CHANGED, 3, 40)


def test_of_two_faults_the_first_is_named() -> None:
    links = with_(4, lambda link: row(link, actor="bob"))
    links[1] = links[1]._replace(row=None)
    fault = judge(links)
    assert fault is not None
    assert (fault.kind, fault.position) == (FaultKind.REMOVED, 2)


def compare(links: list[Link], heads: list[Head]) -> Fault | None:
    seen = HeadsSeen(links[-1].seal if links else None)
    there = {link.seal.position: link.seal.hash for link in links}
    for head in heads:
        seen.compare(head, there.get(head.position))
    assert seen.count == len(heads)
    return seen.fault


def heads(links: list[Link]) -> list[Head]:
    return [Head(link.seal.position, link.seal.hash) for link in links]


def test_heads_that_the_chain_still_has_are_no_fault() -> None:
    links = chain(5)
    assert compare(links, heads(links)) is None
    assert compare(links, []) is None


@pytest.mark.parametrize("backwards", [False, True])
def test_a_chain_that_was_cut_off_is_named_by_the_first_place_that_is_gone(backwards: bool) -> None:
    links = chain(5)
    noted = heads(links)[::-1] if backwards else heads(links)
    fault = compare(links[:3], noted)
    assert fault is not None
    assert (fault.kind, fault.position) == (FaultKind.CUT_OFF, 4)
    assert "the last one left is row 30, at position 3" in fault.detail


def test_a_chain_of_which_nothing_is_left_is_cut_off_at_its_first_place() -> None:
    fault = compare([], heads(chain(5)))
    assert fault is not None
    assert (fault.kind, fault.position) == (FaultKind.CUT_OFF, 1)


def test_a_chain_that_was_written_anew_is_named_by_the_first_head_that_it_has_not() -> None:
    links = chain(5)
    noted = [Head(head.position, bytes(32)) if head.position >= 3 else head for head in heads(links)]
    fault = compare(links, noted)
    assert fault is not None
    assert (fault.kind, fault.position) == (FaultKind.REWRITTEN, 3)
    assert "after position 2" in fault.detail
