"""The real archives, where they are at hand."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
ARCHIVES = {
    "utd-mhad": SHARED / "utd_mhad" / "Skeleton.zip",
    "nw-ucla": SHARED / "nw_ucla" / "all_sqe.zip",
}


@pytest.fixture(scope="session")
def archive():
    """The path of a dataset's real archive; skips the test where it isn't at hand."""

    def find(dataset: str) -> Path:
        if not ARCHIVES[dataset].is_file():
            pytest.skip(f"the makers' archive of {dataset} is not at hand ({ARCHIVES[dataset].name})")
        return ARCHIVES[dataset]

    return find
