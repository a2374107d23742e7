"""JPoSE: its hinge and triplet losses clip by clip, both forms of its text, and classes that share a part."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from training import trained

from zsar.methods.jpose import JPoSE, mine, parts_of

SMALL = {"hidden": 6, "part": 4, "joint": 3, "epochs": 2, "batch": 16, "lr": 1e-2}


def test_every_term_against_loops_over_clips_and_classes(data):
    seen, text, _ = data
    method, _ = trained(JPoSE(**SMALL), seen, text)
    x, y, ids = seen.x[:8], seen.y[:8], [torch.arange(5), torch.tensor([0, 0, 1, 1, 2])]
    terms, net, unit = method.terms(x, text, y, ids), method.network, F.normalize(x, dim=1)
    visual, classes = net.embed("visual", (unit, unit)), net.embed("text", parts_of(text))
    for space in ("verb", "noun", "joint"):
        v, p = visual[space].detach(), classes[space].detach()
        total = sum(max(float(v[i] @ p[c] - v[i] @ p[y[i]]) + 0.3, 0) for i in range(8) for c in range(5))
        assert terms[f"{space}_hinge"].item() == pytest.approx(total / 8, abs=1e-5)
    for part, of in zip(("verb", "noun"), ids, strict=True):
        v, label = visual[part].detach(), of[y].tolist()
        near = [min((j for j in range(8) if label[j] == label[i]), key=lambda j: v[i] @ v[j]) for i in range(8)]
        far = [max((j for j in range(8) if label[j] != label[i]), key=lambda j: v[i] @ v[j]) for i in range(8)]
        assert [rows.tolist() for rows in mine(v, of[y])] == [near, far]
        total = sum(max(float(v[i] @ v[far[j]] - v[i] @ v[near[j]]) + 0.3, 0) for i in range(8) for j in range(8))
        assert terms[f"{part}_triplet"].item() == pytest.approx(total / 8, abs=1e-5)


def test_scores_are_cosines_in_the_joint_space(data):
    seen, text, candidates = data
    method, _ = trained(JPoSE(**SMALL), seen, text)
    net, x = method.network, F.normalize(seen.x, dim=1)
    clips, classes = net.embed("visual", (x, x))["joint"], net.embed("text", parts_of(candidates))["joint"]
    expected = F.cosine_similarity(clips[:, None], classes[None], dim=2)
    np.testing.assert_allclose(method.score(seen.x, candidates), expected.detach(), atol=1e-6)


def test_classes_with_the_same_part_are_one_in_it(data, monkeypatch):
    seen, text, _ = data
    text[3, 0] = text[1, 0]
    ids, terms = [], JPoSE.terms
    monkeypatch.setattr(JPoSE, "terms", lambda self, x, text, y, of: ids.append(of) or terms(self, x, text, y, of))
    trained(JPoSE(**SMALL), seen, text)
    verb, noun = ids[0]
    assert verb[1] == verb[3] and len(set(verb.tolist())) == 4 and len(set(noun.tolist())) == 5


def test_without_a_hidden_layer_text_has_one_layer_and_tanh():
    plain, layered = (JPoSE(hidden=hidden).build((7,), (5, 2, 9)).verb.text for hidden in (0, 6))
    assert [type(layer).__name__ for layer in plain] == ["Linear", "Tanh"]
    assert [type(layer).__name__ for layer in layered] == ["Linear", "Tanh", "Linear", "ReLU"]


def test_a_batch_of_one_part_alone_has_no_triplets():
    assert JPoSE().triplets(torch.eye(3), torch.zeros(3, dtype=torch.long)).item() == 0


def test_text_that_is_embedded_as_zeros_scores_zero_and_not_nan(data):
    seen, text, candidates = data
    method, _ = trained(JPoSE(**SMALL), seen, text)
    with torch.no_grad():
        method.network.verb.text[2].bias.fill_(-100)
    assert method.score(seen.x, candidates).isfinite().all()
