"""Texts and pairs from files of any size, one after the other, after the whole file was checked."""

from collections.abc import Iterable, Iterator

from tasklab.content import from_home
from tasklab.data.files.cells import as_text, identity_of
from tasklab.data.files.columns import IDENTITY, TEXT_A, Role, find_columns, text_roles
from tasklab.data.files.problems import BadRows, shortened
from tasklab.data.files.table import FIX, Table
from tasklab.data.files.textfile import encodable, text_lines
from tasklab.data.texts.example import TextExample
from tasklab.data.texts.settings import TextDataConfig
from tasklab.errors import DataError


class TextFile:
    """The texts of a .txt file (one per line, or two with a tab between) or of a table, each time it is iterated.

    Making one reads the file once, so that no work is done before a bad row is known.
    Raises: DataError that names the bad rows, unless data.on_bad_row is skip; or when there is no row.
    """

    def __init__(self, path, data: TextDataConfig):
        self.path, self.data = from_home(path), data
        rows, self.bad = self._open()
        self.count, width = 0, None
        for place, texts, _ in self._sound(rows, self.bad):
            width = width or len(texts)
            if len(texts) != width:
                raise DataError(f"{place}: has {len(texts)} texts, the rows before it {width}; give all rows as many")
            self.count += 1
        if data.on_bad_row == "error":
            self.bad.raise_if_fatal()
        if not self.count:
            raise DataError(f"{path}: holds no usable row" + (f"; {self.bad.summary()}" if self.bad else ""))

    def __iter__(self) -> Iterator[TextExample]:
        for i, (place, texts, row) in enumerate(self._sound(*self._open())):
            yield TextExample(identity_of(row, self.id, i), *texts, place=place)

    def _open(self) -> tuple[Iterator[tuple[str, list, dict]], BadRows]:
        """Place, texts and cells of every row, and where what is wrong is noted."""
        self.id = None
        if self.path.suffix == ".txt" and not self.data.columns:
            lines = enumerate(text_lines(self.path, self.data.encoding), start=1)
            cut = _to_the_last((n, line.removesuffix("\n").removesuffix("\r").split("\t")) for n, line in lines)
            return ((f"{self.path}:{n}", texts, {}) for n, texts in cut), BadRows(str(self.path))
        table = Table(self.path, self.data.columns, self.data.text_a or TEXT_A[0], self.data.quotes, self.data.encoding)
        table.gapless = True
        identity = Role("id", self.data.id, IDENTITY, required=False)
        *columns, self.id = find_columns(table, [*text_roles(self.data.text_a, self.data.text_b), identity])
        texts = list(filter(None, columns))
        return ((place, [as_text(row.get(name)) for name in texts], row) for place, row in table), table.bad

    @staticmethod
    def _sound(rows: Iterable[tuple[str, list, dict]], bad: BadRows) -> Iterator[tuple[str, list[str], dict]]:
        for place, texts, row in rows:
            wrong = next(filter(None, map(_wrong, texts)), "too many tabs" if len(texts) > 2 else "")
            if wrong:
                excerpt = f" in {shortened(str(texts)[1:-1])}" if any(map(str, texts)) else ""
                bad.add(wrong, f"{place}: {wrong}{excerpt}", FIX)
            else:
                yield place, texts, row


def _to_the_last(lines: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """The lines without the blank ones below the last text."""
    blank = []
    for number, texts in lines:
        if len(texts) == 1 and not texts[0].strip():
            blank.append((number, texts))
            continue
        yield from blank
        blank = []
        yield number, texts


def _wrong(text) -> str:
    if not isinstance(text, str):
        return "no text"
    if not text.strip():
        return "empty text"
    return "" if encodable(text) else "broken text"
