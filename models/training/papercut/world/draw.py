"""Scene records to pictures and masks: deterministic, resolution independent, batched.

A picture is a background and up to three stamps laid over it. Backgrounds are painted for all scenes that share one,
objects for all that share class and size, each only on the square it covers.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict

import torch
from torch import Tensor

from .backdrops import NOISE, paint_background
from .objects import AIRBORNE, DRAWERS, EXTENT, Stamp
from .palette import OBJECT_TABLES, on_device
from .scene import COLOURS, PATTERNS, STYLES, Scene, SceneObject
from .sdf import coverage, length

HALF = {"small": 0.132, "large": 0.198}
PLACE_X = {"left": -1, "middle": 0, "right": 1}
SIDE_X = {"small": 0.315, "large": 0.265}  # how far the left and right places are from the middle
OUTLINE, SHADOW_REACH = 0.0088, 0.034
CHUNK = 1 << 18  # pixels painted together on a CPU: beyond this, frames fall out of its cache
VISIBLE = 2.5 / 255.0  # a layer that changes a picture by less than this is not counted as visible

_Size = int | tuple[int, int]


def placement(item: SceneObject) -> tuple[float, float, float]:
    """Centre (x, y) and half side of an object's square, in [0, 1] coordinates of the picture (y down)."""
    half = HALF[item.size]
    x = 0.5 + PLACE_X[item.place] * SIDE_X[item.size] + 0.018 * item.dx
    if item.cls in AIRBORNE:
        return x, 0.31 + 0.035 * item.dy, half
    return x, (0.845 if item.size == "small" else 0.905) + 0.030 * item.dy - half, half


def _paint_order(scene: Scene) -> list[int]:
    """Indices of the objects from back to front: airborne first, then by how low they stand."""
    def key(index: int) -> tuple[bool, float]:
        x, y, half = placement(scene.objects[index])
        return scene.objects[index].cls not in AIRBORNE, y + half
    return sorted(range(len(scene.objects)), key=key)


def _views(scenes: list[Scene], height: int, width: int, window: Tensor | None, device: str | torch.device) -> Tensor:
    """The part of the picture each sample shows: [N, 4] as x0, y0, x1, y1."""
    if window is not None:
        view = torch.as_tensor(window, dtype=torch.float32, device=device)
        if view.ndim != 2 or view.shape != (len(scenes), 4):
            raise ValueError(f"window has shape {tuple(view.shape)}: expected ({len(scenes)}, 4) as x0, y0, x1, y1")
        return view
    # The unit square is always wholly visible and centred; a longer side shows more of the world around it.
    wide, tall = max(1.0, width / height), max(1.0, height / width)
    view = torch.tensor([0.5 - wide / 2, 0.5 - tall / 2, 0.5 + wide / 2, 0.5 + tall / 2], device=device)
    return view.expand(len(scenes), 4)


def _noise(scenes: list[Scene], device: str | torch.device) -> Tensor:
    rows = []
    for scene in scenes:
        rng = random.Random(scene.seed)
        rows.append([rng.random() for _ in range(NOISE)])
    return torch.tensor(rows, dtype=torch.float32, device=device)


def _background(scenes: list[Scene], view: Tensor, height: int, width: int) -> Tensor:
    """All backgrounds, [N, 3, H, W]."""
    device = view.device
    px = (view[:, 3] - view[:, 1]) / height
    x = view[:, 0, None] + (torch.arange(width, device=device) + 0.5) * ((view[:, 2] - view[:, 0]) / width)[:, None]
    y = view[:, 1, None] + (torch.arange(height, device=device) + 0.5) * px[:, None]
    noise = _noise(scenes, device)
    groups: dict[str, list[int]] = defaultdict(list)
    for index, scene in enumerate(scenes):
        groups[scene.background].append(index)
    pixels = torch.empty(len(scenes), 3, height, width, device=device)
    step = len(scenes) if device.type == "cuda" else max(1, CHUNK // (height * width))
    chunks = [(name, members[k:k + step]) for name, members in groups.items() for k in range(0, len(members), step)]
    for name, members in chunks:
        i = torch.tensor(members, device=device)
        pixels[i] = paint_background(name, [scenes[m] for m in members], x[i][:, None, :], y[i][:, :, None],
                                     px[i][:, None, None], noise[i])
    return pixels


def _pattern(u: Tensor, v: Tensor, px: Tensor, kinds: list[str]) -> Tensor:
    """Share of the accent colour, [N, P, P]: broad diagonal stripes, or discs in a staggered grid."""
    period = 0.46
    accent = torch.zeros(u.shape[0], v.shape[1], u.shape[2], device=u.device)
    for name in PATTERNS[1:]:
        rows = [i for i, k in enumerate(kinds) if k == name]
        if not rows:
            continue
        i = torch.tensor(rows, device=u.device)
        uu, vv, pp = u[i], v[i], px[i]
        if name == "striped":
            along = torch.remainder(vv + 0.35 * uu, period) - period / 2
            d = along.abs() - period / 4
        else:
            cell = 0.44
            row = torch.floor(vv / cell)
            shifted = uu + torch.remainder(row, 2) * (cell / 2)
            d = length(torch.remainder(shifted, cell) - cell / 2, vv - (row + 0.5) * cell) - 0.135
        accent[i] = coverage(d, pp)
    return accent


def _stamps(items: list[SceneObject], styles: list[str], u: Tensor, v: Tensor, px: Tensor,
            half: Tensor) -> tuple[Tensor, Tensor]:
    """Paint objects of one class. Returns (light added [N, 3, P, P], light let through from behind [N, 1, P, P])."""
    device = u.device
    style = torch.tensor([STYLES.index(s) for s in styles], device=device)
    colour = torch.tensor([COLOURS.index(o.colour) for o in items], device=device)
    plain, accent, shade, ink = on_device(OBJECT_TABLES, device)[:, style, colour, :, None, None]
    light = 1.05 - 0.09 * v.unsqueeze(1)
    body = plain.expand(-1, -1, v.shape[1], u.shape[2])
    kinds = [o.pattern for o in items]
    if any(k != "plain" for k in kinds):
        body = torch.lerp(body, accent, _pattern(u, v, px, kinds).unsqueeze(1))
    body = (body * light).clamp_(0, 1)
    stamp = Stamp(u, v, px, OUTLINE / half, body, shade, ink, style)
    DRAWERS[items[0].cls](stamp)
    cover = coverage(stamp.silhouette, px)
    shadow = (1.0 - stamp.silhouette * (half / SHADOW_REACH)).clamp_(0, 1).square_().mul_((0.5 + 0.5 * v).clamp(0.2, 1))
    if items[0].cls not in AIRBORNE:
        foot = 1.0 - ((u / 0.92).square() + ((v - 0.99) / 0.15).square())
        shadow = torch.maximum(shadow, foot.clamp_(0, 1) * 1.1)
    strength = torch.tensor([0.18 if s == "sketch" else 0.34 for s in styles], device=device)[:, None, None]
    through = shadow.mul_(-strength).add_(1.0).mul_(1.0 - cover)
    return stamp.rgb.clamp_(0, 1).mul_(cover.unsqueeze(1)), through.unsqueeze(1)


class _Layers:
    """All objects of a batch, painted, with the pixel rectangle each belongs to."""

    def __init__(self, scenes: list[Scene], view: Tensor, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.parts: dict[tuple[int, int], tuple[Tensor, Tensor, int, int]] = {}
        groups: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        spans = view.tolist()
        boxes: dict[tuple[int, int], tuple[int, int]] = {}
        for n, scene in enumerate(scenes):
            x0, y0, x1, y1 = spans[n]
            px = (y1 - y0) / height
            for k, item in enumerate(scene.objects):
                cx, cy, half = placement(item)
                reach = half * EXTENT
                left, top = math.floor((cx - reach - x0) / px), math.floor((cy - reach - y0) / px)
                side = math.ceil(2 * reach / px) + 1
                if left >= width or top >= height or left + side <= 0 or top + side <= 0:
                    continue
                boxes[n, k] = (left, top)
                groups[item.cls, item.size].append((n, k))
        for members in groups.values():
            self._paint(scenes, spans, members, boxes, view.device)

    def _paint(self, scenes, spans, members, boxes, device) -> None:
        items = [scenes[n].objects[k] for n, k in members]
        place = [placement(o) for o in items]
        pxs = [(spans[n][3] - spans[n][1]) / self.height for n, _ in members]
        side = max(math.ceil(2 * half * EXTENT / px) + 1 for (_, _, half), px in zip(place, pxs))
        rows = []
        for (n, k), (cx, cy, half), px in zip(members, place, pxs):
            left, top = boxes[n, k]
            rows.append(((spans[n][0] + (left + 0.5) * px - cx) / half, (spans[n][1] + (top + 0.5) * px - cy) / half,
                         px / half, half, -1.0 if scenes[n].objects[k].flip else 1.0))
        u0, v0, px, half, flip = torch.tensor(rows, device=device).T[:, :, None, None]
        steps = torch.arange(side, device=device, dtype=torch.float32)
        u = (u0 + steps[None, None, :] * px) * flip
        v = v0 + steps[None, :, None] * px
        light, through = _stamps(items, [scenes[n].style for n, _ in members], u, v, px, half)
        for i, key in enumerate(members):
            self.parts[key] = (light[i], through[i], *boxes[key])

    def clipped(self, n: int, k: int) -> tuple[tuple[slice, slice], Tensor, Tensor] | None:
        """The rectangle of the frame an object covers and its two layers cut to it; None when out of sight."""
        if (n, k) not in self.parts:
            return None
        light, through, left, top = self.parts[n, k]
        side = light.shape[-1]
        a, b = max(0, -top), min(side, self.height - top)
        c, d = max(0, -left), min(side, self.width - left)
        return (slice(top + a, top + b), slice(left + c, left + d)), light[:, a:b, c:d], through[:, a:b, c:d]


def _prepare(scenes: list[Scene], size: _Size, window: Tensor | None,
             device: str | torch.device) -> tuple[Tensor, _Layers]:
    height, width = (size, size) if isinstance(size, int) else size
    if not scenes:
        raise ValueError("no scenes to draw")
    if height < 8 or width < 8:
        raise ValueError(f"size is {height} x {width}: expected at least 8 x 8 pixels")
    view = _views(scenes, height, width, window, device)
    return _background(scenes, view, height, width), _Layers(scenes, view, height, width)


@torch.no_grad()
def draw(scenes: list[Scene], size: _Size, device: str | torch.device = "cpu",
         window: Tensor | None = None) -> Tensor:
    """Draw scenes: float32 [B, 3, H, W] in [0, 1].

    size: side in pixels, or (height, width). window: [B, 4] of x0, y0, x1, y1 in [0, 1]: the part of each picture to
    draw (the same picture, cropped; its aspect should be that of `size`). Raises ValueError for bad sizes or windows.
    """
    pixels, layers = _prepare(scenes, size, window, device)
    for n, scene in enumerate(scenes):
        for k in _paint_order(scene):
            part = layers.clipped(n, k)
            if part is not None:
                (rows, columns), light, through = part
                pixels[n, :, rows, columns].mul_(through).add_(light)
    return pixels


@torch.no_grad()
def draw_with_masks(scenes: list[Scene], size: _Size, device: str | torch.device = "cpu",
                    window: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
    """Draw scenes and each object's visible pixels.

    Returns (pixels as `draw`, one bool tensor [n_objects, H, W] per scene, in the order of scene.objects). A mask holds
    the object with its outline and shadow, less what nearer objects hide: the pixels that change if it is taken away.
    """
    pixels, layers = _prepare(scenes, size, window, device)
    masks = []
    for n, scene in enumerate(scenes):
        seen = torch.zeros(len(scene.objects), *pixels.shape[2:], device=pixels.device)
        for k in _paint_order(scene):
            part = layers.clipped(n, k)
            if part is not None:
                (rows, columns), light, through = part
                pixels[n, :, rows, columns].mul_(through).add_(light)
                seen[:, rows, columns].mul_(through)
                seen[k, rows, columns] = 1.0 - through[0]
        masks.append(seen > VISIBLE)
    return pixels, masks
