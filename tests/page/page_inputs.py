"""What the pages of the tests are made from."""

from pathlib import Path

RECORDS = Path(__file__).parents[2] / "benchmarks" / "records"
REAL = [RECORDS / "utd-mhad", RECORDS / "nw-ucla"]
NASTY = "<script>window.injected=1</script><img src=x onerror='window.injected=2'>&lt;b&gt;</script><!--\u2028"
"""A name that does harm wherever it is taken for markup."""
