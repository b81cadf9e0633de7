"""Training checkpoints: everything a run needs to go on as if it had never stopped."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from .errors import UserError

FORMAT = 1
_KEYS = ("format", "recipe", "preset", "seed", "step", "samples", "elapsed", "model", "ema", "optimiser", "history")


def write_atomically(path: Path, write) -> None:
    """Call `write(file)` on a temporary file beside `path`, sync it and rename it over `path`.

    Raises UserError when the disk cannot take it; `path` then still holds what it held before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, RuntimeError) as error:
        # torch.save reports a failed write as a RuntimeError of its zip writer.
        kept = "the last good one is kept" if path.exists() else "nothing was written"
        raise UserError(f"{path}: could not be written ({error}): {kept}; free some space and resume.") from error
    finally:
        temporary.unlink(missing_ok=True)


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint atomically. state: the keys of a run (see `_KEYS`, less "format")."""
    write_atomically(path, lambda file: torch.save({"format": FORMAT, **state}, file))


def load(path: Path, recipe: str) -> dict[str, Any]:
    """Read the checkpoint `path` of `recipe` onto the CPU.

    Raises UserError when the file is missing, is no checkpoint of ours, or belongs to another recipe.
    """
    if not path.is_file():
        raise UserError(f"{path}: there is no checkpoint to resume; leave out --resume to start a new run.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a foreign file can break the unpickler in any way; all of them mean the same here
        reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
        raise UserError(f"{path}: not a checkpoint of these recipes ({reason}); name one they wrote.") from error
    if not isinstance(state, dict) or any(key not in state for key in _KEYS):
        raise UserError(f"{path}: not a checkpoint of these recipes (its entries differ); name one they wrote.")
    if state["format"] != FORMAT:
        raise UserError(f"{path}: written in format {state['format']}, expected {FORMAT}; start a new run.")
    if state["recipe"] != recipe:
        raise UserError(f'{path}: a checkpoint of the recipe "{state["recipe"]}", expected "{recipe}"; '
                        "name one of the same recipe.")
    return state
