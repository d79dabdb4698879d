"""Unpickles without trust: a machine with no opcode and no global beyond those that a dict of tensors needs.

Source: the opcodes as pickletools of the standard library documents them; what torch.save writes.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable
from typing import Any

MARK = object()
MAX_STEPS = 1_000_000
"""Opcodes of one pickle; a tensor takes about 30, so this is enough for a hundred times the tensors of BERT large."""
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_LITERALS = set(
    "BININT BININT1 BININT2 LONG1 BINFLOAT BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINSTRING SHORT_BINSTRING "
    "BINBYTES SHORT_BINBYTES".split()
)
_EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


INERT = ("argparse.Namespace", "collections.defaultdict", "datetime.datetime", "datetime.date", "datetime.timedelta",
         "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePosixPath", "types.SimpleNamespace")  # fmt: skip
"""Objects that trainings keep beside their weights: passed over, never made."""


class ForeignObject(pickle.UnpicklingError):
    """The file needs code of somebody to be read."""


class Inert:
    """Stands for an object, or its kind, that is passed over; whatever it is given is dropped."""


def load_pickle(stream: io.BytesIO, allowed: dict[str, Callable], persistent: Callable[[Any], Any]):
    """The object of one pickle; `stream` is left behind it.

    Args:
        allowed: "module.name" -> what is called in its stead.
        persistent: stands for the objects that the pickle refers to by an id.
    Raises: pickle.UnpicklingError that names the opcode or the global which is not allowed, ValueError for damage.
    """
    stack: list = []
    memo: dict = {}
    for step, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
        if step == MAX_STEPS:
            raise ValueError(f"a pickle of more than {MAX_STEPS} steps, which no dict of tensors takes")
        name = opcode.name
        if name == "STOP":
            break
        if name in _LITERALS:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name == "MARK":
            stack.append(MARK)
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            memo[int(argument)] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(memo[int(argument)])
        elif name == "GLOBAL":
            stack.append(_allowed(argument.replace(" ", "."), allowed))
        elif name == "STACK_GLOBAL":
            module, attribute = (_a(str, word) for word in _popped(stack, 2))  # a tuple of itself has no end as text
            stack.append(_allowed(f"{module}.{attribute}", allowed))
        elif name == "BINPERSID":
            stack.append(persistent(stack.pop()))
        elif name == "REDUCE":
            function, arguments = _popped(stack, 2)
            if isinstance(function, Inert):
                stack.append(Inert())
                continue
            if not any(function is callee for callee in allowed.values()):
                raise pickle.UnpicklingError("it calls what is no function of the allowed list")
            stack.append(function(*_a(tuple, arguments)))
        elif name == "BUILD":  # a state_dict carries its _metadata like this
            stack.pop()
            _a((dict, Inert), stack[-1])
        elif name == "NEWOBJ" and len(stack) > 1 and isinstance(stack[-2], Inert):
            stack[-2:] = [Inert()]
        elif name in _TUPLES:
            stack.append(tuple(_popped(stack, _TUPLES[name])))
        elif name == "TUPLE":
            stack.append(tuple(_marked(stack)))
        elif name == "APPEND":
            item = stack.pop()
            _a(list, stack[-1]).append(item)
        elif name == "APPENDS":
            items = _marked(stack)
            _a(list, stack[-1]).extend(items)
        elif name == "SETITEM":
            items = _popped(stack, 2)
            _set(stack[-1], items)
        elif name == "SETITEMS":
            items = _marked(stack)
            _set(stack[-1], items)
        elif name not in ("PROTO", "FRAME"):
            raise pickle.UnpicklingError(f"it holds the opcode {name}, which no file of tensors needs")
    (value,) = stack
    return value


def _allowed(name: str, allowed: dict[str, Callable]) -> Callable:
    if name in INERT:
        return Inert()
    if name not in allowed:
        raise ForeignObject(f"it asks for {name[:80]}, which no file of tensors needs; nothing was run")
    return allowed[name]


def checked_dict(*pairs) -> dict:
    """collections.OrderedDict of no argument, a dict, or a list of pairs."""
    checked: dict = {}
    for key, value in pairs[0].items() if pairs and isinstance(pairs[0], dict) else pairs[0] if pairs else ():
        _set(checked, [key, value])
    return checked


def _set(target, items: list) -> None:
    if isinstance(target, Inert):
        return
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, str | int):
            raise ValueError("a key that is neither text nor number")
        _a(dict, target)[key] = value


def _a(kind, value):
    if not isinstance(value, kind):
        expected = kind.__name__ if isinstance(kind, type) else kind[0].__name__
        raise ValueError(f"a {type(value).__name__} where a {expected} belongs")
    return value


def _popped(stack: list, count: int) -> list:
    if len(stack) < count:
        raise ValueError("an empty stack")
    items = stack[-count:]
    del stack[-count:]
    return items


def _marked(stack: list) -> list:
    """What lies above the topmost mark."""
    position = next(n for n in range(len(stack) - 1, -1, -1) if stack[n] is MARK)
    items = stack[position + 1 :]
    del stack[position:]
    return items
