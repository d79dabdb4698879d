"""tasklab index"""

from tasklab.commands import Verb, next_step

EXAMPLES = """examples:
  tasklab index minilm_l6 texts.tsv --out INDEX                        # columns text and id, or a text per line
  tasklab index minilm_l6 texts.tsv --out INDEX --precision int8       # a third of the time per query
  tasklab index output/run faq.csv data.text_a=question --out INDEX    # a model trained here
  tasklab index --out INDEX --add more.tsv                             # by the model that it was built with
  tasklab index --out INDEX --delete 17 --delete 23
  tasklab index --out INDEX --hnsw                                     # from 50,000 texts on; pip install hnswlib
"""
USAGE = "[MODEL FILE [KEY=VALUE ...]] --out INDEX [--add FILE] [--delete ID] [--deduplicate]"


def arguments(parser):
    parser.add_argument("names", nargs="*", metavar="NAME", help="a model, a file of texts, any KEY=VALUE")
    parser.add_argument("--out", required=True, metavar="INDEX", help="the folder of the index")
    parser.add_argument("--add", action="append", default=[], metavar="FILE", help="more texts, into that index")
    parser.add_argument("--delete", action="append", default=[], metavar="ID", help="takes the text with this id out")
    parser.add_argument("--deduplicate", action="store_true", help="keeps the first of equal texts")
    parser.add_argument("--hnsw", action="store_true", help="a graph for fast search among very many (hnswlib)")
    parser.add_argument("--search-width", type=int, metavar="N", help="of --hnsw; default: as recall@10 of 0.95 takes")
    parser.add_argument("--similarity", choices=("cosine", "dot"), help="default cosine; dot: vectors as they are")
    parser.add_argument("--precision", choices=("fp32", "int8"), help="default fp32; int8: bytes first, the best anew")


def run(options):
    from pathlib import Path

    from tasklab.data.files.inputs import refuse_no_file
    from tasklab.tools.opened import refuse_existing

    _refuse_no_graph(options)  # before hours of encoding
    out = Path(options.out)
    if options.names:
        if options.add or options.delete:
            options.usage.error("--add and --delete change an index that is there; name no model with them")
        model, file, settings = _asked(options)
        refuse_existing(out)
        refuse_no_file(file)  # before anything is loaded
        index = _built(options, model, file, settings)
    else:
        if not (options.add or options.delete or options.deduplicate or options.hnsw):
            options.usage.error("name a model and a file of texts, or what is to be changed")
        if options.similarity or options.precision:
            options.usage.error("--similarity and --precision are settled when an index is built")
        index = _changed(options, out)
    if options.deduplicate:
        print(f"{index.deduplicate()} texts were there before, and went")
    if options.hnsw:
        index.link(options.search_width)
    index.save(out)
    print(f"{out}: {index!r}")
    next_step("look something up", "query", options.out, index.texts[0])


def _refuse_no_graph(options):
    from tasklab.vector_index.graph import library, refuse_width

    if options.search_width is not None and not options.hnsw:
        options.usage.error("--search-width is of the graph; give --hnsw with it")
    if options.hnsw:
        refuse_width(options.search_width)
        library()


def _asked(options) -> tuple[str, str, list[str]]:
    from tasklab.commands.names import OVERRIDE

    settings = [word for word in options.names if OVERRIDE.fullmatch(word)]
    names = [word for word in options.names if not OVERRIDE.fullmatch(word)]
    if len(names) != 2:
        options.usage.error(f"expected a model and a file of texts; got {' '.join(names) or 'neither'}")
    return *names, settings


def _built(options, model: str, file: str, settings: list[str]):
    from tasklab.vector_index import VectorIndex
    from tasklab.vector_index.encoder import TextEncoder
    from tasklab.vector_index.entries import checked_ids, read_entries

    encoder = TextEncoder(model, settings)
    texts, ids, places = read_entries(file, encoder.data)
    ids = checked_ids(ids, len(texts), places=places)  # before the work
    return VectorIndex.build(
        texts, ids=ids, model=encoder, similarity=options.similarity or "cosine", precision=options.precision or "fp32"
    )


def _changed(options, out):
    from tasklab.vector_index import VectorIndex
    from tasklab.vector_index.entries import read_entries

    index = VectorIndex.open(out, whole=True)  # what is damaged is not written on
    if options.delete:
        index.delete(options.delete)
    for file in options.add:
        texts, ids, places = read_entries(file, index.encoder.data)
        index.add(texts, ids=ids, places=places)
    return index


SUMMARY = "keep texts with their vectors, to be looked up by meaning"
VERB = Verb("index", SUMMARY, run, arguments, USAGE, EXAMPLES)
