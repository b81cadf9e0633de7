"""clip: a text and an image tower trained on each other (Radford et al. 2021, arXiv 2103.00020).

The text tower is the diffusion model's text encoder; the image tower gives this world's CLIP-score. Besides the
contrastive loss both predict the scene's record, and every object word predicts the colour and pattern said of it: with
few samples that teaches who wears what, which the contrast of whole pictures teaches slowly. The heads are not kept.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from transformers import (CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPVisionConfig,
                          CLIPVisionModelWithProjection)

from ..data import scenes
from ..labels import WIDTH, record_loss, targets
from ..tokenizer import LENGTH, TextCodec, save_tokenizer, with_fillers
from ..trainer import Recipe
from ..weights import read
from ..world.caption import caption, canonical_caption
from ..world.draw import draw
from ..world.scene import CLASSES, COLOURS, PATTERNS, Scene, scene_is_held_out

IMAGE_SIDE = 128


def image_input(pixels: Tensor) -> Tensor:
    """[B, 3, H, W] in [0, 1] as the image tower takes it: IMAGE_SIDE pixels a side, in [-1, 1]."""
    if pixels.shape[-1] != IMAGE_SIDE or pixels.shape[-2] != IMAGE_SIDE:
        pixels = nn.functional.interpolate(pixels, (IMAGE_SIDE, IMAGE_SIDE), mode="bilinear", antialias=True,
                                           align_corners=False)
    return pixels * 2 - 1


class Towers(nn.Module):
    """Both towers, the temperature and the heads that only help training."""

    def __init__(self, codec: TextCodec, text: dict, vision: dict, shared: int) -> None:
        super().__init__()
        ids = {"bos_token_id": codec.bos, "eos_token_id": codec.eos, "pad_token_id": codec.eos}
        self.text = CLIPTextModelWithProjection(CLIPTextConfig(
            vocab_size=codec.size, max_position_embeddings=LENGTH, projection_dim=shared, hidden_act="quick_gelu",
            **ids, **text))
        self.vision = CLIPVisionModelWithProjection(CLIPVisionConfig(
            image_size=IMAGE_SIDE, patch_size=16, projection_dim=shared, hidden_act="quick_gelu", **vision))
        # The library's default initialisation is meant for 512 wide towers; start the shared space at unit scale.
        self.scale = nn.Parameter(torch.tensor(2.6))
        self.head_text = nn.Linear(shared, WIDTH)
        self.head_vision = nn.Linear(shared, WIDTH)
        self.head_word = nn.Linear(text["hidden_size"], len(COLOURS) + len(PATTERNS))


class Clip(Recipe):
    """Trains both towers on pictures and captions drawn on the fly."""

    name = "clip"
    ema_decay = 0.99
    weight_decay = 0.05
    adamw_names = ("embed", "projection", "head", "scale")
    _cpu = {"text": {"hidden_size": 160, "intermediate_size": 640, "num_hidden_layers": 4, "num_attention_heads": 4},
            "vision": {"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 4},
            "shared": 128, "lr": 2e-3}
    defaults = {
        "toy": {"text": {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2},
                "vision": {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
                           "num_attention_heads": 2},
                "shared": 16, "lr": 2e-3, "batch": 4, "minutes": 1.0},
        "cpu": {**_cpu, "batch": 64, "minutes": 20.0},
        "gpu": {**_cpu, "batch": 256, "minutes": 30.0},
    }

    def build(self) -> nn.Module:
        self.codec = TextCodec()
        self.class_ids = torch.tensor([self.codec.ids[c + "</w>"] for c in CLASSES], device=self.device)
        return Towers(self.codec, self.preset["text"], self.preset["vision"], self.preset["shared"])

    def init_from(self, model: nn.Module, folder: Path) -> None:
        text = read(CLIPTextModelWithProjection, folder, "text_encoder")
        vision = read(CLIPVisionModelWithProjection, folder, "image_encoder")
        model.text.load_state_dict(text.state_dict())
        model.vision.load_state_dict(vision.state_dict())

    def _batch(self, rng: random.Random, count: int) -> list[Scene]:
        """Half fresh scenes, half their twins that differ in colours only: negatives that cannot be told by shape."""
        fresh = scenes(rng, (count + 1) // 2)
        twins = []
        for scene in fresh[: count // 2]:
            while True:
                if len(scene.objects) > 1 and rng.random() < 0.5:
                    shades = [o.colour for o in scene.objects]
                    shades = shades[1:] + shades[:1]
                    items = tuple(replace(o, colour=k) for o, k in zip(scene.objects, shades))
                else:
                    at = rng.randrange(len(scene.objects))
                    items = tuple(replace(o, colour=rng.choice(COLOURS)) if i == at else o
                                  for i, o in enumerate(scene.objects))
                twin = replace(scene, objects=items, seed=rng.randrange(2**31))
                if not scene_is_held_out(twin):
                    break
            twins.append(twin)
        return fresh + twins

    def loss(self, model: nn.Module, rng: random.Random, progress: float) -> tuple[Tensor, int]:
        batch = self._batch(rng, self.options.batch or self.preset["batch"])
        texts = [caption(s, rng) for s in batch]
        said = [with_fillers(t, rng) if rng.random() < 0.15 else t for t in texts]
        ids = self.codec.encode(said, None).to(self.device)
        text = model.text(input_ids=ids, output_hidden_states=False)
        image = model.vision(pixel_values=image_input(draw(batch, IMAGE_SIDE, self.device))).image_embeds
        # Two scenes may share one caption: such pairs are right answers, not negatives.
        same = torch.tensor([[a == b for b in texts] for a in texts], dtype=torch.float32, device=self.device)
        same = same / same.sum(1, keepdim=True)
        a, b = normalize(text.text_embeds.float(), dim=-1), normalize(image.float(), dim=-1)
        logits = a @ b.T * model.scale.clamp(max=4.6).exp()
        loss = 0.5 * (cross_entropy(logits, same) + cross_entropy(logits.T, same))
        wanted = {k: v.to(self.device) for k, v in targets(batch).items()}
        # Captions often leave out size and place, so only the picture is asked for them.
        of_text = {k: torch.full_like(v, -100) if k in ("size", "place") else v for k, v in wanted.items()}
        loss = loss + 0.5 * record_loss(model.head_text(text.text_embeds), of_text)
        loss = loss + 0.5 * record_loss(model.head_vision(image), wanted)
        return loss + 0.5 * self._word_loss(model, ids, text.last_hidden_state, wanted), len(batch)

    def _word_loss(self, model: nn.Module, ids: Tensor, states: Tensor, wanted: dict[str, Tensor]) -> Tensor:
        """Colour and pattern predicted at each object word: [words, 8 + 3] against the record."""
        row, at, cls = (ids[:, :, None] == self.class_ids).nonzero(as_tuple=True)
        logits = model.head_word(states[row, at]).float()
        return cross_entropy(logits[:, :len(COLOURS)], wanted["colour"][row, cls]) + cross_entropy(
            logits[:, len(COLOURS):], wanted["pattern"][row, cls])

    @torch.no_grad()
    def sheet(self, model: nn.Module, folder: Path, step: int) -> None:
        batch = scenes(random.Random(3), 200, "heldout")
        ids = self.codec.encode([canonical_caption(s) for s in batch]).to(self.device)
        pixels = image_input(draw(batch, IMAGE_SIDE, self.device))
        a = normalize(model.text(input_ids=ids).text_embeds, dim=-1)
        b = normalize(model.vision(pixel_values=pixels).image_embeds, dim=-1)
        table = a @ b.T
        match, other = table.diag().mean(), table[~torch.eye(len(batch), dtype=torch.bool)].mean()
        right = (table.argmax(0) == torch.arange(len(batch))).float().mean()
        print(f"\nclip: step {step}, caption found among 200: {100 * right:.1f} %, cosine {match:.3f} against "
              f"{other:.3f} for wrong ones", flush=True)

    def save(self, model: nn.Module, folder: Path) -> None:
        model.text.save_pretrained(folder / "text_encoder")
        model.vision.save_pretrained(folder / "image_encoder")
        save_tokenizer(folder / "tokenizer")
