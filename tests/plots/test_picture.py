"""The files of a picture."""

import os
import struct
import subprocess
import sys

from from_folder import draw_folder

from zsar.plots.picture import FORMATS, SCREEN_DPI


def test_a_pdf_has_its_fonts_and_no_date(committed):
    picture = draw_folder("confusion", committed / "nw-ucla", method="dvta", split="8-2")
    pdf = picture.content("pdf")
    assert pdf.startswith(b"%PDF-") and b"/FontFile2" in pdf and b"/Type3" not in pdf
    assert b"CreationDate" not in pdf


def test_the_same_records_give_the_same_bytes_in_every_process(committed):
    code = (
        "import hashlib, sys\nfrom zsar.plots import draw\nfrom zsar.plots.picture import FORMATS\n"
        "from zsar.results import Results\npicture = draw('oracle-gap', Results.read(sys.argv[1]))\n"
        "print([hashlib.sha256(picture.content(f)).hexdigest() for f in FORMATS])"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, str(committed / "pku-sim")],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1 and len(FORMATS) == 3


def test_a_notebook_shows_it_and_a_file_is_whole(committed, tmp_path):
    picture = draw_folder("seeds", committed / "pku-sim")
    png = picture._repr_png_()
    assert png.startswith(b"\x89PNG") and struct.unpack(">I", png[16:20])[0] == int(3.4 * SCREEN_DPI)
    picture.save(tmp_path / "new" / "picture.png")
    assert (tmp_path / "new" / "picture.png").read_bytes() == picture.content("png") != png


def test_importing_pictures_imports_no_matplotlib():
    code = "import sys, zsar.plots\nprint(sorted({'matplotlib', 'torch', 'sklearn', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
