"""Dataset cards, class lists, joint layouts, splits, prompts and recipes: data, read through `zsar.registry`."""
