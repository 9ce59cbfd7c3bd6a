"""Which payers and payees count as slow, and when no longer."""

from __future__ import annotations

from replies import PAYMENT

from worker_service.gateway.gate import always
from worker_service.gateway.slow_parties import IN_A_ROW, REMEMBERED_MOST, REMEMBERED_SECONDS, SlowParties


class Scene:
    """Slow parties at a time of the test's own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slow = SlowParties(lambda: self.now)

    def time_out(self, payer: str, payee: str, times: int = 1) -> None:
        for _ in range(times):
            self.slow.heard(PAYMENT._replace(payer_id=payer, payee_id=payee), timed_out=True)

    def answer(self, payer: str, payee: str) -> None:
        self.slow.heard(PAYMENT._replace(payer_id=payer, payee_id=payee), timed_out=False)

    def includes(self, payer: str, payee: str = "anybody") -> bool:
        return self.slow.includes(PAYMENT._replace(payer_id=payer, payee_id=payee))


def test_two_time_outs_in_a_row_make_a_payer_slow_and_one_does_not() -> None:
    scene = Scene()
    scene.time_out("ann", "shop")
    assert not scene.includes("ann")
    scene.time_out("ann", "baker")
    assert scene.includes("ann")
    assert not scene.includes("bob", "shop")
    assert not scene.includes("bob", "baker")


def test_a_payee_is_slow_as_a_payer_is() -> None:
    scene = Scene()
    scene.time_out("ann", "shop")
    scene.time_out("bob", "shop")
    assert scene.includes("carol", "shop")
    assert not scene.includes("ann")


def test_a_payer_and_a_payee_of_one_name_are_two() -> None:
    scene = Scene()
    scene.time_out("same", "shop", IN_A_ROW)
    assert not scene.includes("ann", "same")


def test_any_other_answer_clears_both() -> None:
    scene = Scene()
    scene.time_out("ann", "shop", IN_A_ROW)
    scene.answer("bob", "shop")
    assert scene.includes("ann", "shop")
    assert not scene.includes("bob", "shop")
    scene.answer("ann", "baker")
    assert not scene.includes("ann", "shop")


def test_what_was_slow_long_ago_is_forgotten() -> None:
    scene = Scene()
    scene.time_out("ann", "shop", IN_A_ROW)
    scene.now += REMEMBERED_SECONDS
    assert not scene.includes("ann", "shop")


def test_where_everybody_is_slow_nobody_is() -> None:
    scene = Scene()
    for number in range(REMEMBERED_MOST // 2 + 1):
        scene.time_out(f"payer-{number}", f"payee-{number}", IN_A_ROW)
    assert not scene.includes("payer-1")


def test_theirs_are_left_out_of_what_may_be_sent() -> None:
    scene = Scene()
    scene.time_out("ann", "shop", IN_A_ROW)
    ann, bob = (PAYMENT._replace(payer_id=payer, payee_id="baker") for payer in ("ann", "bob"))
    assert [scene.slow.spared(always)(payment) for payment in (ann, bob)] == [False, True]
    assert [scene.slow.spared(lambda _: False)(payment) for payment in (ann, bob)] == [False, False]
