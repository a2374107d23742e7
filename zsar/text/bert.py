"""BERT with mean pooling on torch's own encoder layers, for labels that somebody waits for.

Sealed: only `zsar.text.vectors.label_vectors` comes here. ``zsar predict`` with two new labels takes 1.8 s of CPU with
it, 4.3 s through ``transformers.AutoModel`` or its ``BertModel`` and 5.3 s through ``sentence_transformers``, nearly
all of it imports (medians of five commands each, taken in turns, one thread, 2026-11-24). The vectors are the same. A
model whose files don't say that it is such a BERT, as the default text model is, is left to sentence-transformers.
"""

import functools
from pathlib import Path

import numpy as np

from zsar.configuration import parse_json

_STEPS = ["Transformer", "Pooling", "Normalize"]
_NAMES = {
    "self_attn.out_proj": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "output.LayerNorm",
}
"""Torch's names of a layer's parts, and BERT's."""


@functools.lru_cache(maxsize=2)
def load(folder: Path) -> "Bert | None":
    """The model in a folder of sentence-transformers' form, or None where it is of another kind."""
    try:
        read = lambda name: parse_json((folder / name).read_text(encoding="utf-8"))
        config, pooling = read("config.json"), read("1_Pooling/config.json")
        fits = (
            [step["type"].rpartition(".")[2] for step in read("modules.json")] == _STEPS
            and [name for name, on in pooling.items() if name.startswith("pooling_mode") and on]
            == ["pooling_mode_mean_tokens"]
            and config["model_type"] == "bert"
            and config["hidden_act"] == "gelu"
            and config.get("position_embedding_type", "absolute") == "absolute"
            and (folder / "model.safetensors").is_file()
        )
        return Bert(folder, config, read("sentence_bert_config.json")["max_seq_length"]) if fits else None
    except (OSError, KeyError, TypeError, ValueError):
        return None


class Bert:
    """A BERT encoder (Devlin et al., NAACL 2019), the mean over its tokens, at unit length."""

    def __init__(self, folder: Path, config: dict, longest: int):
        import torch
        from safetensors.torch import load_file
        from tokenizers import Tokenizer
        from torch import nn

        self._tokenizer, self._longest = Tokenizer.from_file(str(folder / "tokenizer.json")), longest
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._unknown = self._tokenizer.token_to_id("[UNK]")
        weights = load_file(folder / "model.safetensors")
        width, epsilon = config["hidden_size"], config["layer_norm_eps"]
        with torch.device("meta"):  # nothing is drawn: the weights are the file's
            layer = nn.TransformerEncoderLayer(
                width,
                config["num_attention_heads"],
                config["intermediate_size"],
                dropout=0.0,
                activation="gelu",
                layer_norm_eps=epsilon,
                batch_first=True,
            )
            self._encoder = nn.TransformerEncoder(layer, config["num_hidden_layers"])
            self._norm = nn.LayerNorm(width, epsilon)
        state = {}
        for number in range(config["num_hidden_layers"]):
            theirs, ours = f"encoder.layer.{number}", f"layers.{number}"
            for kind in ("weight", "bias"):
                parts = [weights[f"{theirs}.attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
                state[f"{ours}.self_attn.in_proj_{kind}"] = torch.cat(parts)
                state |= {f"{ours}.{name}.{kind}": weights[f"{theirs}.{bert}.{kind}"] for name, bert in _NAMES.items()}
        self._encoder.load_state_dict(state, assign=True)
        self._norm.load_state_dict({k: weights[f"embeddings.LayerNorm.{k}"] for k in ("weight", "bias")}, assign=True)
        self._encoder.eval()
        self._words, positions, kinds = (
            weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
        )
        self._places = positions + kinds[0]

    def caveats(self, text: str) -> list[str]:
        """Notes on what of a text isn't read."""
        ids = self._tokenizer.encode(text).ids[1:-1]
        short = text if len(text) <= 40 else text[:37] + "..."
        notes = []
        if len(ids) > self._longest - 2:
            notes.append(
                f"{short!r} is longer than the text model reads ({self._longest - 2} word pieces of {len(ids)})"
            )
        if 2 * ids[: self._longest].count(self._unknown) >= len(ids):
            notes.append(f"{short!r} is mostly of characters that the text model doesn't know")
        return notes

    def encode(self, text: str) -> np.ndarray:
        """The vector [D] float32 of a text, of which the first ``longest`` word pieces are read."""
        import torch

        ids = self._tokenizer.encode(text).ids
        if len(ids) > self._longest:
            ids = [*ids[: self._longest - 1], ids[-1]]
        with torch.no_grad():
            x = self._norm(self._words[torch.tensor(ids)] + self._places[: len(ids)])
            return torch.nn.functional.normalize(self._encoder(x[None])[0].mean(0), dim=0).numpy()
