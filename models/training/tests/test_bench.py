"""The committed benchmark: PIE-Bench's layout, and true to the scenes it was drawn from."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from papercut.bench import COUNTS, MASK_SIZE, SIZE, decode_mask, encode_mask, object_masks, write_bench
from papercut.world.draw import draw
from papercut.world.scene import from_record, is_held_out, sample_scene

ROOT = Path(__file__).resolve().parents[2] / "bench" / "papercut-pie"
MAPPING = json.loads((ROOT / "mapping_file.json").read_text())


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small tensors on a busy machine: threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def picture(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        assert image.mode == "RGB" and image.size == (SIZE, SIZE)
        return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def test_there_are_enough_pairs_of_every_kind_in_few_bytes():
    kinds = [entry["editing_type_id"] for entry in MAPPING.values()]
    assert len(kinds) >= 140
    assert [kinds.count(str(i)) for i in range(10)] == list(COUNTS.values())
    assert sum(f.stat().st_size for f in ROOT.rglob("*") if f.is_file()) < 8_000_000


def test_outside_the_masks_pictures_and_answers_are_identical():
    for key, entry in MAPPING.items():
        before = picture(ROOT / "annotation_images" / entry["image_path"])
        after = picture(ROOT / "edited_images" / entry["edited_image_path"])
        mask = decode_mask(entry["mask"], *entry["image_size"], border=False)
        assert torch.equal(before[:, ~mask], after[:, ~mask]), key
        assert not torch.equal(before, after), key


def test_object_masks_lie_where_the_objects_are():
    masks = json.loads((ROOT / "object_masks.json").read_text())
    assert masks["size"] == MASK_SIZE and len(masks["pictures"]) == 2 * len(MAPPING)
    for key in random.Random(2).sample(sorted(MAPPING), 12):
        entry = MAPPING[key]
        listed = masks["pictures"][f"annotation_images/{entry['image_path']}"]
        assert listed == object_masks(entry["original_record"]), key
        scene = from_record(entry["original_record"])
        assert [item["cls"] for item in listed] == [item.cls for item in scene.objects]
        with_all = draw([scene], MASK_SIZE)[0]
        for index, item in enumerate(listed):
            mask = decode_mask(item["mask"], MASK_SIZE, MASK_SIZE, border=False)
            without = replace(scene, objects=scene.objects[:index] + scene.objects[index + 1:])
            changed = (draw([without], MASK_SIZE)[0] != with_all).any(0)
            assert not (mask & ~changed).any() and mask.sum() > 10, key


def test_pictures_are_the_drawings_of_their_records():
    for key in random.Random(1).sample(sorted(MAPPING), 16):
        entry = MAPPING[key]
        for folder, path, record in (("annotation_images", "image_path", "original_record"),
                                     ("edited_images", "edited_image_path", "edited_record")):
            drawn = draw([from_record(entry[record])], SIZE)[0] * 255
            stored = picture(ROOT / folder / entry[path]).float()
            assert (drawn - stored).abs().max() < 1.01, key


def test_nothing_of_the_benchmark_occurs_in_training():
    combinations, records = set(), set()
    for entry in MAPPING.values():
        for name in ("original_record", "edited_record"):
            scene = from_record(entry[name])
            records.add(scene)
            combinations |= {(o.cls, o.colour, scene.background) for o in scene.objects}
    assert all(is_held_out(*c) for c in combinations)
    rng = random.Random(12)
    for _ in range(5_000):
        scene = sample_scene(rng)
        assert scene not in records
        assert not combinations & {(o.cls, o.colour, scene.background) for o in scene.objects}


def test_entries_have_the_keys_of_the_layout():
    for key, entry in MAPPING.items():
        for name in ("image_path", "original_prompt", "editing_prompt", "editing_instruction", "editing_type_id",
                     "blended_word"):
            assert isinstance(entry[name], str), (key, name)
        assert len(entry["blended_word"].split()) in (0, 2)
        assert key.startswith(entry["editing_type_id"]) and "[" not in entry["original_prompt"]
        assert entry["editing_prompt"].count("[") == entry["editing_prompt"].count("]")


def test_masks_survive_run_lengths():
    generator = torch.Generator().manual_seed(3)
    for shape in ((5, 7), (64, 64)):
        mask = torch.rand(shape, generator=generator) > 0.6
        assert torch.equal(decode_mask(encode_mask(mask), *shape, border=False), mask)
    assert encode_mask(torch.zeros(4, 4, dtype=torch.bool)) == []
    assert decode_mask([], 4, 4).sum() == 12
    assert decode_mask([14, 99], 4, 4, border=False).sum() == 2
    with pytest.raises(ValueError, match="pairs of start and length"):
        decode_mask([1, 2, 3], 4, 4)


def test_writing_again_gives_the_same_files(tmp_path):
    counts = {"object": 2, "style": 1}
    assert write_bench(tmp_path / "a", 7, counts) == 3
    write_bench(tmp_path / "b", 7, counts)
    first = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert len(first) == 7
    for name in first:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
