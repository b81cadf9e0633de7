"""probe: reads the whole record off a picture. It judges the other models and writes the starter's descriptions."""

from __future__ import annotations

import random
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, interpolate

from ..data import scenes
from ..errors import UserError
from ..labels import HEADS, correct, targets
from ..latents import decode, encode
from ..probe_model import SIDE, Probe as ProbeModel, load_probe, probe_input, save_probe
from ..trainer import Recipe
from ..weights import component, read
from ..world.draw import draw, placement
from ..world.scene import CLASSES, Scene


def crop_windows(rng: random.Random, batch: list[Scene]) -> list[list[float]]:
    """A square around a random object of every scene, 1.1 to 2 times its size: what a hole cut out of a picture shows."""
    windows = []
    for scene in batch:
        x, y, half = placement(rng.choice(scene.objects))
        reach = half * rng.uniform(1.1, 2.0)
        x, y = x + rng.uniform(-0.2, 0.2) * half, y + rng.uniform(-0.2, 0.2) * half
        x, y = min(max(x, reach), 1 - reach), min(max(y, reach), 1 - reach)
        windows.append([x - reach, y - reach, x + reach, y + reach])
    return windows


def cell_targets(batch: list[Scene], windows: list[list[float]], grid: int) -> tuple[Tensor, Tensor]:
    """Where each object is, on a grid over each window.

    Returns (present: float [B, 12, grid, grid], 1 in the core of an object, 0 outside its square, -1 between or where
    an object is cut off and nothing is asked; core: bool of the same shape, the cells with 1).
    """
    present = torch.zeros(len(batch), len(CLASSES), grid, grid)
    steps = (torch.arange(grid) + 0.5) / grid
    for n, (scene, (x0, y0, x1, y1)) in enumerate(zip(batch, windows)):
        for item in scene.objects:
            x, y, half = placement(item)
            wide = max(0.0, min(x1, x + half) - max(x0, x - half)) / (2 * half)
            tall = max(0.0, min(y1, y + half) - max(y0, y - half)) / (2 * half)
            dx = (x0 + steps * (x1 - x0) - x).abs()[None, :] / half
            dy = (y0 + steps * (y1 - y0) - y).abs()[:, None] / half
            far = torch.maximum(dx.expand(grid, grid), dy.expand(grid, grid))
            cell = max((x1 - x0), (y1 - y0)) / grid / half  # a cell's side in half sides of the object
            plane = present[n, CLASSES.index(item.cls)]
            plane[far < 1 + 0.5 * cell] = -1.0
            if wide * tall >= 0.75:
                plane[far <= max(0.4, 0.51 * cell)] = 1.0
    return present, present > 0.5


def cell_loss(cells: Tensor, batch: list[Scene], windows: list[list[float]]) -> Tensor:
    """Presence at every cell, and the attributes of an object at the cells of its core."""
    grid, wanted = cells.shape[-1], targets(batch)
    present, core = (t.to(cells.device) for t in cell_targets(batch, windows, grid))
    logits = cells[:, :len(CLASSES)].float()
    asked = present >= 0
    each = binary_cross_entropy_with_logits(logits, present.clamp_min(0), reduction="none") * asked
    # A core is one cell in hundreds: both answers weigh the same.
    loss = 2.0 * (each[core].mean() + each[asked & ~core].mean() * 4)
    # The answer for the picture is the largest over its cells: without this term it says yes far too often.
    best = core.flatten(2).any(-1)
    sure = best | asked.flatten(2).all(-1)
    top = logits.flatten(2).amax(-1)
    loss = loss + 4.0 * (binary_cross_entropy_with_logits(top, best.float(), reduction="none") * sure).mean()
    n, c, row, column = core.nonzero(as_tuple=True)
    at = len(CLASSES)
    whole = all(w == [0.0, 0.0, 1.0, 1.0] for w in windows)
    for head in HEADS[1:]:
        if head.per_class and (whole or head.name in ("colour", "pattern")):
            part = cells[:, at:at + head.width].float().unflatten(1, (len(CLASSES), len(head.labels)))
            loss = loss + cross_entropy(part[n, c, :, row, column], wanted[head.name].to(cells.device)[n, c])
        elif not head.per_class and (whole or head.name == "style"):
            part = cells[:, at:at + head.width].float().mean(dim=(2, 3))
            loss = loss + 0.5 * cross_entropy(part, wanted[head.name].to(cells.device))
        at += head.width
    return loss


def roughen(pixels: Tensor, rng: random.Random) -> Tensor:
    """Blur, noise and a shift of brightness, as generated pictures have them. pixels in [0, 1]."""
    if rng.random() < 0.5:
        side = rng.choice((48, 64, 80, 96))
        small = interpolate(pixels, (side, side), mode="bilinear", antialias=True, align_corners=False)
        pixels = interpolate(small, (SIDE, SIDE), mode="bilinear", align_corners=False)
    if rng.random() < 0.5:
        pixels = pixels + rng.uniform(0.01, 0.05) * torch.randn(pixels.shape).to(pixels)
    if rng.random() < 0.5:
        gain = 1 + 0.08 * torch.randn(len(pixels), 1, 1, 1).to(pixels)
        pixels = (pixels - 0.5) * gain + 0.5 + 0.03 * torch.randn(len(pixels), 3, 1, 1).to(pixels)
    return pixels.clamp(0, 1)


class Probe(Recipe):
    """Trains the probe on drawn pictures, on cut-outs, and on pictures after a trip through the autoencoder."""

    name = "probe"
    ema_decay = 0.99
    weight_decay = 0.05
    adamw_names = ("convs.0.", "head")
    _net = {"convs": [(24, 2), (48, 2), (96, 2), (96, 1), (128, 2), (128, 1)], "hidden": 192, "lr": 3e-3}
    defaults = {
        "toy": {"convs": [(8, 2), (8, 2), (16, 2), (16, 2)], "hidden": 16, "lr": 2e-3, "batch": 4,
                "minutes": 1.0},
        "cpu": {**_net, "batch": 24, "minutes": 20.0},
        "gpu": {**_net, "batch": 256, "minutes": 20.0},
    }

    def build(self) -> nn.Module:
        try:
            component(self.options.models, "vae")
            self.vae = read(AutoencoderKL, self.options.models, "vae").to(self.device)
        except UserError:
            self.vae = None
            print(f"probe: no autoencoder in {self.options.models}: training on drawn pictures only")
        return ProbeModel(self.preset["convs"], self.preset["hidden"])

    def init_from(self, model: nn.Module, folder: Path) -> None:
        """Published weights have their normalisation folded in: put them behind layers that do nothing yet."""
        plain = load_probe(component(folder, "probe"))
        for target, source in zip([*model.convs, model.hidden, model.head], [*plain.convs, plain.hidden, plain.head]):
            target.load_state_dict(source.state_dict())
        # Batch normalisation restarts at the statistics the folded layers really have.
        x = probe_input(draw(scenes(random.Random(4), 128), SIDE))
        with torch.no_grad():
            for conv, norm in zip([*model.convs, model.hidden], model.norms):
                x = conv(x)
                mean, var = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3))
                norm.running_mean.copy_(mean)
                norm.running_var.copy_(var)
                norm.weight.copy_((var + norm.eps).sqrt())
                norm.bias.copy_(mean)
                x = x.relu()

    @torch.no_grad()
    def _through_vae(self, pixels: Tensor) -> Tensor:
        return decode(self.vae, encode(self.vae, pixels * 2 - 1)).float()

    def loss(self, model: nn.Module, rng: random.Random, progress: float) -> tuple[Tensor, int]:
        count = self.options.batch or self.preset["batch"]
        trip = self.vae is not None and rng.random() < (0.0 if progress < 0.5 else 0.25)
        if trip:
            count = max(2, count // 3)  # the trip costs far more than the probe itself
        batch = scenes(rng, count)
        windows = [[0.0, 0.0, 1.0, 1.0]] * count
        if not trip and rng.random() < 0.35:
            windows = crop_windows(rng, batch)
            pixels = draw(batch, SIDE, self.device, window=torch.tensor(windows))
        else:
            pixels = draw(batch, 256 if trip else SIDE, self.device)
        if trip:
            pixels = interpolate(self._through_vae(pixels), (SIDE, SIDE), mode="bilinear", antialias=True,
                                 align_corners=False)
        if rng.random() < 0.6:
            pixels = roughen(pixels, rng)
        return cell_loss(model.cells(probe_input(pixels)), batch, windows), count

    @torch.no_grad()
    def sheet(self, model: nn.Module, folder: Path, step: int) -> None:
        batch = scenes(random.Random(6), 200, "heldout")
        pixels = draw(batch, SIDE, self.device)
        result = correct(model(probe_input(pixels)), targets(batch))
        shares = ", ".join(f"{k} {100 * a / b:.1f} %" for k, (a, b) in result.items())
        print(f"\nprobe: step {step}, held-out: {shares}", flush=True)

    def save(self, model: nn.Module, folder: Path) -> None:
        save_probe(model.cpu(), folder / "probe")
