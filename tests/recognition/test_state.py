"""A trained method as tensors and back, by its `build` alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import zsar
from zsar import plugins
from zsar.cli import main
from zsar.errors import ZsarError
from zsar.learning.contract import Method
from zsar.recognition.state import encoder_state, method_state, restore_encoder, restore_method
from zsar.recognition.training import train
from zsar.skeletons.layouts import layout


class Built(Method):
    """A network with statistics of its own, and a tensor held as an attribute."""

    title = "Built"

    def __init__(self, width: int = 6, epochs: int = 2):
        self.width, self.epochs = width, epochs

    def build(self, x, text):
        return nn.Sequential(nn.Linear(x[0], self.width), nn.BatchNorm1d(self.width), nn.Linear(self.width, text[2]))

    def train(self, seen, text):
        self.network = self.build(tuple(seen.x.shape[1:]), tuple(text.shape))
        self.mean = seen.x.mean(0)
        optimizer = torch.optim.Adam(self.network.parameters(), lr=0.01)
        for _ in range(self.epochs):
            loss = nn.functional.cross_entropy(self.network.train()(seen.x - self.mean) @ text.mean(1).T, seen.y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield {"loss": loss.item()}

    def embed(self, x):
        return self.network.eval()(x - self.mean)

    def classifier(self, text):
        return lambda embedded: embedded @ text.mean(1).T


class Unbuildable(Built):
    """Trains the same network, and doesn't say what it is."""

    title = "Unbuildable"
    build = Method.build

    def train(self, seen, text):
        self.network, self.mean = nn.Linear(seen.x.shape[1], text.shape[2]), seen.x.mean(0)
        yield {"loss": 0.0}


class Scattered(Built):
    """Keeps a second network beside the one that it builds."""

    title = "Scattered"

    def train(self, seen, text):
        self.decoder = nn.Linear(2, 2)
        yield from super().train(seen, text)


class Settled(Built):
    """Leaves its network in the mode that it should be used in."""

    title = "Settled"

    def train(self, seen, text):
        for report in super().train(seen, text):
            self.network.eval()
            yield report

    def embed(self, x):
        return self.network(x - self.mean)


class Forgetful(Built):
    """Learns something that is not a tensor."""

    title = "Forgetful"

    def train(self, seen, text):
        yield from super().train(seen, text)
        self.sign = -1

    def embed(self, x):
        return super().embed(x) * getattr(self, "sign", 1)


@pytest.fixture
def kept(trained, monkeypatch):
    """A function that trains one of these classes and writes the folder; the model in memory."""

    def keep(cls, folder, **keywords):
        monkeypatch.setitem(plugins._local, ("method", cls.__name__), cls)
        keywords = plugins.keywords_of(cls, keywords, cls.title)
        model = train(replace(trained.job, method=cls.__name__, keywords=keywords), folds=0)
        model.save(folder)
        return model

    return keep


def test_a_network_and_its_statistics_come_back(kept, trained, tmp_path, monkeypatch):
    fresh = kept(Built, tmp_path / "model", width=5)
    monkeypatch.setattr(Built, "train", lambda *_: pytest.fail("trained"))
    model = zsar.load(tmp_path / "model")
    assert model.method.width == 5 and model.content["method"]["x"] == [model.method.mean.shape[0]]
    for name, value in fresh.method.network.state_dict().items():
        assert torch.equal(value, model.method.network.state_dict()[name]), name
    clips, labels = [trained.dataset.frames(i) for i in trained.subsets.unseen_test[:4]], ["sit down", "wave", "kick"]
    assert np.array_equal(model.decision_function(clips, labels), fresh.decision_function(clips, labels))
    assert repr(model) == repr(fresh) and "Built" in repr(model)


def test_the_mode_of_a_network_comes_back(kept, tmp_path):
    assert not kept(Settled, tmp_path / "model").method.network.training
    assert not zsar.load(tmp_path / "model").method.network.training


def test_loading_disturbs_nobodys_random_numbers(kept, tmp_path):
    kept(Built, tmp_path / "model")
    before = torch.get_rng_state()
    zsar.load(tmp_path / "model")
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("cls", "names"), [(Unbuildable, "network"), (Scattered, "decoder")])
def test_networks_that_nothing_builds_are_refused(cls, names, kept, tmp_path):
    with pytest.raises(
        ZsarError, match=f"{cls.__name__} can't be kept: it trains {names}, and nothing builds that"
    ) as told:
        kept(cls, tmp_path / "model")
    assert "Write build(self, x_shape, text_shape)" in told.value.hint and "self.network" in told.value.hint
    assert not (tmp_path / "model").exists()


def test_a_method_that_reads_back_differently_is_refused(kept, tmp_path):
    with pytest.raises(ZsarError, match="Forgetful can't be kept: read back, its scores are"):
        kept(Forgetful, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_weights_of_another_network_are_told(kept, tmp_path, monkeypatch, capsys):
    kept(Built, tmp_path / "model")
    monkeypatch.setattr(Built, "build", lambda self, x, text: nn.Linear(2, 2))
    assert main(["predict", str(tmp_path / "model"), "a.npy", "--labels", "sit", "stand"]) == 2
    assert "don't belong together" in capsys.readouterr().err


def test_state_shares_no_memory_with_the_method():
    """Views of one tensor, which safetensors would refuse, are kept as two."""
    method, whole = Built(), torch.arange(6.0)
    method.left, method.right = whole[:3], whole[3:]
    state, _ = method_state(method)
    whole.zero_()
    assert state["left"].tolist() == [0, 1, 2] and state["right"].tolist() == [3, 4, 5]


@pytest.mark.parametrize("name", plugins.available("method"))
def test_a_network_is_rehearsed_without_memory(name):
    """Else a stranger's keywords could ask for any amount of it."""
    cls = plugins.find("method", name)
    x = {"clips": (3, 8, len(layout(cls.joints).joints), 2), "maps": (4, 25, 16), "features": (16,)}[cls.input]
    with torch.device("meta"):
        network = cls().build(x, (4, len(cls.prompts), 12))
    assert network is None or all(value.is_meta for value in network.state_dict().values())


def test_keywords_that_ask_for_a_larger_network_than_its_tensors_are_refused_at_once():
    sadvae, text = plugins.find("method", "sadvae"), torch.zeros(4, 1, 12)
    small = sadvae(related=8, unrelated=4)
    small.network = small.build((16,), tuple(text.shape))
    tensors, training = method_state(small)
    with pytest.raises(RuntimeError, match="size mismatch"):
        restore_method(sadvae(related=10**9, unrelated=4), tensors, training, x=(16,), text=text)
    stgcn = plugins.find("encoder", "stgcn")
    fitted = stgcn(hidden=2, width=8)
    fitted._initialise(1, 4, torch.device("cpu"))
    with pytest.raises(RuntimeError, match="size mismatch"):
        restore_encoder(stgcn(hidden=10**6, width=8), *encoder_state(fitted), bodies=1)
