"""Zero-shot skeleton action recognition: methods, splits and one trustworthy leaderboard."""

__version__ = "0.1.0"
