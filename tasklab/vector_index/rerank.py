"""Hits in the order of a model that reads query and text together (a cross-encoder)."""

from collections.abc import Sequence

from tasklab.errors import CheckpointError, DataError

TOGETHER = 100
"""Hits per query that are read again, unless said otherwise."""


class CrossEncoder:
    """Pairs of texts -> how well they match, by a model of text_matching, or one of pairs with a number or two classes.

    model: recipe, or folder of a run, a checkpoint or of HuggingFace. Two classes: the second one is a match.
    Raises: CheckpointError for a model that generates.
    """

    def __init__(self, model: str):
        from tasklab.task import TASKS
        from tasklab.trainer import Trainer

        self._trainer = Trainer(model=str(model))
        if TASKS.get(self._trainer.config.task).generates:  # the score of an answer is none of a pair
            raise self._no_score()

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Raises: CheckpointError for a model whose answers are no scores of pairs."""
        try:
            answers = self._trainer.predict(input_data=[{"text_a": a, "text_b": b} for a, b in pairs])
        except DataError:  # it reads no pairs
            raise self._no_score() from None
        return [self._score(answer) for answer in answers]

    def _score(self, answer) -> float:
        labels = self._trainer.config.model.labels
        if not isinstance(answer, dict) or "score" not in answer or "label" in answer and len(labels) != 2:
            raise self._no_score()
        matches = "label" not in answer or answer["label"] == labels[1]
        return answer["score"] if matches else 1 - answer["score"]

    def _no_score(self) -> CheckpointError:
        config, kinds = self._trainer.config, "text_matching, or of pairs with a number or two classes"
        message = f"{config.name}, of {config.task}, gives no score of a pair"
        return CheckpointError(f"{message}; a model of {kinds}, reads query and text together")


def reranked(queries: Sequence[str], hits: Sequence[list[dict]], score: CrossEncoder, top_k: int) -> list[list[dict]]:
    """The best `top_k` of each query's hits by `score`; each keeps the score of its vector as `similarity`."""
    pairs = [(query, hit["text"]) for query, own in zip(queries, hits, strict=True) for hit in own]
    scores = iter(score(pairs))
    again = [[{**hit, "score": next(scores), "similarity": hit["score"]} for hit in own] for own in hits]
    return [sorted(own, key=lambda hit: -hit["score"])[:top_k] for own in again]
