"""Chance: what happens next in a story, drawn from its seed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.simulation import configuration
from tests.simulation.actors import Message
from tests.simulation.moments import next_day
from tests.simulation.names import DISPATCHER, RESOLVERS, WORKERS
from tests.simulation.transactions import Wish

if TYPE_CHECKING:
    from tests.simulation.story import Story

JUMPS = (1, 5, 5, 10, 10, 30, 65, 130)
WISHES = tuple(wish for wish in Wish if wish not in (Wish.RESOLVE_PAID, Wish.RESOLVE_FAILED))


def act(story: Story) -> None:
    """One step of somebody, or something that befalls them."""
    rates, point = story.scenario.rates, story.random.random()
    if point < rates.go_on and story.actors:
        story.go_on(story.random.choice(list(story.actors)))
    elif point < rates.start:
        _start_somebody(story)
    elif point < rates.time:
        story.advance(story.now + story.random.choice(JUMPS))
    elif point < rates.crash:
        if story.actors:
            story.crash(story.random.choice(list(story.actors)))
    elif point < rates.wish:
        wish = story.random.choice(WISHES)
        story.wish(wish, story.random.randrange(len(story.rows.events)))
    elif point < rates.messages:
        _shuffle(story)
    elif point < rates.day:
        story.advance(next_day(story.now))
    else:
        _switch(story)


def _start_somebody(story: Story) -> None:
    """Whoever has something to do and does nothing."""
    free = [name for name in WORKERS if name not in story.actors]
    asked = any(attempt.state == "open" for attempt in story.rows.attempts.values())
    resolver = next((name for name in RESOLVERS if name not in story.actors), None)
    point = story.random.random()
    if story.messages and free and point < 0.6:
        story.start(free[0], story.messages.pop(story.random.randrange(len(story.messages))))
    elif asked and resolver is not None and point < 0.8:
        story.start(resolver)
    elif point < 0.3:
        story.advance(story.now + 5)
    elif DISPATCHER not in story.actors:
        story.start(DISPATCHER)
    elif story.actors:
        story.go_on(story.random.choice(list(story.actors)))


def _shuffle(story: Story) -> None:
    """A message is lost, or comes twice."""
    if story.messages:
        message = story.random.choice(story.messages)
        if story.random.random() < 0.5:
            story.messages.remove(message)
        else:
            story.messages.append(Message(message.batch_id, redelivered=True))


def _switch(story: Story) -> None:
    """Another provider is set up under open payments, or the first one again (K7)."""
    other = "other" if story.settings.provider.name == "default" else "default"
    story.settings = configuration.settings(replace(story.scenario.terms, provider=other))
