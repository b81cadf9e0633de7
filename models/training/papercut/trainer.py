"""One training loop for all recipes: seeded, resumable at any moment, with EMA weights and atomic checkpoints.

Every random choice of step n follows from (seed, n), never from what ran before; a run that is stopped and resumed
therefore takes exactly the steps an unbroken run takes.
"""

from __future__ import annotations

import copy
import math
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from . import checkpoint, workers
from .errors import UserError
from .optim import Pair
from .sheets import save_loss_curve

CHECKPOINT_SECONDS = 100.0
LONGEST_STEP = 60.0  # seconds; more is a machine that slept or a process that was paused, and no training


@dataclass
class Options:
    """What one run was asked for.

    out: folder of checkpoint, curve and sheets. preset: "toy", "cpu" or "gpu". budget_minutes: wall time of training,
    over which the learning rate falls to nearly zero. steps: a fixed number of steps instead of a budget. resume: a
    checkpoint to go on from. init_from: a folder of published weights to start from with a fresh optimiser. models: the
    folder that holds the parts a recipe builds on, one sub-folder each. decoder_only: `vae` keeps its
    encoder, and with it the latents all other parts were trained on. anchor: `vae` may move its latents, at this price
    for the squared distance from those of `models`/vae, so that the other parts stay valid.
    """

    out: Path
    preset: str = "cpu"
    device: str = "cpu"
    seed: int = 0
    budget_minutes: float | None = None
    steps: int | None = None
    stop_at: int | None = None
    batch: int | None = None
    lr: float | None = None
    resume: Path | None = None
    init_from: Path | None = None
    bf16: bool = True
    decoder_only: bool = False
    anchor: float | None = None
    quiet: bool = False
    models: Path = Path(".cache/training")


class Recipe:
    """What a recipe has to say. `samples_of` and `loss` may depend on `progress`, the share of the budget used."""

    name = ""
    defaults: dict[str, dict[str, Any]] = {}
    weight_decay = 0.01
    betas = (0.9, 0.99)
    ema_decay = 0.999
    warmup = 100
    sheet_seconds = 240.0
    adamw_names: tuple[str, ...] = ("conv_in", "conv_out", "embed", "head")

    def __init__(self, options: Options) -> None:
        self.options = options
        self.preset = self.defaults[options.preset]
        self.device = torch.device(options.device)
        self.progress_hint = 0.0

    def build(self) -> nn.Module:
        """The model to train, freshly initialised."""
        raise NotImplementedError

    def init_from(self, model: nn.Module, folder: Path) -> None:
        """Load published weights into `model`."""
        raise UserError(f'the recipe "{self.name}" cannot start from published weights; leave out --init-from.')

    def loss(self, model: nn.Module, rng: random.Random, progress: float) -> tuple[Tensor, int]:
        """The loss of one fresh batch and the number of samples in it. All randomness from rng and torch's seed."""
        raise NotImplementedError

    def sheet(self, model: nn.Module, folder: Path, step: int) -> None:
        """Write sample sheets of the EMA model."""

    def save(self, model: nn.Module, folder: Path) -> None:
        """Write the EMA model in its published layout."""
        raise NotImplementedError


def known_devices() -> list[str]:
    """Devices this machine can train on."""
    return ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])


def check(options: Options, recipe: type[Recipe]) -> None:
    """Refuse options that cannot work. Raises UserError with what is known instead."""
    if options.preset not in recipe.defaults:
        raise UserError(f'unknown preset "{options.preset}": expected one of {", ".join(recipe.defaults)}.')
    if options.device.split(":")[0] not in known_devices():
        raise UserError(f'unknown or absent device "{options.device}": this machine has {", ".join(known_devices())}.')
    if options.budget_minutes is not None and not options.budget_minutes > 0:
        raise UserError(f"the budget is {options.budget_minutes:g} minutes: expected more than 0.")
    if options.steps is not None and options.steps < 1:
        raise UserError(f"steps is {options.steps}: expected at least 1.")
    if options.batch is not None and options.batch < 1:
        raise UserError(f"the batch is {options.batch}: expected at least 1.")
    if options.resume is not None and options.init_from is not None:
        raise UserError("--resume and --init-from exclude each other: go on with a run, or start one from weights.")
    if options.resume is None and (options.out / "checkpoint.pt").exists():
        raise UserError(f"{options.out / 'checkpoint.pt'}: already there; pass --resume to go on with that run, "
                        "or another --out.")


def rate_at(progress: float, step: int, warmup: int) -> float:
    """Factor of the learning rate: linear warm-up over `warmup` steps, then half a cosine down to 1 % at progress 1."""
    decay = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, progress))))
    return min(1.0, (step + 1) / max(1, warmup)) * decay


class _Stop:
    """Turns SIGINT and SIGTERM into a flag, so that a run ends after the step it is in."""

    def __init__(self) -> None:
        self.asked = False
        self.old: dict[int, Any] = {}

    def __enter__(self) -> "_Stop":
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self.old[number] = signal.signal(number, self._ask)
            except ValueError:  # not the main thread: the caller handles signals itself
                pass
        return self

    def _ask(self, *_: Any) -> None:
        self.asked = True

    def __exit__(self, *_: Any) -> None:
        for number, handler in self.old.items():
            signal.signal(number, handler)


class Trainer:
    """Runs one recipe. Use `run()`; the fields afterwards hold the model, its EMA, steps, samples and seconds."""

    def __init__(self, recipe: Recipe) -> None:
        options = recipe.options
        self.recipe, self.options = recipe, options
        self.path = options.out / "checkpoint.pt"
        self.step = self.samples = 0
        self.elapsed = 0.0
        self.history: list[list[float]] = []
        torch.manual_seed(options.seed)
        self.model = recipe.build().to(recipe.device)
        self.init_from = options.init_from is not None
        if options.init_from is not None:
            recipe.init_from(self.model, options.init_from)
        self.ema = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.rate = options.lr or recipe.preset["lr"]
        self.optimiser = Pair(self.model, self.rate, recipe.weight_decay, recipe.betas, recipe.adamw_names)
        if options.resume is not None:
            self._restore(options.resume)
        self.budget = (options.budget_minutes or recipe.preset["minutes"]) * 60.0

    def _restore(self, path: Path) -> None:
        state = checkpoint.load(path, self.recipe.name)
        if state["preset"] != self.options.preset:
            raise UserError(f'{path}: made with the preset "{state["preset"]}", not "{self.options.preset}"; '
                            "pass the same preset.")
        if state.get("anchor") != self.options.anchor:
            raise UserError(f"{path}: made with --anchor {state.get('anchor')}, not {self.options.anchor}; pass the same.")
        try:
            self.model.load_state_dict(state["model"])
            self.ema.load_state_dict(state["ema"])
            self.optimiser.load_state_dict(state["optimiser"])
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[-1].strip()[:160]
            raise UserError(f"{path}: its weights do not fit this model ({reason}); start a new run.") from error
        self.step, self.samples, self.elapsed = state["step"], state["samples"], state["elapsed"]
        self.history, self.options.seed = state["history"], state["seed"]
        self.init_from = state.get("init_from", False)

    def save(self) -> None:
        """Write the checkpoint."""
        checkpoint.save(self.path, {
            "recipe": self.recipe.name, "preset": self.options.preset, "seed": self.options.seed, "step": self.step,
            "samples": self.samples, "elapsed": self.elapsed, "model": self.model.state_dict(),
            "ema": self.ema.state_dict(), "optimiser": self.optimiser.state_dict(), "history": self.history,
            "init_from": self.init_from, "anchor": self.options.anchor,
        })

    def progress(self) -> float:
        """The share of the run that is done, 0 to 1."""
        return self.step / self.options.steps if self.options.steps else self.elapsed / self.budget

    def _update_ema(self) -> None:
        decay = min(self.recipe.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            kept = [v for v in self.ema.state_dict().values()]
            fresh = [v for v in self.model.state_dict().values()]
            floats = [(a, b) for a, b in zip(kept, fresh) if a.is_floating_point()]
            torch._foreach_lerp_([a for a, _ in floats], [b for _, b in floats], 1.0 - decay)
            for a, b in zip(kept, fresh):
                if not a.is_floating_point():
                    a.copy_(b)

    def one_step(self, progress: float | None = None) -> float:
        """One batch, one update. Returns the loss; raises UserError when it is no longer finite."""
        rng = random.Random(f"{self.options.seed}/{self.step}/{workers.rank()}")
        torch.manual_seed(rng.getrandbits(31))
        progress = self.progress() if progress is None else progress
        self.optimiser.set_rate(self.rate * rate_at(progress, self.step, self.recipe.warmup))
        self.model.train()
        with torch.autocast(self.recipe.device.type, torch.bfloat16, enabled=self.options.bf16):
            loss, count = self.recipe.loss(self.model, rng, progress)
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        workers.average_gradients(self.model)
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise UserError(f"the loss is {value} at step {self.step}: the run diverged; "
                            f"resume from {self.path} with a lower --lr.")
        self.optimiser.step()
        self.step += 1
        self.samples += count * workers.count()
        self._update_ema()
        return value

    def run(self) -> "Trainer":
        """Train until the budget, the number of steps, or a signal; the checkpoint is written in every case."""
        saved = sheeted = last = time.monotonic()
        steps = self.options.steps
        bar = tqdm(total=100, desc=self.recipe.name, disable=self.options.quiet, mininterval=10, bar_format=
                   "{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining} {postfix}")
        with _Stop() as stop:
            while True:
                over = stop.asked or self.progress() >= 1.0 or self.step == self.options.stop_at
                over, progress = workers.agree(over, self.progress())
                if over:
                    break
                value = self.one_step(progress)
                now = time.monotonic()
                self.elapsed += min(now - last, LONGEST_STEP)
                last = now
                if self.step % 10 == 0 or steps:
                    self.history.append([self.samples, round(self.elapsed, 2), round(value, 6)])
                bar.n = min(100, int(100 * self.progress()))
                bar.set_postfix_str(f"loss {value:.4f}, {self.samples} samples, step {self.step}", refresh=False)
                bar.update(0)
                if workers.rank() > 0:
                    continue
                if now - saved > CHECKPOINT_SECONDS:
                    self.save()
                    saved = time.monotonic()
                if now - sheeted > self.recipe.sheet_seconds:
                    self.report()
                    sheeted = time.monotonic()
            if workers.rank() == 0:
                self.save()
        bar.close()
        return self

    def report(self) -> None:
        """Write the loss curve and the recipe's sample sheets."""
        save_loss_curve(self.options.out / "loss.png", self.history, f"{self.recipe.name}: loss")
        self.recipe.progress_hint = self.progress()
        self.recipe.sheet(self.ema, self.options.out, self.step)
