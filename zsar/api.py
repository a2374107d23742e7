"""zsar from Python: eight functions. The commands of the command line parse their options and call these.

Words are the command line's: a name, a list of names, or names with commas between. Whatever is wrong with them is a
`zsar.errors.ZsarError` that says what to do next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsar import plugins
from zsar.errors import ZsarError
from zsar.learning.contract import Method
from zsar.protocol import SETTINGS, Names, names_in, select
from zsar.report.leaderboard import Leaderboard
from zsar.results import Results as Records
from zsar.results.scores import Scores

if TYPE_CHECKING:
    import pandas as pd

    from zsar.harness.fold import Fold
    from zsar.harness.plan import Job
    from zsar.plots.picture import Picture
    from zsar.recognition.model import Model


def bench(
    methods: str | type[Method] | Iterable[str | type[Method]],
    dataset: str,
    *,
    splits: Names | None = None,
    seeds: int | Iterable[int] = (0,),
    setting: Names = "zsl",
    rule: Names | None = None,
    protocol: str | None = None,
    encoder: str | None = None,
    text: str | None = None,
    prompts: str | None = None,
    keywords: Mapping[str, Mapping[str, Any]] | None = None,
    precision: str | None = None,
    out: str | Path | None = None,
    device: str = "auto",
    jobs: int = 0,
    threads: int = 1,
    progress: bool = True,
) -> Results:
    """Train and judge methods on a dataset's splits: ``zsar bench``.

    Every run leaves a record in the folder ``out`` (``results/DATASET`` by default); one that is there already is not
    run again. ``keywords`` maps a method's or encoder's name to constructor keywords that take the place of its
    recipe's. A method may be a class that no package declares: its runs are done in this process, every time anew.
    ``jobs`` runs are done side by side (0: one per core, one on a GPU), each with ``threads`` threads.

    Returns the results of these runs, failed ones among them (`Results.failures`). Raises `ZsarError` for whatever is
    wrong with the names, before anything runs, and where data is missing or a record can't be written.
    """
    planned = plan(
        methods,
        dataset,
        splits=splits,
        seeds=seeds,
        setting=setting,
        rule=rule,
        protocol=protocol,
        encoder=encoder,
        text=text,
        prompts=prompts,
        keywords=keywords,
        precision=precision,
    )
    return execute(planned, out, device=device, jobs=jobs, threads=threads, progress=progress)


def plan(methods: Any, dataset: str, *, setting: Names = "zsl", rule: Names | None = None, **options: Any) -> list[Job]:
    """The runs that `bench` would do, fully resolved, without doing them; the same arguments."""
    from zsar.harness.plan import plan as resolve

    several = [methods] if isinstance(methods, str | type) else methods
    seeds = options.pop("seeds", (0,))
    return resolve(
        names_in(plugins.register("method", m) if isinstance(m, type) else m for m in several),
        dataset,
        seeds=[seeds] if isinstance(seeds, int) else list(seeds),
        settings=setting,
        rules=rule,
        **options,
    )


def execute(
    planned: list[Job],
    out: str | Path | None = None,
    *,
    device: str = "auto",
    jobs: int = 0,
    threads: int = 1,
    progress: bool = True,
) -> Results:
    """Do what `plan` planned; the same arguments as `bench`."""
    import contextlib

    from zsar.harness.execute import execute as run
    from zsar.harness.progress import Progress
    from zsar.learning.device import resolve_device
    from zsar.processes import cores

    if jobs < 0 or threads < 1:
        raise ZsarError("jobs should be at least 0, and threads at least 1")
    folder = Path(out) if out is not None else Path("results") / planned[0].card.id
    device = resolve_device(device)
    local = any(plugins.is_local("method", job.method) for job in planned)
    workers = jobs or (1 if local or device.startswith("cuda") else cores())
    if local and workers > 1:
        raise ZsarError("a class that no package declares runs in this process", "Leave jobs away, or declare it.")
    with Progress(planned) if progress else contextlib.nullcontext(lambda event: None) as on_event:
        records = run(planned, folder, device=device, workers=workers, threads=threads, on_event=on_event)
    return Results(records, Scores({record.run: folder for record in records}))


def load_results(*folders: str | Path) -> Results:
    """The results of earlier runs in one or several folders.

    Raises `RecordError` that names the file where a folder is missing or holds a record that can't be read.
    """
    return Results.read(*folders)


class Results(Records):
    """The records of many runs, as tables, numbers and pictures; shows its leaderboard in a notebook and a terminal."""

    def to_pandas(self) -> pd.DataFrame:
        """One row per run, mode, rule, setting, strategy and metric; ``value`` is a fraction."""
        return self.frame()

    def leaderboard(self, *, rule: Names | None = None, setting: Names | None = None) -> Leaderboard:
        """The leaderboard under these rules and settings; by default all that the records hold, `last` on a screen."""
        settings, rules = select("setting", setting, SETTINGS), names_in(rule) or None
        return Leaderboard((t for t in self.tables(rules) if t.setting in settings), every_rule=rules is not None)

    def plot(self, kind: str, **choice: Any) -> Picture:
        """A picture for papers, see ``zsar plot``: ``kind``, and the runs and sizes that its options name."""
        from zsar.plots.kinds import draw

        return draw(kind, self, **choice)

    def __repr__(self) -> str:
        return repr(self.leaderboard())

    def _repr_html_(self) -> str:
        return self.leaderboard()._repr_html_()


def load_dataset(name: str) -> Dataset:
    """A dataset by name; a simulated one is made when it is first asked for.

    Raises `UnknownName`, or `DataError` that says what to get, where to put it and what to run meanwhile.
    """
    return Dataset(name)


def import_dataset(name: str, source: str | Path, **options: Any) -> Dataset:
    """Bring a dataset in from its makers' recordings, or from what others prepared: ``zsar data import``."""
    from zsar.data.importing import import_dataset as import_source

    import_source(name, Path(source), **options)
    return load_dataset(name)


class Dataset:
    """A dataset on this machine: all that `zsar.data.contract.Dataset` answers (``classes``, ``splits``, ``protocols``,
    ``card``, ``clips``, ``frames``, and per clip ``labels``, ``subjects`` and ``samples``), and `fold`."""

    def __init__(self, name: str):
        from zsar.data.datasets import open_dataset

        self._store = open_dataset(name)

    def __getattr__(self, name: str) -> Any:
        if name == "_store":  # while it is copied or unpickled
            raise AttributeError(name)
        return getattr(self._store, name)

    def __len__(self) -> int:
        return len(self._store)

    def __repr__(self) -> str:
        return f"<{self.title}: {len(self)} clips of {len(self.classes)} classes, version {self.version}>"

    @property
    def title(self) -> str:
        """What the dataset is called; simulated data says so."""
        return self.card.title

    @property
    def joints(self) -> tuple[str, ...]:
        """The joints of its clips, in their order."""
        from zsar.skeletons.layouts import layout

        return layout(self.layout).joints

    def fold(self, split: str, **options: Any) -> Fold:
        """The dataset under a split: what training and judging get (`zsar.harness.fold.fold_of`)."""
        from zsar.harness.fold import fold_of

        return fold_of(self.card.id, split, **options)


def method(name: str, **keywords: Any) -> Method:
    """A method by name, untrained, with these keywords; see ``zsar methods NAME``.

    Raises `UnknownName` for a name or keyword that there isn't, and `ZsarError` for a value of the wrong type.
    """
    return plugins.construct("method", name, keywords)


def evaluate(method: Method, fold: Fold) -> dict[str, Any]:
    """A trained method's numbers on a fold's test clips; fractions. The labels stay with the judge.

    ``top1``, ``mean_per_class`` and ``chance`` among the unseen classes; ``seen``, ``unseen`` and ``harmonic`` among
    all, without calibration, where the fold has test clips of seen classes. Those of a transductive method after it
    was adapted to all test clips are under ``transductive``.
    """
    from zsar.harness.judge import evaluate as judge

    by_mode = judge(method, fold)
    return {**by_mode.pop("inductive"), **by_mode}


def train(
    method: str,
    dataset: str,
    split: str,
    *,
    seed: int = 0,
    folds: int = 4,
    device: str = "auto",
    on_epoch: Callable[..., None] | None = None,
    **options: Any,
) -> Model:
    """Train a method as `bench` does and keep it, for clips from anywhere and labels in any words: ``zsar train``.

    ``folds`` companion runs make probabilities of its scores, each nearly as long as the training. ``options`` are
    those of `bench` that concern one run; ``on_epoch`` is called with the phase and the history so far.
    """
    from zsar.data.cards import card
    from zsar.data.splits import choose_one
    from zsar.learning.device import resolve_device
    from zsar.recognition import training

    if folds < 0:
        raise ZsarError("folds should be at least 0")
    choose_one(card(dataset), split, "a model")
    [job] = plan(method, dataset, splits=split, seeds=seed, rule="last", **options)
    return training.train(job, device=resolve_device(device), folds=folds, on_epoch=on_epoch)


def load(path: str | Path, device: str = "cpu") -> Model:
    """A model that `train` made and ``Model.save`` or ``zsar train --save`` wrote into a folder.

    Raises `DataError` naming the file that is missing, damaged or of another version.
    """
    from zsar.recognition.model import Model

    return Model.load(path, device)
