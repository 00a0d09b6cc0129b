"""Text edits by position: everything that is not edited keeps its formatting and comments."""

from __future__ import annotations

import ast


class RewriteRefused(Exception):
    """The rewrite cannot be done soundly; the message says why, to a person."""


class Edits:
    """Edits of one module, applied together; positions are those of the module as it was parsed."""

    def __init__(self, module) -> None:
        self.module = module
        self._starts = module.source.starts
        self._edits: list[tuple[int, int, int, str]] = []
        # Helpers that were put in, by the file that holds them.
        self.blocks: set[str] = set()

    def offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def start(self, node: ast.AST) -> int:
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: ast.AST) -> int:
        return self.offset(node.end_lineno, node.end_col_offset)

    def replace(self, start: int, end: int, text: str) -> None:
        self._edits.append((start, end, len(self._edits), text))

    def replace_node(self, node: ast.AST, text: str) -> None:
        self.replace(self.start(node), self.end(node), text)

    def wrap(self, node: ast.AST, before: str, after: str) -> None:
        self.replace(self.start(node), self.start(node), before)
        self.replace(self.end(node), self.end(node), after)

    def insert(self, offset: int, text: str) -> None:
        self.replace(offset, offset, text)

    def add_keyword(self, call: ast.Call, name: str, text: str) -> None:
        """Adds `name=text` as the last argument of a call."""
        data = self.module.text.encode("utf-8")
        close = self.end(call) - 1
        arguments = [*call.args, *[k.value for k in call.keywords]]
        if not arguments:
            self.insert(close, f"{name}={text}")
            return
        last = max(self.end(a) for a in arguments)
        # A parenthesised argument or a trailing comma may stand between the last argument and the closing parenthesis.
        at, has_comma = last, False
        while at < close:
            if data[at : at + 1] == b"#":
                at = data.find(b"\n", at)
                continue
            if data[at : at + 1] == b",":
                has_comma = True
            elif data[at : at + 1] == b")":
                last = at + 1
            at += 1
        if has_comma:
            comma = self._comma_after(data, last, close)
            self.insert(comma + 1, f" {name}={text},")
        else:
            self.insert(last, f", {name}={text}")

    def remove_keyword(self, call: ast.Call, name: str) -> None:
        """Takes `name=…` out of a call, with the comma and the space around it; another argument stands before it."""
        keyword = next(k for k in call.keywords if k.arg == name)
        others = [*call.args, *[k.value for k in call.keywords if k is not keyword]]
        before = max((self.end(o) for o in others if self.end(o) <= self.start(keyword)), default=None)
        if before is None:
            raise RewriteRefused(f"{name} is the first argument of a call in {self.module.path}")
        data = self.module.text.encode("utf-8")
        comma = self._comma_after(data, before, self.start(keyword))
        between = data[comma + 1 : self.start(keyword)]
        # A comment between the two stays.
        first = self.start(keyword) if between.strip() else comma
        last = self.end(keyword)
        if between.strip():
            after = self._comma_after(data, last, self.end(call) - 1)
            last = after + 1 if after < self.end(call) - 1 else last
        self.replace(first, last, "")

    @staticmethod
    def _comma_after(data: bytes, at: int, close: int) -> int:
        while at < close:
            if data[at : at + 1] == b"#":
                at = data.find(b"\n", at)
            elif data[at : at + 1] == b",":
                return at
            else:
                at += 1
        return close

    def insert_block(self, text: str) -> None:
        """Puts top-level code after the first group of imports."""
        newline = self.module.source.newline
        line = self._line_after_imports()
        block = text.strip("\n").replace("\n", newline)
        if line > len(self.module.lines) or (line == len(self.module.lines) and self.module.lines[-1]):
            self.insert(len(self.module.text.encode("utf-8")), f"{newline}{newline}{block}{newline}")
        else:
            at = self.offset(line, 0)
            # Before whatever else is put at that very place.
            self._edits.append((at, at, -1, f"{newline}{block}{newline}{newline}"))

    def _line_after_imports(self) -> int:
        """Line (1-based) before which a block goes."""
        line = 1
        for index, statement in enumerate(self.module.tree.body):
            is_docstring = index == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            if not is_docstring and not _is_import(statement):
                if line == 1:
                    # Nothing above: stay below the shebang and leading comments.
                    first = statement.decorator_list[0] if getattr(statement, "decorator_list", None) else statement
                    line = first.lineno
                break
            following = self.module.tree.body[index + 1 : index + 2]
            if following and following[0].lineno == statement.end_lineno and not _is_import(following[0]):
                # `import x; run()`: above that line, where only a future import may not be overtaken.
                if getattr(statement, "module", None) == "__future__":
                    raise RewriteRefused(f"{self.module.path}:{statement.lineno} goes on after a future import")
                return max(line, statement.lineno)
            line = statement.end_lineno + 1
        return line

    def splice(self, first: int, last: int) -> str:
        """Text between two offsets with the edits applied, whether or not it compiles by itself."""
        data = self.module.text.encode("utf-8")
        pieces, at = [], first
        # At one position: closing texts come before opening ones, in the order in which they were asked for.
        for start, end, _, text in sorted(self._edits, key=lambda e: (e[0], e[1], e[2])):
            if start < at:
                raise RewriteRefused(f"two edits overlap in {self.module.path}")
            pieces.append(data[at:start])
            pieces.append(text.encode("utf-8"))
            at = end
        pieces.append(data[at:last])
        return b"".join(pieces).decode("utf-8")

    def result(self) -> str:
        text = self.splice(0, len(self.module.text.encode("utf-8")))
        try:
            compile(text, self.module.path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise RewriteRefused(f"the rewritten {self.module.path} does not compile: {error}") from None
        try:
            return self.module.source.reply(text)
        except UnicodeEncodeError as error:
            raise RewriteRefused(f"{self.module.path} is coded in {error.encoding}, which lacks what is put in") from None


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Import, ast.ImportFrom))
