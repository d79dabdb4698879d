"""Which processors give a row of a product the same bits whatever stands beside it."""

import pytest

from tasklab.kernels import build

NEEDS_AVX512 = pytest.mark.skipif(
    "avx512f" not in build._cpu(),
    reason="without AVX-512 oneDNN adds up the last 1 to 3 rows and 1 to 8 columns of a product in another order",
)
