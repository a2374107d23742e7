"""Writing small bundles in the layout of the SynSE resources, with features that classes can be told apart by."""

from pathlib import Path

import numpy as np

from zsar.data.cards import card
from zsar.data.splits import family

CLIPS = {"train": 4, "test": 3}


def write(root: Path, base: int = 0, outputs: str = "all", companion: bool = True, text: bool = True) -> Path:
    """A bundle of UTD-MHAD's classes, split 22/5: ``base`` is the first class's number, ``outputs`` are of "all"
    classes, of the "seen" ones, or "none"."""
    split = next(s for s in family("purls") if s.vocabulary == "utd27" and s.name == "22-5")
    order = list(card("utd-mhad").classes)
    number = {c: i + base for i, c in enumerate(order)}
    pseudo = split.seen[::4][:5]
    draw = np.random.default_rng(0)
    centres = draw.random((len(order), 16)).astype(np.float32) * 4

    def subset(folder, stem, label, classes, clips, seen=None):
        y = np.repeat([number[c] for c in classes], clips)
        x = centres[y - base] + draw.random((len(y), 16)).astype(np.float32)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / f"{stem}.npy", x)
        np.save(folder / f"{label}.npy", y)
        if seen is not None and outputs != "none":
            logits = (-((x[:, None] - centres[None]) ** 2).sum(-1)).astype(np.float32)
            np.save(folder / f"{stem}_out.npy", logits if outputs == "all" else logits[:, np.isin(order, seen)])

    main = root / "sk_feats" / "tiny_utd_5_r"
    subset(main, "train", "train_label", split.seen, CLIPS["train"])
    subset(main, "ztest", "z_label", split.unseen, CLIPS["test"], split.seen)
    subset(main, "gtest", "g_label", order, CLIPS["test"], split.seen)
    # The released ztest are gtest's clips of unseen classes.
    rows = np.isin(np.load(main / "g_label.npy"), np.load(main / "z_label.npy"))
    np.save(main / "ztest.npy", np.load(main / "gtest.npy")[rows])
    if companion:
        left = [c for c in split.seen if c not in pseudo]
        val = root / "sk_feats" / "tiny_utd_val_5_r"
        subset(val, "train", "train_label", left, CLIPS["train"])
        subset(val, "ztest", "z_label", pseudo, CLIPS["train"], left)
        subset(val, "val", "val_label", left, CLIPS["test"], left)
    lists = root / "label_splits" / "utd"
    lists.mkdir(parents=True)
    np.save(lists / "ru5.npy", np.array([number[c] for c in split.unseen]))
    np.save(lists / "rs22.npy", np.array([number[c] for c in split.seen]))
    np.save(lists / "rv5_0.npy", np.array([number[c] for c in pseudo]))
    if text:
        vectors = root / "text_feats" / "utd" / "all-MiniLM-L6-v2"
        vectors.mkdir(parents=True)
        np.save(vectors / "lb_27.npy", draw.standard_normal((27, 8)).astype(np.float32))
    return root
