"""export: runs to published model folders in Stable Diffusion 1.x's layout, in fp16, each with a card."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import diffusers
import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPVisionModelWithProjection

from . import checkpoint
from .checkpoint import write_atomically
from .diffusion import SCHEDULER
from .errors import UserError
from .probe_model import load_probe, save_probe
from .recipes.tiny import fit_latent_rgb
from .tokenizer import save_tokenizer, vocabulary
from .weights import component, read

SHARD = "14MB"
STARTER, INPAINT = "starter", "starter-inpaint"


def _write_json(path: Path, value: object) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def _index(own: dict[str, list[str]]) -> dict:
    return {"_class_name": "StableDiffusionPipeline", "_diffusers_version": diffusers.__version__,
            "feature_extractor": [None, None], "image_encoder": [None, None], "requires_safety_checker": False,
            "safety_checker": [None, None], **own}


def _half(kind, runs: Path, name: str, target: Path) -> None:
    read(kind, runs, name, torch.float16).save_pretrained(target / name, max_shard_size=SHARD)
    config = target / name / "config.json"
    # Where the run lay is nobody's business, and equal weights should give equal files.
    _write_json(config, {k: v for k, v in json.loads(config.read_text()).items() if k != "_name_or_path"})


def training_facts(runs: Path, names: tuple[str, ...], card: Path) -> dict:
    """What the checkpoints of these runs say: command, seconds, samples, steps.

    names: folders below `runs`. A run of `vae` in another folder than vae/ went on with the decoder alone. card: the
    card published before, which tells of the runs that are not here; a run that went on from published weights adds to
    what the card says of them.
    """
    facts = json.loads(card.read_text())["training"]["runs"] if card.is_file() else {}
    for name in names:
        path = runs / name / "checkpoint.pt"
        if path.is_file():
            recipe = name.split("-")[0]
            state = checkpoint.load(path, recipe)
            command = f"python -m papercut {recipe} --preset {state['preset']} --seed {state['seed']}"
            if recipe == "vae" and name != "vae":
                command += " --decoder-only --init-from the weights so far"
            if state.get("anchor") is not None:
                command += f" --anchor {state['anchor']:g}"
            fact = {"command": command, "preset": state["preset"], "seconds": round(state["elapsed"]),
                    "steps": state["step"], "samples": state["samples"]}
            if state.get("init_from") and name in facts and not _told(facts, name, fact):
                later = 2 + sum(other.startswith(f"{name}, run ") for other in facts)
                facts[f"{name}, run {later}"] = {**fact, "command": f"{command} --init-from the weights so far"}
            elif not _told(facts, name, fact):
                facts[name] = fact
    return facts


def _told(facts: dict, name: str, fact: dict) -> bool:
    """Whether the card already tells of this very run."""
    return any(other.split(",")[0] == name and (f["seconds"], f["samples"]) == (fact["seconds"], fact["samples"])
               for other, f in facts.items())


def _files(folder: Path) -> list[dict]:
    rows = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and path.name != "model.json" and not name.startswith(("evaluation", "EVALUATION", ".")):
            data = path.read_bytes()
            rows.append({"path": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)})
    return rows


NOTE = ("Trained for a few hours on a busy two-core CPU. Figures below their bounds, or not measured, are for want of compute: "
        "go on from these weights with `python -m papercut unet --init-from models/starter --models models/starter "
        "--workers 2 --budget-minutes 240`, likewise `inpaint` from models/starter-inpaint, then export and evaluate.")


def _card(folder: Path, **fields: object) -> None:
    figures = folder / "evaluation.json"
    card = {**fields, "note": NOTE, "licence": "MIT", "files": _files(folder)}
    if figures.is_file():
        card["figures"] = json.loads(figures.read_text())
    _write_json(folder / "model.json", card)


def _total(facts: dict, runs: tuple[str, ...]) -> dict:
    return {"seconds": sum(f["seconds"] for f in facts.values()), "samples": sum(f["samples"] for f in facts.values()),
            "preset": next(iter(facts.values()))["preset"] if facts else None,
            "command": "; ".join(f["command"] for r in runs for name, f in facts.items() if name.split(",")[0] == r),
            "runs": facts}


PARTS = {"unet": UNet2DConditionModel, "vae": AutoencoderKL, "tiny_vae": AutoencoderTiny, "text_encoder": CLIPTextModel,
         "image_encoder": CLIPVisionModelWithProjection, "probe": None}


def fresh_parts(runs: Path, target: Path) -> list[str]:
    """The parts that `runs` holds; the others must have been published in `target` before and stay as they are."""
    fresh = []
    for name in PARTS:
        try:
            component(runs, name)
            fresh.append(name)
        except UserError:
            if not (target / name / "config.json").is_file():
                raise
    return fresh


def export_starter(runs: Path, target: Path) -> None:
    """Write the text-to-image folder from the runs vae, clip, unet, tiny and probe, or those of them that are there."""
    fresh = fresh_parts(runs, target)  # refuse before anything is written
    for name in fresh:
        shutil.rmtree(target / name, ignore_errors=True)
        if PARTS[name] is not None:
            _half(PARTS[name], runs, name, target)
    if "text_encoder" in fresh:
        tower = read(CLIPTextModelWithProjection, runs, "text_encoder")
        # The text tower's projection serves only the CLIP-score, so it stands with the image tower: the text encoder
        # then holds exactly what a Stable Diffusion text encoder holds.
        save_file({"text_projection.weight": tower.text_projection.weight.detach().half().contiguous()},
                  target / "image_encoder" / "text_projection.safetensors", metadata={"format": "pt"})
        save_tokenizer(target / "tokenizer")
    if "probe" in fresh:
        save_probe(load_probe(component(runs, "probe")), target / "probe", torch.float16)
    _write_json(target / "scheduler" / "scheduler_config.json",
                {**SCHEDULER, "_diffusers_version": diffusers.__version__})
    _write_json(target / "model_index.json", _index({
        "scheduler": ["diffusers", "DDIMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"]}))
    write_starter_card(runs, target)


def write_starter_card(runs: Path, target: Path) -> None:
    """Write model.json of the text-to-image folder, with the figures measured so far."""
    matrix, bias = fit_latent_rgb(read(AutoencoderKL, target, "vae"))
    order = ("vae", "vae-decoder", "clip", "probe", "unet", "tiny")
    _card(target, id=STARTER, name="Papercut starter", family="sd1", kind="text-to-image", size=256,
          vocabulary=list(vocabulary()),
          # Pixels of the recipes lie in [-1, 1]; the editor's previews in [0, 1].
          latentRgb={"matrix": [[round(v / 2, 5) for v in row] for row in matrix],
                     "bias": [round(v / 2 + 0.5, 5) for v in bias]},
          # So small a net draws over-saturated shapes at the 7.5 of edits with words, and its maps of words are wide.
          edit={"guidance": 3, "blendThreshold": 0.5},
          training=_total(training_facts(runs, order, target / "model.json"), order))


def export_inpaint(runs: Path, target: Path) -> None:
    """Write the inpainting folder from the run inpaint; everything but UNet and scheduler is the starter's."""
    source = runs / "inpaint"
    component(source, "unet")
    shutil.rmtree(target / "unet", ignore_errors=True)
    _half(UNet2DConditionModel, source, "unet", target)
    _write_json(target / "scheduler" / "scheduler_config.json",
                {**SCHEDULER, "_diffusers_version": diffusers.__version__})
    index = _index({"scheduler": ["diffusers", "DDIMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
                    "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"],
                    "vae": ["diffusers", "AutoencoderKL"]})
    _write_json(target / "model_index.json", {**index, "_class_name": "StableDiffusionInpaintPipeline"})
    write_inpaint_card(runs, target)


def write_inpaint_card(runs: Path, target: Path) -> None:
    """Write model.json of the inpainting folder."""
    shared = f"../{STARTER}"
    card = json.loads((target.parent / STARTER / "model.json").read_text())
    figures = target.parent / STARTER / "evaluation.json"
    own = {}
    if figures.is_file():
        own = {"figures": {k: v for k, v in json.loads(figures.read_text()).items() if k == "inpainting"}}
    _card(target, id=INPAINT, name="Papercut starter, inpainting", family="sd1", kind="inpaint", size=256,
          vocabulary=card["vocabulary"], latentRgb=card["latentRgb"],
          shares={"vae": f"{shared}/vae", "text_encoder": f"{shared}/text_encoder", "tokenizer": f"{shared}/tokenizer",
                  "image_encoder": f"{shared}/image_encoder", "tiny_vae": f"{shared}/tiny_vae",
                  "probe": f"{shared}/probe"},
          training=_total(training_facts(runs, ("inpaint",), target / "model.json"), ("inpaint",)), **own)


def export(runs: Path, models: Path, which: list[str], cards_only: bool = False) -> None:
    """Write the named model folders ("starter", "starter-inpaint") below `models`."""
    actions = {STARTER: (export_starter, write_starter_card), INPAINT: (export_inpaint, write_inpaint_card)}
    for name in which:
        if name not in actions:
            raise UserError(f'unknown model "{name}": expected one of {", ".join(actions)}.')
        (models / name).mkdir(parents=True, exist_ok=True)
        actions[name][1 if cards_only else 0](runs, models / name)
        size = sum(f["bytes"] for f in _files(models / name))
        print(f"{name}: {size / 1e6:.1f} MB in {models / name}", flush=True)
