"""What `doctor data` shows of tagged sentences, and what stands out in them."""

from collections.abc import Iterator

from tasklab.config import Config
from tasklab.data.files.problems import listed
from tasklab.data.rows.findings import Finding, leaks
from tasklab.data.tagging.inspect import TagReport, inspect_tagged, sentence_of
from tasklab.data.tagging.labels import numbered_labels, output_kinds
from tasklab.data.tagging.reading import TaggingDataConfig, looks_tagged
from tasklab.tools.doctor.findings import (
    FIX,
    LOOK,
    REMEDY,
    Examined,
    Line,
    bad_rows,
    clashing,
    examined,
    leaking,
    repeating,
)
from tasklab.tools.doctor.wording import counted, lengths, padded, places, shares

DATA, MODEL, knows = (TaggingDataConfig,), "tokcls_minilm_l6", looks_tagged
FEW, LONG, LOST = 10, 0.05, 0.001
"""Entities of a type, and the shares of long sentences and of lost entities, from which a line is worth reading."""
FAULTS = ("fault", "in unusable sentences", "in sentences left out")


def examine(config: Config, tokenizer) -> Examined:
    """Reads data.train and data.eval. Raises: DataError when a file as a whole cannot be used."""
    data, model = config.data, config.model
    kinds = output_kinds(numbered_labels(data.label2id) if data.label2id else model.labels)
    train = inspect_tagged(data.train, data, kinds, True, tokenizer)
    data.units = train.content.units  # those of the evaluation file follow
    path, known_there = data.eval_path, kinds or list(train.entities)
    dev = inspect_tagged(path, data, known_there, False, tokenizer) if path else None
    together = [*_too_long(train, config), *_of_types(train, dev, kinds)]
    if dev is not None:
        together += leaking(leaks(train.examples, dev.examples, sentence_of), len(dev.examples), "sentence", dev.file)
    return examined(config, train, dev, _shown, _findings, together)


def _shown(name: str, split: TagReport, config: Config) -> Iterator[str]:
    content, sentences, entities = split.content, len(split.examples), split.entities.total()
    yield f"{name:6} {split.file}"
    how = f"{content.scheme.upper()} tags" if content.tags else "entities as spans"
    how += f", as {content.source.writer} writes them" if content.source.writer else ""
    yield f"       {counted(sentences, 'sentence')}, {split.units:,} {content.units}, {how}"
    if content.numbered:
        yield "       every token ends with its position in the word, which is taken off"
    plain = f"; {counted(split.plain, 'sentence')} ({split.plain / sentences:.0%}) without any" if split.plain else ""
    yield f"       {counted(entities, 'entity')}{plain}"
    yield from shares(split.entities, entities, "types")
    if split.sizes is None:
        return
    yield from lengths(split.lengths, split.sizes)
    several = f"; {counted(split.long_sentences, 'sentence')} cut into several" if split.long_sentences else ""
    yield f"       {counted(split.sizes.rows, 'row')} of at most {config.data.max_seq_length} tokens{several}"
    yield padded(split.sizes)


def _findings(name: str, split: TagReport, config: Config) -> Iterator[Line]:
    content, sentences = split.content, max(1, len(split.examples))
    orphans = "tag that continues nothing" in content.bad.counts
    repair = ", or data.repair_tags: true, so that such a tag begins an entity" if orphans else ""
    remedy = f"{REMEDY}{repair}"
    yield from bad_rows(name, content.bad, config, "which stops no run", remedy, FAULTS)
    if content.repaired:
        text = f"{name}: {counted(len(content.repaired), 'tag')} without a beginning, as data.repair_tags says"
        repaired = Finding(len(content.repaired), content.repaired)
        yield Line(LOOK, f"{text}, each begins an entity", places(repaired, split.file))
    for what, remark in content.source.remarks.items():
        yield Line(LOOK, f"{name}: {what}: {remark.count:,}", places(remark, split.file))
    clash, again = split.contradictions, split.duplicates
    text = f"{name}: {counted(clash.count, 'sentence')} met before with other entities; keep the right one of each"
    yield from clashing(clash, sentences, text, split.file)
    yield from repeating(again, name, "sentence", "met before with the same entities", split.file)
    if split.tokenless.count:
        words = f"{counted(split.tokenless.count, 'word')} with no token at all: {listed(list(split.dropped))}"
        text = f"{name}: {words}, in which nothing can be seen; remove them, or write what was meant"
        yield Line(LOOK, text, places(split.tokenless, split.file))
    if split.lost_entities > LOST * split.entities.total():
        text = f"{name}: {counted(split.lost_entities, 'entity')} share every token with others and cannot be learned"
        yield Line(LOOK, f"{text}; take a vocabulary with shorter pieces")


def _too_long(train: TagReport, config: Config) -> Iterator[Line]:
    data, sentences = config.data, max(1, len(train.examples))
    if train.long_sentences > LONG * sentences and data.max_seq_length < config.model.max_tokens:
        text = f"train: {train.long_sentences / sentences:.0%} of the sentences need several windows"
        needed = min(train.lengths["sentence"][-2] + 2, config.model.max_tokens)  # 99th percentile, [CLS] and [SEP]
        yield Line(LOOK, f"{text}; data.max_seq_length={needed} would hold nearly all whole")


def _of_types(train: TagReport, dev: TagReport | None, kinds: list[str]) -> Iterator[Line]:
    """kinds: what the model's outputs are for, if that is settled already."""
    entities = train.entities
    if not entities and train.examples:
        yield Line(FIX, "train: no entity, every tag is O; there is nothing to learn")
        return
    if missing := [kind for kind in kinds if kind not in entities]:
        yield Line(LOOK, f"train: no entity of type {', '.join(missing)}, which can hardly be predicted then")
    if rare := [kind for kind, count in entities.items() if count < FEW]:
        text = f"train: {counted(len(rare), 'type')} with fewer than {FEW} entities: {', '.join(rare)}"
        yield Line(LOOK, f"{text}; collect more, or merge them")
    if dev is not None and (unseen := [kind for kind in entities if kind not in dev.entities]):
        yield Line(LOOK, f"eval: no entity of type {', '.join(unseen)}, so no score tells how well they are found")
