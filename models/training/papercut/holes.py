"""Random holes for inpainting: what a person paints when they want something in a place."""

from __future__ import annotations

import math
import random

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from .world.draw import placement
from .world.scene import Scene

BRUSH, BOX, OBJECT = "brush", "box", "object"


def _grid(side: int) -> tuple[Tensor, Tensor]:
    steps = (torch.arange(side) + 0.5) / side
    return steps[None, :], steps[:, None]


def box_hole(side: int, x0: float, y0: float, x1: float, y1: float) -> Tensor:
    """A rectangle in [0, 1] coordinates as a float mask [side, side]."""
    x, y = _grid(side)
    return ((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)).float()


def brush_hole(rng: random.Random, side: int, x: float, y: float, reach: float) -> Tensor:
    """A few overlapping discs that wander around (x, y) as a hand does."""
    gx, gy = _grid(side)
    mask = torch.zeros(side, side)
    angle = rng.uniform(0, 2 * math.pi)
    for _ in range(rng.randint(3, 7)):
        radius = reach * rng.uniform(0.45, 0.9)
        mask = torch.maximum(mask, ((gx - x).square() + (gy - y).square() < radius * radius).float())
        angle += rng.uniform(-1.2, 1.2)
        x, y = x + 0.6 * radius * math.cos(angle), y + 0.6 * radius * math.sin(angle)
    return mask


def grown(mask: Tensor, pixels: int) -> Tensor:
    """The mask widened by `pixels` in every direction."""
    return max_pool2d(mask[None, None], 2 * pixels + 1, 1, pixels)[0, 0]


def around(scene: Scene, index: int, masks: Tensor, rng: random.Random, kind: str) -> Tensor:
    """A hole that hides object `index` whole: a box, brush strokes or the object's own widened outline."""
    side = masks.shape[-1]
    seen = masks[index].float().cpu()
    x, y, half = placement(scene.objects[index])
    if kind == BOX:
        wide = [half * rng.uniform(1.0, 1.45) for _ in range(4)]
        hole = box_hole(side, x - wide[0], y - wide[1], x + wide[2], y + wide[3])
    elif kind == BRUSH:
        hole = brush_hole(rng, side, x, y, half * 0.9)
    else:
        hole = seen
    return torch.maximum(hole, grown(seen, max(1, round(side * rng.uniform(0.01, 0.045)))))


def random_hole(rng: random.Random, scene: Scene, masks: Tensor) -> tuple[Tensor, int]:
    """A training hole and the object it hides (-1 when it is aimed at none). masks: bool [n, side, side]."""
    side = masks.shape[-1]
    if scene.objects and rng.random() < 0.7:
        index = rng.randrange(len(scene.objects))
        return around(scene, index, masks, rng, rng.choice((BOX, BOX, BRUSH, OBJECT))), index
    if rng.random() < 0.1:
        return torch.ones(side, side), -1
    x, y = rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9)
    if rng.random() < 0.5:
        return brush_hole(rng, side, x, y, rng.uniform(0.06, 0.2)), -1
    w, h = rng.uniform(0.08, 0.3), rng.uniform(0.08, 0.3)
    return box_hole(side, x - w, y - h, x + w, y + h), -1
