"""Signed distances of simple shapes, batched: negative inside, in the units of the coordinates.

All coordinates are tensors [N, H, W] (or broadcastable to it); shape parameters are floats or tensors [N, 1, 1].
The constructions are the usual ones (I. Quilez, "2D distance functions").
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def circle(x: Tensor, y: Tensor, cx, cy, r) -> Tensor:
    """Distance to a circle with centre (cx, cy) and radius r."""
    return torch.hypot(x - cx, y - cy) - r


def ellipse(x: Tensor, y: Tensor, cx, cy, rx, ry) -> Tensor:
    """First-order distance to an axis-aligned ellipse with half axes rx, ry (exact on the outline's first order)."""
    ux, uy = (x - cx) / rx, (y - cy) / ry
    k0 = torch.hypot(ux, uy)
    k1 = torch.hypot(ux / rx, uy / ry)
    return k0 * (k0 - 1.0) / k1.clamp_min(1e-4)


def box(x: Tensor, y: Tensor, cx, cy, hx, hy, r=0.0) -> Tensor:
    """Distance to a box with half sides hx, hy whose corners are rounded by r."""
    qx, qy = (x - cx).abs() - (hx - r), (y - cy).abs() - (hy - r)
    outside = torch.hypot(qx.clamp_min(0), qy.clamp_min(0))
    return outside + torch.maximum(qx, qy).clamp_max(0) - r


def capsule(x: Tensor, y: Tensor, ax, ay, bx, by, r) -> Tensor:
    """Distance to the segment from a to b thickened by r."""
    dx, dy = bx - ax, by - ay
    px, py = x - ax, y - ay
    t = ((px * dx + py * dy) / (dx * dx + dy * dy)).clamp(0, 1)
    return torch.hypot(px - t * dx, py - t * dy) - r


def convex(x: Tensor, y: Tensor, points: list[tuple[float, float]], r: float = 0.0) -> Tensor:
    """Distance to a convex polygon (clockwise on a y-down screen), grown by r with mitred corners."""
    d = None
    for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1]):
        ex, ey = bx - ax, by - ay
        length = math.hypot(ex, ey)
        nx, ny = ey / length, -ex / length
        side = x * nx + y * ny - (ax * nx + ay * ny + r)
        d = side if d is None else torch.maximum(d, side)
    return d


def arc(x: Tensor, y: Tensor, cx, cy, radius, r, keep_y_above) -> Tensor:
    """A ring of the given radius and half thickness r, of which only y >= keep_y_above (y down) is kept."""
    ring = (torch.hypot(x - cx, y - cy) - radius).abs() - r
    return torch.maximum(ring, keep_y_above - y)


def union(*shapes: Tensor) -> Tensor:
    """Distance to the union of shapes."""
    d = shapes[0]
    for other in shapes[1:]:
        d = torch.minimum(d, other)
    return d


def coverage(d: Tensor, px: Tensor | float) -> Tensor:
    """Share of a pixel of side px that lies inside: the anti-aliasing ramp over one pixel."""
    return (0.5 - d / px).clamp_(0, 1)
