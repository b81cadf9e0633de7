"""Published folders: layout, cards, diffusers' own pipelines; and the small pieces they are made of."""

from __future__ import annotations

import hashlib
import json
import shutil
import random
from pathlib import Path

import pytest
import torch

from papercut import diffusion
from papercut.errors import UserError
from papercut.evaluate import psnr, ssim
from papercut.export import export
from papercut.holes import BOX, BRUSH, OBJECT, around, random_hole
from papercut.labels import HEADS, IGNORE, WIDTH, correct, split, targets, to_scene
from papercut.probe_model import Probe, load_probe, save_probe
from papercut.tokenizer import LENGTH, TextCodec, save_tokenizer, vocabulary, with_fillers
from papercut.world.caption import caption, canonical_caption
from papercut.world.draw import draw_with_masks
from papercut.world.scene import sample_scene

from test_recipes import runs  # noqa: F401 (a fixture)


@pytest.fixture(scope="session")
def published(runs, tmp_path_factory) -> Path:  # noqa: F811
    """Both toy models as `export` writes them."""
    folder = tmp_path_factory.mktemp("models")
    export(runs, folder, ["starter", "starter-inpaint"])
    return folder


@pytest.mark.parametrize("name", ["starter", "starter-inpaint"])
def test_cards_name_every_file(published: Path, name: str):
    folder = published / name
    card = json.loads((folder / "model.json").read_text())
    listed = {row["path"]: row for row in card["files"]}
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {"model.json"}
    assert set(listed) == there
    for path, row in listed.items():
        data = (folder / path).read_bytes()
        assert row == {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    assert card["family"] == "sd1" and card["licence"] == "MIT" and card["size"] == 256
    assert len(card["latentRgb"]["matrix"]) == 4 and len(card["latentRgb"]["bias"]) == 3
    assert set(vocabulary()) == set(card["vocabulary"])
    assert card["training"]["seconds"] >= 0 and card["training"]["samples"] > 0
    for relative in card.get("shares", {}).values():
        assert (folder / relative).is_dir()


def test_text_to_image_folder_loads_in_diffusers(published: Path):
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(published / "starter", local_files_only=True, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    picture = pipe("a red cat", num_inference_steps=2, guidance_scale=5.0, output_type="np").images[0]
    assert picture.shape == (256, 256, 3)
    assert picture.std() > 0


def test_inpainting_folder_loads_in_diffusers(published: Path):
    from diffusers import (AutoencoderKL, DDIMScheduler, StableDiffusionInpaintPipeline, UNet2DConditionModel)
    from transformers import CLIPTextModel, CLIPTokenizer

    folder = published / "starter-inpaint"
    shares = {k: folder / v for k, v in json.loads((folder / "model.json").read_text())["shares"].items()}
    pipe = StableDiffusionInpaintPipeline(
        vae=AutoencoderKL.from_pretrained(shares["vae"]), unet=UNet2DConditionModel.from_pretrained(folder / "unet"),
        text_encoder=CLIPTextModel.from_pretrained(shares["text_encoder"], torch_dtype=torch.float32),
        tokenizer=CLIPTokenizer.from_pretrained(shares["tokenizer"]),
        scheduler=DDIMScheduler.from_pretrained(folder / "scheduler"), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    image, mask = torch.rand(1, 3, 256, 256), torch.zeros(1, 1, 256, 256)
    mask[..., 64:128, 64:128] = 1
    got = pipe("a cat", image=image, mask_image=mask, num_inference_steps=2, height=256, width=256,
               output_type="np").images[0]
    assert got.shape == (256, 256, 3)


def test_tiny_decoder_and_vae_use_the_same_latents(published: Path):
    from diffusers import AutoencoderKL, AutoencoderTiny

    vae = AutoencoderKL.from_pretrained(published / "starter" / "vae")
    tiny = AutoencoderTiny.from_pretrained(published / "starter" / "tiny_vae")
    assert tiny.config.scaling_factor == 1.0
    assert vae.config.scaling_factor != 1.0
    assert tiny.decode(torch.zeros(1, 4, 8, 8)).sample.shape == (1, 3, 64, 64)


def test_export_of_one_part_keeps_the_others(published: Path, runs: Path, tmp_path: Path):  # noqa: F811
    target = tmp_path / "models"
    shutil.copytree(published, target)
    only = tmp_path / "runs"
    shutil.copytree(runs / "unet", only / "unet")
    state = torch.load(only / "unet" / "checkpoint.pt", weights_only=False)
    torch.save({**state, "init_from": True, "samples": state["samples"] + 1}, only / "unet" / "checkpoint.pt")
    export(only, target, ["starter"])
    before, after = (json.loads((folder / "starter" / "model.json").read_text()) for folder in (published, target))
    assert {f["path"]: f["sha256"] for f in before["files"]} == {f["path"]: f["sha256"] for f in after["files"]}
    assert set(after["training"]["runs"]) == set(before["training"]["runs"]) | {"unet, run 2"}
    assert after["training"]["samples"] == before["training"]["samples"] + state["samples"] + 1


def test_export_refuses_unfinished_runs(tmp_path: Path):
    with pytest.raises(UserError, match="unet"):
        export(tmp_path, tmp_path / "models", ["starter"])
    with pytest.raises(UserError, match="starter-inpaint"):
        export(tmp_path, tmp_path / "models", ["other"])


# --- tokenizer --------------------------------------------------------------------------------------------------------

def test_every_word_of_the_world_is_one_token():
    codec = TextCodec()
    for word in vocabulary():
        assert codec.encode([word], None).shape == (1, 3), word


def test_tokenizer_files_read_the_same_in_transformers(tmp_path: Path):
    from transformers import CLIPTokenizer

    save_tokenizer(tmp_path)
    theirs, codec, rng = CLIPTokenizer.from_pretrained(tmp_path), TextCodec(), random.Random(0)
    texts = [caption(sample_scene(rng), rng) for _ in range(50)] + ["", "Zebra 12!", "naïve  café", "a  RED\tcat,,"]
    wanted = theirs(texts, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt").input_ids
    assert torch.equal(codec.encode(texts), wanted)
    assert theirs.model_max_length == LENGTH


def test_captions_fit_and_long_texts_are_cut():
    codec, rng = TextCodec(), random.Random(1)
    longest = max(codec.encode([canonical_caption(sample_scene(rng, n_objects=3))], None).shape[1] for _ in range(200))
    assert longest < LENGTH
    row = codec.encode(["cat " * 200])[0]
    assert len(row) == LENGTH and row[0] == codec.bos and row[-1] == codec.eos


def test_fillers_keep_the_caption_words_in_order():
    rng = random.Random(2)
    said = with_fillers("a red cat on a meadow", rng).split()
    kept = iter(said)
    assert all(word in kept for word in "a red cat on a meadow".split()) and len(said) > 6


# --- labels and probe -------------------------------------------------------------------------------------------------

def logits_of(scenes) -> torch.Tensor:
    """Logits that answer every question of the scenes rightly."""
    wanted, rows = targets(scenes), []
    for head in HEADS:
        value = wanted[head.name]
        if head.name == "present":
            rows.append(value * 8 - 4)
        else:
            hot = torch.nn.functional.one_hot(value.clamp_min(0), len(head.labels)).float() * 5
            rows.append(hot.flatten(1))
    return torch.cat(rows, 1)


def test_records_survive_labels():
    rng = random.Random(3)
    scenes = [sample_scene(rng) for _ in range(20)]
    logits = logits_of(scenes)
    assert logits.shape == (20, WIDTH)
    for scene, row in zip(scenes, logits):
        assert canonical_caption(to_scene(row)) == canonical_caption(scene)
    result = correct(logits, targets(scenes))
    assert all(a == b for a, b in result.values()) and result["colour"][1] == sum(len(s.objects) for s in scenes)


def test_wrong_answers_are_counted():
    scenes = [sample_scene(random.Random(4), n_objects=2)]
    logits, wanted = logits_of(scenes), targets(scenes)
    split(logits)["present"].neg_()
    assert correct(logits, wanted)["present"] == (0, 1)
    wanted["colour"][wanted["colour"] != IGNORE] = (wanted["colour"].max() + 1) % 8
    assert correct(logits_of(scenes), wanted)["colour"][0] <= 1


def test_folded_probe_is_the_same_function(tmp_path: Path):
    model = Probe([(8, 2), (8, 2), (16, 2)], 16)
    for _ in range(3):
        model(torch.randn(8, 3, 128, 128))
    model.eval()
    save_probe(model, tmp_path)
    x = torch.randn(2, 3, 128, 128)
    with torch.no_grad():
        assert torch.allclose(model(x), load_probe(tmp_path)(x), atol=1e-4)
    config = json.loads((tmp_path / "config.json").read_text())
    widths = [len(h["labels"]) * (len(config["classes"]) if h["perClass"] else 1) for h in config["heads"]]
    assert sum(widths) == WIDTH


# --- diffusion, holes, measures ---------------------------------------------------------------------------------------

def test_schedule_and_steps_agree_with_diffusers():
    from diffusers import DDIMScheduler

    theirs = DDIMScheduler.from_config({k: v for k, v in diffusion.SCHEDULER.items() if not k.startswith("_")})
    assert torch.allclose(theirs.alphas_cumprod.double(), diffusion.ABAR, atol=1e-6)
    theirs.set_timesteps(10)
    assert theirs.timesteps.tolist() == diffusion.ddim_timesteps(10)
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(2, 4, 8, 8, generator=generator)

    def predict(x, t):
        return torch.tanh(x * (1 + t / 1000))

    wanted = noise
    for t in theirs.timesteps:
        wanted = theirs.step(predict(wanted, int(t)), t, wanted).prev_sample
    assert torch.allclose(diffusion.sample(predict, noise, 10), wanted, atol=1e-4)
    steps = torch.tensor([3, 700])
    assert torch.allclose(diffusion.add_noise(wanted, noise, steps), theirs.add_noise(wanted, noise, steps), atol=1e-4)


def test_inversion_is_exact_for_a_constant_prediction():
    start, eps = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    back = diffusion.sample(lambda x, t: eps, diffusion.invert(lambda x, t: eps, start, 20), 20)
    assert torch.allclose(back, start, atol=1e-3)


def test_min_snr_weights():
    weight = diffusion.min_snr_weight(torch.tensor([0, 999]))
    snr = float(diffusion.ABAR[0] / (1 - diffusion.ABAR[0]))
    assert weight[0] == pytest.approx(5 / snr, rel=1e-4) and weight[1] == pytest.approx(1.0)


def test_timesteps_are_spread():
    torch.manual_seed(0)
    steps = diffusion.spread_timesteps(10, torch.device("cpu")).sort().values
    assert torch.equal(steps // 100, torch.arange(10))


@pytest.mark.parametrize("kind", [BOX, BRUSH, OBJECT])
def test_holes_hide_their_object(kind: str):
    rng = random.Random(5)
    scenes = [sample_scene(rng) for _ in range(6)]
    _, masks = draw_with_masks(scenes, 64)
    for scene, mask in zip(scenes, masks):
        hole = around(scene, 0, mask, rng, kind)
        assert hole.shape == (64, 64) and set(hole.unique().tolist()) <= {0.0, 1.0}
        assert bool((hole[mask[0]] == 1).all())


def test_random_holes_cover_something():
    rng = random.Random(6)
    scenes = [sample_scene(rng) for _ in range(40)]
    _, masks = draw_with_masks(scenes, 64)
    found = [random_hole(rng, s, m) for s, m in zip(scenes, masks)]
    assert all(hole.sum() > 0 for hole, _ in found)
    aimed = sum(target >= 0 for _, target in found)
    assert 15 < aimed < 40


def test_measures():
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert float(ssim(picture, picture)) == pytest.approx(1.0, abs=1e-4)
    assert float(psnr(picture, picture + 0.1)) == pytest.approx(20.0, abs=1e-3)
    assert float(ssim(picture, torch.rand(1, 3, 32, 32))) < 0.3
