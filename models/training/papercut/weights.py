"""Reading published weights from a folder in the diffusers layout."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import nn

from .errors import UserError


def component(folder: Path, name: str) -> Path:
    """The sub-folder of one component; refuses folders that do not hold it. A folder of runs
    is searched one level deep, and a card's `shares` is followed."""
    if (folder / name / "config.json").is_file():
        return folder / name
    runs = [folder / name / name, *sorted(p.parent for p in folder.glob(f"*/{name}/config.json"))]
    for place in runs:  # a folder of runs: unet/unet before inpaint/unet, clip/text_encoder, ...
        if (place / "config.json").is_file():
            return place
    card = folder / "model.json"
    if card.is_file():
        shared = json.loads(card.read_text()).get("shares", {})
        for relative in shared.values():
            if Path(relative).name == name and (folder / relative / "config.json").is_file():
                return (folder / relative).resolve()
    raise UserError(f"{folder}: holds no {name}/config.json; expected a folder with the weights of that part.")


def read(kind, folder: Path, name: str, dtype: torch.dtype = torch.float32) -> nn.Module:
    """The component `name` of a model folder as an instance of the diffusers or transformers class `kind`, frozen."""
    place = component(Path(folder), name)
    try:
        model = kind.from_pretrained(str(place), torch_dtype=dtype, local_files_only=True)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise UserError(f"{place}: not weights of {kind.__name__} ({reason}).") from error
    return model.eval().requires_grad_(False)


def load_folder(model: nn.Module, kind, folder: Path, name: str) -> nn.Module:
    """Copy a published component into `model` and return that component. Raises UserError when shapes differ."""
    source = read(kind, folder, name)
    try:
        model.load_state_dict(source.state_dict())
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].strip()[:160]
        raise UserError(f"{folder}/{name}: its weights do not fit this preset's model ({reason}).") from error
    return source
