"""Payday against what a user would pick instead: provider batches and single calls, each ÷ a payment a task."""

from __future__ import annotations

from functools import partial

from tests.benchmarks import payday
from tests.benchmarks.figures import Figure, Ratio, Side, shown
from tests.benchmarks.options import Options
from tests.benchmarks.peers import arena
from tests.benchmarks.peers.arena import Peer
from tests.benchmarks.rounds import take_turns

PROVIDER_BATCH = 250
BATCHED_EVENTS, SINGLE_EVENTS = 200_000, 30_000
PEER_SECONDS = 12
"""A peer's round takes about so long."""


def compare(key: str, peer: Peer, options: Options, *, batch: float, single: float) -> Figure:
    """The figure of `key` with the targets `batch` and `single`: three sides in turns, the peer at its best setting."""
    what = f"full path, provider batches of {PROVIDER_BATCH} and single calls ÷ {peer.name}, a payment a task"
    if peer.lacks:
        return Figure(key, what, {}, [peer.lacks])
    rates = _tried(peer, options)
    best = max(rates, key=lambda setting: rates[setting])
    payments = options.sized(round(rates[best] * PEER_SECONDS), least=peer.swept)
    sides = [
        partial(_payday, options, options.sized(BATCHED_EVENTS), PROVIDER_BATCH),
        partial(_payday, options, options.sized(SINGLE_EVENTS), 1),
        partial(arena.rate, peer, best, payments, processes=options.workers),
    ]
    _warm_up(options)
    batched, singles, others = take_turns(sides, rounds=options.rounds, warm_up=False, console=options.console)
    other = Side(f"{peer.name}, {best}", "payments/s", others)
    ratios = {
        "batch": Ratio(Side(f"Payday, batches of {PROVIDER_BATCH}", "payments/s", batched), other, batch),
        "single": Ratio(Side("Payday, single calls", "payments/s", singles), other, single),
    }
    return Figure(key, what, ratios, _notes(peer, rates, options))


def _tried(peer: Peer, options: Options) -> dict[str, float]:
    rates = {}
    for setting in peer.settings:
        rates[setting] = arena.rate(peer, setting, options.sized(peer.swept, least=200), processes=options.workers)
        options.say(f"  {peer.name} with {setting}: {shown(rates[setting])} payments/s")
    return rates


def _warm_up(options: Options) -> None:
    """A tenth of Payday's rounds; the peer is warm from being tried."""
    _payday(options, options.sized(BATCHED_EVENTS // 10), PROVIDER_BATCH)
    _payday(options, options.sized(SINGLE_EVENTS // 10), 1)


def _payday(options: Options, events: int, provider_batch: int) -> float:
    return payday.measure(events, workers=options.workers, provider_batch=provider_batch).per_second


def _notes(peer: Peer, rates: dict[str, float], options: Options) -> list[str]:
    tried = ", ".join(f"{setting}: {shown(rate)}/s" for setting, rate in rates.items())
    return [
        f"{peer.name} in {options.workers} processes; tried {tried}",
        "its payments were enqueued before; its time runs from the first start to the last commit",
    ]
