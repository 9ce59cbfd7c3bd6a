"""Stories told by hand: one event, and a test that says who goes on."""

from __future__ import annotations

from dataclasses import replace

from tests.simulation.actors import Message
from tests.simulation.bank import Fate
from tests.simulation.configuration import Terms
from tests.simulation.scenario import Due, Scenario
from tests.simulation.story import Story


def one_event(found: Scenario) -> Scenario:
    """One payment of today; the provider honours keys."""
    return replace(found, terms=Terms(), dues=(Due(0, 2, None),))


def one_event_without_keys(found: Scenario) -> Scenario:
    """One payment of today; the provider can only be asked."""
    return replace(found, terms=Terms(mode="enquiry", processing_seconds=5), dues=(Due(0, 2, None),))


def happens(story: Story, fate: Fate) -> None:
    """From now on this is the fate of every send."""
    story.scenario = replace(story.scenario, weights=tuple(int(each is fate) for each in Fate))


def to_the_end(story: Story, name: str, message: Message | None = None) -> None:
    """An actor does all that it has to do."""
    if name not in story.actors:
        story.start(name, message)
    while name in story.actors:
        story.go_on(name)
