"""As much of SVG as the plots need."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class LogScale:
    """Maps values from the power of ten below `least` to the one above `most` (both above 0) to left … right."""

    least: float
    most: float
    left: float
    right: float

    def at(self, value: float) -> float:
        first, last = self._exponents()
        return self.left + (self.right - self.left) * (math.log10(value) - first) / (last - first)

    def powers(self) -> Iterator[float]:
        """Every power of ten on the scale."""
        first, last = self._exponents()
        return (10.0**exponent for exponent in range(first, last + 1))

    def _exponents(self) -> tuple[int, int]:
        first = math.floor(math.log10(self.least))
        return first, max(first + 1, math.ceil(math.log10(self.most)))


class Drawing:
    """An SVG of that many pixels with a heading, on white."""

    def __init__(self, width: float, height: float, heading: str) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"'
            f' viewBox="0 0 {width:g} {height:g}" font-family="sans-serif" font-size="13">',
            f'<rect width="{width:g}" height="{height:g}" fill="white"/>',
        ]
        self.text(10, 22, heading)

    def text(self, x: float, y: float, words: str, *, anchor: str = "start", colour: str = "black") -> None:
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'
        )

    def line(self, x: float, y: float, to_x: float, to_y: float, colour: str) -> None:
        ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
        self._parts.append(f'<line {ends} stroke="{colour}" stroke-width="2"/>')

    def curve(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        """Straight from each point to the next."""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.5"/>')

    def dot(self, x: float, y: float, colour: str) -> None:
        self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}"/>')

    def bar(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        size = f'width="{width:.1f}" height="{height:.1f}"'
        self._parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{colour}"/>')

    def svg(self) -> str:
        return "\n".join([*self._parts, "</svg>\n"])
