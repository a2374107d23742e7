"""Recognising anything: trained methods kept as folders, and clips from anywhere among labels in any words.

`training.train_model` trains and keeps, `model.Model` loads and predicts; ``zsar.load`` is short for the second.
"""
