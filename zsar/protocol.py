"""The words of zsar's protocol, once: what can be chosen, reported and ranked, a sentence each.

Tables' legends, help texts and error messages read them here. The order is that of tables.
"""

RULES = {
    "last": "the last epoch",
    "val": "the epoch chosen on pseudo-unseen classes",
    "oracle": "the epoch chosen on the test classes, which nobody can do in earnest, hence no rank",
}
"""Selection rules: which epoch's numbers count. Papers report the oracle; a companion run has pseudo-unseen classes."""

RANKING_RULES = ("last", "val")
"""Those that look at no test label, so that rows under them may be ranked."""

SETTINGS = {
    "zsl": "zero-shot: unseen test clips among the unseen classes",
    "gzsl": "generalized zero-shot: seen and unseen test clips among all classes",
}
"""Among which classes a test clip is placed."""

STRATEGIES = {
    "none": "the scores as they are",
    "stacking": "a constant is taken off the seen scores",
    "gate": "a classifier sends each clip to a seen or an unseen expert",
    "oracle": "the best constant for the test clips, which nobody knows in earnest, hence no rank",
}
"""Generalized zero-shot: how scores of seen and unseen classes are made comparable; fitted on the companion run."""

MODES = {
    "inductive": "every test clip by itself",
    "transductive": "class vectors adapted on all unlabelled test clips",
}
"""How much of the test set a method may look at; tables mark transductive rows with (T)."""

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
