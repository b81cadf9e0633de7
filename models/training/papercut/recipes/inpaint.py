"""inpaint: the 9-channel model, started from `unet`.

Input channels: 4 noisy latents, 1 mask (1 where the hole is), 4 latents of the picture with the hole painted mid grey
(0 in [-1, 1]). The caption tells the whole picture, with what belongs in the hole; sometimes only that.
"""

from __future__ import annotations

import random
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from ..diffusion import guided, sample
from ..errors import UserError
from ..holes import BOX, around
from ..latents import decode, encode, gather
from ..sheets import save_sheet
from ..weights import read
from ..world.caption import article, canonical_caption, object_phrase
from ..world.draw import draw_with_masks
from ..world.scene import sample_scene
from .unet import LARGE, Unet

EXTRA = 5


def widen(model: UNet2DConditionModel, source: UNet2DConditionModel) -> None:
    """Copy a text-to-image model into a 9-channel one; the kernels of the new channels start at zero."""
    state = source.state_dict()
    weight = torch.zeros_like(model.conv_in.weight)
    weight[:, :4] = state["conv_in.weight"]
    state["conv_in.weight"] = weight
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].strip()[:160]
        raise UserError(f"inpaint: the text-to-image weights do not fit this preset's model ({reason}).") from error


class Inpaint(Unet):
    """Trains filling of holes on pre-encoded scenes."""

    name = "inpaint"
    channels = 4 + EXTRA
    holes = True
    warmup = 40
    _net = {**Unet._net, "lr": 1.2e-3, "large_from": 0.35}
    defaults = {
        "toy": {**Unet.defaults["toy"]},
        "cpu": {**Unet.defaults["cpu"], **_net, "minutes": 30.0, "batch": 16, "block": 512, "pool": 3,
                "large_block": 192, "large_pool": 4},
        "gpu": {**Unet.defaults["gpu"], **_net, "minutes": 30.0},
    }

    def build(self) -> nn.Module:
        model = super().build()
        if self.options.init_from is None and self.options.resume is None:
            widen(model, read(UNet2DConditionModel, self.options.models, "unet"))
        return model

    def init_from(self, model: nn.Module, folder: Path) -> None:
        source = read(UNet2DConditionModel, folder, "unet")
        if source.config.in_channels == self.channels:
            model.load_state_dict(source.state_dict())
        else:
            widen(model, source)

    def caption_of(self, block: dict, row: int, rng: random.Random) -> str:
        target = int(block["target"][row])
        if target >= 0 and rng.random() < 0.35:
            item = block["scenes"][row].objects[target]
            words = object_phrase(item, size=rng.random() < 0.3)
            return words if rng.random() < 0.5 else article(words)
        return super().caption_of(block, row, rng)

    def extra(self, picked: list[tuple[dict, int]]) -> Tensor:
        mask = gather(picked, "mask", self.device)[:, None]
        return torch.cat([mask, gather(picked, "masked", self.device)], 1)

    def weight(self, picked: list[tuple[dict, int]]) -> Tensor:
        # Outside the hole the answer can be read off the input, so the hole counts most.
        mask = gather(picked, "mask", self.device)[:, None]
        cover = gather(picked, "cover", self.device)[:, None] / 255
        weight = 0.5 + 1.5 * mask + 2 * mask * cover
        return weight / weight.mean()

    @torch.no_grad()
    def sheet(self, model: nn.Module, folder: Path, step: int) -> None:
        rng = random.Random(8)
        batch = [sample_scene(rng, "heldout") for _ in range(8)]
        pixels, masks = draw_with_masks(batch, LARGE, self.device)
        holes = torch.stack([around(s, 0, m, rng, BOX) for s, m in zip(batch, masks)])[:, None].to(pixels)
        texts = [canonical_caption(s) for s in batch]
        extra = hole_input(self.vae, pixels, holes)
        noise = torch.randn(8, 4, LARGE // 8, LARGE // 8, generator=torch.Generator().manual_seed(7)).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            latents = sample(guided(model, self.text(texts), self.empty, 5.0, extra), noise,
                             self.preset.get("sheet_steps", 20))
        got = decode(self.vae, latents).float()
        shown = pixels * (1 - holes) + 0.5 * holes
        rows = torch.cat([shown[:4], got[:4], shown[4:], got[4:]])
        save_sheet(folder / f"samples-{step:06d}.png", rows, 4, texts[:4] * 2 + texts[4:] * 2)


@torch.no_grad()
def hole_input(vae, pixels: Tensor, holes: Tensor) -> Tensor:
    """Mask and masked-picture latents, [B, 5, h, w]. pixels in [0, 1]; holes [B, 1, H, W], 1 where to fill."""
    masked = encode(vae, (pixels * 2 - 1) * (holes < 0.5))
    mask = nn.functional.interpolate(holes, masked.shape[-2:])
    return torch.cat([mask, masked], 1)
