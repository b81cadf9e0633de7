"""Contact sheets of pictures and the loss curve, as small image files."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from .checkpoint import write_atomically


def to_image(pixels: Tensor) -> Image.Image:
    """A [3, H, W] tensor in [0, 1] as a picture."""
    data = pixels.detach().float().clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).cpu().contiguous()
    return Image.fromarray(data.numpy())


def _save(image: Image.Image, path: Path) -> None:
    kind = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}[path.suffix]
    options = {"quality": 82} if kind != "PNG" else {"optimize": True}
    write_atomically(path, lambda file: image.save(file, kind, **options))


def save_sheet(path: Path, pixels: Tensor, columns: int, labels: list[str] | None = None) -> None:
    """Write [N, 3, H, W] pictures in rows of `columns`, each with an optional line of text under it.

    The kind is taken from the name: .png, .jpg or .webp.
    """
    count, _, height, width = pixels.shape
    strip = 14 if labels else 0
    rows = -(-count // columns)
    sheet = Image.new("RGB", (columns * width, rows * (height + strip)), "white")
    pen = ImageDraw.Draw(sheet)
    for index in range(count):
        x, y = (index % columns) * width, (index // columns) * (height + strip)
        sheet.paste(to_image(pixels[index]), (x, y))
        if labels:
            pen.text((x + 2, y + height + 1), labels[index][: width // 6], fill="black")
    _save(sheet, path)


def save_loss_curve(path: Path, history: list[list[float]], title: str) -> None:
    """Write the loss over samples seen. history: rows of [samples, seconds, loss]."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    if len(history) < 2:
        return
    rows = torch.tensor(history)
    figure, axes = pyplot.subplots(figsize=(6, 3.2), dpi=90)
    axes.plot(rows[:, 0], rows[:, 2], linewidth=0.6, alpha=0.35, color="tab:blue")
    width = max(1, len(history) // 50)
    smooth = torch.nn.functional.avg_pool1d(rows[:, 2][None, None].float(), width, 1).flatten()
    axes.plot(rows[width - 1:, 0], smooth, color="tab:blue")
    low, high = torch.quantile(rows[:, 2].float(), torch.tensor([0.0, 0.97])).tolist()
    axes.set(xlabel="samples", ylabel="loss", title=title, ylim=(low - 0.05 * (high - low), high + 1e-6))
    figure.tight_layout()
    write_atomically(path, lambda file: figure.savefig(file, format="png"))
    pyplot.close(figure)
