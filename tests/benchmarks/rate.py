"""`rate`: of the calls a second that PROVIDER_MAX_RPS allows, those that the bank's journal has."""

from __future__ import annotations

from tests.benchmarks import payday
from tests.benchmarks.figures import Figure, Ratio, Side
from tests.benchmarks.options import Options
from tests.rates import call_times, mean_rate, most_in_a_second

WHAT = "calls a second by the bank's journal ÷ PROVIDER_MAX_RPS, through Celery and HTTP"
RATES = (50, 400)
SECONDS = 20
BATCH = 100
WORKERS = 2
TARGET = 0.95


def measure(options: Options) -> Figure:
    """Single calls at each rate, with whatever claims, settlements and ticks cost between them.

    Raises AssertionError when any second has more calls than are allowed.
    """
    ratios = {}
    for rate in RATES:
        rounds = tuple(_round(options, rate) for _ in range(options.rounds))
        allowed = Side("PROVIDER_MAX_RPS", "calls/s", (float(rate),) * options.rounds)
        ratios[f"at {rate}/s"] = Ratio(Side("Payday", "calls/s", rounds), allowed, TARGET)
    return Figure("rate", WHAT, ratios)


def _round(options: Options, rate: int) -> float:
    events = options.sized(rate * SECONDS, least=4 * rate)
    limits = {"PROVIDER_MAX_RPS": str(rate), "BATCH_SIZE": str(BATCH)}
    with payday.town_with(events, provider_batch=1, **limits) as town:
        payday.pay(town, events, workers=WORKERS)
        times = call_times(town.bank)
    assert most_in_a_second(times) <= rate, most_in_a_second(times)
    found = mean_rate(times)
    options.say(f"  {rate}/s: {found:.1f} calls/s over {events} events, at most {most_in_a_second(times)} in a second")
    return found
