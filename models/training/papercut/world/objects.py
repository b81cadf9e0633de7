"""The twelve kinds of objects, each drawn in its own square of coordinates.

u runs right and v down, both from -1 to 1; a standing object's feet are at v = 1. A drawing function receives a `Stamp`
holding a batch of objects of one class and calls `part` (outlined, belongs to the silhouette) and `spot` (a detail
inside it), back to front.
"""

from __future__ import annotations

import math
from typing import Callable

import torch
from torch import Tensor

from .palette import DETAIL_INDEX, DETAIL_TABLES, on_device
from .sdf import arc, box, capsule, circle, convex, coverage, ellipse, length, union

AIRBORNE = ("balloon", "rocket")
EXTENT = 1.3  # the square drawn around an object, in its own units: room for outline and shadow


class Stamp:
    """A batch of N objects of one class being painted on P x P pixels.

    u [N, 1, P], v [N, P, 1]: coordinates; px: side of a pixel in the same units, line: outline width, [N, 1, 1];
    body, shade: the object's own colour with its pattern, and its plain darker companion [N, 3, P, P] / [N, 3, 1, 1];
    ink: outline colour [N, 3, 1, 1]; style: style index [N]. After painting, rgb [N, 3, P, P] and silhouette
    (signed distance of the outlined whole, [N, P, P]) are the result.
    """

    def __init__(self, u: Tensor, v: Tensor, px: Tensor, line: Tensor, body: Tensor, shade: Tensor, ink: Tensor,
                 style: Tensor) -> None:
        self.u, self.v, self.px, self.line = u, v, px, line
        self.body, self.shade, self.ink = body, shade, ink
        self.details = on_device(DETAIL_TABLES, u.device)[style]
        frame = (u.shape[0], v.shape[1], u.shape[2])
        self.rgb = ink.expand(-1, -1, *frame[1:]).clone()
        self.silhouette = torch.full(frame, 9.0, device=u.device)

    def detail(self, name: str) -> Tensor:
        """A named fixed colour, [N, 3, 1, 1]."""
        return self.details[:, DETAIL_INDEX[name], :, None, None]

    def _colour(self, colour: str | Tensor) -> Tensor:
        if isinstance(colour, Tensor):
            return colour
        own = {"body": self.body, "shade": self.shade, "ink": self.ink}
        return own[colour] if colour in own else self.detail(colour)

    def part(self, d: Tensor, colour: str | Tensor = "body") -> None:
        """Paint an outlined part and add it to the silhouette."""
        outer = d - self.line
        self.silhouette = torch.minimum(self.silhouette, outer)
        self.rgb.lerp_(self.ink, coverage(outer, self.px).unsqueeze(1))
        self.rgb.lerp_(self._colour(colour), coverage(d, self.px).unsqueeze(1))

    def bare(self, d: Tensor, colour: str | Tensor) -> None:
        """Paint a part without outline (thin legs, ropes, water) and add it to the silhouette."""
        self.silhouette = torch.minimum(self.silhouette, d)
        self.rgb.lerp_(self._colour(colour), coverage(d, self.px).unsqueeze(1))

    def spot(self, d: Tensor, colour: str | Tensor, strength: float = 1.0) -> None:
        """Paint a detail that lies inside the silhouette."""
        cover = coverage(d, self.px)
        self.rgb.lerp_(self._colour(colour), (cover if strength == 1.0 else cover * strength).unsqueeze(1))

    def eye(self, cx: float, cy: float, r: float = 0.09) -> None:
        """A dark eye with a highlight."""
        self.spot(ellipse(self.u, self.v, cx, cy, r, r * 1.25), "dark")
        self.spot(circle(self.u, self.v, cx + r * 0.3, cy - r * 0.4, r * 0.42), "white")


def _cat(s: Stamp) -> None:
    u, v = s.u, s.v
    s.part(union(capsule(u, v, 0.40, 0.86, 0.74, 0.72, 0.12), capsule(u, v, 0.74, 0.72, 0.82, 0.22, 0.12)))
    s.part(torch.maximum(ellipse(u, v, 0, 0.56, 0.50, 0.62), v - 0.97))
    s.spot(torch.maximum(ellipse(u, v, 0, 0.72, 0.22, 0.32), v - 0.94), "cream")
    ears = union(convex(u, v, [(-0.60, -0.98), (-0.10, -0.62), (-0.58, -0.20)]),
                 convex(u, v, [(0.60, -0.98), (0.58, -0.20), (0.10, -0.62)]))
    s.part(union(ears, ellipse(u, v, 0, -0.26, 0.62, 0.48)))
    s.spot(union(convex(u, v, [(-0.53, -0.84), (-0.26, -0.64), (-0.51, -0.46)]),
                 convex(u, v, [(0.53, -0.84), (0.51, -0.46), (0.26, -0.64)])), "blush")
    s.spot(ellipse(u, v, 0, -0.08, 0.27, 0.19), "cream")
    s.eye(-0.27, -0.30, 0.10)
    s.eye(0.27, -0.30, 0.10)
    s.spot(convex(u, v, [(-0.09, -0.17), (0.09, -0.17), (0, -0.06)]), "blush")
    s.spot(arc(u, v, 0, -0.06, 0.11, 0.022, -0.04), "dark")


def _dog(s: Stamp) -> None:
    u, v = s.u, s.v
    s.part(capsule(u, v, 0.66, 0.20, 0.92, -0.22, 0.10))
    s.part(union(box(u, v, -0.34, 0.72, 0.12, 0.26, 0.1), box(u, v, 0.50, 0.72, 0.12, 0.26, 0.1)), "shade")
    legs = union(box(u, v, -0.12, 0.72, 0.13, 0.26, 0.1), box(u, v, 0.72, 0.72, 0.13, 0.26, 0.1))
    s.part(union(capsule(u, v, -0.26, 0.34, 0.56, 0.34, 0.30), legs))
    s.part(union(circle(u, v, -0.46, -0.26, 0.40), ellipse(u, v, -0.72, -0.10, 0.28, 0.20)))
    s.spot(capsule(u, v, -0.52, 0.14, -0.16, 0.03, 0.065), "gold")
    s.spot(ellipse(u, v, -0.76, -0.06, 0.21, 0.13), "cream")
    s.spot(ellipse(u, v, -0.93, -0.16, 0.10, 0.085), "dark")
    s.eye(-0.60, -0.36, 0.085)
    s.part(ellipse(u, v, -0.18, -0.24, 0.17, 0.38), "shade")


def _bird(s: Stamp) -> None:
    u, v = s.u, s.v
    s.bare(union(capsule(u, v, -0.12, 0.70, -0.16, 0.96, 0.05), capsule(u, v, 0.16, 0.70, 0.16, 0.96, 0.05),
                 capsule(u, v, -0.28, 0.96, -0.10, 0.96, 0.05), capsule(u, v, 0.04, 0.96, 0.22, 0.96, 0.05)), "beak")
    s.part(convex(u, v, [(0.40, 0.10), (1.0, -0.26), (1.02, 0.12), (0.50, 0.52)]), "shade")
    s.part(convex(u, v, [(-0.62, -0.34), (-0.58, 0.02), (-1.0, -0.12)]), "beak")
    s.part(union(ellipse(u, v, 0.06, 0.18, 0.64, 0.58), circle(u, v, -0.30, -0.26, 0.46)))
    s.spot(ellipse(u, v, -0.16, 0.42, 0.34, 0.26), "cream")
    s.part(torch.maximum(ellipse(u, v, 0.34, 0.16, 0.40, 0.32), -(v + 0.02) - 0.35 * (u - 0.3)), "shade")
    s.spot(circle(u, v, -0.40, -0.32, 0.155), "white")
    s.eye(-0.42, -0.32, 0.085)


def _house(s: Stamp) -> None:
    u, v = s.u, s.v
    s.part(box(u, v, 0.46, -0.58, 0.12, 0.30), "brown")
    s.part(box(u, v, 0, 0.42, 0.74, 0.55, 0.02))
    s.part(convex(u, v, [(0, -0.94), (0.97, -0.08), (-0.97, -0.08)]), "shade")
    s.spot(circle(u, v, 0, -0.38, 0.15), "lamp")
    s.part(box(u, v, 0, 0.62, 0.19, 0.35, 0.06), "brown")
    s.spot(circle(u, v, 0.10, 0.64, 0.045), "lamp")
    for cx in (-0.47, 0.47):
        s.part(box(u, v, cx, 0.34, 0.155, 0.19), "lamp")
        s.spot(torch.minimum((u - cx).abs(), (v - 0.34).abs()).sub(0.022).maximum(box(u, v, cx, 0.34, 0.155, 0.19)),
               "brown")


def _tree(s: Stamp) -> None:
    u, v = s.u, s.v
    s.part(union(convex(u, v, [(-0.13, 0.1), (0.13, 0.1), (0.22, 0.97), (-0.22, 0.97)]),
                 capsule(u, v, 0.0, 0.60, 0.34, 0.32, 0.06)), "brown")
    s.part(union(circle(u, v, -0.42, -0.02, 0.42), circle(u, v, 0.42, -0.02, 0.42), circle(u, v, 0, -0.48, 0.48),
                 ellipse(u, v, 0, 0.02, 0.5, 0.42)))
    s.spot(torch.maximum(ellipse(u, v, -0.16, -0.62, 0.20, 0.14), v + 0.2), "white", 0.28)


def _car(s: Stamp) -> None:
    u, v = s.u, s.v
    s.part(convex(u, v, [(-0.46, -0.34), (0.30, -0.34), (0.62, 0.24), (-0.66, 0.24)], 0.04))
    s.part(box(u, v, 0, 0.46, 0.98, 0.30, 0.20))
    s.spot(convex(u, v, [(-0.40, -0.22), (-0.06, -0.22), (-0.06, 0.14), (-0.54, 0.14)]), "glass")
    s.spot(convex(u, v, [(0.06, -0.22), (0.24, -0.22), (0.46, 0.14), (0.06, 0.14)]), "glass")
    s.spot(ellipse(u, v, 0.86, 0.40, 0.085, 0.11), "lamp")
    s.spot(box(u, v, 0, 0.50, 0.09, 0.03, 0.03), "dark")
    for cx in (-0.54, 0.54):
        s.part(circle(u, v, cx, 0.73, 0.235), "dark")
        s.spot(circle(u, v, cx, 0.73, 0.115), "grey")


def _boat(s: Stamp) -> None:
    u, v = s.u, s.v
    s.part(box(u, v, -0.06, -0.20, 0.045, 0.74), "brown")
    s.part(convex(u, v, [(0.06, -0.90), (0.78, 0.24), (0.06, 0.24)]))
    s.part(convex(u, v, [(-0.20, -0.62), (-0.20, 0.24), (-0.74, 0.24)]), "cream")
    s.part(convex(u, v, [(-1.0, 0.38), (1.0, 0.38), (0.66, 0.90), (-0.70, 0.90)]))
    s.spot(convex(u, v, [(-1.0, 0.38), (1.0, 0.38), (0.935, 0.48), (-0.94, 0.48)]), "shade")
    bumps = 0.05 * torch.cos(u * (2 * math.pi / 0.52))
    s.bare(torch.maximum(ellipse(u, v, 0, 0.98, 1.08, 0.24), 0.84 + bumps - v), "wave")


def _balloon(s: Stamp) -> None:
    u, v = s.u, s.v
    s.bare(union(capsule(u, v, -0.30, 0.20, -0.15, 0.72, 0.03), capsule(u, v, 0.30, 0.20, 0.15, 0.72, 0.03)), "dark")
    s.part(box(u, v, 0, 0.82, 0.20, 0.145, 0.05), "brown")
    throat = convex(u, v, [(-0.55, 0.10), (0.55, 0.10), (0.24, 0.46), (-0.24, 0.46)])
    s.part(union(circle(u, v, 0, -0.28, 0.68), throat))
    s.part(box(u, v, 0, 0.44, 0.25, 0.055, 0.03), "shade")
    s.spot(ellipse(u, v, -0.30, -0.58, 0.13, 0.19), "white", 0.45)


def _mushroom(s: Stamp) -> None:
    u, v = s.u, s.v
    s.part(union(box(u, v, 0, 0.48, 0.32, 0.49, 0.22), ellipse(u, v, 0, 0.72, 0.40, 0.25)), "cream")
    s.spot(ellipse(u, v, 0, 0.12, 0.5, 0.16), "grey", 0.5)
    rim = torch.maximum(ellipse(u, v, 0, 0.50, 2.2, 0.42).neg(), v - 0.3)
    s.part(torch.maximum(ellipse(u, v, 0, 0.04, 0.96, 0.92), rim))
    s.eye(-0.14, 0.50, 0.065)
    s.eye(0.14, 0.50, 0.065)
    s.spot(union(ellipse(u, v, -0.25, 0.62, 0.07, 0.05), ellipse(u, v, 0.25, 0.62, 0.07, 0.05)), "blush")
    s.spot(arc(u, v, 0, 0.60, 0.075, 0.022, 0.61), "dark")


def _flower(s: Stamp) -> None:
    u, v = s.u, s.v
    s.part(box(u, v, 0, 0.52, 0.065, 0.46, 0.03), "leaf")
    s.part(union(ellipse(u, v, -0.27, 0.74, 0.25, 0.12), ellipse(u, v, 0.27, 0.66, 0.25, 0.12)), "leaf")
    petals = [circle(u, v, 0.43 * math.sin(a), -0.32 - 0.43 * math.cos(a), 0.255)
              for a in (2 * math.pi * k / 6 for k in range(6))]
    s.part(union(*petals, circle(u, v, 0, -0.32, 0.3)))
    s.part(circle(u, v, 0, -0.32, 0.245), "gold")
    s.spot(union(circle(u, v, -0.09, -0.36, 0.045), circle(u, v, 0.09, -0.36, 0.045)), "dark")
    s.spot(arc(u, v, 0, -0.30, 0.095, 0.022, -0.27), "dark")


def _rocket(s: Stamp) -> None:
    u, v = s.u, s.v
    s.bare(union(ellipse(u, v, 0, 0.70, 0.25, 0.36), convex(u, v, [(-0.16, 0.8), (0.16, 0.8), (0, 1.12)])), "flame")
    s.spot(ellipse(u, v, 0, 0.66, 0.13, 0.25), "spark")
    s.part(union(convex(u, v, [(-0.30, 0.12), (-0.26, 0.58), (-0.70, 0.74), (-0.64, 0.44)]),
                 convex(u, v, [(0.30, 0.12), (0.64, 0.44), (0.70, 0.74), (0.26, 0.58)])), "shade")
    hull = torch.maximum(length(u.abs() + 0.72, (v + 0.12) * 0.92) - 1.14, v - 0.56)
    s.part(hull)
    s.spot(torch.maximum(hull, v + 0.56), "shade")
    s.part(circle(u, v, 0, -0.20, 0.20), "glass")
    s.spot(circle(u, v, -0.06, -0.27, 0.06), "white")


def _umbrella(s: Stamp) -> None:
    u, v = s.u, s.v
    hook = torch.maximum((length(u - 0.16, v - 0.78) - 0.16).abs() - 0.04, 0.78 - v)
    s.part(union(box(u, v, 0, 0.28, 0.04, 0.52), hook, circle(u, v, 0.32, 0.77, 0.04)), "brown")
    s.part(capsule(u, v, 0, -0.82, 0, -0.92, 0.045), "brown")
    scallop = torch.remainder(u + 1.0, 0.5) - 0.25
    under = 0.20 - length(scallop, v - 0.09)
    dome = torch.maximum(ellipse(u, v, 0, 0.10, 0.99, 0.92), v - 0.09)
    s.part(torch.maximum(dome, under))
    ribs = [(ellipse(u, v, 0, 0.10, w, 0.90)).abs() - 0.018 for w in (0.50,)]
    s.spot(torch.maximum(union(*ribs, u.abs() - 0.018), torch.maximum(dome, under)), "ink", 0.75)


DRAWERS: dict[str, Callable[[Stamp], None]] = {
    "cat": _cat, "dog": _dog, "bird": _bird, "house": _house, "tree": _tree, "car": _car, "boat": _boat,
    "balloon": _balloon, "mushroom": _mushroom, "flower": _flower, "rocket": _rocket, "umbrella": _umbrella,
}
