"""tiny: a small and fast encoder and decoder for the autoencoder's latents (AutoencoderTiny), for previews.

It also fits the linear map from latents to colours that the editor draws during the first steps.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from ..data import crops, scenes
from ..latents import encode
from ..sheets import save_sheet
from ..trainer import Recipe
from ..weights import load_folder, read
from ..world.draw import draw
from .vae import reconstruction_loss


def build_tiny(width: int) -> AutoencoderTiny:
    """A tiny autoencoder, f = 8; its latents are the scaled latents of the diffusion model (scaling_factor 1)."""
    return AutoencoderTiny(
        encoder_block_out_channels=(width,) * 4, decoder_block_out_channels=(width,) * 4, num_encoder_blocks=(1, 1, 1, 1),
        num_decoder_blocks=(2, 2, 1, 1), latent_channels=4, scaling_factor=1.0)


def fit_latent_rgb(vae: AutoencoderKL, count: int = 64, side: int = 128) -> tuple[list[list[float]], list[float]]:
    """Least squares map from scaled latents to the mean colour of their 8 x 8 patch, in [-1, 1].

    Returns (4 x 3 matrix, bias of 3): rgb = latents @ matrix + bias.
    """
    pixels = draw(scenes(random.Random(9), count), side) * 2 - 1
    with torch.no_grad():
        latents = encode(vae, pixels).permute(0, 2, 3, 1).flatten(0, 2)
    colours = avg_pool2d(pixels, 8).permute(0, 2, 3, 1).flatten(0, 2)
    solved = torch.linalg.lstsq(torch.cat([latents, torch.ones(len(latents), 1)], 1), colours).solution
    rows = [[round(float(v), 5) for v in row] for row in solved]
    return rows[:4], rows[4]


class Tiny(Recipe):
    """Distils the big autoencoder's encoder and inverts its latents."""

    name = "tiny"
    adamw_names = ("encoder.layers.0.", "decoder.layers.0.")
    defaults = {
        "toy": {"width": 8, "lr": 2e-3, "batch": 2, "minutes": 1.0},
        "cpu": {"width": 32, "lr": 3e-3, "batch": 4, "minutes": 10.0},
        "gpu": {"width": 32, "lr": 3e-3, "batch": 64, "minutes": 10.0},
    }

    def build(self) -> nn.Module:
        self.vae = read(AutoencoderKL, self.options.models, "vae").to(self.device)
        return build_tiny(self.preset["width"])

    def init_from(self, model: nn.Module, folder: Path) -> None:
        load_folder(model, AutoencoderTiny, folder, "tiny_vae")

    def loss(self, model: nn.Module, rng: random.Random, progress: float) -> tuple[Tensor, int]:
        count = self.options.batch or self.preset["batch"]
        # Whole small pictures and crops of large ones in turn.
        pixels = crops(rng, count, 128, 128 if rng.random() < 0.5 else 256, self.device)
        with torch.no_grad():
            latents = encode(self.vae, pixels).float()
        blurred = latents + 0.03 * torch.randn(latents.shape).to(latents)
        got = model.decode(blurred).sample.float()
        guess = model.encode(pixels).latents.float()
        return reconstruction_loss(got, pixels) + (guess - latents).abs().mean(), count

    @torch.no_grad()
    def sheet(self, model: nn.Module, folder: Path, step: int) -> None:
        pixels = draw(scenes(random.Random(1), 8, "heldout"), 256, self.device)
        latents = encode(self.vae, pixels * 2 - 1).float()
        got = (model.decode(latents).sample / 2 + 0.5).clamp(0, 1)
        error = (got - pixels).square().mean(dim=(1, 2, 3))
        print(f"\ntiny: step {step}, PSNR {(-10 * error.log10()).mean():.2f} dB", flush=True)
        save_sheet(folder / "samples.png", torch.cat([pixels[:4], got[:4], pixels[4:], got[4:]]), 4)

    def save(self, model: nn.Module, folder: Path) -> None:
        model.save_pretrained(folder / "tiny_vae")
        matrix, bias = fit_latent_rgb(self.vae.cpu())
        (folder / "latent_rgb.json").write_text(json.dumps({"matrix": matrix, "bias": bias}) + "\n")
