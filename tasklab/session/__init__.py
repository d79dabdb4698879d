"""One verb from start to end: data, network, loop or predictor. Kept apart so that configuring needs no MindSpore."""
