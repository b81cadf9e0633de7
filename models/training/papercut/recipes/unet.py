"""unet: text to picture, a small UNet2DConditionModel on the autoencoder's latents.

Most samples are 16 x 16 latents (pictures of 128 px), where composition and words are learnt cheaply; the rest of the
time goes to 32 x 32, the size the editor works at.
"""

from __future__ import annotations

import random
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel

from .. import workers
from ..data import scenes
from ..diffusion import add_noise, guided, min_snr_weight, sample, spread_timesteps
from ..latents import Blocks, decode, gather
from ..sheets import save_sheet
from ..tokenizer import TextCodec, with_fillers
from ..trainer import Recipe
from ..weights import load_folder, read
from ..world.caption import caption, canonical_caption

SMALL, LARGE = 128, 256
DROP = 0.10


def build_unet(widths: tuple[int, ...], groups: int, heads: int, context: int, channels: int = 4) -> UNet2DConditionModel:
    """A UNet in Stable Diffusion's layout: attention below the finest level, one layer a block.

    attention_head_dim is, as in Stable Diffusion's own files, the number of heads.
    """
    depth = len(widths)
    return UNet2DConditionModel(
        sample_size=LARGE // 8, in_channels=channels, out_channels=4,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * (depth - 1),
        up_block_types=("CrossAttnUpBlock2D",) * (depth - 1) + ("UpBlock2D",), block_out_channels=widths,
        layers_per_block=1, attention_head_dim=heads, norm_num_groups=groups, cross_attention_dim=context,
    )


def start_quietly(model: UNet2DConditionModel) -> None:
    """Zero the last convolution of every residual block and of the model: at first eps = 0, and blocks pass through."""
    nn.init.zeros_(model.conv_out.weight)
    nn.init.zeros_(model.conv_out.bias)
    for name, part in model.named_modules():
        if name.endswith("conv2"):
            nn.init.zeros_(part.weight)


class TextStates:
    """Captions to the text tower's last hidden states, [B, 77, C]."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.codec, self.device = TextCodec(), device
        self.model = read(CLIPTextModel, folder, "text_encoder").to(device)
        self.width = self.model.config.hidden_size

    @torch.no_grad()
    def __call__(self, texts: list[str]) -> Tensor:
        return self.model(input_ids=self.codec.encode(texts).to(self.device)).last_hidden_state


class Unet(Recipe):
    """Trains text-to-image on pre-encoded scenes."""

    name = "unet"
    ema_decay = 0.995
    weight_decay = 0.02
    warmup = 60
    sheet_seconds = 420.0
    adamw_names = ("conv_in", "conv_out", "time_embedding")
    channels = 4
    holes = False
    _net = {"widths": (64, 96, 128), "groups": 32, "heads": 4, "lr": 2e-3, "large_from": 0.55}
    defaults = {
        "toy": {"widths": (16, 16, 32), "groups": 8, "heads": 2, "lr": 2e-3, "large_from": 0.5, "minutes": 1.0,
                "batch": 2, "large_batch": 1, "block": 8, "pool": 2, "large_block": 4, "large_pool": 1, "sheet_steps": 2},
        "cpu": {**_net, "minutes": 60.0, "batch": 20, "large_batch": 8, "block": 1024, "pool": 6,
                "large_block": 256, "large_pool": 6},
        "gpu": {**_net, "minutes": 60.0, "batch": 256, "large_batch": 128, "block": 4096, "pool": 64,
                "large_block": 4096, "large_pool": 64},
    }

    def build(self) -> nn.Module:
        folder, preset = self.options.models, self.preset
        self.vae = read(AutoencoderKL, folder, "vae").to(self.device)
        self.text = TextStates(folder, self.device)
        self.empty = self.text([""])
        cache = folder / "latents"
        self.small, self.large = (
            Blocks(self.vae, side, size, self.options.seed + 1000 * workers.rank(), cache, self.device, self.holes)
            for side, size in ((SMALL, preset["block"]), (LARGE, preset["large_block"])))
        model = build_unet(preset["widths"], preset["groups"], preset["heads"], self.text.width, self.channels)
        start_quietly(model)
        return model

    def init_from(self, model: nn.Module, folder: Path) -> None:
        load_folder(model, UNet2DConditionModel, folder, "unet")

    def batch(self, rng: random.Random, progress: float) -> list[tuple[dict, int]]:
        """Rows of this step: small pictures until `large_from`, then large ones; the pool widens within each part."""
        preset, edge = self.preset, self.preset["large_from"]
        if progress < edge:
            blocks, count, most, share = self.small, self.options.batch or preset["batch"], preset["pool"], progress / edge
        else:
            share = (progress - edge) / (1 - edge)
            count = self.options.batch or preset["large_batch"]
            blocks, most = self.large, preset["large_pool"]
        # The pool is full at 80 % of a part, so that its last blocks are seen as often as the others.
        pool = min(most, 1 + int(share / 0.8 * most))
        return blocks.draw(rng, count, pool)

    def caption_of(self, block: dict, row: int, rng: random.Random) -> str:
        """What is said of a row; the empty text in one of ten."""
        if rng.random() < DROP:
            return ""
        text = caption(block["scenes"][row], rng)
        return with_fillers(text, rng) if rng.random() < 0.1 else text

    def extra(self, picked: list[tuple[dict, int]]) -> Tensor | None:
        """What is joined to the noisy latents; nothing here."""
        return None

    def weight(self, picked: list[tuple[dict, int]]) -> Tensor:
        """Weight of each cell, [B, 1, s, s], 1 on average: objects are few cells and all of the difficulty."""
        cover = gather(picked, "cover", self.device)[:, None] / 255
        weight = 1 + 2 * cover
        return weight / weight.mean()

    def loss(self, model: nn.Module, rng: random.Random, progress: float) -> tuple[Tensor, int]:
        picked = self.batch(rng, progress)
        latents = gather(picked, "latents", self.device)
        states = self.text([self.caption_of(block, row, rng) for block, row in picked])
        timesteps = spread_timesteps(len(picked), self.device)
        noise = torch.randn(latents.shape).to(self.device)
        inputs, extra = add_noise(latents, noise, timesteps), self.extra(picked)
        if extra is not None:
            inputs = torch.cat([inputs, extra], 1)
        eps = model(inputs, timesteps, encoder_hidden_states=states).sample.float()
        error = ((eps - noise).square() * self.weight(picked)).mean(dim=(1, 2, 3))
        return (error * min_snr_weight(timesteps)).mean(), len(picked)

    @torch.no_grad()
    def sheet(self, model: nn.Module, folder: Path, step: int) -> None:
        texts = [canonical_caption(s) for s in scenes(random.Random(5), 8, "heldout")]
        progress = self.progress_hint
        cells = (SMALL if progress < self.preset["large_from"] else LARGE) // 8
        noise = torch.randn(8, 4, cells, cells, generator=torch.Generator().manual_seed(7)).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            latents = sample(guided(model, self.text(texts), self.empty, 5.0), noise, self.preset.get("sheet_steps", 20))
            pixels = decode(self.vae, latents).float()
        save_sheet(folder / f"samples-{step:06d}.png", pixels, 4, texts)

    def save(self, model: nn.Module, folder: Path) -> None:
        model.save_pretrained(folder / "unet")
