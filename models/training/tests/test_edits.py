"""Edit pairs: prompts, what changes, and where."""

from __future__ import annotations

import random

import pytest
import torch

from papercut.world.caption import canonical_caption
from papercut.world.edits import EDIT_KINDS, bracketed, changed_mask, edit_pictures, make_edit
from papercut.world.scene import is_held_out


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small tensors on a busy machine: threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def edits(kind: str, count: int, split: str = "heldout"):
    rng = random.Random(f"{kind}/{split}")
    return [make_edit(kind, rng, split) for _ in range(count)]


@pytest.mark.parametrize("kind", EDIT_KINDS)
def test_outside_the_mask_nothing_changes(kind):
    for edit in edits(kind, 3):
        before, after = edit_pictures(edit, 128)
        mask = changed_mask(edit, 128)
        assert torch.equal(before[:, ~mask], after[:, ~mask])
        assert (before != after).any(0).sum() > 30
        if kind in ("object", "add", "delete", "content", "pose", "colour", "material"):
            assert mask.float().mean() < 0.5
            assert ((before != after).any(0) & mask).sum() / mask.sum() > 0.08  # a pattern touches part of its object


@pytest.mark.parametrize("split", ["heldout", "train"])
@pytest.mark.parametrize("kind", EDIT_KINDS)
def test_both_scenes_belong_to_the_split(kind, split):
    for edit in edits(kind, 8, split):
        for scene in (edit.source, edit.target):
            assert scene.objects
            assert all(is_held_out(o.cls, o.colour, scene.background) is (split == "heldout") for o in scene.objects)


@pytest.mark.parametrize("kind", EDIT_KINDS)
def test_prompts_are_captions_and_brackets_mark_what_is_new(kind):
    for edit in edits(kind, 12):
        assert edit.source_prompt == canonical_caption(edit.source)
        plain = edit.target_prompt.replace("[", "").replace("]", "")
        if kind not in ("pose", "random"):  # a moved object keeps its place in the sentence
            assert plain == canonical_caption(edit.target)
        assert sorted(plain.replace(",", "").replace(" and ", " ").split()) == sorted(
            canonical_caption(edit.target).replace(",", "").replace(" and ", " ").split())
        if kind in ("object", "add", "content", "pose", "colour", "background"):
            assert "[" in edit.target_prompt
        source_word, target_word = edit.blend_words
        assert source_word == "" or source_word in edit.source_prompt.replace(",", "").split()
        assert target_word == "" or target_word in plain.replace(",", "").split()
        assert edit.instruction


def test_each_kind_changes_what_it_says():
    for edit in edits("colour", 10):
        i = edit.touched[0][0]
        old, new = edit.source.objects[i], edit.target.objects[i]
        assert old.colour != new.colour and (old.cls, old.pattern, old.place) == (new.cls, new.pattern, new.place)
    for edit in edits("add", 10):
        assert edit.target.objects[:-1] == edit.source.objects
    for edit in edits("delete", 10):
        assert len(edit.target.objects) == len(edit.source.objects) - 1
    for edit in edits("background", 10):
        assert edit.target.objects == edit.source.objects and edit.target.background != edit.source.background
    for edit in edits("style", 10):
        assert edit.target.style != edit.source.style


def test_brackets_take_whole_phrases_and_leave_commas_out():
    assert bracketed("a red cat on the left at the beach", "a red cat in the middle at the beach, snow") == (
        "a red cat [in the middle] at the beach, [snow]")


def test_the_same_seed_gives_the_same_edit():
    assert make_edit("random", random.Random(5)) == make_edit("random", random.Random(5))


def test_unknown_words_are_refused():
    with pytest.raises(ValueError, match='unknown kind of edit "melt": expected one of random, object'):
        make_edit("melt", random.Random(0))
    with pytest.raises(ValueError, match='unknown split "test"'):
        make_edit("add", random.Random(0), "test")
