"""Scene records as classification targets, and back: what the probe predicts.

One linear layer gives `WIDTH` logits, cut into heads. Heads per class have one row for each of the 12 classes; rows of
absent classes mean nothing and are not trained.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from .world.scene import BACKGROUNDS, CLASSES, COLOURS, PATTERNS, PLACES, SIZES, STYLES, WEATHERS, Scene, SceneObject

IGNORE = -100


@dataclass(frozen=True)
class Head:
    """One head: `labels` are its words; per_class heads hold one choice for each object class."""

    name: str
    labels: tuple[str, ...]
    per_class: bool

    @property
    def width(self) -> int:
        """How many logits."""
        return len(self.labels) * (len(CLASSES) if self.per_class else 1)


# "present" is 12 independent yes/no questions; all others are choices of one label.
HEADS = (
    Head("present", CLASSES, False), Head("colour", COLOURS, True), Head("pattern", PATTERNS, True),
    Head("size", SIZES, True), Head("place", PLACES, True), Head("background", BACKGROUNDS, False),
    Head("style", STYLES, False), Head("weather", WEATHERS, False),
)
WIDTH = sum(h.width for h in HEADS)


def split(logits: Tensor) -> dict[str, Tensor]:
    """[B, WIDTH] cut into heads: [B, labels], or [B, 12, labels] for heads per class."""
    found, at = {}, 0
    for head in HEADS:
        part = logits[:, at:at + head.width]
        found[head.name] = part.reshape(-1, len(CLASSES), len(head.labels)) if head.per_class else part
        at += head.width
    return found


def targets(scenes: list[Scene]) -> dict[str, Tensor]:
    """Targets of whole pictures. present: float [B, 12]; per class: int64 [B, 12] with IGNORE; others: int64 [B]."""
    count = len(scenes)
    out = {"present": torch.zeros(count, len(CLASSES))}
    for head in HEADS[1:]:
        out[head.name] = torch.full((count, len(CLASSES)) if head.per_class else (count,), IGNORE)
    for n, scene in enumerate(scenes):
        for item in scene.objects:
            c = CLASSES.index(item.cls)
            out["present"][n, c] = 1.0
            for name, known in (("colour", COLOURS), ("pattern", PATTERNS), ("size", SIZES), ("place", PLACES)):
                out[name][n, c] = known.index(getattr(item, name))
        for name, known in (("background", BACKGROUNDS), ("style", STYLES), ("weather", WEATHERS)):
            out[name][n] = known.index(getattr(scene, name))
    return out


def record_loss(logits: Tensor, wanted: dict[str, Tensor]) -> Tensor:
    """Sum of the heads' losses. A target of -1 in "present" leaves that question out."""
    parts = split(logits.float())
    asked = (wanted["present"] >= 0).float()
    total = 3.0 * binary_cross_entropy_with_logits(parts["present"], wanted["present"].clamp_min(0), weight=asked)
    for head in HEADS[1:]:
        if bool((wanted[head.name] != IGNORE).any()):
            total = total + cross_entropy(parts[head.name].flatten(0, -2), wanted[head.name].flatten(),
                                          ignore_index=IGNORE) * (1.0 if head.per_class else 0.5)
    return total


def correct(logits: Tensor, wanted: dict[str, Tensor]) -> dict[str, tuple[int, int]]:
    """(right, asked) of every head; attributes of a class are asked only where it is in the picture."""
    parts, out = split(logits.float()), {}
    asked = wanted["present"] >= 0
    hit = ((parts["present"] > 0) == (wanted["present"] > 0.5)) & asked
    # A picture counts once: all of its classes named and no other.
    whole = (hit | ~asked).all(1)
    out["present"] = (int(whole.sum()), len(whole))
    for head in HEADS[1:]:
        kept = wanted[head.name] != IGNORE
        out[head.name] = (int(((parts[head.name].argmax(-1) == wanted[head.name]) & kept).sum()), int(kept.sum()))
    return out


def to_scene(logits: Tensor) -> Scene:
    """The most likely record of one picture ([WIDTH] logits), objects from left to right. seed and jitter are 0."""
    parts = {name: value[0] for name, value in split(logits[None].float()).items()}
    objects = []
    for c, cls in enumerate(CLASSES):
        if parts["present"][c] > 0:
            pick = {h.name: h.labels[int(parts[h.name][c].argmax())] for h in HEADS if h.per_class}
            objects.append(SceneObject(cls=cls, **pick))
    objects.sort(key=lambda o: PLACES.index(o.place))
    pick = {name: known[int(parts[name].argmax())] for name, known in
            (("background", BACKGROUNDS), ("style", STYLES), ("weather", WEATHERS))}
    return Scene(objects=tuple(objects), **pick)
