"""Captions: what a scene shows, in a small closed vocabulary of lower-case English.

Every caption names each object's class, colour and (unless plain) pattern, the background, the style unless flat and
the weather unless clear. Size and place are said sometimes; `canonical_caption` always says them.
"""

from __future__ import annotations

import random

from .scene import PLACES, Scene, SceneObject

WHERE = {"meadow": "on a meadow", "beach": "at the beach", "city": "in the city", "mountains": "in the mountains",
         "desert": "in the desert"}
PLACE_WORDS = {"left": "on the left", "middle": "in the middle", "right": "on the right"}
STYLE_WORDS = {"flat": "", "night": "at night", "sketch": "sketch"}
WEATHER_WORDS = {"clear": "", "snow": "snow"}


def article(phrase: str) -> str:
    """The phrase with "a" or "an" before it."""
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def object_phrase(item: SceneObject, size: bool = True, pattern: bool = True) -> str:
    """An object without article: "small red striped cat"."""
    words = [item.size if size else "", item.colour, item.pattern if pattern and item.pattern != "plain" else "",
             item.cls]
    return " ".join(w for w in words if w)


def _list(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def words(scene: Scene) -> list[str]:
    """The words every caption of the scene must hold: what a person sees and the world names."""
    found = []
    for item in scene.objects:
        found += [item.colour, item.cls] + ([item.pattern] if item.pattern != "plain" else [])
    found.append(scene.background)
    if scene.style != "flat":
        found.append(scene.style)
    if scene.weather != "clear":
        found.append(scene.weather)
    return found


def by_place(scene: Scene) -> list[SceneObject]:
    """The objects from left to right."""
    return sorted(scene.objects, key=lambda o: PLACES.index(o.place))


def canonical_caption(scene: Scene, order: list[int] | None = None) -> str:
    """The one fixed form, objects from left to right, everything said.

    "a large red striped cat on the left and a small blue house on the right at the beach at night, snow"
    order: indices of the objects, to name them in another order (an edit that moves one keeps the source's).
    """
    items = by_place(scene) if order is None else [scene.objects[i] for i in order]
    parts = [f"{article(object_phrase(o))} {PLACE_WORDS[o.place]}" for o in items]
    text = f"{_list(parts)} {WHERE[scene.background]}" if parts else f"an empty scene {WHERE[scene.background]}"
    if scene.style == "night":
        text += " at night"
    if scene.weather == "snow":
        text += ", snow"
    return f"a sketch of {text}" if scene.style == "sketch" else text


def _terse(scene: Scene, rng: random.Random) -> str:
    """Comma-separated words: "red striped cat, beach, night"."""
    things = [object_phrase(o, size=rng.random() < 0.25) + (f" {PLACE_WORDS[o.place]}" if rng.random() < 0.25 else "")
              for o in scene.objects]
    rng.shuffle(things)
    extras = [scene.background]
    if scene.style != "flat":
        extras.append(scene.style)
    if scene.weather != "clear":
        extras.append(scene.weather)
    rng.shuffle(extras)
    return ", ".join(things + extras if things and rng.random() < 0.8 else extras + things)


def _full(scene: Scene, rng: random.Random) -> str:
    """A phrase of varied word order: "a red cat and a small blue house on a meadow"."""
    say_size, say_place = rng.random() < 0.45, rng.random() < 0.45
    items = list(scene.objects)
    rng.shuffle(items)
    parts = [article(object_phrase(o, size=say_size)) + (f" {PLACE_WORDS[o.place]}" if say_place else "")
             for o in items]
    where = WHERE[scene.background]
    things = _list(parts) if parts else "an empty scene"
    text = f"{where}, {things}" if rng.random() < 0.2 else f"{things} {where}"
    if scene.weather == "snow":
        text = rng.choice((f"{text} in the snow", f"{text}, snow", f"snow, {text}"))
    if scene.style == "night":
        text = rng.choice((f"{text} at night", f"at night, {text}", f"{text}, night"))
    elif scene.style == "sketch":
        text = rng.choice((f"a sketch of {text}", f"sketch of {text}", f"{text}, sketch"))
    return text


def caption(scene: Scene, rng: random.Random) -> str:
    """A caption of the scene: terse words (20 %), the canonical form (20 %) or a phrase with varied order (60 %)."""
    kind = rng.random()
    if kind < 0.2:
        return _terse(scene, rng)
    return canonical_caption(scene) if kind < 0.4 else _full(scene, rng)
