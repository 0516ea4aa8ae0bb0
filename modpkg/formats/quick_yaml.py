"""A quicker way through the plainest lines of YAML: words without blanks, one key and value a line.

Inventories have thousands of them. ruamel.yaml looks at each character by calls of its own; here one expression
takes the whole word. Whatever it does not match, and so all that is not plain, goes ruamel.yaml's way.
"""

from __future__ import annotations

import re
from typing import Any, Final

from ruamel.yaml.reader import Reader
from ruamel.yaml.scanner import Scanner
from ruamel.yaml.tokens import ScalarToken

# A word, and what tells that it ends there: the colon of a key, or the end of a line and the next line's beginning.
WORD: Final = re.compile(
    r"((?:[A-Za-z0-9_./~+@-]|:(?=[A-Za-z0-9_./~+@-]))+)(?::(?=[ \n])|\n( *)(?=[A-Za-z0-9]))"
)
# Characters that move a reader otherwise than one column on.
LINE_ENDS: Final = re.compile("[\n\r\ufeff]")


class QuickReader(Reader):
    """Moves over many characters at once where none ends a line."""

    def forward(self, length: int = 1) -> None:
        """Move on by `length` characters."""
        end = self.pointer + length
        if end + 1 >= len(self.buffer) or LINE_ENDS.search(self.buffer, self.pointer, end):
            super().forward(length)
            return
        self.pointer = end
        self.index += length
        self.column += length


class QuickScanner(Scanner):
    """Takes plain words whole."""

    def scan_plain(self) -> Any:
        """Give the token of a plain scalar, which begins where the reader is."""
        reader = self.reader
        found = None if self.flow_level else WORD.match(reader.buffer, reader.pointer)
        # A line that is indented further goes on with the same scalar.
        if found is None or (found[2] is not None and len(found[2]) > self.indent):
            return super().scan_plain()
        start = reader.get_mark()
        reader.forward(len(found[1]))
        end = reader.get_mark()
        self.allow_simple_key = False
        if found[2] is not None:
            reader.forward(1 + len(found[2]))
            self.allow_simple_key = True
        return ScalarToken(found[1], True, start, end)  # noqa: FBT003 - its parameters have no names to rely on
