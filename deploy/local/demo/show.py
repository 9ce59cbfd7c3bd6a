"""The demo from start to end."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from rich.console import Console

from deploy.local.demo.addresses import addresses, print_addresses
from deploy.local.demo.client import HttpClient, NoAnswerError, bearer
from deploy.local.demo.comparing import differences
from deploy.local.demo.creating import Created, FrontEnd
from deploy.local.demo.environment import TIMEZONE
from deploy.local.demo.house import House
from deploy.local.demo.interruption import Interrupted, Interruption
from deploy.local.demo.records import Records
from deploy.local.demo.screen import Screen
from deploy.local.demo.summary import Summary
from deploy.local.demo.summary_table import print_summary
from deploy.local.demo.telling import wait_until_told
from deploy.local.demo.watching import watch
from deploy.local.demo.wishes import wishes
from deploy.local.errors import LocalServerError
from deploy.local.folder import default_data_dir

FRONT_END = "demo-front-end"
FRONT_END_SCOPES = ("payers:any", "schedules:read", "schedules:write")
OPERATOR = "demo-operator"
OPERATOR_SCOPES = ("ops",)
CHECK_SECONDS = 0.2
MONTH_END_DATES = 6


class MakeToken(Protocol):
    """What makes a development token."""

    def __call__(self, sub: str, scopes: Sequence[str]) -> str: ...


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; `data_dir` None takes the usual folder."""

    data_dir: Path | None
    schedules: int
    stays: bool
    as_json: bool


def run_demo(options: Options, make_token: MakeToken, interruption: Interruption) -> int:
    """The exit status: 0 when all went as planned, 1 when not, 2 when the folder cannot be used, 128 + a signal."""
    screen = Screen(Console(stderr=options.as_json))
    house = House(options.data_dir or default_data_dir(), screen, interruption.check)
    try:
        return _play(house, screen, make_token, options)
    except (Interrupted, KeyboardInterrupt):
        return interruption.exit_status
    except NoAnswerError as problem:
        return _fail(screen, house.cause_of(problem), interruption)
    except LocalServerError as problem:
        return _fail(screen, problem, interruption)
    finally:
        interruption.shield()
        house.close()


def _fail(screen: Screen, problem: Exception, interruption: Interruption) -> int:
    if isinstance(problem, Interrupted):
        return interruption.exit_status
    screen.fail(f"payday demo: {problem}")
    return problem.exit_status if isinstance(problem, LocalServerError) else 1


def _play(house: House, screen: Screen, make_token: MakeToken, options: Options) -> int:
    # Once: a demo that is begun before midnight stays on the day it was begun.
    today = datetime.now(ZoneInfo(TIMEZONE)).date()
    house.open(today, options.schedules)
    front_end_token = make_token(FRONT_END, FRONT_END_SCOPES)
    created, cancelled = _prepare(house, screen, front_end_token, today, options.schedules)
    summary = _pay(house, screen, make_token(OPERATOR, OPERATOR_SCOPES), today, created, cancelled)
    print_summary(screen.console, summary)
    where = addresses(house.processes, front_end_token)
    if options.as_json:
        print(json.dumps(summary.to_json(where)), flush=True)
    if options.stays:
        print_addresses(screen.console, where)
        _stay(house)
    return 1 if summary.differences else 0


def _prepare(house: House, screen: Screen, token: str, today: date, count: int) -> tuple[list[Created], int]:
    """Creates the schedules and takes some back, all through the API."""
    front_end = FrontEnd(house.processes.api_url, bearer(token), house.check)
    with screen.bar(f"{count:,} schedules are created through the REST API", count) as bar:
        created = front_end.create(wishes(count, today), bar.advance)
    with screen.step("Some are cancelled again"):
        cancelled = front_end.cancel(created, today)
    return created, cancelled


def _pay(house: House, screen: Screen, token: str, today: date, created: Sequence[Created], cancelled: int) -> Summary:
    """Lets beat and worker do their work, then looks at what became of it."""
    api = HttpClient(house.processes.api_url, bearer(token))
    house.pay()
    with screen.bar("Beat and worker pay what is due today") as bar:
        run = watch(api, today, bar, house.check)
    bank, receiver = HttpClient(house.processes.bank_url), HttpClient(house.processes.receiver_url)
    with screen.step("Payers and payees are told"):
        wait_until_told(receiver, run, house.check)
    with screen.step("The bank's journal is compared with the transactions, and the receiver's with both"):
        records = Records.read(api, bank, receiver, today)
        found = differences(created, run, records, today)
    month_end = [event["date"] for event in created[0].schedule["events"][:MONTH_END_DATES]]
    return Summary(today, created, cancelled, run, records, found, month_end)


def _stay(house: House) -> None:
    """Until Ctrl-C, or until a process dies."""
    while True:
        house.check()
        time.sleep(CHECK_SECONDS)
