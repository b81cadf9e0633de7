"""Batches of pictures and captions, drawn on the fly."""

from __future__ import annotations

import random

import torch
from torch import Tensor

from .world.draw import draw, placement
from .world.scene import Scene, sample_scene


def scenes(rng: random.Random, count: int, split: str = "train") -> list[Scene]:
    """`count` random scenes of a split."""
    return [sample_scene(rng, split) for _ in range(count)]


def crops(rng: random.Random, count: int, side: int, scale: int, device: str | torch.device = "cpu") -> Tensor:
    """Square crops of `side` pixels from pictures of `scale` pixels, [count, 3, side, side] in [-1, 1].

    Two crops in three are centred near an object, where nearly all the detail is. A side as large as the scale gives
    whole pictures.
    """
    batch = scenes(rng, count)
    if side >= scale:
        return draw(batch, scale, device) * 2 - 1
    share = side / scale
    windows = []
    for scene in batch:
        if rng.random() < 2 / 3:
            x, y, half = placement(rng.choice(scene.objects))
            x, y = x - share / 2 + rng.uniform(-half, half), y - share / 2 + rng.uniform(-half, half)
        else:
            x, y = rng.uniform(0, 1 - share), rng.uniform(0, 1 - share)
        x, y = min(max(x, 0.0), 1 - share), min(max(y, 0.0), 1 - share)
        windows.append([x, y, x + share, y + share])
    return draw(batch, side, device, window=torch.tensor(windows)) * 2 - 1
