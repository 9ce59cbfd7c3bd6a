"""The guards in the SQL, each of which a negative control can take away."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guards:
    """`epoch`: whoever lost a batch writes nothing (C2). `holder`: settling touches only what this batch claimed and
    that is still being paid. `lease`: nobody takes or closes over a living holder (C4, D5). `still`: a not-found that
    is older than a send proves nothing."""

    epoch: bool = True
    holder: bool = True
    lease: bool = True
    still: bool = True


ALL = Guards()
