"""A small simulated dataset, a model trained on it and its test clips, as files."""

import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from zsar.data.cards import card
from zsar.data.datasets import open_dataset
from zsar.data.partition import partition
from zsar.harness.plan import plan
from zsar.recognition.training import train
from zsar.testing.small import small_dataset
from zsar.text.prompts import texts

SPLIT = "smie.split-7"


@pytest.fixture(autouse=True)
def one_thread():
    """The last digits of scores depend on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A home with all 51 simulated classes, and the model of ``nearest`` on one split."""
    home, folder = tmp_path_factory.mktemp("recognition-home"), tmp_path_factory.mktemp("models") / "nearest"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSAR_HOME", str(home))
        small_dataset(home, None, clips_per_class=6, subjects=3)
        [job] = plan("nearest", "pku-sim", splits=SPLIT, rules="last")
        fresh = train(job, folds=2)
        fresh.save(folder)
        dataset = open_dataset("pku-sim")
        subsets = partition(dataset, job.card, job.split, job.protocol)
    open_dataset.cache_clear()
    return SimpleNamespace(
        home=home, folder=folder, content=fresh.content, job=job, fresh=fresh, dataset=dataset, subsets=subsets
    )


@pytest.fixture
def trained(made, monkeypatch):
    """`made`, with its home in force."""
    monkeypatch.setenv("ZSAR_HOME", str(made.home))
    open_dataset.cache_clear()
    yield made
    open_dataset.cache_clear()


@pytest.fixture
def model(trained):
    """The model, loaded."""
    import zsar

    return zsar.load(trained.folder)


@pytest.fixture
def server(model):
    """The demo's server, running."""
    demo = pytest.importorskip("zsar.recognition.demo", reason="the page's server needs the extra: demo")
    running = demo.DemoServer(model, port=0)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    yield running
    running.stop()
    thread.join(120)
    assert not thread.is_alive()


@pytest.fixture
def descriptions(trained):
    """The unseen classes' descriptions, by class id."""
    unseen = trained.job.split.unseen
    return dict(zip(unseen, texts(card("pku-sim").prompts, "description", unseen), strict=True))


@pytest.fixture
def clip_file(tmp_path, trained):
    """A test clip of an unseen class as a file, and its frames."""
    frames = trained.dataset.frames(int(trained.subsets.unseen_test[0]))
    path = tmp_path / "clip.npy"
    np.save(path, frames)
    return path


@pytest.fixture(scope="session")
def utd_archive():
    """The makers' archive of UTD-MHAD; skips the test where it isn't at hand."""
    path = Path(__file__).parents[2].parent / "shared" / "data" / "utd_mhad" / "Skeleton.zip"
    if not path.is_file():
        pytest.skip("the makers' archive of utd-mhad is not at hand (Skeleton.zip)")
    return path
