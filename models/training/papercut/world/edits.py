"""Edit pairs: two scenes that differ in one respect, what to say about them, and where their pictures differ.

The kinds are those of PIE-Bench (Ju et al., "Direct Inversion", arXiv 2310.01506, section 4.1). What they mean here:
object: another class; add, delete: an object comes or goes; content: its size; pose: its place; colour; material: its
pattern; background; style; random: any of these, two of them together, or the weather.
"""

from __future__ import annotations

import difflib
import random
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
import torch.nn.functional as functional
from torch import Tensor

from .caption import PLACE_WORDS, WHERE, article, by_place, canonical_caption, object_phrase
from .draw import draw, draw_with_masks, placement
from .objects import AIRBORNE
from .scene import (
    BACKGROUNDS, CLASSES, COLOURS, PATTERNS, PLACES, SIZES, STYLES, WEATHERS, Scene, SceneObject, is_held_out,
)

EDIT_KINDS = ("random", "object", "add", "delete", "content", "pose", "colour", "material", "background", "style")
_TRIES = 4000


@dataclass(frozen=True)
class Edit:
    """One edit.

    source, target: the scenes. source_prompt: plain; target_prompt: what is new stands in [brackets]. instruction: an
    imperative sentence. blend_words: the words whose attention marks the region, (in source, in target); either may be
    "" when there is none. touched: indices of the objects the edit changes, (in source, in target).
    """

    kind: str
    source: Scene
    target: Scene
    source_prompt: str
    target_prompt: str
    instruction: str
    blend_words: tuple[str, str] = ("", "")
    touched: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())


@dataclass(frozen=True)
class _Change:
    """An edit before its prompts are written. ordered: name the target's objects in the source's order."""

    target: Scene
    instruction: str
    blend_words: tuple[str, str] = ("", "")
    touched: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    ordered: bool = False


def _tokens(prompt: str) -> list[str]:
    """The prompt's words, commas apart; the fixed phrases of place and background count as one word each."""
    for phrase in (*PLACE_WORDS.values(), *WHERE.values()):
        prompt = prompt.replace(phrase, phrase.replace(" ", "_"))
    return prompt.replace(",", " ,").split()


def bracketed(source_prompt: str, target_prompt: str) -> str:
    """The target prompt with every run of words that the source prompt lacks in [brackets].

    Without the brackets it is the target prompt again, letter for letter.
    """
    old, new = _tokens(source_prompt), _tokens(target_prompt)
    out: list[str] = []
    for tag, _, _, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        run = new[start:end]
        if tag != "equal" and run:
            first, last = int(run[0] == ","), len(run) - int(run[-1] == ",")
            if first < last:
                inner = " ".join(run[first:last])
                run = [*run[:first], f"[{inner}]", *run[last:]]
        out += run
    return " ".join(out).replace(" ,", ",").replace("_", " ")


@lru_cache(maxsize=None)
def _combinations(split: str, background: str) -> tuple[tuple[str, str], ...]:
    """All (class, colour) of a split on a background."""
    wanted = split == "heldout"
    return tuple((c, k) for c in CLASSES for k in COLOURS if is_held_out(c, k, background) is wanted)


def _fits(scene: Scene, split: str) -> bool:
    """Whether every object is of the split, classes and places are distinct, and nothing crowds or leaves the frame."""
    objects = scene.objects
    if any((o.cls, o.colour) not in _combinations(split, scene.background) for o in objects):
        return False
    if len({o.cls for o in objects}) < len(objects) or len({o.place for o in objects}) < len(objects):
        return False
    boxes = [placement(o) for o in objects]
    for i, (x, y, half) in enumerate(boxes):
        for x2, y2, half2 in boxes[:i]:
            if abs(x - x2) < 0.9 * (half + half2) and abs(y - y2) < 0.9 * (half + half2):
                return False
    return True


def _new_object(rng: random.Random, split: str, background: str, place: str, size: str) -> SceneObject:
    cls, colour = rng.choice(_combinations(split, background))
    return SceneObject(cls, colour, "plain" if rng.random() < 0.5 else rng.choice(PATTERNS[1:]), size, place,
                       round(rng.uniform(-1, 1), 3), round(rng.uniform(-1, 1), 3), rng.random() < 0.5)


def _source(rng: random.Random, split: str, count: int) -> Scene:
    """A scene all of whose objects belong to the split."""
    background = rng.choice(BACKGROUNDS)
    objects = tuple(_new_object(rng, split, background, place, rng.choice(SIZES))
                    for place in rng.sample(PLACES, count))
    return Scene(background, objects, rng.choices(STYLES, (0.6, 0.2, 0.2))[0],
                 rng.choices(WEATHERS, (0.85, 0.15))[0], rng.randrange(2**31))


def _with(scene: Scene, index: int, item: SceneObject) -> Scene:
    return replace(scene, objects=scene.objects[:index] + (item,) + scene.objects[index + 1:])


def _name(item: SceneObject) -> str:
    return "the " + object_phrase(item, size=False)


def _others(words: tuple[str, ...], word: str) -> list[str]:
    return [w for w in words if w != word]


def _change_object(scene: Scene, rng: random.Random, split: str) -> _Change:
    i = rng.randrange(len(scene.objects))
    old = scene.objects[i]
    # Keep to the ground or to the air: otherwise the edit would also move the thing.
    fitting = [c for c in CLASSES if c != old.cls and (c in AIRBORNE) == (old.cls in AIRBORNE)]
    new = replace(old, cls=rng.choice(fitting))
    sentence = f"change {_name(old)} into {article(new.cls)}"
    return _Change(_with(scene, i, new), sentence, (old.cls, new.cls), ((i,), (i,)))


def _add(scene: Scene, rng: random.Random, split: str) -> _Change:
    free = [p for p in PLACES if p not in {o.place for o in scene.objects}]
    new = _new_object(rng, split, scene.background, rng.choice(free), rng.choice(SIZES))
    target = replace(scene, objects=scene.objects + (new,))
    return _Change(target, f"add {article(object_phrase(new))} {PLACE_WORDS[new.place]}", ("", new.cls),
                   ((), (len(scene.objects),)))


def _delete(scene: Scene, rng: random.Random, split: str) -> _Change:
    i = rng.randrange(len(scene.objects))
    old = scene.objects[i]
    target = replace(scene, objects=scene.objects[:i] + scene.objects[i + 1:])
    return _Change(target, f"remove {_name(old)}", (old.cls, ""), ((i,), ()))


def _vary(scene: Scene, rng: random.Random, field: str, words: tuple[str, ...], sentence: str) -> _Change:
    """Change one word of one object; `sentence` may use {name}, {word} and {where}."""
    i = rng.randrange(len(scene.objects))
    old = scene.objects[i]
    word = rng.choice(_others(words, getattr(old, field)))
    text = sentence.format(name=_name(old), word=word, where=PLACE_WORDS.get(word, ""))
    return _Change(_with(scene, i, replace(old, **{field: word})), text, (old.cls, old.cls), ((i,), (i,)),
                   ordered=field == "place")


def _content(scene: Scene, rng: random.Random, split: str) -> _Change:
    return _vary(scene, rng, "size", SIZES, "make {name} {word}")


def _pose(scene: Scene, rng: random.Random, split: str) -> _Change:
    change = _vary(scene, rng, "place", PLACES, "move {name} so that it is {where}")
    taken = [o.place for o in change.target.objects]
    return change if len(set(taken)) == len(taken) else _pose(scene, rng, split)


def _colour(scene: Scene, rng: random.Random, split: str) -> _Change:
    return _vary(scene, rng, "colour", COLOURS, "make {name} {word}")


def _material(scene: Scene, rng: random.Random, split: str) -> _Change:
    return _vary(scene, rng, "pattern", PATTERNS, "make {name} {word}")


def _background(scene: Scene, rng: random.Random, split: str) -> _Change:
    new = rng.choice(_others(BACKGROUNDS, scene.background))
    return _Change(replace(scene, background=new), f"change the background so that the scene is {WHERE[new]}",
                   (scene.background, new))


def _style(scene: Scene, rng: random.Random, split: str) -> _Change:
    new = rng.choice(_others(STYLES, scene.style))
    sentence = {"flat": "turn it into a plain daytime picture", "night": "make it night",
                "sketch": "turn it into a sketch"}[new]
    return _Change(replace(scene, style=new), sentence)


def _weather(scene: Scene, rng: random.Random, split: str) -> _Change:
    new = _others(WEATHERS, scene.weather)[0]
    return _Change(replace(scene, weather=new), "make it snow" if new == "snow" else "stop the snow")


def _random(scene: Scene, rng: random.Random, split: str) -> _Change:
    """One change of any kind, the weather included, or two at once."""
    single = [_change_object, _content, _pose, _colour, _material, _background, _style, _weather]
    first = rng.choice(single)(scene, rng, split)
    if rng.random() < 0.5 or first.ordered:
        return first
    second = rng.choice([_material, _style, _weather, _colour])(first.target, rng, split)
    words = first.blend_words if first.blend_words[1] else second.blend_words
    touched = tuple(tuple(sorted({*a, *b})) for a, b in zip(first.touched, second.touched))
    return _Change(second.target, f"{first.instruction}, and {second.instruction}", words, touched)


_MAKERS = dict(zip(EDIT_KINDS, (
    _random, _change_object, _add, _delete, _content, _pose, _colour, _material, _background, _style,
)))


def make_edit(kind: str, rng: random.Random, split: str = "heldout") -> Edit:
    """A random edit of one kind.

    split: "heldout" gives scenes all of whose objects, before and after, are combinations kept away from training;
    "train" gives none of them. Raises ValueError for an unknown kind or split.
    """
    if kind not in EDIT_KINDS:
        raise ValueError(f'unknown kind of edit "{kind}": expected one of {", ".join(EDIT_KINDS)}')
    if split not in ("train", "heldout"):
        raise ValueError(f'unknown split "{split}": expected "train" or "heldout"')
    for _ in range(_TRIES):
        count = rng.choice((2, 3)) if kind == "delete" else rng.choice((1, 1, 2)) if kind == "add" else \
            rng.choices((1, 2, 3), (0.5, 0.4, 0.1))[0]
        source = _source(rng, split, 2 if kind == "pose" and count == 3 else count)
        if not _fits(source, split) or (kind == "random" and count == 3):
            continue
        change = _MAKERS[kind](source, rng, split)
        if change.target == source or not _fits(change.target, split):
            continue
        order = [source.objects.index(o) for o in by_place(source)]
        before = canonical_caption(source, order)
        after = canonical_caption(change.target, order if change.ordered else None)
        return Edit(kind, source, change.target, before, bracketed(before, after), change.instruction,
                    change.blend_words, change.touched)
    raise RuntimeError(f'no edit of kind "{kind}" found in {_TRIES} tries')


def edit_pictures(edit: Edit, size: int) -> tuple[Tensor, Tensor]:
    """Both pictures as they are stored: uint8 [3, size, size]."""
    pair = draw([edit.source, edit.target], size)
    before, after = (pair * 255.0).round().to(torch.uint8)
    return before, after


def changed_mask(edit: Edit, size: int) -> Tensor:
    """The region the edit changes, bool [size, size].

    All pixels whose stored (8 bit) values differ and all visible pixels of the objects touched, before and after,
    grown by 1/128 of the side as hand-drawn masks are. Outside it the two pictures are identical.
    """
    pixels, masks = draw_with_masks([edit.source, edit.target], size)
    before, after = (pixels * 255.0).round().to(torch.uint8)
    mask = (before != after).any(0)
    for objects, touched in zip(masks, edit.touched):
        for index in touched:
            mask |= objects[index]
    reach = max(1, size // 128)
    return functional.max_pool2d(mask[None].float(), 2 * reach + 1, 1, reach)[0] > 0
