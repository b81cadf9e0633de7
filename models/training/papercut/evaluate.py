"""evaluate: measures a model folder on held-out scenes and writes EVALUATION.md, picture sheets and evaluation.json.

Every figure is a function of a `Judge` (the loaded parts) and a number of cases. Figures are merged into
evaluation.json one by one, so a part can be measured again alone.
"""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import conv2d, normalize
from tqdm import tqdm
from transformers import CLIPVisionModelWithProjection

from . import diffusion
from .checkpoint import write_atomically
from .errors import UserError
from .holes import BOX, around
from .labels import correct, split, targets
from .latents import decode, encode
from .probe_model import load_probe, probe_input
from .recipes.clip import image_input
from .recipes.inpaint import hole_input
from .recipes.unet import TextStates
from .sheets import save_sheet
from .weights import component, read
from .world.caption import article, canonical_caption, object_phrase
from .world.draw import draw, draw_with_masks, placement
from .world.scene import CLASSES, COLOURS, Scene, sample_scene

SIDE = 256
GUIDANCE = 5.0
STEPS = 50


def psnr(got: Tensor, wanted: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each picture in dB; pixels in [0, 1]."""
    return -10 * (got - wanted).square().mean(dim=(1, 2, 3)).clamp_min(1e-12).log10()


def ssim(got: Tensor, wanted: Tensor) -> Tensor:
    """Structural similarity of each picture (Wang et al. 2004): 11 x 11 Gaussian of 1.5 px, mean over RGB."""
    line = torch.exp(-((torch.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    line = (line / line.sum()).to(got)
    kernel = (line[:, None] * line[None]).expand(3, 1, 11, 11)

    def blur(x: Tensor) -> Tensor:
        return conv2d(x, kernel, groups=3)

    a, b = blur(got), blur(wanted)
    va, vb, ab = blur(got * got) - a * a, blur(wanted * wanted) - b * b, blur(got * wanted) - a * b
    c1, c2 = 0.01**2, 0.03**2
    return (((2 * a * b + c1) * (2 * ab + c2)) / ((a * a + b * b + c1) * (va + vb + c2))).mean(dim=(1, 2, 3))


@dataclass
class Judge:
    """The parts of a model folder on one device. batch: pictures generated at once."""

    folder: Path
    inpaint_folder: Path | None
    device: torch.device
    batch: int = 10

    def __post_init__(self) -> None:
        place = self.folder
        self.vae = read(AutoencoderKL, place, "vae").to(self.device)
        self.unet = read(UNet2DConditionModel, place, "unet").to(self.device)
        self.text = TextStates(place, self.device)
        self.empty = self.text([""])
        self.probe = load_probe(component(place, "probe")).to(self.device)
        self.vision = read(CLIPVisionModelWithProjection, place, "image_encoder").to(self.device)
        beside = component(place, "image_encoder") / "text_projection.safetensors"
        if not beside.is_file():
            raise UserError(f"{beside}: missing; export the model again.")
        self.projection = load_file(beside)["text_projection.weight"].float().to(self.device)
        self.sheets = place / "evaluation"

    def text_embeds(self, texts: list[str]) -> Tensor:
        """Captions in the space shared with pictures: the state at the end token, projected."""
        ids = self.text.codec.encode(texts).to(self.device)
        return self.text.model(input_ids=ids).pooler_output @ self.projection.T

    def probe_of(self, pixels: Tensor) -> Tensor:
        """Probe logits of pictures in [0, 1]."""
        return torch.cat([self.probe(probe_input(p)) for p in pixels.split(32)])

    def generate(self, unet, texts: list[str], seed: int, extra: Tensor | None = None) -> Tensor:
        """Pictures of captions by DDIM, 50 steps, guidance 5, bf16."""
        generator, shown = torch.Generator().manual_seed(seed), []
        for at in tqdm(range(0, len(texts), self.batch), desc="generating", mininterval=10):
            part = texts[at:at + self.batch]
            noise = torch.randn(len(part), 4, SIDE // 8, SIDE // 8, generator=generator).to(self.device)
            with torch.autocast(self.device.type, torch.bfloat16):
                joined = None if extra is None else extra[at:at + self.batch]
                predict = diffusion.guided(unet, self.text(part), self.empty, GUIDANCE, joined)
                latents = diffusion.sample(predict, noise, STEPS)
            shown.append(decode(self.vae, latents).float())
        return torch.cat(shown)


def held_out(seed: int, count: int) -> list[Scene]:
    """`count` held-out scenes of one figure."""
    rng = random.Random(f"evaluate/{seed}")
    return [sample_scene(rng, "heldout") for _ in range(count)]


def _shares(result: dict[str, tuple[int, int]]) -> dict[str, float]:
    return {k: round(100 * a / max(1, b), 2) for k, (a, b) in result.items()}


def _round_trip(judge: Judge, pixels: Tensor) -> Tensor:
    return torch.cat([decode(judge.vae, encode(judge.vae, p * 2 - 1)) for p in pixels.split(16)])


@torch.no_grad()
def drawn(judge: Judge, count: int) -> dict:
    """Probe on drawn pictures and after a VAE round trip, and the round trip's PSNR and SSIM.

    The probe's figure is the share of right answers over all questions asked of a picture: all classes named and no
    other (one question), colour, pattern, size and place of every object, background, style, weather.
    """
    totals: dict[str, dict[str, tuple[int, int]]] = {"drawn": {}, "tripped": {}}
    quality, likeness = [], []
    batch = held_out(1, count)
    for at in tqdm(range(0, count, 50), desc="drawn pictures", mininterval=10):
        part = batch[at:at + 50]
        pixels = draw(part, SIDE, judge.device)
        back = _round_trip(judge, pixels)
        quality.append(psnr(back, pixels))
        likeness.append(ssim(back, pixels))
        for name, shown in (("drawn", pixels), ("tripped", back)):
            for head, (a, b) in correct(judge.probe_of(shown), targets(part)).items():
                old = totals[name].get(head, (0, 0))
                totals[name][head] = (old[0] + a, old[1] + b)
        if at == 0:
            rows = [x for k in range(0, 8, 4) for x in (pixels[k:k + 4], back[k:k + 4])]
            save_sheet(judge.sheets / "autoencoder.jpg", torch.cat(rows), 4)
    out = {"cases": count, "psnr": round(float(torch.cat(quality).mean()), 2),
           "ssim": round(float(torch.cat(likeness).mean()), 4)}
    for name, result in totals.items():
        right, asked = (sum(v[i] for v in result.values()) for i in (0, 1))
        out[f"probe_{name}"] = round(100 * right / asked, 2)
        out[f"probe_{name}_heads"] = _shares(result)
    return out


def asked_objects(logits: Tensor, batch: list[Scene]) -> tuple[float, float]:
    """Share of asked objects the probe finds, and share found in the asked colour (of all asked)."""
    parts, found, coloured, asked = split(logits), 0, 0, 0
    for n, scene in enumerate(batch):
        for item in scene.objects:
            c = CLASSES.index(item.cls)
            here = bool(parts["present"][n, c] > 0)
            asked += 1
            found += here
            coloured += here and COLOURS[int(parts["colour"][n, c].argmax())] == item.colour
    return 100 * found / asked, 100 * coloured / asked


@torch.no_grad()
def text_to_image(judge: Judge, count: int) -> dict:
    """Asked objects and colours in generated pictures, background and style, and the CLIP-score gap."""
    batch = held_out(2, count)
    texts = [canonical_caption(s) for s in batch]
    started = time.monotonic()
    made = judge.generate(judge.unet, texts, 2)
    seconds = time.monotonic() - started
    logits, parts = judge.probe_of(made), targets(batch)
    present, coloured = asked_objects(logits, batch)
    ceiling = asked_objects(judge.probe_of(draw(batch, SIDE, judge.device)), batch)
    heads = _shares(correct(logits, parts))
    save_sheet(judge.sheets / "text-to-image.jpg", made[:12], 4, texts[:12])
    states = judge.text_embeds(texts)
    gap_made, gap_drawn = (score_gap(judge, shown, states) for shown in (made, draw(batch, SIDE, judge.device)))
    return {"cases": count, "objects_present": round(present, 2), "objects_in_colour": round(coloured, 2),
            "objects_present_in_drawn": round(ceiling[0], 2), "heads": heads, "clip_gap": round(gap_made, 4),
            "clip_gap_drawn": round(gap_drawn, 4), "clip_gap_share": round(gap_made / gap_drawn, 3),
            "seconds_per_picture": round(seconds / count, 2)}


def score_gap(judge: Judge, pixels: Tensor, text_embeds: Tensor) -> float:
    """Mean cosine of pictures with their captions, less that with every other caption."""
    images = torch.cat([judge.vision(pixel_values=image_input(p)).image_embeds for p in pixels.split(32)])
    table = normalize(images, dim=-1) @ normalize(text_embeds.to(images), dim=-1).T
    count = len(table)
    return float(table.diag().mean() - (table.sum() - table.diag().sum()) / (count * (count - 1)))


@torch.no_grad()
def inpainting(judge: Judge, count: int) -> dict:
    """The asked object appears inside the hole: a hole covers one object of a held-out scene, the caption asks for
    another object there, and the probe looks only at the square around the hole."""
    if judge.inpaint_folder is None:
        raise UserError("evaluate: no inpainting model was named; pass --inpaint.")
    model = read(UNet2DConditionModel, judge.inpaint_folder, "unet").to(judge.device)
    rng = random.Random("evaluate/3")
    batch, wanted, texts = held_out(3, count), [], []
    for scene in batch:
        used = {o.cls for o in scene.objects}
        first = scene.objects[0]
        cls = rng.choice([c for c in CLASSES if c not in used])
        item = type(first)(cls, rng.choice(COLOURS), "plain", first.size, first.place, first.dx, first.dy)
        wanted.append(item)
        target = Scene(scene.background, (item, *scene.objects[1:]), scene.style, scene.weather, scene.seed)
        texts.append(canonical_caption(target) if rng.random() < 0.5 else article(object_phrase(item)))
    pixels, masks = draw_with_masks(batch, SIDE, judge.device)
    holes = []
    for scene, mask, item in zip(batch, masks, wanted):
        # Airborne and standing objects keep to different heights: the hole reaches over both places.
        swapped = Scene(scene.background, (item,), scene.style, scene.weather, scene.seed)
        _, other = draw_with_masks([swapped], SIDE, judge.device)
        old = around(scene, 0, mask, rng, BOX)
        holes.append(torch.maximum(old, around(swapped, 0, other[0], rng, BOX)))
    hole = torch.stack(holes)[:, None].to(pixels)
    extra = torch.cat([hole_input(judge.vae, p, h) for p, h in zip(pixels.split(16), hole.split(16))])
    made = judge.generate(model, texts, 3, extra)
    made = made * hole + pixels * (1 - hole)
    found = coloured = 0
    for n, item in enumerate(wanted):
        x, y, half = placement(item)
        reach = half * 1.5
        x, y = min(max(x, reach), 1 - reach), min(max(y, reach), 1 - reach)
        x0, y0, side = int((x - reach) * SIDE), int((y - reach) * SIDE), int(2 * reach * SIDE)
        parts = split(judge.probe(probe_input(made[n:n + 1, :, y0:y0 + side, x0:x0 + side])))
        c = CLASSES.index(item.cls)
        here = bool(parts["present"][0, c] > 0)
        found += here
        coloured += here and COLOURS[int(parts["colour"][0, c].argmax())] == item.colour
    shown = pixels * (1 - hole) + 0.5 * hole
    rows = [x for k in range(0, min(8, count), 4) for x in (shown[k:k + 4], made[k:k + 4])]
    labels = [t for k in range(0, min(8, count), 4) for t in texts[k:k + 4] * 2]
    save_sheet(judge.sheets / "inpainting.jpg", torch.cat(rows), 4, labels)
    return {"cases": count, "object_in_hole": round(100 * found / count, 2),
            "in_colour": round(100 * coloured / count, 2)}


@torch.no_grad()
def inversion(judge: Judge, count: int) -> dict:
    """DDIM inversion and reconstruction, 50 steps, guidance 1, the true caption: PSNR against the drawn picture, and
    against the autoencoder's own reconstruction (the error of inversion alone). float32."""
    batch, direct, alone = held_out(4, count), [], []
    for at in tqdm(range(0, count, judge.batch), desc="inverting", mininterval=10):
        part = batch[at:at + judge.batch]
        pixels = draw(part, SIDE, judge.device)
        start = encode(judge.vae, pixels * 2 - 1)
        predict = diffusion.guided(judge.unet, judge.text([canonical_caption(s) for s in part]), judge.empty, 1.0)
        back = diffusion.sample(predict, diffusion.invert(predict, start, STEPS), STEPS)
        got = decode(judge.vae, back)
        direct.append(psnr(got, pixels))
        alone.append(psnr(got, decode(judge.vae, start)))
    return {"cases": count, "psnr": round(float(torch.cat(direct).mean()), 2),
            "psnr_to_round_trip": round(float(torch.cat(alone).mean()), 2)}


@torch.no_grad()
def speed(judge: Judge, count: int) -> dict:
    """Milliseconds of one UNet forward at batch 1 on 32 x 32 latents in PyTorch: median of `count` in fp32 and bf16."""
    x, states = torch.randn(1, 4, 32, 32, device=judge.device), judge.empty
    out: dict[str, float | int] = {"cases": count, "threads": torch.get_num_threads()}
    for name, low in (("fp32", False), ("bf16", True)):
        times = []
        for _ in range(count + 2):
            started = time.perf_counter()
            with torch.autocast(judge.device.type, torch.bfloat16, enabled=low):
                judge.unet(x, 500, encoder_hidden_states=states)
            times.append(time.perf_counter() - started)
        out[f"torch_{name}_ms"] = round(1000 * sorted(times[2:])[count // 2], 1)
    return out


# name: (function, cases the figures are meant for)
FIGURES = {"drawn": (drawn, 500), "text_to_image": (text_to_image, 500), "inpainting": (inpainting, 300),
           "inversion": (inversion, 100), "speed": (speed, 20)}
# label, figure, key, unit, bound, whether more is better
TABLE = (
    ("probe on held-out drawn scenes", "drawn", "probe_drawn", "%", 97, True),
    ("probe after a VAE round trip", "drawn", "probe_tripped", "%", 97, True),
    ("VAE reconstruction at 256 px, PSNR", "drawn", "psnr", "dB", 29, True),
    ("VAE reconstruction at 256 px, SSIM", "drawn", "ssim", "", 0.92, True),
    ("asked object present (DDIM 50, guidance 5)", "text_to_image", "objects_present", "%", 90, True),
    ("asked object in the asked colour", "text_to_image", "objects_in_colour", "%", 80, True),
    ("inpaint: asked object inside the mask", "inpainting", "object_in_hole", "%", 80, True),
    ("CLIP-score gap as a share of the drawn pictures' gap", "text_to_image", "clip_gap_share", "", 0.8, True),
    ("DDIM inversion + reconstruction, guidance 1, 50 steps, PSNR", "inversion", "psnr", "dB", 25, True),
    ("one UNet forward, batch 1, PyTorch fp32 (for comparison)", "speed", "torch_fp32_ms", "ms", 45, False),
)


def write_report(folder: Path, results: dict) -> None:
    """EVALUATION.md: the table, whether each bound is met, the heads, and the sheets."""
    lines = ["# Evaluation", "", "Measured on held-out scenes by `python -m papercut evaluate`; figures with fewer cases "
             "than asked for are marked.", "", "| figure | measured | at least | met | cases |", "|---|---|---|---|---|"]
    for label, figure, key, unit, bound, more in TABLE:
        result = results.get(figure)
        if result is None:
            lines.append(f"| {label} | not measured | {bound} {unit} | | |")
            continue
        value, count, full = result[key], result["cases"], FIGURES[figure][1]
        met = "yes" if (value >= bound if more else value <= bound) else "no"
        sign = "" if more else "at most "
        cases = f"{count}" if count >= full else f"{count} of {full}"
        lines.append(f"| {label} | {value} {unit} | {sign}{bound} {unit} | {met} | {cases} |")
    for title, figure, key in (("Probe on drawn pictures", "drawn", "probe_drawn_heads"),
                               ("Probe after a VAE round trip", "drawn", "probe_tripped_heads"),
                               ("Probe on generated pictures against their captions", "text_to_image", "heads")):
        if figure in results:
            heads = ", ".join(f"{k} {v} %" for k, v in results[figure][key].items())
            lines += ["", f"{title}: {heads}."]
    lines += ["", "A figure that is missed or not measured is so for want of compute: `note` in model.json names the command "
              "that goes on from these weights."]
    lines += ["", "The probe's figure is the share of right answers over all questions about a picture: its classes (all "
              "and no other, one question), colour, pattern, size and place of every object, background, style and "
              "weather. Inpainting cases hide one object and ask for another in its place; the probe sees only the "
              "square around it.", ""]
    for name in sorted(p.name for p in (folder / "evaluation").glob("*.jpg")):
        lines += [f"![{name.removesuffix('.jpg')}](evaluation/{name})", ""]
    write_atomically(folder / "EVALUATION.md", lambda file: file.write("\n".join(lines).encode()))


def evaluate(folder: Path, inpaint: Path | None, device: str, only: list[str], cases: int | None) -> dict:
    """Measure the named figures (all by default), merge them into evaluation.json and write EVALUATION.md."""
    unknown = [name for name in only if name not in FIGURES]
    if unknown:
        raise UserError(f'unknown figure "{unknown[0]}": expected some of {", ".join(FIGURES)}.')
    judge = Judge(folder, inpaint, torch.device(device))
    path = folder / "evaluation.json"
    results = json.loads(path.read_text()) if path.is_file() else {}
    for name in only or FIGURES:
        function, full = FIGURES[name]
        results[name] = function(judge, min(full, cases or full))
        print(f"{name}: {json.dumps(results[name])}", flush=True)
        text = json.dumps(results, indent=1) + "\n"
        write_atomically(path, lambda file: file.write(text.encode()))
        write_report(folder, results)
    return results
