"""``python -m zsar``, which is what ``torchrun -m zsar`` starts."""

import sys

from zsar.cli import main

if __name__ == "__main__":
    sys.exit(main())
