"""LightGBM on a table of numbers: fitted, cross-validated, and its settings searched (UER-py's run_lgb and search)."""

import numpy as np

from tasklab.errors import MissingDependency

UER = {
    "num_leaves": 10, "min_data_in_leaf": 50, "learning_rate": 0.02, "feature_fraction": 0.25, "lambda_l1": 5.0,
    "lambda_l2": 5.0, "max_depth": 100,
}  # fmt: skip
ROUNDS = 100
WHOLE = {"num_leaves": (10, 100), "min_data_in_leaf": (1, 100), "max_depth": (3, 200)}
REAL = {
    "learning_rate": (0.005, 0.5), "feature_fraction": (0.1, 1.0), "lambda_l1": (0.0, 10.0), "lambda_l2": (0.0, 10.0),
}  # fmt: skip
"""Where the search looks: UER-py's ranges, with room for few rows and few features."""


def fitting(rows: int) -> dict:
    """UER-py's settings; below 1,000 rows leaves may be smaller, or no tree would ever branch."""
    return UER | {"min_data_in_leaf": min(UER["min_data_in_leaf"], max(1, rows // 20))}


def fitted(features: np.ndarray, target: np.ndarray, classes: int, settings: dict, seed: int):
    """A booster for `target` [N] of 0 .. classes - 1. Raises MissingDependency without LightGBM."""
    try:
        import lightgbm
    except ImportError:
        raise MissingDependency('stacking needs LightGBM: pip install "tasklab[stacking]"') from None
    fixed = {"objective": "multiclass", "num_class": classes, "seed": seed, "deterministic": True,
             "force_row_wise": True, "verbose": -1}  # fmt: skip
    return lightgbm.train(fixed | settings, lightgbm.Dataset(features, target), ROUNDS)


def out_of_fold(features: np.ndarray, target: np.ndarray, fold: np.ndarray, settings: dict, seed: int) -> np.ndarray:
    """[N, C] probabilities of each row by a booster fitted to the other parts."""
    classes = int(target.max()) + 1
    probabilities = np.zeros((len(target), classes))
    for part in np.unique(fold):
        rest = fold != part
        probabilities[~rest] = fitted(features[rest], target[rest], classes, settings, seed).predict(features[~rest])
    return probabilities


def searched(features: np.ndarray, target: np.ndarray, fold: np.ndarray, trials: int, seed: int) -> dict:
    """The settings with the best macro F1 over the parts; the first trial is UER-py's own."""
    import optuna
    from sklearn.metrics import f1_score

    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial) -> float:
        settings = {name: trial.suggest_int(name, *limits) for name, limits in WHOLE.items()}
        settings |= {name: trial.suggest_float(name, *limits) for name, limits in REAL.items()}
        predicted = out_of_fold(features, target, fold, settings, seed).argmax(axis=1)
        scores = [f1_score(target[fold == p], predicted[fold == p], average="macro") for p in np.unique(fold)]
        return float(np.mean(scores))

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial(fitting(len(target)))
    study.optimize(objective, n_trials=trials)
    return study.best_params
