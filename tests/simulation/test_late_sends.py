"""A process that stands still between looking and sending, and goes on when its lease is over: what it can do."""

from __future__ import annotations

import pytest

from tests.simulation import quiet
from tests.simulation.actors import Message
from tests.simulation.bank import Fate
from tests.simulation.by_hand import happens, one_event, one_event_without_keys, to_the_end
from tests.simulation.names import DISPATCHER, RESOLVERS, WORKERS
from tests.simulation.story import Story
from tests.simulation.transactions import Wish

LEASE_OVER_SECONDS = 65
ASKED_SECONDS = 40


def standing(story: Story) -> Message:
    """A worker has claimed the event, has looked, and stands still before its first byte; its message."""
    happens(story, Fate.PAYS)
    to_the_end(story, DISPATCHER)
    message = story.messages.pop()
    story.start(WORKERS[0], message)
    story.go_on(WORKERS[0])
    assert story.rows.events[0].status == "processing"
    assert story.bank.sends == 0
    story.advance(story.now + LEASE_OVER_SECONDS)
    return message


def ask(story: Story) -> None:
    """The resolver asks, at a time that counts."""
    story.advance(story.now + ASKED_SECONDS)
    story.healthy = True
    to_the_end(story, RESOLVERS[0])


def test_its_key_is_paid_once_where_keys_are_honoured() -> None:
    story = Story(0, freezes=True, chosen=one_event)
    message = standing(story)
    to_the_end(story, WORKERS[1], message)
    to_the_end(story, WORKERS[0])
    assert (story.payments, story.bank.sends) == ({0: 1}, 2)
    assert story.rows.events[0].status == "paid"


def test_its_key_is_paid_beside_another_one_if_it_was_given_up_meanwhile() -> None:
    """Under a hold the key was asked about, not sent, and found never paid; so the event got a new one."""
    story = Story(0, freezes=True, chosen=one_event)
    message = standing(story)
    story.wish(Wish.HOLD, 0)
    to_the_end(story, WORKERS[1], message)
    ask(story)
    story.wish(Wish.END_HOLD, 0)
    quiet.bring(story)
    assert (story.payments, story.twice) == ({0: 2}, {0})


def test_it_pays_what_was_found_never_paid_where_keys_are_ignored_and_that_is_seen() -> None:
    story = Story(0, freezes=True, chosen=one_event_without_keys)
    message = standing(story)
    to_the_end(story, WORKERS[1], message)
    ask(story)
    assert story.rows.events[0].failure_code == "not_executed"
    to_the_end(story, WORKERS[0])
    assert story.payments == {0: 1}
    assert story.rows.attempts[0, 1].state == "contradiction"


@pytest.mark.parametrize("chosen", [one_event, one_event_without_keys])
def test_one_that_looks_again_sends_nothing(chosen: object) -> None:
    """Without the gap between looking and sending, whoever comes late gives back what it claimed."""
    story = Story(0, chosen=chosen)  # type: ignore[arg-type]
    to_the_end(story, DISPATCHER)
    story.start(WORKERS[0], story.messages.pop())
    story.advance(story.now + LEASE_OVER_SECONDS)
    story.healthy = True
    to_the_end(story, WORKERS[0])
    assert story.bank.sends == 0
    assert story.rows.events[0].status == "scheduled"
    quiet.bring(story)
    quiet.check(story)
    assert story.payments == {0: 1}
