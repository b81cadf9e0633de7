"""Scene records: what a papercut picture shows, as plain data.

A `Scene` says everything a picture, a caption or a mask needs; nothing about it is decided later. The same record
therefore gives the same bytes, and an edit is simply a second record that differs in one place.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

CLASSES = (
    "cat", "dog", "bird", "house", "tree", "car", "boat", "balloon", "mushroom", "flower", "rocket", "umbrella",
)
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white")
PATTERNS = ("plain", "striped", "dotted")
SIZES = ("small", "large")
PLACES = ("left", "middle", "right")
BACKGROUNDS = ("meadow", "beach", "city", "mountains", "desert")
STYLES = ("flat", "night", "sketch")
WEATHERS = ("clear", "snow")

MAX_OBJECTS = 3
HELD_OUT_ONE_IN = 10


@dataclass(frozen=True)
class SceneObject:
    """One object of a scene.

    cls, colour, pattern, size, place: words of the tuples above. dx, dy: position jitter in [-1, 1], a few per cent of
    the picture at most. flip: mirrored left to right.
    """

    cls: str
    colour: str
    pattern: str = "plain"
    size: str = "small"
    place: str = "middle"
    dx: float = 0.0
    dy: float = 0.0
    flip: bool = False


@dataclass(frozen=True)
class Scene:
    """A whole picture: one to three objects with distinct places on a background.

    seed: a 31-bit integer from which the background's details (hill shapes, clouds, stars) are drawn.
    An empty `objects` is allowed, because removing the only object is an edit too.
    """

    background: str
    objects: tuple[SceneObject, ...] = field(default_factory=tuple)
    style: str = "flat"
    weather: str = "clear"
    seed: int = 0


@lru_cache(maxsize=None)
def is_held_out(cls: str, colour: str, background: str) -> bool:
    """Whether the combination is kept away from training.

    About one combination in ten, decided by a hash of the three words, so it never depends on the order of the tuples
    or on a random state. Scenes with any such object belong to the split "heldout".
    """
    digest = hashlib.sha256(f"papercut/{cls}/{colour}/{background}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % HELD_OUT_ONE_IN == 0


def scene_is_held_out(scene: Scene) -> bool:
    """Whether any object of the scene is a held-out combination."""
    return any(is_held_out(o.cls, o.colour, scene.background) for o in scene.objects)


def _layout(rng: random.Random, count: int) -> list[tuple[str, str]]:
    """Distinct (place, size) pairs that leave the objects (nearly) clear of each other."""
    if count == 1:
        return [(rng.choice(PLACES), rng.choice(SIZES))]
    if count == 2:
        places = ["left", "right"] if rng.random() < 0.65 else sorted(rng.sample(PLACES, 2), key=PLACES.index)
        sizes = [rng.choice(SIZES), rng.choice(SIZES)]
        if "middle" in places and sizes == ["large", "large"]:
            sizes[rng.randrange(2)] = "small"
        return list(zip(places, sizes))
    sizes = ["small"] * 3
    if rng.random() < 0.3:
        sizes[1] = "large"
    return list(zip(PLACES, sizes))


def sample_object(
    rng: random.Random, background: str, place: str, size: str, held_out: bool, cls: str | None = None
) -> SceneObject:
    """A random object for `background` whose combination is (held_out=True) or is not (False) held out.

    cls: fixes the class. Raises ValueError if no colour of that class fits.
    """
    pairs = [
        (c, k)
        for c in (CLASSES if cls is None else (cls,))
        for k in COLOURS
        if is_held_out(c, k, background) is held_out
    ]
    if not pairs:
        raise ValueError(f"no {'held-out' if held_out else 'training'} colour for {cls} on {background}")
    if cls is None and not held_out:
        # Choose the class first: every class is then equally frequent however many of its colours are held out.
        chosen = rng.choice(CLASSES)
        pairs = [p for p in pairs if p[0] == chosen] or pairs
    name, colour = rng.choice(pairs)
    return SceneObject(
        cls=name,
        colour=colour,
        pattern="plain" if rng.random() < 0.5 else rng.choice(PATTERNS[1:]),
        size=size,
        place=place,
        dx=round(rng.uniform(-1, 1), 3),
        dy=round(rng.uniform(-1, 1), 3),
        flip=rng.random() < 0.5,
    )


def sample_scene(rng: random.Random, split: str = "train", n_objects: int | None = None) -> Scene:
    """A random scene.

    split: "train" never holds a held-out combination; "heldout" always holds at least one. n_objects: 1 to 3; by
    default one object in 45 %, two in 40 %, three in 15 % of the scenes. Raises ValueError for another split or count.
    """
    if split not in ("train", "heldout"):
        raise ValueError(f'unknown split "{split}": expected "train" or "heldout"')
    if n_objects is not None and not 1 <= n_objects <= MAX_OBJECTS:
        raise ValueError(f"n_objects is {n_objects}: expected 1 to {MAX_OBJECTS}")
    count = n_objects or rng.choices((1, 2, 3), (0.45, 0.40, 0.15))[0]
    background = rng.choice(BACKGROUNDS)
    special = rng.randrange(count) if split == "heldout" else -1
    objects: list[SceneObject] = []
    for index, (place, size) in enumerate(_layout(rng, count)):
        while True:
            new = sample_object(rng, background, place, size, held_out=index == special)
            if all(new.cls != o.cls for o in objects):
                break
        objects.append(new)
    return Scene(
        background=background,
        objects=tuple(objects),
        style=rng.choices(STYLES, (0.5, 0.25, 0.25))[0],
        weather=rng.choices(WEATHERS, (0.75, 0.25))[0],
        seed=rng.randrange(2**31),
    )


def to_record(scene: Scene) -> dict[str, Any]:
    """The scene as JSON-ready plain data; `from_record` reads it back to an equal scene."""
    return {
        "background": scene.background,
        "style": scene.style,
        "weather": scene.weather,
        "seed": scene.seed,
        "objects": [dict(vars(o)) for o in scene.objects],
    }


_WORDS = {"cls": CLASSES, "colour": COLOURS, "pattern": PATTERNS, "size": SIZES, "place": PLACES}


def from_record(record: dict[str, Any]) -> Scene:
    """The scene of a record. Raises ValueError naming the field whose word is not of this world."""
    for key, known in (("background", BACKGROUNDS), ("style", STYLES), ("weather", WEATHERS)):
        if record.get(key) not in known:
            raise ValueError(f'scene record: {key} is "{record.get(key)}": expected one of {", ".join(known)}')
    objects = []
    for number, item in enumerate(record.get("objects", ())):
        for key, known in _WORDS.items():
            if item.get(key) not in known:
                raise ValueError(f'scene record: object {number}: {key} is "{item.get(key)}": expected one of '
                                 f'{", ".join(known)}')
        objects.append(SceneObject(**item))
    return Scene(record["background"], tuple(objects), record["style"], record["weather"], int(record["seed"]))
