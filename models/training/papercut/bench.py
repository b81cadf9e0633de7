"""Writes models/bench/papercut-pie: an editing benchmark in PIE-Bench's layout, with the true answers.

    python -m papercut.bench [--out DIR] [--seed N] [--object-masks]

`--object-masks` writes only `object_masks.json`, from the records of a benchmark that is there.

The layout is PIE-Bench's (Ju et al., arXiv 2310.01506): `mapping_file.json` from id to the picture's path, prompts,
kind and mask as run lengths; the pictures below `annotation_images/`. What it adds: `edited_images/`, the picture as it
should come out, and for each entry both records and the size of the picture.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import tempfile
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from .world.draw import draw_with_masks
from .world.edits import EDIT_KINDS, Edit, changed_mask, edit_pictures, make_edit
from .world.scene import from_record, to_record

SIZE = 256
# Side of the objects' masks: twice that of the largest attention maps they are compared with.
MASK_SIZE = 64
# PIE-Bench's own proportions (700 pairs), a fifth of each.
COUNTS = dict(zip(EDIT_KINDS, (28, 16, 16, 16, 8, 8, 8, 8, 16, 16)))
FOLDERS = dict(zip(EDIT_KINDS, (
    "0_random", "1_change_object", "2_add_object", "3_delete_object", "4_change_attribute_content",
    "5_change_attribute_pose", "6_change_attribute_color", "7_change_attribute_material", "8_change_background",
    "9_change_style",
)))
_DEFAULT_OUT = Path(__file__).resolve().parents[2] / "bench" / "papercut-pie"


def encode_mask(mask: Tensor) -> list[int]:
    """Bool [H, W] to run lengths: start, length, start, length ... over the picture's pixels, row by row."""
    flat = mask.flatten().to(torch.int8)
    edges = torch.diff(flat, prepend=flat.new_zeros(1), append=flat.new_zeros(1)).nonzero().flatten().tolist()
    return [n for start, end in zip(edges[::2], edges[1::2]) for n in (start, end - start)]


def decode_mask(runs: list[int], height: int, width: int, border: bool = True) -> Tensor:
    """Run lengths to bool [height, width]. border: set the outermost pixels, as PIE-Bench's own reader does.

    Raises ValueError if the runs are not pairs; runs past the end are cut, as there.
    """
    if len(runs) % 2:
        raise ValueError(f"mask has {len(runs)} numbers: expected pairs of start and length")
    mask = torch.zeros(height * width, dtype=torch.bool)
    for start, length in zip(runs[::2], runs[1::2]):
        mask[start:start + length] = True
    mask = mask.view(height, width)
    if border:
        mask[0], mask[-1], mask[:, 0], mask[:, -1] = True, True, True, True
    return mask


def make_pairs(seed: int, counts: dict[str, int] = COUNTS) -> list[Edit]:
    """The benchmark's edits, kind by kind; no two share source and target."""
    rng = random.Random(seed)
    pairs: list[Edit] = []
    for kind, count in counts.items():
        seen: set[tuple[str, str]] = set()
        while len(seen) < count:
            edit = make_edit(kind, rng, "heldout")
            key = (edit.source_prompt, edit.target_prompt)
            if key not in seen:
                seen.add(key)
                pairs.append(edit)
    return pairs


def entry(edit: Edit, path: str) -> dict[str, Any]:
    """One value of mapping_file.json. The first seven keys are PIE-Bench's, the rest ours."""
    source_word, target_word = edit.blend_words
    return {
        "image_path": path,
        "original_prompt": edit.source_prompt,
        "editing_prompt": edit.target_prompt,
        "editing_instruction": edit.instruction,
        "editing_type_id": str(EDIT_KINDS.index(edit.kind)),
        "blended_word": f"{source_word} {target_word}" if source_word and target_word else "",
        "mask": encode_mask(changed_mask(edit, SIZE)),
        "edited_image_path": path,
        "image_size": [SIZE, SIZE],
        "original_record": to_record(edit.source),
        "edited_record": to_record(edit.target),
    }


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _write_png(path: Path, picture: Tensor) -> None:
    buffer = io.BytesIO()
    Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy()).save(buffer, "PNG", optimize=True)
    _write(path, buffer.getvalue())


def write_bench(out: Path, seed: int = 20260, counts: dict[str, int] = COUNTS) -> int:
    """Write the whole benchmark below `out`; returns the number of pairs. The mapping file comes last."""
    mapping: dict[str, Any] = {}
    for number, edit in enumerate(make_pairs(seed, counts)):
        key = f"{EDIT_KINDS.index(edit.kind)}{number:011d}"
        path = f"{FOLDERS[edit.kind]}/{key}.png"
        before, after = edit_pictures(edit, SIZE)
        _write_png(out / "annotation_images" / path, before)
        _write_png(out / "edited_images" / path, after)
        mapping[key] = entry(edit, path)
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in mapping.items())
    _write(out / "mapping_file.json", f"{{\n{lines}\n}}\n".encode())
    return len(mapping)


def object_masks(record: dict[str, Any]) -> list[dict[str, Any]]:
    """What a picture shows, object by object in the record's order: its class and where it is seen, as run lengths."""
    scene = from_record(record)
    _, masks = draw_with_masks([scene], MASK_SIZE)
    return [{"cls": item.cls, "mask": encode_mask(mask)} for item, mask in zip(scene.objects, masks[0])]


def write_object_masks(out: Path) -> int:
    """Write object_masks.json beside a benchmark's mapping file; returns the number of pictures."""
    mapping = json.loads((out / "mapping_file.json").read_text())
    pictures = {
        f"{folder}/{entry[path]}": object_masks(entry[record])
        for entry in mapping.values()
        for folder, path, record in (("annotation_images", "image_path", "original_record"),
                                     ("edited_images", "edited_image_path", "edited_record"))
    }
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in pictures.items())
    text = f'{{"size": {MASK_SIZE},\n"pictures": {{\n{lines}\n}}}}\n'
    _write(out / "object_masks.json", text.encode())
    return len(pictures)


def main() -> None:
    """Command line: python -m papercut.bench."""
    parser = argparse.ArgumentParser(description="Write the papercut-pie editing benchmark.")
    parser.add_argument("--out", type=Path, default=_DEFAULT_OUT)
    parser.add_argument("--seed", type=int, default=20260)
    parser.add_argument("--object-masks", action="store_true", help="only object_masks.json, for pictures that are there")
    options = parser.parse_args()
    torch.set_num_threads(1)  # one picture at a time: threads would only wait for each other
    if options.object_masks:
        print(f"masks of {write_object_masks(options.out)} pictures in {options.out / 'object_masks.json'}")
        return
    count = write_bench(options.out, options.seed)
    write_object_masks(options.out)
    size = sum(f.stat().st_size for f in options.out.rglob("*") if f.is_file())
    print(f"{count} pairs, {size / 1e6:.2f} MB, in {options.out}")


if __name__ == "__main__":
    main()
