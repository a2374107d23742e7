"""Our own measured numbers with their tolerance (``benchmarks/expected/<dataset>.yaml``), made from records."""

import math
from collections import defaultdict

from zsar.report import labels


def expected(records: list[dict]) -> dict:
    """Mean top-1 per split, method, mode and rule over seeds, as a fraction, with a tolerance.

    The tolerance is what another set of as many seeds may differ by: three standard errors of the difference of two
    means, from the spread over seeds, and never less than one and a half test clips. A single seed has none.
    """
    groups = defaultdict(list)
    for record in records:
        if record["status"] != "done":
            continue
        for mode, rules in record["results"].items():
            for rule, numbers in rules.items():
                key = (record["split"]["id"], record["method"]["name"], mode, rule, labels.identity(record))
                groups[key].append((record, numbers["top1"]))
    cells = []
    for (split, method, mode, rule, _), found in sorted(groups.items(), key=lambda item: item[0][:4]):
        values, first = [value for _, value in found], found[0][0]
        mean = math.fsum(values) / len(values)
        spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)) if len(values) > 1 else None
        samples = first["counts"]["unseen_test"]
        tolerance = None if spread is None else max(3 * spread * math.sqrt(2 / len(values)), 1.5 / samples)
        cells.append({
            "split": split, "method": method, "mode": mode, "rule": rule, "top1": round(mean, 6),
            "tolerance": tolerance and round(tolerance, 6), "spread": spread and round(spread, 6),
            "seeds": sorted(record["seed"] for record, _ in found), "samples": samples,
            "evaluator": first["evaluator"], "dataset_version": first["dataset"]["version"],
        })
    return {"dataset": records[0]["dataset"]["id"], "protocol": records[0]["dataset"]["protocol"], "cells": cells}
