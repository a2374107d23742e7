"""The files of a picture."""

import os
import subprocess
import sys

from from_folder import draw_folder

from zsar.plots.picture import FORMATS


def test_a_pdf_has_its_fonts_and_no_date(committed):
    picture = draw_folder("confusion", committed / "nw-ucla", method="dvta", split="8-2")
    pdf = picture.content("pdf")
    assert pdf.startswith(b"%PDF-") and b"/FontFile2" in pdf and b"/Type3" not in pdf
    assert b"CreationDate" not in pdf


def test_the_same_records_give_the_same_bytes_in_every_process(committed):
    code = (
        "import hashlib, sys\nfrom pathlib import Path\nfrom zsar.plots.kinds import draw\n"
        "from zsar.plots.picture import FORMATS, content\n"
        "picture = draw('oracle-gap', Path(sys.argv[1]))\n"
        "print([hashlib.sha256(picture.content(f)).hexdigest() for f in FORMATS])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code, str(committed / "pku-sim")],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1 and len(FORMATS) == 3
