"""What is in a model: format, who wrote it, parameters by module, types, sizes, and whether its values are sound."""

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from tasklab.config.gguf import SUFFIX as GGUF
from tasklab.errors import brief
from tasklab.gguf import read_gguf
from tasklab.tools import TOOLS
from tasklab.tools.opened import OpenModel, open_model
from tasklab.weights.folder import CONFIG
from tasklab.weights.tensors import LazyTensor


@dataclass(frozen=True)
class ModelReport:
    """modules: name -> (tensors, parameters); a stack of layers is one module. bad: tensors with NaN or infinity."""

    name: str
    file: str
    format: str
    written_by: str
    modules: dict[str, tuple[int, int]]
    dtypes: dict[str, int]
    tensors: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    bad: tuple[str, ...] | None = None

    @property
    def parameters(self) -> int:
        return sum(count for _, count in self.modules.values())

    @property
    def status(self) -> int:
        return int(bool(self.bad))

    def __str__(self):
        types = ", ".join(f"{dtype} ({count})" for dtype, count in self.dtypes.items())
        lines = [f"{self.name}: {self.parameters:,} parameters in {sum(self.dtypes.values())} tensors of {types}"]
        lines += [f"  file        {self.file}", f"  names       {self.format}", f"  written by  {self.written_by}"]
        for module, (tensors, parameters) in self.modules.items():
            share = parameters / self.parameters if self.parameters else 0
            lines.append(f"  {module:34} {parameters:>13,}  {share:6.1%}  {tensors} tensors")
        lines += [f"    {name:60} {dtype:9} {list(shape)}" for name, (dtype, shape) in self.tensors.items()]
        if self.unknown:
            lines.append(f"  unknown names: {', '.join(self.unknown[:5])}{', ...' if len(self.unknown) > 5 else ''}")
        if self.bad is not None:
            lines.append(f"  values      {'not finite in ' + ', '.join(self.bad) if self.bad else 'all finite'}")
        return "\n".join(lines)


@TOOLS.register("inspect")
def inspect_model(source: str, *, tensors: bool = False, values: bool = False) -> ModelReport:
    """Show what is in a model: format, parameters by module, types, who wrote it.

    Args:
        source: folder, file or name of a model.
        tensors: also every tensor with its type and shape.
        values: also read every value and look for NaN and infinity; the exit status is then 1 where there are any.
    """
    model = open_model(source)
    own = model.own
    types = {name: tensor.stored or str(tensor.dtype) for name, tensor in own.items()}
    bad = [name for name, tensor in own.items() if values and not _finite(tensor)]
    return ModelReport(
        name=str(source), file=f"{model.source.file} ({model.title}, {_size(model)})", format=model.source.format,
        written_by=written_by(model), modules=_modules(own), dtypes=dict(Counter(types.values())),
        tensors={name: (types[name], own[name].shape) for name in sorted(own)} if tensors else {},
        unknown=tuple(sorted(name for name in own if not name.startswith(("encoder.", "head.")))),
        bad=tuple(bad) if values else None,
    )  # fmt: skip


def written_by(model: OpenModel) -> str:
    """The program, as far as the files beside the weights tell."""
    if (model.source.folder / CONFIG).is_file():
        from tasklab.config import task_named

        return f"tasklab, for the task {task_named(model.source.folder / CONFIG) or '(any)'}"
    if model.source.file.suffix == GGUF:
        name = read_gguf(model.source.file).metadata.get("general.name")
        return f"llama.cpp's converter, from {brief(name)}" if name else "llama.cpp's converter"
    described = model.source.config or {}
    version = described.get("transformers_version")
    made = ", ".join(map(str, described.get("architectures") or ()))
    return (
        " ".join(part for part in (f"transformers {version}" if version else "", made and f"({made})") if part) or "-"
    )


def _modules(own: dict[str, LazyTensor]) -> dict[str, tuple[int, int]]:
    modules: dict[str, list[int]] = {}
    layers = {hit[1] for name in own if (hit := re.match(r"encoder\.layers\.(\d+)\.", name))}
    for name, tensor in own.items():
        module = re.match(r"(?:encoder|head)\.[^.]+|[^.]+", name)[0]
        module = f"encoder.layers (x {len(layers)})" if module == "encoder.layers" else module
        row = modules.setdefault(module, [0, 0])
        row[0], row[1] = row[0] + 1, row[1] + int(np.prod(tensor.shape, dtype=np.int64))
    return {module: tuple(row) for module, row in sorted(modules.items())}


def _finite(tensor: LazyTensor) -> bool:
    return tensor.dtype.kind != "f" or bool(np.isfinite(tensor.read()).all())


def _size(model: OpenModel) -> str:
    packed = model.source.file.suffix == GGUF  # each tensor is larger once it is read
    size = model.source.file.stat().st_size if packed else sum(t.nbytes for t in model.tensors.values())
    return f"{size / 1e6:.1f} MB"
