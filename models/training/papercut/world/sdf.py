"""Signed distances of simple shapes, batched: negative inside, in the units of the coordinates.

Coordinates are kept apart, x [N, 1, W] and y [N, H, 1], so that most of the arithmetic runs on rows and columns and
only the last steps on whole frames. Shape parameters are floats or tensors [N, 1, 1]; results broadcast to [N, H, W].
The constructions are the usual ones (I. Quilez, "2D distance functions").
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def length(x: Tensor, y: Tensor) -> Tensor:
    """Euclidean length of (x, y); several times faster on a CPU than torch.hypot, whose care is not needed."""
    return (x * x + y * y).sqrt_()


def circle(x: Tensor, y: Tensor, cx, cy, r) -> Tensor:
    """Distance to a circle with centre (cx, cy) and radius r."""
    return length(x - cx, y - cy).sub_(r)


def ellipse(x: Tensor, y: Tensor, cx, cy, rx, ry) -> Tensor:
    """First-order distance to an axis-aligned ellipse with half axes rx, ry (exact on the outline's first order)."""
    ux, uy = (x - cx) / rx, (y - cy) / ry
    k0, k1 = length(ux, uy), length(ux / rx, uy / ry)
    return (k0 - 1.0).mul_(k0).div_(k1.clamp_min_(1e-4))


def box(x: Tensor, y: Tensor, cx, cy, hx, hy, r=0.0) -> Tensor:
    """Distance to a box with half sides hx, hy whose corners are rounded by r."""
    qx, qy = (x - cx).abs() - (hx - r), (y - cy).abs() - (hy - r)
    return length(qx.clamp_min(0), qy.clamp_min(0)).add_(torch.maximum(qx, qy).clamp_max_(0)).sub_(r)


def capsule(x: Tensor, y: Tensor, ax, ay, bx, by, r) -> Tensor:
    """Distance to the segment from a to b thickened by r."""
    dx, dy = bx - ax, by - ay
    px, py = x - ax, y - ay
    norm = dx * dx + dy * dy
    t = (px * (dx / norm) + py * (dy / norm)).clamp_(0, 1)
    return length(px - t * dx, py - t * dy).sub_(r)


def convex(x: Tensor, y: Tensor, points: list[tuple[float, float]], r: float = 0.0) -> Tensor:
    """Distance to a convex polygon (clockwise on a y-down screen), grown by r with mitred corners."""
    d = None
    for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1]):
        ex, ey = bx - ax, by - ay
        norm = math.hypot(ex, ey)
        nx, ny = ey / norm, -ex / norm
        side = (x * nx - (ax * nx + ay * ny + r)) + y * ny
        d = side if d is None else torch.maximum(d, side)
    return d


def arc(x: Tensor, y: Tensor, cx, cy, radius, r, keep_y_above) -> Tensor:
    """A ring of the given radius and half thickness r, of which only y >= keep_y_above (y down) is kept."""
    ring = length(x - cx, y - cy).sub_(radius).abs_().sub_(r)
    return torch.maximum(ring, keep_y_above - y)


def union(*shapes: Tensor) -> Tensor:
    """Distance to the union of shapes."""
    d = shapes[0]
    for other in shapes[1:]:
        d = torch.minimum(d, other)
    return d


def coverage(d: Tensor, px: Tensor | float) -> Tensor:
    """Share of a pixel of side px that lies inside: the anti-aliasing ramp over one pixel."""
    return (d * (-1.0 / px)).add_(0.5).clamp_(0, 1)
