"""Zero-shot skeleton action recognition: methods, splits and one trustworthy leaderboard."""

__version__ = "0.1.0"


def load(path, device: str = "cpu"):
    """A model that ``zsar train --save`` kept in the folder ``path``: `zsar.recognition.model.Model`.

    Raises `zsar.errors.DataError` naming the file that is missing, damaged or of another version.
    """
    from zsar.recognition.model import Model

    return Model.load(path, device)
