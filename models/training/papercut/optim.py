"""The optimiser of all recipes: Muon for the matrices inside a network, AdamW for everything else.

Muon (Jordan et al. 2024) replaces a matrix's momentum by the nearest orthogonal matrix, so that rare directions learn as
fast as frequent ones; in short runs it needs clearly fewer samples than AdamW. Its step is scaled to the size AdamW's
would have (Liu et al. 2025, arXiv 2502.16982), so one learning rate serves both.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

_NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrix: Tensor, steps: int = 5) -> Tensor:
    """Approximately U V^T of the singular value decomposition U S V^T, by Newton-Schulz iteration in bf16.

    matrix: [m, n]. The singular values of the result lie roughly in [0.7, 1.2].
    """
    a, b, c = _NEWTON_SCHULZ
    x = matrix.bfloat16()
    x = x / (x.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return (x.T if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum 0.95 for tensors of two and more dimensions (kernels are flattened)."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, momentum: float = 0.95,
                 weight_decay: float = 0.01) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None) -> None:
        """One update from the gradients at hand."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p)
                buffer = state["momentum"].lerp_(p.grad, 1 - group["momentum"])
                ahead = p.grad.lerp(buffer, group["momentum"])
                update = orthogonalise(ahead.flatten(1)).view_as(p)
                scale = 0.2 * max(p.shape[0], p[0].numel()) ** 0.5
                p.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-group["lr"] * scale)


class Pair:
    """Muon and AdamW over the two halves of a model, used as one optimiser.

    adamw_names: a parameter whose name holds one of these words is AdamW's, whatever its shape (first and last layers,
    embeddings, heads).
    """

    def __init__(self, model: nn.Module, lr: float, weight_decay: float, betas: tuple[float, float],
                 adamw_names: tuple[str, ...]) -> None:
        matrices, rest = [], []
        for name, p in model.named_parameters():
            if p.requires_grad:
                (rest if p.ndim < 2 or any(w in name for w in adamw_names) else matrices).append(p)
        self.parts: list[torch.optim.Optimizer] = []
        if matrices:
            self.parts.append(Muon(matrices, lr, weight_decay=weight_decay))
        if rest:
            wide, thin = [p for p in rest if p.ndim > 1], [p for p in rest if p.ndim <= 1]
            groups = [{"params": wide, "weight_decay": weight_decay}, {"params": thin, "weight_decay": 0.0}]
            self.parts.append(torch.optim.AdamW([g for g in groups if g["params"]], lr=lr, betas=betas))

    def set_rate(self, lr: float) -> None:
        """Set the learning rate of all parameters."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = lr

    def step(self) -> None:
        """One update."""
        for part in self.parts:
            part.step()

    def state_dict(self) -> dict:
        """The state of both."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state: dict) -> None:
        """Restore both. Raises ValueError when the saved state has another structure."""
        if not isinstance(state, dict) or len(state.get("parts", ())) != len(self.parts):
            raise ValueError("the optimiser state has another structure")
        for part, saved in zip(self.parts, state["parts"]):
            part.load_state_dict(saved)
