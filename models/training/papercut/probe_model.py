"""The probe's network: a plain stack of convolutions that answers every question at each cell of an 8 x 8 grid.

Layers, in order: every row of `convs` is a 3 x 3 convolution (zero padding 1, given stride) and ReLU; then a 1 x 1
convolution to `hidden` channels and ReLU; then a 1 x 1 convolution `head` to all logits, heads one after the other. With
z[head] the logits of a head at each of the G cells:

- "present": the largest over the cells, for each of the 12 classes;
- heads of a class c: the mean over the cells, weighted by softmax over the cells of z[present][c];
- all others: the mean over the cells.

In training each convolution but the last is followed by batch normalisation; published weights have it folded into the
convolution, so that only plain layers are left.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from .errors import UserError
from .labels import HEADS, WIDTH
from .world.scene import CLASSES

SIDE = 128


def probe_input(pixels: Tensor) -> Tensor:
    """[B, 3, H, W] in [0, 1] as the probe takes it: 128 x 128 (bilinear with antialiasing), in [-1, 1]."""
    if tuple(pixels.shape[-2:]) != (SIDE, SIDE):
        pixels = nn.functional.interpolate(pixels, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)
    return pixels * 2 - 1


def pool(cells: Tensor) -> Tensor:
    """Logits of a picture, [B, WIDTH], from logits of its cells, [B, WIDTH, h, w] (see the module's text)."""
    flat = cells.float().flatten(2)
    present = flat[:, :len(CLASSES)]
    share = present.softmax(-1)
    rows, at = [present.amax(-1)], len(CLASSES)
    for head in HEADS[1:]:
        part = flat[:, at:at + head.width]
        if head.per_class:
            part = part.unflatten(1, (len(CLASSES), len(head.labels)))
            rows.append((part * share[:, :, None]).sum(-1).flatten(1))
        else:
            rows.append(part.mean(-1))
        at += head.width
    return torch.cat(rows, 1)


class Probe(nn.Module):
    """[B, 3, 128, 128] in [-1, 1] to logits [B, WIDTH]. norm: with batch normalisation, as trained."""

    def __init__(self, convs: list[tuple[int, int]], hidden: int, norm: bool = True) -> None:
        super().__init__()
        self.shape = {"convs": [list(row) for row in convs], "hidden": hidden}
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()
        before = 3
        for after, stride in convs:
            self.convs.append(nn.Conv2d(before, after, 3, stride, 1))
            before = after
        self.hidden = nn.Conv2d(before, hidden, 1)
        for width in [after for after, _ in convs] + [hidden]:
            self.norms.append(nn.BatchNorm2d(width) if norm else nn.Identity())
        self.head = nn.Conv2d(hidden, WIDTH, 1)

    def cells(self, pixels: Tensor) -> Tensor:
        """Logits of every cell, [B, WIDTH, h, w]."""
        x = pixels
        for conv, norm in zip([*self.convs, self.hidden], self.norms):
            x = norm(conv(x)).relu()
        return self.head(x)

    def forward(self, pixels: Tensor) -> Tensor:
        return pool(self.cells(pixels))

    def folded(self) -> "Probe":
        """The same function without batch normalisation (evaluation statistics folded into the kernels)."""
        plain = Probe(self.shape["convs"], self.shape["hidden"], norm=False)
        pairs = zip([*self.convs, self.hidden], self.norms, [*plain.convs, plain.hidden])
        with torch.no_grad():
            for conv, norm, target in pairs:
                gain = torch.ones(conv.out_channels) if isinstance(norm, nn.Identity) else (
                    norm.weight / (norm.running_var + norm.eps).sqrt())
                shift = torch.zeros(conv.out_channels) if isinstance(norm, nn.Identity) else (
                    norm.bias - norm.running_mean * gain)
                target.weight.copy_(conv.weight * gain[:, None, None, None])
                target.bias.copy_(conv.bias * gain + shift)
        plain.head.load_state_dict(self.head.state_dict())
        return plain.eval().requires_grad_(False)


def save_probe(model: Probe, folder: Path, dtype: torch.dtype = torch.float32) -> None:
    """Write config.json and model.safetensors of the folded network."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = model.folded()
    config = {
        "model_type": "papercut-probe", "input": {"side": SIDE, "channels": 3, "range": [-1, 1]}, **plain.shape,
        "classes": list(CLASSES),
        "heads": [{"name": h.name, "labels": list(h.labels), "perClass": h.per_class,
                   "kind": "yes-no" if h.name == "present" else "choice",
                   "pooling": "max" if h.name == "present" else "attention" if h.per_class else "mean"} for h in HEADS],
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    state = {k: v.to(dtype).contiguous() for k, v in plain.state_dict().items()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})


def load_probe(folder: Path) -> Probe:
    """The published probe, frozen. Raises UserError when the folder holds none."""
    try:
        config = json.loads((folder / "config.json").read_text())
        model = Probe(config["convs"], config["hidden"], norm=False)
        model.load_state_dict({k: v.float() for k, v in load_file(folder / "model.safetensors").items()})
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise UserError(f"{folder}: not a probe ({str(error).splitlines()[0][:120]}); train or name one.") from error
    return model.eval().requires_grad_(False)
