"""The papercut world: records, pictures, masks, captions."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as functional

from papercut.world import scene as world
from papercut.world.caption import canonical_caption, caption, words
from papercut.world.draw import draw, draw_with_masks
from papercut.world.scene import Scene, SceneObject, from_record, is_held_out, sample_scene, to_record


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small tensors on a busy machine: threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def scenes(count: int, seed: int = 0, **options) -> list[Scene]:
    rng = random.Random(seed)
    return [sample_scene(rng, **options) for _ in range(count)]


def test_the_world_is_as_large_as_promised():
    assert len(world.CLASSES) >= 12 and len(world.COLOURS) == 8 and len(world.PATTERNS) >= 3
    assert len(world.BACKGROUNDS) == 5 and len(world.STYLES) == 3 and len(world.WEATHERS) == 2


def test_records_survive_json():
    import json

    for scene in scenes(200):
        assert from_record(json.loads(json.dumps(to_record(scene)))) == scene


@pytest.mark.parametrize("change, names", [
    ({"background": "moon"}, "background is \"moon\""),
    ({"style": "oil"}, "style is \"oil\""),
    ({"objects": [{"cls": "tiger"}]}, "object 0: cls is \"tiger\""),
])
def test_a_foreign_record_is_refused_with_the_field_named(change, names):
    record = to_record(scenes(1)[0]) | change
    with pytest.raises(ValueError, match=re.escape(names)):
        from_record(record)


def test_same_record_same_bytes_alone_and_in_a_batch():
    batch = scenes(12, seed=1)
    together = draw(batch, 64)
    assert torch.equal(together, draw([from_record(to_record(s)) for s in batch], 64))
    for index in (0, 7, 11):
        alone = draw([batch[index]], 64)[0]
        # Batching may change the last bits of a sum, never a stored byte by more than rounding.
        assert (alone - together[index]).abs().max() < 1e-5


def test_pictures_are_in_range_and_finite():
    pixels = draw(scenes(40, seed=2), 64)
    assert torch.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 1


def test_any_resolution_shows_the_same_picture():
    batch = scenes(8, seed=3)
    small, large = draw(batch, 64), draw(batch, 256)
    assert (functional.avg_pool2d(large, 4) - small).abs().mean() < 0.006


def test_a_window_is_a_crop():
    batch = scenes(6, seed=4)
    whole = draw(batch, 256)
    rng = random.Random(4)
    corners = [(rng.randrange(129), rng.randrange(129)) for _ in batch]
    window = torch.tensor([[x / 256, y / 256, (x + 128) / 256, (y + 128) / 256] for x, y in corners])
    crops = draw(batch, 128, window=window)
    for picture, crop, (x, y) in zip(whole, crops, corners):
        assert (picture[:, y:y + 128, x:x + 128] - crop).abs().max() < 2e-3


def test_a_wide_picture_holds_the_square_one():
    scene = scenes(1, seed=5)
    wide = draw(scene, (64, 128))
    assert wide.shape == (1, 3, 64, 128)
    assert (wide[..., 32:96] - draw(scene, 64)).abs().max() < 2e-3


def test_bad_sizes_and_windows_are_refused():
    batch = scenes(2)
    with pytest.raises(ValueError, match="at least 8 x 8"):
        draw(batch, 4)
    with pytest.raises(ValueError, match=r"window has shape \(1, 4\)"):
        draw(batch, 64, window=torch.tensor([[0.0, 0.0, 1.0, 1.0]]))
    with pytest.raises(ValueError, match="no scenes"):
        draw([], 64)
    with pytest.raises(ValueError, match="unknown split"):
        sample_scene(random.Random(0), "test")


def test_masks_cover_exactly_the_pixels_that_change():
    batch = scenes(20, seed=6)
    pixels, masks = draw_with_masks(batch, 128)
    assert torch.equal(pixels, draw(batch, 128))
    inside = changed_inside = 0
    for scene, picture, mask in zip(batch, pixels, masks):
        assert mask.shape == (len(scene.objects), 128, 128)
        for index in range(len(scene.objects)):
            rest = scene.objects[:index] + scene.objects[index + 1:]
            without = draw([replace(scene, objects=rest)], 128)[0]
            difference = (picture - without).abs().amax(0)
            assert not (difference[~mask[index]] > 3 / 255).any()
            inside += int(mask[index].sum())
            changed_inside += int((difference[mask[index]] > 1 / 255).sum())
    # A few pixels may happen to have the background's colour.
    assert changed_inside / inside > 0.95


def test_objects_are_large_enough_and_mostly_in_the_frame():
    batch = scenes(60, seed=7, n_objects=1)
    for scene, masks in zip(batch, draw_with_masks(batch, 100)[1]):
        rows = masks[0].any(1).sum()
        assert rows >= 22, scene


def test_every_attribute_is_visible():
    base = Scene("meadow", (SceneObject("cat", "red"),), "flat", "clear", 5)
    item = base.objects[0]
    variants = [replace(base, objects=(replace(item, **{field: word}),))
                for field, known in (("cls", world.CLASSES), ("colour", world.COLOURS), ("pattern", world.PATTERNS),
                                     ("size", world.SIZES), ("place", world.PLACES))
                for word in known if word != getattr(item, field)]
    variants += [replace(base, **{field: word}) for field, known in (
        ("background", world.BACKGROUNDS), ("style", world.STYLES), ("weather", world.WEATHERS))
        for word in known if word != getattr(base, field)]
    pictures = draw([base, *variants], 64)
    for i in range(len(pictures)):
        for j in range(i):
            different = ((pictures[i] - pictures[j]).abs().amax(0) > 0.08).sum()
            assert different >= 40, (i, j)


def test_captions_name_everything_visible_in_a_small_vocabulary():
    rng = random.Random(8)
    vocabulary: set[str] = set()
    forms: set[str] = set()
    for scene in scenes(3000, seed=8):
        for text in (caption(scene, rng), canonical_caption(scene)):
            found = re.findall(r"[a-z]+", text)
            assert text == text.lower() and len(found) <= 45
            vocabulary.update(found)
            for word in words(scene):
                assert found.count(word) >= words(scene).count(word), (text, word)
        forms.add(text)
    assert len(vocabulary) < 70
    assert len(forms) > 2500


def test_the_canonical_caption_tells_all_but_the_jitter():
    scene = scenes(1, seed=9, n_objects=2)[0]
    text = canonical_caption(scene)
    shaken = replace(scene, seed=1, objects=tuple(replace(o, dx=0.0, dy=0.0) for o in scene.objects[::-1]))
    assert canonical_caption(shaken) == text
    for field, known in (("style", world.STYLES), ("weather", world.WEATHERS), ("background", world.BACKGROUNDS)):
        assert len({canonical_caption(replace(scene, **{field: w})) for w in known}) == len(known)


def test_training_never_sees_a_held_out_combination():
    rng = random.Random(10)
    seen: set[str] = set()
    for _ in range(20_000):
        scene = sample_scene(rng)
        assert not any(is_held_out(o.cls, o.colour, scene.background) for o in scene.objects)
        assert len({o.place for o in scene.objects}) == len(scene.objects)
        seen.update(o.cls for o in scene.objects)
    assert seen == set(world.CLASSES)


def test_the_held_out_split_is_all_held_out_and_about_a_tenth():
    for scene in scenes(500, seed=11, split="heldout"):
        assert world.scene_is_held_out(scene)
    combinations = [(c, k, b) for c in world.CLASSES for k in world.COLOURS for b in world.BACKGROUNDS]
    assert 0.07 < sum(is_held_out(*c) for c in combinations) / len(combinations) < 0.13
