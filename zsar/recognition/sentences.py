"""Vectors of new labels, quickly: small BERT models without sentence-transformers, which takes seconds to import.

A model whose files say that it is a BERT with mean pooling and unit length, as the default text model is, is run
here from its own weights; every other one by sentence-transformers. Both give the same vectors.
"""

import functools
import json
from pathlib import Path

import numpy as np

from zsar.text import models, vectors

_STEPS = ["Transformer", "Pooling", "Normalize"]


def text_vectors(texts: list[str], model: str) -> tuple[np.ndarray, list[str]]:
    """float32 vectors [n, D] of texts, through float16 as all class vectors; and notes on texts that are too long.

    The shipped vectors where they have the text. Raises `ZsarError` that says how to get the model when it isn't here.
    """
    from zsar.storage import fingerprint

    shipped = vectors.shipped() if model == models.DEFAULT else {}
    found = [shipped.get(fingerprint(text)) for text in texts]
    new = [text for text, vector in zip(texts, found, strict=True) if vector is None]
    notes: list[str] = []
    if new:
        folder = models.locate(model)
        encode = _small(folder)
        if encode is None:
            made = models.encode(model, new)
        else:
            made = np.stack([encode(text) for text in new])
            notes = [note for text in new for note in encode.cut(text)]
        rows = iter(made.astype(np.float16))
        found = [next(rows) if vector is None else vector for vector in found]
    return np.stack(found).astype(np.float32), notes


@functools.lru_cache(maxsize=2)
def _small(folder: Path) -> "SmallBert | None":
    """The model, or None where it is of another kind."""
    try:
        read = lambda name: json.loads((folder / name).read_text(encoding="utf-8"))
        steps = [step["type"].rpartition(".")[2] for step in read("modules.json")]
        config, sentence, pooling = (
            read(n) for n in ("config.json", "sentence_bert_config.json", "1_Pooling/config.json")
        )
        kinds = [name for name, on in pooling.items() if name.startswith("pooling_mode") and on]
        fits = (
            steps == _STEPS
            and kinds == ["pooling_mode_mean_tokens"]
            and config["model_type"] == "bert"
            and config["hidden_act"] == "gelu"
            and config.get("position_embedding_type", "absolute") == "absolute"
            and (folder / "model.safetensors").is_file()
        )
        return SmallBert(folder, config, sentence["max_seq_length"]) if fits else None
    except (OSError, KeyError, TypeError, ValueError):
        return None


class SmallBert:
    """A BERT encoder (Devlin et al., NAACL 2019), the mean over its tokens, at unit length."""

    def __init__(self, folder: Path, config: dict, longest: int):
        from safetensors.torch import load_file
        from tokenizers import Tokenizer

        self.layers, self.heads = config["num_hidden_layers"], config["num_attention_heads"]
        self.epsilon, self.longest = config["layer_norm_eps"], longest
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._unknown = self._tokenizer.token_to_id("[UNK]")
        self._weights = load_file(folder / "model.safetensors")

    def cut(self, text: str) -> list[str]:
        """Notes on what of a text isn't read."""
        ids = self._tokenizer.encode(text).ids[1:-1]
        short = text if len(text) <= 40 else text[:37] + "..."
        notes = []
        if len(ids) > self.longest - 2:
            notes.append(
                f"{short!r} is longer than the text model reads ({self.longest - 2} word pieces of {len(ids)})"
            )
        if 2 * ids[: self.longest].count(self._unknown) >= len(ids):
            notes.append(f"{short!r} is mostly of characters that the text model doesn't know")
        return notes

    def __call__(self, text: str) -> np.ndarray:
        """The vector [D] float32 of a text, of which the first ``longest`` word pieces are read."""
        import torch
        import torch.nn.functional as F

        w = self._weights
        linear = lambda x, name: F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])
        norm = lambda x, name: F.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], self.epsilon)
        ids = self._tokenizer.encode(text).ids
        if len(ids) > self.longest:
            ids = [*ids[: self.longest - 1], ids[-1]]
        with torch.no_grad():
            x = w["embeddings.word_embeddings.weight"][torch.tensor(ids)]
            x = x + w["embeddings.position_embeddings.weight"][: len(ids)]
            x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
            for number in range(self.layers):
                layer = f"encoder.layer.{number}"
                q, k, v = (
                    linear(x, f"{layer}.attention.self.{part}").unflatten(1, (self.heads, -1)).transpose(0, 1)[None]
                    for part in ("query", "key", "value")
                )
                mixed = F.scaled_dot_product_attention(q, k, v)[0].transpose(0, 1).flatten(1)
                x = norm(x + linear(mixed, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm")
                wide = F.gelu(linear(x, f"{layer}.intermediate.dense"))
                x = norm(x + linear(wide, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
            return F.normalize(x.mean(0), dim=0).numpy()
