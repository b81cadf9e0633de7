"""The noise schedule of Stable Diffusion 1.x and deterministic DDIM sampling with it.

Symbols as in Song, Meng and Ermon 2021 (arXiv 2010.02502): x_t noisy latent, eps noise, abar cumulative product of
1 - beta. All models here predict eps.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

TRAIN_STEPS = 1000
SCHEDULER = {
    "_class_name": "DDIMScheduler", "num_train_timesteps": TRAIN_STEPS, "beta_start": 0.00085, "beta_end": 0.012,
    "beta_schedule": "scaled_linear", "trained_betas": None, "clip_sample": False, "set_alpha_to_one": False,
    "steps_offset": 1, "prediction_type": "epsilon", "timestep_spacing": "leading", "skip_prk_steps": True,
}


def alphas_cumprod() -> Tensor:
    """abar_t for t = 0..999, float64: betas linear in their square roots from 0.00085 to 0.012."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, TRAIN_STEPS, dtype=torch.float64).square()
    return (1.0 - betas).cumprod(0)


ABAR = alphas_cumprod()


def add_noise(latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
    """x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) eps."""
    abar = ABAR.to(latents.device)[timesteps].to(latents.dtype)[:, None, None, None]
    return abar.sqrt() * latents + (1 - abar).sqrt() * noise


def min_snr_weight(timesteps: Tensor, gamma: float = 5.0) -> Tensor:
    """Loss weight min(snr, gamma) / snr for eps prediction (Hang et al. 2023, arXiv 2303.09556)."""
    abar = ABAR.to(timesteps.device)[timesteps]
    snr = abar / (1 - abar)
    return (snr.clamp(max=gamma) / snr).float()


def spread_timesteps(count: int, device: torch.device) -> Tensor:
    """`count` random timesteps, one from each of `count` equal parts of the schedule: less noise in the loss."""
    shift = (torch.arange(count) + torch.rand(count)) / count
    return (shift * TRAIN_STEPS).long().clamp(max=TRAIN_STEPS - 1)[torch.randperm(count)].to(device)


def ddim_timesteps(steps: int) -> list[int]:
    """Descending timesteps with "leading" spacing and offset 1."""
    return [i * (TRAIN_STEPS // steps) + 1 for i in range(steps)][::-1]


def _abar(t: int) -> float:
    return float(ABAR[t]) if t >= 0 else float(ABAR[0])  # set_alpha_to_one is false


def move(latents: Tensor, eps: Tensor, t: int, to: int) -> Tensor:
    """One deterministic DDIM move from timestep t to `to`, in either direction."""
    a, b = _abar(t), _abar(to)
    clean = (latents - (1 - a) ** 0.5 * eps) / a**0.5
    return b**0.5 * clean + (1 - b) ** 0.5 * eps


@torch.no_grad()
def sample(predict: Callable[[Tensor, int], Tensor], noise: Tensor, steps: int = 50) -> Tensor:
    """x_0 from noise. predict(x_t, t) gives eps, with guidance already in it."""
    latents, jump = noise, TRAIN_STEPS // steps
    for t in ddim_timesteps(steps):
        latents = move(latents, predict(latents, t), t, t - jump)
    return latents


@torch.no_grad()
def invert(predict: Callable[[Tensor, int], Tensor], latents: Tensor, steps: int = 50) -> Tensor:
    """Noise from x_0: the same path backwards, with eps taken at the start of each move."""
    jump = TRAIN_STEPS // steps
    for t in ddim_timesteps(steps)[::-1]:
        latents = move(latents, predict(latents, t), t - jump, t)
    return latents


def guided(unet, states: Tensor, empty: Tensor, scale: float, extra: Tensor | None = None):
    """predict(x_t, t) with classifier-free guidance (Ho and Salimans 2022): eps_u + scale (eps_c - eps_u).

    states: [B, 77, C]; empty: [1, 77, C]. extra: [B, 5, h, w] joined to the input (mask and masked-picture latents). A
    scale of 1 runs only the conditional half.
    """
    def predict(latents: Tensor, t: int) -> Tensor:
        inputs = latents if extra is None else torch.cat([latents, extra], 1)
        if scale == 1.0:
            return unet(inputs, t, encoder_hidden_states=states).sample.float()
        both = torch.cat([empty.expand_as(states), states])
        free, told = unet(torch.cat([inputs, inputs]), t, encoder_hidden_states=both).sample.float().chunk(2)
        return free + scale * (told - free)
    return predict
