"""tasklab query"""

from tasklab.commands import Verb, print_json

EXAMPLES = """examples:
  tasklab query INDEX "How do I change my password?"
  tasklab query INDEX "How do I change my password?" "Where is my parcel?" --top-k 3
  tasklab query INDEX --file questions.txt --output hits.tsv           # a line per hit: query, rank, id, text, score
  tasklab query INDEX "Where is my parcel?" --rerank output/matching   # the nearest 100, read with the query
  cat questions.txt | tasklab query INDEX --file - --output -          # JSON lines
"""
TOP_K = 10
OUTPUT = "hits to .tsv, .csv, .json, .jsonl or .parquet, a row each; - for JSON lines to the output"


def arguments(parser):
    parser.add_argument("index", metavar="INDEX", help="a folder that `tasklab index` wrote")
    parser.add_argument("queries", nargs="*", metavar="TEXT", help="what is looked up; behind -- anything")
    parser.add_argument("--file", metavar="FILE", help="queries from a file, a text per row; - from a pipe")
    parser.add_argument("--top-k", type=int, default=TOP_K, metavar="K", help=f"hits per query (default {TOP_K})")
    parser.add_argument("--exact", action="store_true", help="looks at all vectors though the index has a graph")
    parser.add_argument("--search-width", type=int, metavar="N", help="of the graph, in place of its own")
    parser.add_argument("--rerank", metavar="MODEL", help="a cross-encoder that decides among the nearest")
    parser.add_argument("--candidates", type=int, metavar="N", help="how many it reads per query (default 100)")
    parser.add_argument("--model", metavar="MODEL", help="where the index' own model lies now; it has to be the same")
    parser.add_argument("--output", "--out", metavar="FILE", help=OUTPUT)


def run(options):
    from tasklab.data.files.answers import AnswerFile
    from tasklab.data.files.inputs import refuse_no_file
    from tasklab.vector_index import VectorIndex
    from tasklab.vector_index.entries import read_entries

    queries = [*options.queries, *options.plain]
    if bool(queries) == bool(options.file):
        options.usage.error("give queries as arguments or with --file")
    if options.candidates is not None and not options.rerank:
        options.usage.error("--candidates are read by a cross-encoder; name one with --rerank")
    file = AnswerFile(options.output) if options.output else None  # before anything is loaded
    if options.file:
        refuse_no_file(options.file)
    index = VectorIndex.open(options.index, model=options.model)
    if options.file:
        queries = read_entries(options.file, index.encoder.data)[0]
    how = {"exact": options.exact, "search_width": options.search_width, "rerank": options.rerank}
    hits = index.search(queries, options.top_k, **how, **({"candidates": n} if (n := options.candidates) else {}))
    if file is None:
        print_json(hits[0] if len(hits) == 1 else hits)
        return
    asked = zip(queries, hits, strict=True)
    rows = [{"query": query, "rank": rank, **hit} for query, top in asked for rank, hit in enumerate(top, start=1)]
    file.write([rows])


USAGE = "INDEX (TEXT ... | -- TEXT ... | --file FILE)"
VERB = Verb("query", "look texts up in an index", run, arguments, USAGE, EXAMPLES, collect="queries", texts=True)
