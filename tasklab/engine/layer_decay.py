"""Lower layers learn more slowly, they hold what is general (Howard & Ruder 2018; numbering: BEiT, Bao et al. 2021)."""

import re
from collections.abc import Sequence

from tasklab.errors import ConfigError

LAYER = re.compile(r"encoder\.layers\.(\d+)\.")
EMBEDDINGS = "encoder.embeddings."


def lr_scales(names: Sequence[str], decay: float) -> list[float]:
    """Factor on the learning rate of each parameter, by its name.

    With L layers, 0 the lowest: layer k gets decay ** (L - k), the embeddings decay ** (L + 1), all else 1.
    Raises: ConfigError when `decay` is not 1 and the network has no numbered layers.
    """
    if decay == 1:
        return [1.0] * len(names)
    matches = [LAYER.match(name) for name in names]
    if not any(matches):
        raise ConfigError("optimizer.layer_decay needs an encoder with numbered layers, this one has none; set it to 1")
    count = 1 + max(int(match.group(1)) for match in matches if match)
    powers = [
        count - int(match.group(1)) if match else count + 1 if name.startswith(EMBEDDINGS) else 0
        for name, match in zip(names, matches, strict=True)
    ]
    return [decay**power for power in powers]
