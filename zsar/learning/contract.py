"""What a method is, and all that the harness may ask of one.

A method is its constructor's keywords; they are stored, nothing else, and networks are made in `build`. It sees seen
classes only: no unseen label, no metric, no path, no test set. Because `train` is an iterator, the harness decides
between epochs what to measure, and one training run serves every selection rule. A new method writes `train` and
`score`; whatever else stands here has a default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from zsar.learning.faster import keep_redefined
from zsar.learning.resuming import Resumable

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Seen:
    """The training data: clips, maps or features of seen classes only.

    ``x`` is [N, 3, T, V, M] (clips, metres), [N, T', V, D] (maps) or [N, D] (features), float32; ``y`` [N] int64
    indexes the rows of the text that is handed over with it.
    """

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.y)


class Method(Resumable):
    """One zero-shot method. Subclasses set the class attributes, and write `train` and `score`.

    Where a method compares embeddings, it writes `embed` and `classifier` in place of `score`: test clips are then
    embedded once per epoch, however often they are scored. A class that writes neither is refused when it is defined.
    """

    title: ClassVar[str]
    """The name as the paper prints it."""
    paper: ClassVar[str] = ""
    """Authors, title, venue and year: "Author, Author: Title, Venue Year"."""
    link: ClassVar[str] = ""
    """Where the paper can be read, an address that begins with https://."""
    input: ClassVar[Literal["clips", "maps", "features"]] = "features"
    """What `train` and `embed` are given: clips, an encoder's maps before pooling, or its features."""
    joints: ClassVar[str] = "kinect_v2"
    """The joint layout of the clips, for methods of clips; a keyword of that name may take its place."""
    streams: ClassVar[bool] = False
    """Whether clips or maps may be a `zsar.data.clip_sets.ClipSet`, which is read from disk batch by batch."""
    on_features: ClassVar[str] = ""
    """The installed method that runs in its place on a dataset of released features; for methods of clips."""
    prompts: ClassVar[tuple[str, ...]] = ("label",)
    """The prompts of each class that make up the rows of the text, unless a recipe names others."""
    tokens: ClassVar[bool] = False
    """Whether text is [C, P, L, D], one vector per token, in place of [C, P, D]."""
    transductive: ClassVar[bool] = False
    """Whether `adapt` does anything."""
    sequential: ClassVar[bool] = False
    """Whether a clip's scores depend on the clips scored before it (a test-time cache): the order is then drawn by the
    run's seed, and a clip is scored once."""
    side_data: ClassVar[tuple[str, ...]] = ()
    """What else has been learnt from than the seen clips and the text model: a language model, a generator."""

    def __init_subclass__(cls, **keywords: Any):
        super().__init_subclass__(**keywords)
        if cls.score is Method.score and cls.classifier is Method.classifier:
            raise TypeError(f"{cls.__name__} should define score, or embed and classifier")
        if "score" in vars(cls) and "classifier" not in vars(cls) and cls.classifier is not Method.classifier:
            raise TypeError(f"{cls.__name__} should redefine classifier, not score, which test clips do not go through")
        keep_redefined(cls)

    def build(self, x_shape: tuple[int, ...], text_shape: tuple[int, ...]) -> nn.Module | None:
        """The untrained network, for clips, maps or features of the shape ``x_shape`` (of one) and text [S, P, D].

        `train` keeps it as ``self.network`` and trains it; a saved model is loaded into it. None: the method has no
        network, and what it learns are tensors held as attributes.
        """
        return None

    def train(self, seen: Seen, text: Tensor) -> Iterator[dict[str, float]]:
        """Train on the seen classes, yielding after each epoch whatever is worth watching (``loss`` at least).

        ``text`` is [S, P, D]: S seen classes, P prompts each, D-dimensional. Wrap the loop over epochs in
        `resumable` to let an interrupted run go on where it was.
        """
        raise NotImplementedError(f"{type(self).__name__} should define train")

    def embed(self, x: Tensor) -> Tensor:
        """Clips, maps or features as `classifier` compares them, [N, ...]; by default as they are."""
        return x

    def classifier(self, text: Tensor) -> Callable[[Tensor], Tensor]:
        """What maps embedded clips [N, ...] to scores [N, C] of C candidate classes given by ``text`` [C, P, D].

        Whatever depends on the candidates alone is done here, once: some methods train a classifier.
        """
        return lambda embedded: self.score(embedded, text)

    def score(self, x: Tensor, text: Tensor) -> Tensor:
        """Similarity [N, C] of N clips (or maps, or features) to C candidate classes given by ``text`` [C, P, D]."""
        return self.classifier(text)(self.embed(x))

    def adapt(self, embedded: Tensor, text: Tensor) -> Tensor:
        """Adjust the candidates' text [C, P, D] to unlabelled test clips [N, ...] (transductive methods only)."""
        return text

    @classmethod
    def from_official(cls, state_dict: dict[str, Tensor], **keywords: Any) -> Method:
        """Build the trained method from the authors' released checkpoint."""
        raise NotImplementedError(f"{cls.title}'s authors released no checkpoint that zsar reads")
