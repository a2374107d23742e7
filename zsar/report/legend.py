"""What the columns of the tables mean, said once for all of them."""

from zsar.results.table import Table

REFERENCES = (
    "Published for the same splits and setting. Chosen on the test classes, so they "
    "compare with the oracle and not with the rows above:"
)
RULES = {
    "last": "last: the last epoch",
    "val": "val: the epoch chosen on pseudo-unseen classes",
    "oracle": "oracle: the epoch chosen on the test classes, which nobody can do in earnest, hence no rank",
}
STRATEGIES = {
    "none": "none: the scores as they are",
    "stacking": "stacking: a constant is taken off the seen scores",
    "gate": "gate: a classifier sends each clip to a seen or an unseen expert",
    "oracle": "oracle: the best constant for the test clips, which nobody knows in earnest, hence no rank",
}


def legend(tables: list[Table]) -> list[str]:
    """What the columns mean; only what occurs in the tables."""
    rows = [row for table in tables for row in table.rows]
    generalized = any(row.strategy for row in rows)
    said = [
        "Mean over seeds ± half width of the 95% interval (Student t); n/a with a single seed. "
        "Ranked by the average over the splits, within a rule."
    ]
    rules = {row.rule for row in rows}
    if rules:
        said.append("Rule " + "; ".join(text for r, text in RULES.items() if r in rules) + ".")
    if any(row.group for row in rows):
        said.append(
            "Group (a letter; on the screen below the rank): rows that share one can't be told "
            "apart. Over the clips of all splits and the seeds in common, McNemar's test (Holm's "
            "correction over the table) and the paired bootstrap by subject must both tell two "
            "rows apart, at 95%."
        )
    if generalized:
        strategies = {row.strategy for row in rows}
        said.append(
            "GZSL: all classes are candidates. H ± half width, and in brackets or below it "
            "S/U, the accuracy on clips of seen and of unseen classes; H is taken per run and "
            "then averaged, so it isn't the harmonic mean of the S and U shown. All strategies "
            "of a rule are ranked together, but never the oracle's."
        )
        said.append(
            "Strategy "
            + "; ".join(text for s, text in STRATEGIES.items() if s in strategies)
            + ". Constant and gate are fitted on pseudo-unseen classes."
        )
        said.append(
            "AUSUC: area under the curve of seen against unseen accuracy over all constants "
            "taken off the scores as they are, of 100; the same for every strategy."
        )
    zsl = [row for row in rows if row.strategy is None]
    if any(row.average and row.average.gap is not None for row in zsl):
        said.append("Gap: what choosing the epoch on the test classes (oracle) would add, in points.")
    if zsl:
        said.append("Per class: mean of the per-class accuracies, averaged over splits and seeds.")
    if any(row.transductive for row in rows):
        said.append("(T): transductive, class vectors adapted on all unlabelled test clips.")
    return said
