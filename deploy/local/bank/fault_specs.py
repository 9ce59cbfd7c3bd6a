"""Faults from their JSON: every field is known and typed, or the whole list is refused."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from deploy.local.bank.faults import KINDS, Fault, Kind, Reach, Selector
from deploy.local.bank.spec_values import SpecRefused, read_natural, read_value

_SELECTOR_FIELDS = frozenset(field.name for field in fields(Selector))
_COMMON_FIELDS = frozenset({"commit", "commit_after_seconds", "hidden", "delay_seconds"})


def read_faults(specs: object) -> list[Fault]:
    """The faults of a JSON list. Raises SpecRefused, and then none of them counts."""
    if not isinstance(specs, list):
        raise SpecRefused("faults are a list of objects")
    return [_fault(spec, f"fault {number}") for number, spec in enumerate(specs, 1)]


def _fault(spec: object, where: str) -> Fault:
    if not isinstance(spec, dict) or spec.get("fault") not in KINDS:
        raise SpecRefused(f"{where}: `fault` must be one of {', '.join(KINDS)}")
    name: str = spec["fault"]
    kind = KINDS[name]
    values = {_snake(field): value for field, value in spec.items() if field != "fault"}
    if "nth" in values:
        values |= {"after": read_natural(values.pop("nth"), f"{where}: nth") - 1, "times": 1}
    own = kind.fields | _COMMON_FIELDS
    selector: dict[str, Any] = {}
    effect: dict[str, Any] = {"commit": kind.commit}
    if name == "down":
        effect["how"] = "refuse"
    for field, value in values.items():
        if field not in own and field not in _SELECTOR_FIELDS:
            raise SpecRefused(f"{where} ({name}): no field {field!r} here")
        target = selector if field in _SELECTOR_FIELDS else effect
        target[field] = read_value(field, value, f"{where} ({name}): {field}")
    fault = Fault(name, _selector(selector, kind, where), **effect)
    _check(fault, where)
    return fault


def _selector(values: dict[str, Any], kind: Kind, where: str) -> Selector:
    wanted = values.pop("on", Selector().on)
    if not (wanted & kind.forms) and kind.reach is not Reach.BANK:
        raise SpecRefused(f"{where}: this fault is for {', '.join(sorted(kind.forms))}")
    return Selector(on=wanted & kind.forms, **values)


def _check(fault: Fault, where: str) -> None:
    needed = {"decline": "code", "status": "status", "latency": "seconds", "down": "seconds"}.get(fault.kind)
    if needed and getattr(fault, needed) is None:
        raise SpecRefused(f"{where} ({fault.kind}): `{needed}` is missing")
    if fault.commit_after_seconds is not None and not fault.commit:
        raise SpecRefused(f"{where} ({fault.kind}): `commitAfterSeconds` without `commit`")
    hows = ("refuse", "overloaded") if fault.kind == "down" else ("fin", "rst")
    if fault.kind in ("down", "drop") and fault.how not in hows:
        raise SpecRefused(f"{where} ({fault.kind}): `how` is one of {', '.join(hows)}")


def _snake(name: object) -> str:
    return re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), str(name))
