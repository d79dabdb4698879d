"""tasklab chat"""

import json
import sys
from collections.abc import Callable, Iterable

from tasklab.commands import Verb
from tasklab.errors import TasklabError

EXAMPLES = """examples:
  tasklab chat smollm2_135m_instruct
  tasklab chat output/textgen_smollm2_135m_instruct --system "Answer in one sentence."
  tasklab chat smollm2_135m_instruct do_sample=true temperature=0.7 max_new_tokens=200
  echo "Name three rivers." | tasklab chat smollm2_135m_instruct        # a question per line, answers alone go out
"""
HELP = """  /reset          forget what was said        /retry   answer the last question anew
  /system TEXT    begin anew with TEXT as what the model is told first
  /set KEY=VALUE  such as do_sample=true temperature=0.7
  /save FILE.json the turns so far
  /exit           leave (Ctrl-D too); Ctrl-C stops an answer"""
PROMPT, MORE = "> ", "... "


def arguments(parser):
    from tasklab.commands.names import add_names

    add_names(parser)
    parser.add_argument("--system", metavar="TEXT", help="what the model is told before the first question")
    parser.add_argument("--checkpoint", metavar="DIR", help="default: the best checkpoint of the run")


def run(options):
    from tasklab.commands.names import trainer_of

    if not options.names or options.names[0] != "text_generation":
        options.names.insert(0, "text_generation")
    trainer, _ = trainer_of(options)
    conversation = trainer.chat(options.checkpoint, system=options.system)
    typed = sys.stdin.isatty()
    if typed:
        print(f"{trainer.config.name}; /help tells of commands, /exit leaves", file=sys.stderr)
    return talk(conversation, _typed() if typed else _piped(sys.stdin), _write, strict=not typed)


def talk(conversation, lines: Iterable[str], write: Callable[[str], object], strict: bool = False) -> int:
    """Answers line by line; returns the exit status.

    strict: an error ends it, since nobody is there to ask otherwise.
    """
    for line in lines:
        try:
            if line.startswith("/") and not strict:
                if not _obeyed(conversation, line.strip(), write):
                    break
            elif line.strip():
                _answer(conversation, line, write)
        except TasklabError as error:
            if strict:
                raise
            print(f"error: {error}", file=sys.stderr)
    return 0


def _answer(conversation, question: str, write: Callable[[str], object]):
    """Ctrl-C ends the answer, and what was said of it stays said."""
    try:
        conversation.say(question, write)
    except KeyboardInterrupt:
        write(" [stopped]")
    write("\n")


def _obeyed(conversation, line: str, write: Callable[[str], object]) -> bool:
    """Whether the talk goes on behind a command."""
    command, _, rest = line.partition(" ")
    if command in ("/exit", "/quit", "/bye"):
        return False
    if command == "/reset":
        conversation.reset()
    elif command == "/system":
        conversation.reset(system=rest.strip())
    elif command == "/retry":
        _answer(conversation, conversation.take_back(), write)
    elif command == "/set":
        conversation.set(rest.strip())
    elif command == "/save":
        _save(conversation, rest.strip())
    else:
        print(HELP, file=sys.stderr)
    return True


def _save(conversation, name: str):
    """The turns as a row of training data."""
    from tasklab.data.files.places import file_place
    from tasklab.errors import DataError
    from tasklab.replacing import replace_text

    if not name.endswith(".json"):
        raise DataError(f"{name or 'no name'}: turns are written as JSON; name a file that ends in .json")
    turns = [{"role": message.role, "content": message.content} for message in conversation.messages]
    replace_text(file_place(name), json.dumps([{"messages": turns}], ensure_ascii=False, indent=1) + "\n")


def _typed() -> Iterable[str]:
    """Lines of a person; three quotes begin and end a text of several. Ctrl-C in a line gives that up."""
    try:
        import readline  # noqa: F401 - editing and history in `input`
    except ImportError:
        pass
    while True:
        try:
            line = input(PROMPT)
            if line.strip().startswith('"""'):
                line = _several(line.strip()[3:])
        except KeyboardInterrupt:
            print(file=sys.stderr)
            continue
        except EOFError:
            print(file=sys.stderr)
            return
        yield line


def _several(first: str) -> str:
    lines = [first]
    while not lines[-1].rstrip().endswith('"""'):
        lines.append(input(MORE))
    return "\n".join(lines).rstrip()[:-3].strip()


def _piped(stream) -> Iterable[str]:
    return (line.rstrip("\r\n") for line in stream)


def _write(text: str):
    sys.stdout.write(text)
    sys.stdout.flush()


SUMMARY = "talk with a model that generates text, answers word by word"
VERB = Verb("chat", SUMMARY, run, arguments, "NAME [KEY=VALUE ...] [--system TEXT]", EXAMPLES)
