"""The five backgrounds: a sky with sun or moon, then layers of cut paper, each shading the one behind it.

Every function paints a batch of one background on a `Canvas`. Edges of layers are functions of x alone, [N, 1, W], so a
layer costs a handful of operations however complicated its outline is.
"""

from __future__ import annotations

import math
from typing import Callable

import torch
from torch import Tensor

from .palette import CLOUD, MOON, NIGHT_SKY, SCENERY, SNOW, SUN, scenery_colour
from .scene import Scene
from .sdf import box, capsule, circle, coverage, length, union

NOISE = 64  # random numbers a scene's seed gives its background


class Canvas:
    """A batch of N pictures of one background being painted.

    x [N, 1, W], y [N, H, 1]: position in the picture, [0, 1] each; px [N, 1, 1]: side of a pixel; noise [N, 64] in
    [0, 1): the scenes' own random numbers; rgb [N, 3, H, W]: the result.
    """

    def __init__(self, scenes: list[Scene], x: Tensor, y: Tensor, px: Tensor, noise: Tensor) -> None:
        self.scenes, self.x, self.y, self.px, self.noise = scenes, x, y, px, noise
        self.device = x.device
        self.pencil = self.flags("sketch")
        self.rgb = torch.empty(0)

    def flags(self, style: str) -> Tensor:
        """[N, 1, 1] with 1 where the scene has the style."""
        return torch.tensor([float(s.style == style) for s in self.scenes], device=self.device)[:, None, None]

    def r(self, index: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """The scene's random number `index`, scaled to [low, high): [N, 1, 1]."""
        return (self.noise[:, index % NOISE] * (high - low) + low)[:, None, None]

    def colour(self, rgb: tuple[int, int, int], snow_share: float = 0.45) -> Tensor:
        """A colour under each scene's style and weather: [N, 3, 1, 1]."""
        rows = [scenery_colour(rgb, s.style, s.weather, snow_share) for s in self.scenes]
        return torch.stack(rows).to(self.device)[:, :, None, None]

    def constant(self, rgb: tuple[int, int, int]) -> Tensor:
        """A colour that no style or weather changes: [1, 3, 1, 1]."""
        return torch.tensor(rgb, device=self.device, dtype=torch.float32)[None, :, None, None] / 255.0

    def sky(self, palette: dict[str, tuple[int, int, int]], horizon: float) -> None:
        """Vertical gradient from the top of the picture to the horizon."""
        t = (self.y / horizon).clamp(0, 1).unsqueeze(1)
        top, low = self.colour(palette["top"], 0.5), self.colour(palette["low"], 0.4)
        # Nights share most of their sky: a dimmed sunset would look like smoke.
        share = 0.6 * self.flags("night")[:, None]
        top, low = (c + (self.constant(NIGHT_SKY[k]) - c) * share for k, c in (("top", top), ("low", low)))
        column = top + (low - top) * t
        self.rgb = column.expand(-1, -1, -1, self.x.shape[-1]).contiguous()

    def fill(self, d: Tensor, colour: Tensor, strength: float | Tensor = 1.0) -> None:
        """Paint a shape in one colour."""
        cover = coverage(d, self.px)
        self.rgb.lerp_(colour, (cover * strength).unsqueeze(1))

    def layer(self, edge: Tensor, colour: Tensor, deep: Tensor | None = None, shadow: float = 0.16) -> None:
        """Cover everything below `edge` ([N, 1, W], y of the upper rim) with paper.

        The paper throws a soft shadow on what is behind it; its rim is drawn in pencil in a sketch. deep: colour
        reached 0.35 below the edge.
        """
        d = edge - self.y
        gap = (1.0 - d / 0.035).clamp_(0, 1)
        dark = gap.square_().mul_(shadow * (1.0 - 0.7 * self.pencil))
        self.rgb.mul_((1.0 - dark).unsqueeze(1))
        paint = colour if deep is None else colour + (deep - colour) * (d / -0.35).clamp_(0, 1).unsqueeze(1)
        self.rgb.lerp_(paint, coverage(d, self.px).unsqueeze(1))
        self.trace(d)

    def trace(self, d: Tensor) -> None:
        """Draw the outline d = 0 in pencil where the scene is a sketch."""
        if not bool(self.pencil.any()):
            return
        grey = torch.tensor((0.42, 0.40, 0.44), device=self.device)[None, :, None, None]
        self.rgb.lerp_(grey, (coverage(d.abs() - 0.0042, self.px) * (self.pencil * 0.62)).unsqueeze(1))

    def dots(self, cell: float, radius: float, seed: int) -> Tensor:
        """Distance to one disc per cell of a jittered grid, [N, H, W]."""
        gx, gy = self.x / cell, self.y / cell
        ix, iy = torch.floor(gx), torch.floor(gy)
        key = (ix.long() * 5 + iy.long() * 11 + seed)
        shape = key.shape
        flat = key.reshape(shape[0], -1)

        def pick(step: int) -> Tensor:
            return torch.gather(self.noise, 1, torch.remainder(flat * step + step, NOISE)).reshape(shape)

        cx, cy = 0.25 + 0.5 * pick(3), 0.25 + 0.5 * pick(7)
        size = 0.6 + 0.8 * pick(13)
        return length(gx - ix - cx, gy - iy - cy).mul_(cell).sub_(radius * size)

    def subset(self, chosen: list[int], paint: Callable[["Canvas"], None]) -> None:
        """Run `paint` on some of the pictures only."""
        if not chosen:
            return
        index = torch.tensor(chosen, device=self.device)
        part = Canvas([self.scenes[i] for i in chosen], self.x[index], self.y[index], self.px[index],
                      self.noise[index])
        part.rgb = self.rgb[index]
        paint(part)
        self.rgb[index] = part.rgb


def wave(c: Canvas, base: float, high: float, period: float, seed: int) -> Tensor:
    """A rolling edge: two sines with the scene's own phases, [N, 1, W]."""
    a = torch.sin((c.x / period + c.r(seed)) * (2 * math.pi))
    b = torch.sin((c.x / (period * 0.53) + c.r(seed + 1)) * (2 * math.pi))
    return base + high * (a + 0.45 * b) + c.r(seed + 2, -0.015, 0.015)


def _luminary(c: Canvas) -> None:
    """Sun with paper haloes by day, crescent moon and stars by night; pencilled in a sketch."""
    cx = torch.where(c.r(0) < 0.5, c.r(1, 0.12, 0.30), c.r(1, 0.70, 0.88))
    cy = c.r(2, 0.13, 0.19)
    night = [i for i, s in enumerate(c.scenes) if s.style == "night"]
    day = [i for i, s in enumerate(c.scenes) if s.style != "night"]

    def sun(p: Canvas) -> None:
        index = torch.tensor(day, device=c.device)
        d = circle(p.x, p.y, cx[index], cy[index], 0.0)
        glow = p.colour((255, 248, 214), 0.2)
        p.fill(d - 0.150, glow, 0.35)
        p.fill(d - 0.108, glow, 0.45)
        p.fill(d - 0.070, p.colour(SUN, 0.35))
        p.trace(d - 0.070)

    def moon(p: Canvas) -> None:
        index = torch.tensor(night, device=c.device)
        x0, y0 = cx[index], cy[index]
        star = torch.maximum(p.dots(0.150, 0.0072, 3), p.y - 0.46)
        light = p.constant(MOON)
        p.fill(star, light, 0.9)
        d = circle(p.x, p.y, x0, y0, 0.0)
        p.fill(d - 0.125, light, 0.10)
        p.fill(torch.maximum(d - 0.072, 0.066 - circle(p.x, p.y, x0 + 0.034, y0 - 0.018, 0.0)), light)

    c.subset(day, sun)
    c.subset(night, moon)


def _clouds(c: Canvas, strength: float = 0.92) -> None:
    """Two flat-bottomed clouds."""
    d = None
    for k, (low, high) in enumerate(((0.08, 0.42), (0.58, 0.94))):
        cx, cy, w = c.r(5 + k, low, high), c.r(7 + k, 0.17, 0.33), c.r(9 + k, 0.85, 1.2)
        puffs = union(circle(c.x, c.y, cx, cy - 0.012, 0.040 * w), circle(c.x, c.y, cx - 0.052 * w, cy, 0.028 * w),
                      circle(c.x, c.y, cx + 0.056 * w, cy, 0.030 * w))
        puffs = torch.maximum(puffs, c.y - cy - 0.014)
        base = box(c.x, c.y, cx, cy + 0.010, 0.086 * w, 0.014, 0.014)
        puffs = torch.minimum(puffs, base)
        d = puffs if d is None else torch.minimum(d, puffs)
    c.fill(d, c.colour(CLOUD, 0.3), strength)
    c.trace(d)


def _meadow(c: Canvas) -> None:
    p = SCENERY["meadow"]
    c.sky(p, 0.60)
    _luminary(c)
    _clouds(c)
    c.layer(wave(c, 0.535, 0.040, 0.95, 12), c.colour(p["far"]))
    c.layer(wave(c, 0.615, 0.032, 0.75, 15), c.colour(p["mid"]))
    # A hedge of round bushes, then the lawn.
    bumps = torch.sin((c.x / 0.125 + c.r(18)) * math.pi).abs()
    c.layer(0.690 - 0.030 * bumps, c.colour((126, 186, 122)))
    c.layer(wave(c, 0.705, 0.010, 0.9, 19), c.colour(p["near"], 0.8), c.colour(p["deep"], 0.7))


def _beach(c: Canvas) -> None:
    p = SCENERY["beach"]
    c.sky(p, 0.52)
    _luminary(c)
    _clouds(c)
    c.layer(0.500 + 0.0 * c.x, c.colour(p["far"], 0.3), shadow=0.10)
    c.layer(0.560 + 0.012 * torch.sin((c.x / 0.20 + c.r(22)) * 2 * math.pi), c.colour(p["mid"], 0.3), shadow=0.10)
    c.layer(0.622 + 0.012 * torch.sin((c.x / 0.23 + c.r(23)) * 2 * math.pi), c.colour((176, 226, 220), 0.3),
            shadow=0.10)
    shore = wave(c, 0.690, 0.014, 0.7, 24)
    c.layer(shore - 0.018, c.colour((255, 255, 252)), shadow=0.08)
    c.layer(shore, c.colour(p["near"], 0.6), c.colour(p["deep"], 0.5), shadow=0.10)


def _city(c: Canvas) -> None:
    p = SCENERY["city"]
    c.sky(p, 0.62)
    _luminary(c)
    _skyline(c, 6, 0.30, 0.45, c.colour(p["far"]), 28, 0.09)
    near, columns = _skyline(c, 5, 0.42, 0.57, c.colour(p["mid"]), 36, 0.085)
    # Windows: a grid in each tower, alight at night.
    lit = c.flags("night")[:, None]
    glass = c.colour((206, 206, 232), 0.2) * (1 - lit) + torch.tensor(
        (0.99, 0.83, 0.47), device=c.device)[None, :, None, None] * lit
    wy = torch.remainder(c.y, 0.062) - 0.031
    window = torch.maximum((columns.abs() - 0.028).abs() - 0.0125, wy.abs() - 0.0155)
    c.fill(torch.maximum(window, near + 0.018), glass, 0.85)
    c.layer(0.690 + 0.0 * c.x, c.colour((222, 218, 216), 0.8))
    c.layer(0.725 + 0.0 * c.x, c.colour(p["near"], 0.7), c.colour(p["deep"], 0.6), shadow=0.10)


def _skyline(c: Canvas, count: int, high: float, low: float, colour: Tensor, seed: int,
             half: float) -> tuple[Tensor, Tensor]:
    """A row of towers. Returns their distance [N, H, W] and the x offset from the nearest tower's axis [N, 1, W]."""
    tops, nearest, best = None, None, None
    for k in range(count):
        cx = (k + 0.5) / count + c.r(seed + k, -0.035, 0.035)
        side = (c.x - cx).abs() - half * (1.0 if k % 2 else 0.86)
        top = c.r(seed * 3 + k, high, low)
        d = torch.maximum(side, top - c.y)
        tops = d if tops is None else torch.minimum(tops, d)
        offset = c.x - cx
        nearest = offset if best is None else torch.where(side < best, offset, nearest)
        best = side if best is None else torch.minimum(best, side)
    dark = (1.0 - tops / 0.03).clamp_(0, 1).square_().mul_(0.12)
    c.rgb.mul_((1.0 - dark).unsqueeze(1))
    c.fill(tops, colour)
    c.trace(tops)
    return tops, nearest


def _mountains(c: Canvas) -> None:
    p = SCENERY["mountains"]
    c.sky(p, 0.62)
    _luminary(c)
    for row, (count, high, low, slope, name) in enumerate(((4, 0.30, 0.38, 1.0, "far"), (3, 0.36, 0.44, 0.82, "mid"))):
        edge, cap = None, None
        for k in range(count):
            cx = (k + 0.5 * row) / (count - 1) + c.r(40 + 4 * row + k, -0.06, 0.06)
            top = c.r(50 + 4 * row + k, high, low)
            side = top + slope * (c.x - cx).abs()
            edge = side if edge is None else torch.minimum(edge, side)
            cap = top if cap is None else torch.where(side <= edge, top + 0.0 * c.x, cap)
        c.layer(edge, c.colour(p[name]))
        zig = (torch.remainder(c.x / 0.05, 1.0) - 0.5).abs() * 0.05
        c.fill(torch.maximum(edge - c.y + 0.006, c.y - (cap + 0.062 + zig)), c.colour(SNOW, 0.2), 0.95)
    c.layer(wave(c, 0.665, 0.022, 0.6, 58), c.colour((150, 188, 172)))
    c.layer(wave(c, 0.715, 0.012, 0.9, 61), c.colour(p["near"], 0.8), c.colour(p["deep"], 0.7))


def _desert(c: Canvas) -> None:
    p = SCENERY["desert"]
    c.sky(p, 0.58)
    _luminary(c)
    mesa = torch.maximum((c.x - c.r(12, 0.15, 0.85)).abs() - c.r(13, 0.09, 0.13), 0.0 * c.x)
    c.layer(0.46 + mesa * 1.8, c.colour((214, 150, 128)))
    c.layer(wave(c, 0.585, 0.030, 0.85, 14), c.colour(p["far"]))
    green = c.colour((122, 160, 116))
    for k, (low, high) in enumerate(((0.06, 0.40), (0.60, 0.94))):
        cx, y, w = c.r(20 + k, low, high), c.r(22 + k, 0.0, 0.02), c.r(24 + k, 0.8, 1.1)
        cactus = union(capsule(c.x, c.y, cx, 0.70 + y, cx, 0.70 + y - 0.155 * w, 0.019 * w),
                       capsule(c.x, c.y, cx, 0.62 + y, cx + 0.048 * w, 0.62 + y, 0.013 * w),
                       capsule(c.x, c.y, cx + 0.048 * w, 0.62 + y, cx + 0.048 * w, 0.62 + y - 0.04 * w, 0.013 * w),
                       capsule(c.x, c.y, cx - 0.045 * w, 0.645 + y, cx, 0.645 + y, 0.013 * w),
                       capsule(c.x, c.y, cx - 0.045 * w, 0.645 + y, cx - 0.045 * w, 0.645 + y - 0.04 * w, 0.013 * w))
        c.fill(cactus, green)
        c.trace(cactus)
    c.layer(wave(c, 0.665, 0.024, 0.7, 26), c.colour(p["mid"]))
    c.layer(wave(c, 0.730, 0.020, 1.1, 29), c.colour(p["near"], 0.7), c.colour(p["deep"], 0.6))


_PAINTERS = {"meadow": _meadow, "beach": _beach, "city": _city, "mountains": _mountains, "desert": _desert}


def _flakes(c: Canvas) -> None:
    """Large soft flakes; bluish on the pale paper of a sketch, where white would not show."""
    white = torch.tensor((0.985, 0.99, 1.0), device=c.device)[None, :, None, None]
    blue = torch.tensor((0.70, 0.79, 0.90), device=c.device)[None, :, None, None]
    c.fill(c.dots(0.150, 0.0155, 17), torch.lerp(white, blue, c.pencil[:, None]), 0.95)


def paint_background(name: str, scenes: list[Scene], x: Tensor, y: Tensor, px: Tensor, noise: Tensor) -> Tensor:
    """Background pictures [N, 3, H, W] for scenes that all have background `name` (see Canvas for the arguments)."""
    canvas = Canvas(scenes, x, y, px, noise)
    _PAINTERS[name](canvas)
    canvas.subset([i for i, s in enumerate(scenes) if s.weather == "snow"], _flakes)
    return canvas.rgb
