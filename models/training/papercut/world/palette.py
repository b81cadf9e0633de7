"""The world's colours, and how a style or the weather changes them. RGB in [0, 1]."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from .scene import COLOURS, STYLES, WEATHERS


def _rgb(*triples: tuple[int, int, int]) -> Tensor:
    return torch.tensor(triples, dtype=torch.float32) / 255.0


BODY = dict(zip(COLOURS, _rgb(
    (224, 56, 52), (246, 138, 30), (252, 208, 48), (52, 158, 78), (46, 104, 206), (130, 76, 182), (248, 142, 184),
    (250, 248, 243),
)))

DETAIL = {
    "dark": (44, 40, 58), "cream": (255, 244, 220), "glass": (176, 222, 240), "brown": (140, 92, 62),
    "leaf": (96, 158, 72), "gold": (236, 172, 60), "beak": (246, 158, 48), "blush": (240, 150, 146),
    "flame": (252, 170, 52), "spark": (255, 232, 130), "grey": (150, 152, 166), "wave": (96, 168, 206),
    "white": (255, 255, 255), "lamp": (255, 226, 130),
}

# Background colours are muted, so that the eight saturated object colours stand out on every one of them.
SCENERY = {
    "meadow": {"top": (142, 202, 232), "low": (240, 246, 232), "far": (174, 214, 196), "mid": (166, 210, 146),
               "near": (190, 220, 128), "deep": (150, 192, 98)},
    "beach": {"top": (132, 206, 236), "low": (254, 240, 214), "far": (104, 190, 206), "mid": (134, 210, 214),
              "near": (246, 226, 182), "deep": (228, 198, 146)},
    "city": {"top": (176, 190, 226), "low": (253, 226, 206), "far": (198, 186, 214), "mid": (150, 142, 184),
             "near": (190, 186, 196), "deep": (150, 148, 164)},
    "mountains": {"top": (158, 206, 234), "low": (250, 236, 232), "far": (176, 190, 218), "mid": (128, 156, 188),
                  "near": (170, 206, 178), "deep": (120, 168, 146)},
    "desert": {"top": (250, 206, 150), "low": (255, 240, 212), "far": (226, 168, 134), "mid": (238, 190, 140),
               "near": (246, 212, 160), "deep": (226, 178, 122)},
}
NIGHT_SKY = {"top": (26, 34, 92), "low": (82, 84, 148)}
PAPER = (251, 247, 237)
SUN, MOON, CLOUD, SNOW = (255, 222, 120), (252, 246, 214), (255, 253, 248), (246, 248, 252)

_NIGHT_GAIN, _NIGHT_LIFT = torch.tensor((0.36, 0.40, 0.52)), torch.tensor((-0.02, 0.0, 0.09))


def _mix(a: Tensor, b: Tensor, share: float) -> Tensor:
    return a + (b - a) * share


@lru_cache(maxsize=None)
def scenery_colour(rgb: tuple[int, int, int], style: str, weather: str, snow_share: float = 0.45) -> Tensor:
    """A background colour under a style and the weather, [3]. snow_share: how far snow whitens it."""
    c = _rgb(rgb)[0]
    if weather == WEATHERS[1]:
        c = _mix(c, _rgb((234, 239, 248))[0], snow_share)
    if style == "night":
        c = (c.square() * _NIGHT_GAIN * 1.15 + _NIGHT_LIFT).clamp(0, 1)
    elif style == "sketch":
        c = _mix(c, _rgb(PAPER)[0], 0.66)
    return c


def object_colour(rgb: Tensor, style: str) -> Tensor:
    """A colour of an object under a style, [3]: a little dimmer and bluer at night, a pale wash in a sketch."""
    if style == "night":
        return rgb * torch.tensor((0.90, 0.90, 0.94))
    if style == "sketch":
        return _mix(rgb, _rgb(PAPER)[0], 0.22)
    return rgb


def ink_colour(rgb: Tensor, style: str) -> Tensor:
    """Outline colour of an object of body colour rgb, [3]."""
    if style == "sketch":
        return _rgb((66, 62, 70))[0]
    deep = rgb * 0.42 * 0.55 + _rgb((40, 34, 66))[0] * 0.45
    return deep * torch.tensor((0.55, 0.55, 0.8)) if style == "night" else deep


def shade_colour(rgb: Tensor) -> Tensor:
    """The darker companion of a body colour (roofs, ears, wings), [3]."""
    # Multiplying yellow gives olive, so yellow goes towards amber instead.
    yellow = bool(rgb[0] > 0.9 and rgb[1] > 0.75 and rgb[2] < 0.5)
    return _rgb((226, 166, 36))[0] if yellow else rgb * torch.tensor((0.74, 0.70, 0.78))


def accent_colour(colour: str) -> Tensor:
    """The second colour of a pattern, [3]: pale on every colour, slate on white."""
    if colour == "white":
        return _rgb((132, 150, 186))[0]
    if colour == "yellow":
        return _rgb((255, 250, 226))[0]
    return _mix(BODY[colour], _rgb((255, 252, 244))[0], 0.80)


def detail_table(style: str) -> Tensor:
    """All DETAIL colours under a style, [K, 3], in the dictionary's order. Lamps keep their light at night."""
    rows = []
    for name, rgb in DETAIL.items():
        c = _rgb(rgb)[0]
        rows.append(c if name in ("lamp", "spark") and style == "night" else object_colour(c, style))
    return torch.stack(rows)


DETAIL_TABLES = torch.stack([detail_table(s) for s in STYLES])  # [styles, K, 3]
DETAIL_INDEX = {name: i for i, name in enumerate(DETAIL)}

# Body, accent, shade and ink of every colour under every style: [4, styles, colours, 3].
OBJECT_TABLES = torch.stack([
    torch.stack([torch.stack([make(c, s) for c in COLOURS]) for s in STYLES])
    for make in (
        lambda c, s: object_colour(BODY[c], s),
        lambda c, s: object_colour(accent_colour(c), s),
        lambda c, s: object_colour(shade_colour(BODY[c]), s),
        lambda c, s: ink_colour(BODY[c], s),
    )
])

_COPIES: dict[tuple[int, str], Tensor] = {}


def on_device(table: Tensor, device: torch.device) -> Tensor:
    """One of this module's tables on a device; copied there once."""
    key = (id(table), str(device))
    if key not in _COPIES:
        _COPIES[key] = table.to(device)
    return _COPIES[key]
