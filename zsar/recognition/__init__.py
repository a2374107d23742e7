"""Recognising anything: trained methods kept as folders, and clips from anywhere among labels in any words.

`training.train` trains a `model.Model`, which predicts, and can be saved and loaded; ``zsar.load`` is short for that.
"""
