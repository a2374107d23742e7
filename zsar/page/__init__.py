"""Leaderboards and what lies behind them as one self-contained HTML page."""
