"""vae: the autoencoder (AutoencoderKL, f = 8, 4 latent channels).

Crops grow from 64 to 128 px and end with whole pictures, so that most updates are cheap and the last ones see what the
editor will give it.
"""

from __future__ import annotations

import random
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from ..data import crops, scenes
from ..sheets import save_sheet
from ..trainer import Options, Recipe
from ..weights import load_folder
from ..world.draw import draw

KL_WEIGHT = 5e-4
COLOUR_WEIGHT = 20.0
MORE_SQUARE = 8.0  # weight of the squared error in a run that starts from trained weights, where outlines are there already
STAGES = ((0.55, 64, 4), (0.85, 128, 1), (9.0, 256, 0.25))  # until this progress: crop side, batch factor
MORE_STAGES = ((0.5, 128, 1), (9.0, 256, 0.25))  # the same for a run that starts from trained weights


def build_vae(widths: tuple[int, ...], groups: int) -> AutoencoderKL:
    """An autoencoder in Stable Diffusion's layout, f = 8, without attention in the middle."""
    return AutoencoderKL(
        in_channels=3, out_channels=3, down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, block_out_channels=widths, layers_per_block=1, latent_channels=4,
        norm_num_groups=groups, sample_size=256, mid_block_add_attention=False, scaling_factor=1.0,
    )


def edges(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Differences to the right and lower neighbour."""
    return pixels[..., :, 1:] - pixels[..., :, :-1], pixels[..., 1:, :] - pixels[..., :-1, :]


def reconstruction_loss(got: Tensor, wanted: Tensor, square: float = 2.0) -> Tensor:
    """Mean absolute + squared error of pixels, of 4 x 4 means, and absolute error of differences (sharp outlines).

    The means weigh a patch's colour: without them a run first spends all four channels on outlines, and colours that
    share a brightness stay alike for long. square: the weight of the squared error.
    """
    loss = (got - wanted).abs().mean() + square * (got - wanted).square().mean()
    coarse = avg_pool2d(got - wanted, 4)
    loss = loss + 2.0 * coarse.abs().mean() + 4.0 * coarse.square().mean()
    for a, b in zip(edges(got), edges(wanted)):
        loss = loss + 0.4 * (a - b).abs().mean()
    return loss


def colour_loss(latents: Tensor, pixels: Tensor) -> Tensor:
    """Mean squared error of the best linear map from latents to their patches' mean colours, for this batch.

    Colours that share a brightness are otherwise told apart only late in a run. It also makes the four numbers of a
    cell easy to preview. latents: [B, 4, h, w]; pixels: [B, 3, 8h, 8w].
    """
    cells = latents.float().permute(0, 2, 3, 1).flatten(0, 2)
    cells = torch.cat([cells, torch.ones_like(cells[:, :1])], 1)
    colours = avg_pool2d(pixels, 8).permute(0, 2, 3, 1).flatten(0, 2)
    with torch.no_grad():  # at the optimum the map's own gradient is zero
        gram = cells.T @ cells + 1e-3 * torch.eye(cells.shape[1], device=cells.device)
        linear = torch.linalg.solve(gram, cells.T @ colours)
    return (cells @ linear - colours).square().mean()


def drift(latents: Tensor, before: Tensor) -> Tensor:
    """Mean squared distance of latents from what they were, as a share of their channel's variance."""
    spread = before.var(dim=(0, 2, 3), keepdim=True).clamp_min(1e-4)
    return ((latents - before).square() / spread).mean()


class Vae(Recipe):
    """Trains the autoencoder on crops drawn on the fly."""

    name = "vae"
    ema_decay = 0.99
    defaults = {
        "toy": {"widths": (8, 8, 16, 16), "groups": 8, "batch": 2, "lr": 2e-3, "minutes": 1.0,
                "scale_pictures": 16},
        "cpu": {"widths": (16, 32, 64, 128), "groups": 16, "batch": 2, "lr": 2e-3, "minutes": 60.0},
        "gpu": {"widths": (16, 32, 64, 128), "groups": 16, "batch": 64, "lr": 1.5e-3, "minutes": 60.0},
    }

    def build(self) -> nn.Module:
        model = build_vae(self.preset["widths"], self.preset["groups"])
        if self.options.decoder_only:
            for part in (model.encoder, model.quant_conv):
                part.requires_grad_(False)
        return model

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.teacher: AutoencoderKL | None = None
        if options.init_from is not None or options.anchor is not None:
            self.ema_decay = 0.998
        if options.anchor is not None:
            self.teacher = AutoencoderKL.from_pretrained(options.models / "vae", low_cpu_mem_usage=False)
            self.teacher.to(self.device).eval().requires_grad_(False)

    def init_from(self, model: nn.Module, folder: Path) -> None:
        source = load_folder(model, AutoencoderKL, folder, "vae")
        model.register_to_config(scaling_factor=source.config.scaling_factor)

    def loss(self, model: nn.Module, rng: random.Random, progress: float) -> tuple[Tensor, int]:
        stages = STAGES if self.options.init_from is None else MORE_STAGES
        side, factor = next((side, factor) for until, side, factor in stages if progress < until)
        if self.options.preset == "toy":
            side, factor = 64, 1
        elif self.options.decoder_only or self.teacher is not None:
            # Normalisation over a crop differs from that over a picture, and late training should see the latter.
            side, factor = (256, 0.5) if rng.random() < 0.25 + 0.5 * progress else (128, 2)
        count = max(1, int((self.options.batch or self.preset["batch"]) * factor))
        # Whole pictures of 128 px are what the diffusion model sees first, so their finer grain is learnt too.
        whole = self.options.decoder_only or self.teacher is not None
        scale = 128 if side == 128 and rng.random() < (0.75 if whole else 0.5) else 256
        pixels = crops(rng, count, side, scale, self.device)
        posterior = model.encode(pixels).latent_dist
        got = model.decode(posterior.sample()).sample
        mean, logvar = posterior.mean.float(), posterior.logvar.float()
        divergence = 0.5 * (mean.square() + logvar.exp() - 1.0 - logvar).mean()
        more = self.options.init_from is not None or self.teacher is not None
        loss = reconstruction_loss(got.float(), pixels, MORE_SQUARE if more else 2.0) + KL_WEIGHT * divergence
        if self.teacher is not None:
            return loss + self.options.anchor * drift(mean, self.latents_before(pixels)), count
        return loss + colour_loss(posterior.mean, pixels) * (COLOUR_WEIGHT * max(0.02, 1 - progress / 0.8)), count

    @torch.no_grad()
    def latents_before(self, pixels: Tensor) -> Tensor:
        """What the anchored run's old encoder makes of the pixels: [B, 4, h, w], unscaled."""
        assert self.teacher is not None
        return self.teacher.encode(pixels).latent_dist.mode().float()

    @torch.no_grad()
    def sheet(self, model: nn.Module, folder: Path, step: int) -> None:
        pixels = draw(scenes(random.Random(1), 8, "heldout"), 256, self.device)
        got = (model.decode(model.encode(pixels * 2 - 1).latent_dist.mode()).sample / 2 + 0.5).clamp(0, 1)
        error = (got - pixels).square().mean(dim=(1, 2, 3))
        note = ""
        if self.teacher is not None:
            latents = model.encode(pixels * 2 - 1).latent_dist.mode()
            note = f", latents moved by {100 * drift(latents, self.latents_before(pixels * 2 - 1)).sqrt():.1f} %"
        print(f"\nvae: step {step}, PSNR {(-10 * error.log10()).mean():.2f} dB{note}", flush=True)
        save_sheet(folder / "samples.png", torch.cat([pixels[:4], got[:4], pixels[4:], got[4:]]), 4)

    @torch.no_grad()
    def measure_scale(self, model: nn.Module, count: int) -> float:
        """1 / standard deviation of the latents of training pictures: what `scaling_factor` has to be."""
        rng, values = random.Random(2), []
        for _ in range(max(1, count // 16)):
            pixels = draw(scenes(rng, min(16, count)), self.preset.get("side", 256), self.device) * 2 - 1
            values.append(model.encode(pixels).latent_dist.mode().flatten())
        return 1.0 / float(torch.cat(values).std())

    def save(self, model: nn.Module, folder: Path) -> None:
        if not self.options.decoder_only and self.teacher is None:
            model.register_to_config(scaling_factor=round(self.measure_scale(model, self.preset.get("scale_pictures", 128)), 5))
        model.save_pretrained(folder / "vae")
