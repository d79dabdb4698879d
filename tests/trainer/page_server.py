"""A process that runs the commands and scripts of a page at toy size, each in a fork of its own.

MindSpore is imported once, not once per command. Two scripts on the PATH of a page, `tasklab` and `python`, hand their
words, folder, environment and open files over, and end as the command has.

python page_server.py SOCKET
"""

import json
import os
import runpy
import socket
import sys
import traceback
from pathlib import Path

import tiny_qa

CLIENT = '''#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    told = json.dumps([{name!r}, sys.argv[1:], os.getcwd(), dict(os.environ)])
    socket.send_fds(server, [told.encode()], [0, 1, 2])
    server.shutdown(socket.SHUT_WR)
    sys.exit(int(server.recv(16)))
'''
LONGEST = 1 << 20  # bytes of a command with its environment


def write_clients(folder: Path, address: Path):
    """The two scripts of a PATH."""
    folder.mkdir()
    for name in ("tasklab", "python"):
        script = folder / name
        script.write_text(CLIENT.format(python=sys.executable, address=str(address), name=name), encoding="utf-8")
        script.chmod(0o755)


def serve(address: str):
    import matplotlib.figure  # noqa: F401 - every fork has it then, as the next two
    import mindspore  # noqa: F401
    import sklearn.metrics  # noqa: F401

    from tasklab import cli
    from tasklab.trainer import Trainer

    shrink(Trainer)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(8)
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:  # waits for the command, so that a pipe's commands run side by side
                listener.close()
                _answer(connection, cli)
            connection.close()
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _answer(connection, cli):
    told, files, _, _ = socket.recv_fds(connection, LONGEST, 3)
    child = os.fork()
    if child == 0:
        os._exit(_run(json.loads(told), files, cli))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    connection.sendall(str(status if status >= 0 else 128 - status).encode())
    os._exit(0)


def _run(told: list, files: list[int], cli) -> int:
    name, words, folder, environment = told
    for number, file in enumerate(files):
        os.dup2(file, number)
    for number, mode in enumerate("rww"):
        setattr(sys, ("stdin", "stdout", "stderr")[number], open(number, mode, encoding="utf-8", closefd=False))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    status = 1
    try:
        if name == "tasklab":
            status = cli.main(words)
        else:
            sys.argv = words
            runpy.run_path(words[0], run_name="__main__")
            status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def shrink(trainer: type):
    """Lets every recipe and backbone that ships be one layer of 16 units; folders and files stay what they are."""
    original = trainer.__init__

    def small(self, args=None, task=None, model=None, *others, **more):
        named = model is None or not Path(model).exists() and not str(model).startswith("output/")
        if (args is None or isinstance(args, dict)) and (task or model) and named:
            original(self, args, task, model)
            args = small_settings(self.config) | (args or {})
        original(self, args, task, model, *others, **more)

    trainer.__init__ = small


def small_settings(config) -> dict:
    """Those of tiny_qa that this recipe knows."""
    settings = tiny_qa.settings(**{"train.min_steps": None, "train.max_steps": 3, "data.max_seq_length": 64})
    for name in ("train.epochs", "data.cache", "model.max_position_embeddings"):
        del settings[name]
    return {k: v for k, v in settings.items() if k in config and (config[k] is not None or k.startswith("train."))}


if __name__ == "__main__":
    serve(sys.argv[1])
