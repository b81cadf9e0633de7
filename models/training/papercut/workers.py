"""Training with several processes: the same weights everywhere, gradients averaged after every batch.

On a CPU, two processes of one thread each do clearly more work than one process of two threads, above all when the
machine has other work to do. Rank 0 decides, saves and reports; the others follow it and end with it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import nn

_RANK, _COUNT, _PORT = "PAPERCUT_RANK", "PAPERCUT_WORKERS", "PAPERCUT_PORT"


def rank() -> int:
    """This process's number; 0 alone or first."""
    return int(os.environ.get(_RANK, "0"))


def count() -> int:
    """How many processes train together."""
    return int(os.environ.get(_COUNT, "1"))


def start(argv: list[str], workers: int) -> list[subprocess.Popen]:
    """Start the other workers of this command line and join them. Returns the processes started (rank 0 only)."""
    children = []
    if rank() == 0:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        os.environ.update({_COUNT: str(workers), _PORT: str(port)})
        for number in range(1, workers):
            children.append(subprocess.Popen([sys.executable, "-m", "papercut", *argv],
                                             env={**os.environ, _RANK: str(number)}, start_new_session=True))
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{os.environ[_PORT]}", rank=rank(),
                            world_size=count(), timeout=timedelta(minutes=10))
    return children


def agree(stop: bool, progress: float) -> tuple[bool, float]:
    """Rank 0's decision and progress, on every rank."""
    if count() == 1:
        return stop, progress
    told = torch.tensor([float(stop), progress], dtype=torch.float64)
    dist.broadcast(told, 0)
    return bool(told[0]), float(told[1])


def average_gradients(model: nn.Module) -> None:
    """Replace every gradient by its mean over the workers."""
    if count() == 1:
        return
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    dist.all_reduce(flat)
    flat /= count()
    at = 0
    for g in gradients:
        g.copy_(flat[at:at + g.numel()].view_as(g))
        at += g.numel()
