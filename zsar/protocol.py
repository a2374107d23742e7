"""The words of zsar's protocol, once: what can be chosen, reported and ranked, a sentence each.

Tables' legends, help texts and error messages read them here. The order is that of tables.
"""

RULES = {
    "last": "the last epoch",
    "val": "the epoch that was best on pseudo-unseen classes, held back from the seen ones in a companion run",
    "oracle": "the epoch that was best on the unseen test classes: what papers report; shown and never ranked",
}
"""Selection rules: which epoch's numbers count."""

RANKING_RULES = ("last", "val")
"""Those that look at no test label, so that rows under them may be ranked."""

SETTINGS = {
    "zsl": "zero-shot: unseen test clips among the unseen classes",
    "gzsl": "generalized zero-shot: seen and unseen test clips among all classes",
}
"""Among which classes a test clip is placed."""

STRATEGIES = {
    "none": "no calibration",
    "stacking": "a constant taken off the seen classes' scores, chosen on the companion run",
    "gate": "a seen and an unseen expert, and a gate between them fitted on the companion run",
    "oracle": "the constant that is best on the test clips: shown and never ranked",
}
"""Generalized zero-shot: how scores of seen and unseen classes are made comparable."""

MODES = {
    "inductive": "every test clip by itself",
    "transductive": "class vectors adapted to all unlabelled test clips first; marked (T)",
}
"""How much of the test set a method may look at."""

SUBSETS = {
    "seen_train": "training clips of seen classes",
    "seen_test": "test clips of seen classes",
    "unseen_test": "test clips of unseen classes",
    "pseudo_unseen": "training clips of the seen classes that play the unseen ones in a companion run",
}
"""Parts of a dataset under a split and a protocol; training clips of unseen classes are used by nobody."""

METRICS = {
    "zsl": {
        "top1": "the fraction of clips whose first class is right, each clip counted once",
        "mean_per_class": "the mean over classes of each class's top-1 accuracy",
    },
    "gzsl": {
        "seen": "S: top-1 accuracy of test clips of seen classes among all classes",
        "unseen": "U: top-1 accuracy of test clips of unseen classes among all classes",
        "harmonic": "H: the harmonic mean of S and U",
        "seen_mean_per_class": "S as the mean over classes",
        "unseen_mean_per_class": "U as the mean over classes",
        "harmonic_mean_per_class": "the harmonic mean of both per-class means",
        "ausuc": "the area under the curve of S over U for all constants",
        "ausuc_mean_per_class": "the same area, of the per-class means",
    },
}
"""What is measured in each setting; fractions in [0, 1]."""
