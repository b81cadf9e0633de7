"""Pre-encoded training pictures, in numbered blocks that follow from (seed, number) alone.

A block is encoded when a run first needs it and kept on disk, so that runs with the same autoencoder share the work.
The pool a run draws from grows with its steps: every batch holds fresh pictures and pictures seen before.
"""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn.functional import interpolate

from .checkpoint import write_atomically
from .holes import random_hole
from .world.draw import draw_with_masks
from .world.scene import Scene, sample_scene

CHUNK = 16


def encode(vae: AutoencoderKL, pixels: Tensor) -> Tensor:
    """Scaled latents (the posterior's mode) of [B, 3, H, W] in [-1, 1]."""
    return vae.encode(pixels).latent_dist.mode() * vae.config.scaling_factor


def decode(vae: AutoencoderKL, latents: Tensor) -> Tensor:
    """Pictures in [0, 1] of scaled latents."""
    parts = [vae.decode(part / vae.config.scaling_factor).sample for part in latents.split(CHUNK)]
    return (torch.cat(parts) / 2 + 0.5).clamp(0, 1)


def fingerprint(vae: AutoencoderKL) -> str:
    """Twelve hex digits that change with the encoder's weights or the latents' scale."""
    digest = hashlib.sha256(str(vae.config.scaling_factor).encode())
    for name, value in sorted(vae.state_dict().items()):
        if name.startswith(("encoder", "quant_conv")):
            digest.update(value.detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()[:12]


class Blocks:
    """Blocks of `size` pictures of `side` pixels; with holes, each picture also has a hole to fill.

    get(number) -> {"scenes": list[Scene], "latents": half [N, 4, s, s], "cover": uint8 [N, s, s] in 0..255 (share of
    each cell that objects cover)} and with holes {"target": list[int] (object the hole is about, -1 for none), "mask":
    uint8 [N, s, s] in {0, 1}, "masked": half [N, 4, s, s]}.
    """

    def __init__(self, vae: AutoencoderKL, side: int, size: int, seed: int, folder: Path, device: torch.device,
                 holes: bool = False) -> None:
        self.vae, self.side, self.size, self.seed, self.device, self.holes = vae, side, size, seed, device, holes
        kind = "holes" if holes else "plain"
        self.stem = folder / f"{fingerprint(vae)}-{kind}-{side}-{size}-{seed}"
        self.loaded: dict[int, dict] = {}

    def scenes(self, number: int) -> list[Scene]:
        """The scenes of a block."""
        rng = random.Random(f"block/{self.seed}/{self.side}/{number}/{self.holes}")
        return [sample_scene(rng) for _ in range(self.size)]

    def get(self, number: int) -> dict:
        """The block, from memory, from disk or freshly encoded."""
        if number not in self.loaded:
            path = self.stem.with_name(f"{self.stem.name}-{number}.pt")
            if path.is_file():
                data = torch.load(path, weights_only=True)
            else:
                data = self._encode(number)
                write_atomically(path, lambda file: torch.save(data, file))
            self.loaded[number] = {**data, "scenes": self.scenes(number)}
        return self.loaded[number]

    @torch.no_grad()
    def _encode(self, number: int) -> dict:
        rng = random.Random(f"holes/{self.seed}/{self.side}/{number}")
        everything: dict[str, list] = {"latents": [], "cover": []}
        if self.holes:
            everything.update({"mask": [], "masked": [], "target": []})
        scenes, cells = self.scenes(number), self.side // 8
        for at in range(0, len(scenes), CHUNK):
            part = scenes[at:at + CHUNK]
            pixels, masks = draw_with_masks(part, self.side, self.device)
            pixels = pixels * 2 - 1
            any_object = torch.stack([m.any(0) for m in masks]).float()[:, None]
            cover = interpolate(any_object, (cells, cells), mode="area")[:, 0]
            everything["latents"].append(self._encoded(pixels))
            everything["cover"].append((cover * 255).round().byte().cpu())
            if self.holes:
                holes = [random_hole(rng, s, m) for s, m in zip(part, masks)]
                hole = torch.stack([h for h, _ in holes])[:, None].to(pixels)
                everything["masked"].append(self._encoded(pixels * (hole < 0.5)))
                everything["mask"].append(interpolate(hole, (cells, cells))[:, 0].byte().cpu())
                everything["target"].append(torch.tensor([t for _, t in holes]))
        # autocast cannot join half tensors, and a block may be encoded within a step
        with torch.autocast(self.device.type, enabled=False):
            return {k: torch.cat(v) for k, v in everything.items()}

    def _encoded(self, pixels: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16):
            return encode(self.vae, pixels).half().cpu()

    def draw(self, rng: random.Random, count: int, pool: int) -> list[tuple[dict, int]]:
        """`count` random (block, row) pairs of the first `pool` blocks; half of them from the newest block."""
        picked = []
        for _ in range(count):
            number = pool - 1 if rng.random() < 0.5 else rng.randrange(pool)
            picked.append((self.get(number), rng.randrange(self.size)))
        return picked


def gather(picked: list[tuple[dict, int]], key: str, device: torch.device) -> Tensor:
    """One entry of drawn rows as a float tensor on the device."""
    return torch.stack([block[key][row].float() for block, row in picked]).to(device)
