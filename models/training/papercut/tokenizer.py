"""The starter's own byte-pair tokenizer: CLIP's splitting rules over the few words this world uses.

The alphabet is CLIP's (256 bytes, and 256 bytes that end a word), so any text can be written; every word of the world is
one token, which keeps cross-attention maps readable.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from functools import lru_cache
from pathlib import Path

from .world.caption import caption
from .world.scene import BACKGROUNDS, CLASSES, COLOURS, PATTERNS, PLACES, SIZES, STYLES, WEATHERS, sample_scene

BOS, EOS = "<|startoftext|>", "<|endoftext|>"
LENGTH = 77
END = "</w>"
# Words people put around a description; captions are now and then padded with them, so that they change little.
FILLERS = ("the", "cute", "lovely", "little", "nice", "pretty", "picture", "photo", "illustration", "drawing", "painting",
           "of", "with", "there", "is", "very", "one", "some", "scene", "day", "big")
SPLIT = (r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")


def byte_alphabet() -> list[str]:
    """The 256 printable characters that stand for bytes, in CLIP's order (printable ones first)."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    return [chr(b) for b in shown] + [chr(256 + i) for i in range(len(hidden))]


@lru_cache(maxsize=1)
def vocabulary() -> tuple[str, ...]:
    """All words of the world's captions and the fillers, sorted."""
    rng = random.Random(0)
    found = {*CLASSES, *COLOURS, *PATTERNS, *SIZES, *PLACES, *BACKGROUNDS, *STYLES, *WEATHERS, *FILLERS, "an", "empty"}
    for _ in range(3000):
        found.update(caption(sample_scene(rng), rng).replace(",", " ,").split())
    return tuple(sorted(found))


def learn_merges(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Byte-pair merges, most frequent pair first (ties by spelling), until every word is one token."""
    pieces = [[*w[:-1], w[-1] + END] for w in words]
    merges = []
    while True:
        counts = Counter((a, b) for p in pieces for a, b in zip(p, p[1:]))
        if not counts:
            return merges
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        for index, piece in enumerate(pieces):
            joined, at = [], 0
            while at < len(piece):
                if tuple(piece[at:at + 2]) == best:
                    joined.append(piece[at] + piece[at + 1])
                    at += 2
                else:
                    joined.append(piece[at])
                    at += 1
            pieces[index] = joined


def tokenizer_json() -> dict:
    """The `tokenizer.json` of the Hugging Face tokenizers library, in CLIP's form."""
    letters = byte_alphabet()
    merges = learn_merges(vocabulary())
    tokens = letters + [c + END for c in letters] + [a + b for a, b in merges]
    tokens += [BOS, EOS]
    vocab = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": vocab[t], "content": t, **special} for t in (BOS, EOS)],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "NFC"}, {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "}, {"type": "Lowercase"}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Removed", "invert": True},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}]},
        "post_processor": {"type": "RobertaProcessing", "sep": [EOS, vocab[EOS]], "cls": [BOS, vocab[BOS]],
                           "trim_offsets": False, "add_prefix_space": False},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": EOS, "continuing_subword_prefix": "",
                  "end_of_word_suffix": END, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": vocab, "merges": [f"{a} {b}" for a, b in merges]},
    }


def save_tokenizer(folder: Path) -> None:
    """Write tokenizer.json, vocab.json, merges.txt and the two small files that name the special tokens."""
    folder.mkdir(parents=True, exist_ok=True)
    data = tokenizer_json()
    names = {"bos_token": BOS, "eos_token": EOS, "unk_token": EOS, "pad_token": EOS}
    config = {**names, "tokenizer_class": "CLIPTokenizer", "model_max_length": LENGTH, "do_lower_case": True,
              "add_prefix_space": False, "clean_up_tokenization_spaces": False}
    for name, value in (("tokenizer.json", data), ("vocab.json", data["model"]["vocab"]),
                        ("tokenizer_config.json", config), ("special_tokens_map.json", names)):
        (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    lines = ["#version: 0.2", *data["model"]["merges"]]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


class TextCodec:
    """Captions to token ids, the way the editor does it: BOS, words, EOS, padded with EOS."""

    def __init__(self) -> None:
        from tokenizers import Tokenizer

        data = tokenizer_json()
        self.tokenizer = Tokenizer.from_str(json.dumps(data))
        self.ids: dict[str, int] = data["model"]["vocab"]
        self.bos, self.eos = self.ids[BOS], self.ids[EOS]
        self.size = len(self.ids)

    def encode(self, texts: list[str], length: int | None = LENGTH):
        """Token ids, int64 [N, length]; length None pads to the longest text. Longer texts are cut."""
        import torch

        rows = [e.ids for e in self.tokenizer.encode_batch(texts)]
        wide = min(LENGTH, max(map(len, rows))) if length is None else length
        rows = [r if len(r) <= wide else r[:wide - 1] + [self.eos] for r in rows]
        return torch.tensor([r + [self.eos] * (wide - len(r)) for r in rows])


def with_fillers(text: str, rng: random.Random) -> str:
    """The caption with one or two filler words put somewhere."""
    parts = text.split()
    for _ in range(rng.choice((1, 1, 2))):
        parts.insert(rng.randint(0, len(parts)), rng.choice(FILLERS))
    return " ".join(parts)
