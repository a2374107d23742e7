"""Flora: its neighbours and who they are sought among, its path, its energies, and what a phase trains."""

import numpy as np
import pytest
import torch
from training import trained

from zsar.errors import ZsarError
from zsar.methods.flora import Flora, attune, path, rows_of

SMALL = {"latent": 8, "heads": 2, "alignment_steps": 5, "epochs": 2, "steps": 3, "batch": 16, "lr": 1e-2}


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_text_is_blended_with_its_nearest_classes_one_by_one():
    text = torch.randn(6, 3, 5, generator=torch.Generator().manual_seed(0))
    means, expected = text.mean(1).numpy(), []
    for c in range(6):
        others = sorted((d for d in range(6) if d != c), key=lambda d: -cosine(means[c], means[d]))[:2]
        expected.append(text[c].numpy() + 0.4 / 2 * sum(cosine(means[c], means[d]) * text[d].numpy() for d in others))
    np.testing.assert_allclose(attune(text, text, 2, 0.4), expected, atol=1e-6)
    assert torch.equal(attune(text[:1], text[:1], 2, 0.4), text[:1])  # nobody is near


def test_texts_of_a_class_stand_side_by_side_and_tokens_in_rows():
    text = torch.arange(12.0).reshape(2, 3, 2)
    assert torch.equal(rows_of(text), text.reshape(2, 1, 6))
    tokens = torch.arange(24.0).reshape(2, 3, 2, 2)  # two tokens
    assert rows_of(tokens).shape == (2, 2, 6) and torch.equal(rows_of(tokens)[1, 1], tokens[1, :, 1].flatten())


def test_the_path_leads_from_text_to_skeletons_at_one_speed():
    z_t, z_s = torch.randn(2, 3, 1, 4, generator=torch.Generator().manual_seed(0))
    at = lambda t: path(z_t, z_s, torch.tensor([t]), 1e-5)[0]
    velocity = path(z_t, z_s, torch.tensor([0.3]), 1e-5)[1]
    assert torch.equal(at(0.0), z_t)
    torch.testing.assert_close(at(1.0), z_s, atol=1e-4, rtol=0)
    torch.testing.assert_close((at(0.75) - at(0.25)) * 2, velocity)


def test_scores_are_minus_the_energies_pair_by_pair_and_not_random(data):
    seen, text, candidates = data
    method, _ = trained(Flora(**SMALL), seen, text)
    net, x = method.network, seen.x[:4]
    pool = rows_of(torch.cat([candidates, text]))
    attuned = attune(rows_of(candidates), pool, method.neighbours, method.weight)
    expected = torch.zeros(4, 3)
    for i in range(4):
        for c in range(3):
            z_s, z_t = net.motion_encoder(x[i])[0], net.semantic_encoder(attuned[c])[0]
            point, velocity = path(z_t[None], z_s[None, None], torch.tensor([0.5]), method.sigma)
            predicted = net.velocity_predictor(point, torch.tensor([0.5]))
            expected[i, c] = -(predicted - velocity).square().mean()
    np.testing.assert_allclose(method.score(x, candidates), expected.detach(), atol=1e-5)
    assert torch.equal(method.score(x, candidates), method.score(x, candidates))


def test_a_seen_class_among_the_candidates_is_not_its_own_neighbour(data):
    seen, text, candidates = data
    method, _ = trained(Flora(**SMALL), seen, text)
    everybody = torch.cat([text, candidates])
    attuned = attune(rows_of(everybody), rows_of(everybody), method.neighbours, method.weight)
    expected = -method.energies(method.embed(seen.x)[:, None], method.network.semantic_encoder(attuned)[0])
    torch.testing.assert_close(method.score(seen.x, everybody), expected)


def test_the_second_phase_trains_the_velocities_alone(data):
    seen, text, _ = data
    method = Flora(**SMALL)
    torch.manual_seed(0)
    runs, states = method.train(seen, text), []
    for _ in range(2):
        next(runs)
        states.append({name: value.clone() for name, value in method.network.state_dict().items()})
    changed = {name.split(".")[0] for name in states[0] if not torch.equal(states[0][name], states[1][name])}
    assert changed == {"velocity_predictor"}


def test_a_clip_is_set_against_a_clip_of_another_class(data, monkeypatch):
    seen, text, _ = data
    method, _ = trained(Flora(**SMALL), seen, text)
    pairs = []
    monkeypatch.setattr(
        Flora,
        "latents",
        lambda self, x, t: pairs.append((x, t)) or [torch.zeros(len(x), 1, 8), torch.ones(len(x), 1, 8)],
    )
    rows, classes = torch.arange(40), torch.eye(5)[:, None]
    method.flow(seen, classes, rows)
    (own, own_text), (other, other_text) = pairs
    assert torch.equal(own, seen.x) and torch.equal(own_text.argmax(2)[:, 0], seen.y)
    y = other_text.argmax(2)[:, 0]
    assert (y != seen.y).all() and all(
        (clip == seen.x[seen.y == c]).all(1).any() for clip, c in zip(other, y, strict=True)
    )


def test_a_width_that_the_heads_do_not_divide_is_refused(data):
    with pytest.raises(ZsarError, match="latent=10 can't be divided among heads=4"):
        Flora(latent=10, heads=4).build((7,), (5, 2, 9))


def test_tokens_are_rows_of_their_own(data):
    seen, text, candidates = data
    tokens = lambda t: torch.stack([t, t.flip(-1), t + 1], 2)  # [C, P, 3, D]
    method, losses = trained(Flora(**SMALL), seen, tokens(text))
    assert method.score(seen.x, tokens(candidates)).shape == (40, 3) and np.isfinite(losses).all()
