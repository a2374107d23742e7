"""What `zsar data import` reads besides the makers' own files: one module per format.

A format module has ``TITLE``; ``recognises(source)``, a cheap look at names; and ``examine(path, name, known)``, which
opens what is there and returns what `zsar.data.formats.found` describes. Adding a format is adding a module here.
"""
