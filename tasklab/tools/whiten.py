"""Fits whitening (Su et al. 2021) to a corpus: a model folder whose vectors have unit covariance and fewer numbers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasklab.errors import CheckpointError, DataError
from tasklab.metrics.vectors import Moments, whitening
from tasklab.tools import TOOLS
from tasklab.tools.opened import refuse_existing, write_model


@dataclass(frozen=True)
class Whitened:
    folder: Path
    texts: int
    size: int
    dimensions: int
    kept: float  # share of the variance

    def __str__(self):
        return (
            f"{self.folder}: vectors of {self.dimensions} in place of {self.size}, fitted to {self.texts} texts; "
            f"their {self.dimensions} largest directions hold {self.kept:.1%} of the variance"
        )


@TOOLS.register("whiten")
def whiten(
    model: str, *corpora: str, to: str, dimensions: int = 256, settings: list[str] | None = None
) -> Whitened:
    """Fit the vectors of a model to a corpus: without correlations, and with fewer dimensions.

    The folder is a model of feature_extraction: `tasklab predict FOLDER ...` gives whitened vectors.

    Args:
        model: a recipe, a backbone, or the folder of a model.
        *corpora: files of texts, one per line (.txt), or a column of a table; blank lines are left out.
        to: the folder to write.
        dimensions: numbers per vector, the most telling directions first.
        settings: KEY=VALUE, such as model.pooling=first or data.text_a=question.
    """
    from tasklab.session.ready import Ready
    from tasklab.session.serving import predict_parts
    from tasklab.trainer import Trainer

    refuse_existing(to)
    overrides = [*(settings or []), "data.normalize=false", "data.on_bad_row=skip"]
    config = Trainer(task="feature_extraction", model=model, overrides=overrides).config
    _refuse(config.model, model, dimensions)
    ready, moments = Ready(config.checkpoint, config), Moments()
    for corpus in corpora:
        for vectors in predict_parts(ready, Path(corpus), top_k=1):
            if not isinstance(vectors, np.ndarray):
                raise DataError(f"{corpus}: holds pairs; name the column to take with --settings data.text_a=...")
            moments.add(vectors)
    if moments.count <= dimensions:
        raise DataError(
            f"{moments.count} texts are too few to tell {dimensions} directions apart; give at least {dimensions + 1}, "
            "better ten times as many, or ask for fewer --dimensions"
        )
    kernel, rank = whitening(moments, dimensions)
    if rank < dimensions:
        raise DataError(f"the vectors of the corpus differ in {rank} directions only; ask for --dimensions {rank}")
    variances = np.linalg.eigvalsh(moments.covariance)[::-1]
    folder = _write(ready.model, to, moments.mean, kernel)
    kept = float(variances[:dimensions].sum() / variances.sum())
    return Whitened(folder, moments.count, len(moments.mean), dimensions, kept)


def _refuse(sizes, model: str, dimensions: int):
    if sizes.whitened_size:
        raise CheckpointError(f"{model}: is whitened already; give the model that it was made from")
    size = sizes.dense_size or sizes.hidden_size * (1 + len(sizes.pooling_beside))
    if not 1 <= dimensions <= size:
        raise DataError(f"--dimensions {dimensions}: expected 1 to {size}, the size of the vectors")


def _write(model, to, mean: np.ndarray, kernel: np.ndarray) -> Path:
    """The encoder as it is, and the whitening as its head."""
    from tasklab.saved import standing_alone
    from tasklab.weights.folder import CONFIG

    config = model.config.copy()
    sizes = config.model
    sizes.num_hidden_layers, sizes.hidden_layer = sizes.hidden_layer or sizes.num_hidden_layers, None
    sizes.whitened_size = kernel.shape[1]
    config.data.normalize, config.data.on_bad_row = True, "error"
    tensors = {name: parameter.asnumpy() for name, parameter in model.network.parameters_and_names()}
    tensors |= {"head.whitening.mean": mean.astype(np.float32), "head.whitening.kernel": kernel.astype(np.float32)}
    return write_model(to, tensors, {**model.files(), CONFIG: standing_alone(config).to_yaml().encode()})
