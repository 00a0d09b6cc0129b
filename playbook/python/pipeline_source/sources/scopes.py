"""Scopes of a module and what binds each name in them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field


@dataclass
class Binding:
    """One place that gives a name its value. `kind` says how `value` is to be read."""

    kind: str  # assign, aug, for, with, param, def, class, import
    node: ast.AST
    value: ast.AST | None = None
    # Position in a tuple that is unpacked: `a, (b, c) = f()` gives c the path (1, 1).
    path: tuple[int, ...] = ()
    # For imports: absolute or relative module and the name taken from it.
    imported: str | None = None

    @property
    def start(self) -> tuple[int, int]:
        return (self.node.lineno, self.node.col_offset)

    @property
    def end(self) -> tuple[int, int]:
        if self.kind in ("for", "with", "def", "class"):
            # Bound from the head of the statement on, not from its end.
            return self.start
        return (self.node.end_lineno or 0, self.node.end_col_offset or 0)


@dataclass
class Scope:
    node: ast.AST
    module: object
    parent: Scope | None
    qualname: str
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    outer_names: set[str] = field(default_factory=set)

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    @property
    def is_function(self) -> bool:
        return isinstance(self.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))

    def bind(self, name: str, binding: Binding) -> None:
        self.bindings.setdefault(name, []).append(binding)


def parameters(args: ast.arguments) -> list[ast.arg]:
    """Named parameters in order, without * and **."""
    return [*args.posonlyargs, *args.args, *args.kwonlyargs]


def build_scopes(module) -> tuple[Scope, dict[ast.AST, Scope]]:
    top = Scope(module.tree, module, None, "")
    scopes: dict[ast.AST, Scope] = {module.tree: top}
    _Binder(module, top, scopes).visit_body(module.tree.body)
    return top, scopes


class _Binder(ast.NodeVisitor):
    def __init__(self, module, scope: Scope, scopes: dict[ast.AST, Scope]) -> None:
        self.module, self.scope, self.scopes = module, scope, scopes

    def visit_body(self, body) -> None:
        for statement in body:
            self.visit(statement)

    def _target(self, target: ast.AST, kind: str, node: ast.AST, value: ast.AST | None, path=()) -> None:
        if isinstance(target, ast.Name):
            scope = self.scope
            if target.id in scope.outer_names:
                while scope.parent is not None and (scope.parent.is_class or target.id not in scope.parent.bindings):
                    scope = scope.parent
                scope = scope.parent or scope
            scope.bind(target.id, Binding(kind, node, value, path))
        elif isinstance(target, (ast.Tuple, ast.List)):
            for index, element in enumerate(target.elts):
                if isinstance(element, ast.Starred):
                    self._target(element.value, kind, node, None, ())
                else:
                    self._target(element, kind, node, value, (*path, index))

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._target(target, "assign", node, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self._target(node.target, "assign", node, node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        self._target(node.target, "aug", node, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._target(node.target, "assign", node, node.value)

    def _for(self, node) -> None:
        self.visit(node.iter)
        self._target(node.target, "for", node, node.iter)
        self.visit_body(node.body)
        self.visit_body(node.orelse)

    visit_For = visit_AsyncFor = _for

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.visit(node.iter)
        # A comprehension has no position of its own: its iterable stands for it.
        self._target(node.target, "for", node.iter, node.iter)
        for test in node.ifs:
            self.visit(test)

    def _with(self, node) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self._target(item.optional_vars, "with", node, item.context_expr)
        self.visit_body(node.body)

    visit_With = visit_AsyncWith = _with

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            self.scope.bind(name, Binding("import", node, None, (), alias.name if alias.asname else name))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            name = "*" if alias.name == "*" else alias.asname or alias.name
            self.scope.bind(name, Binding("import", node, None, (), alias.name))

    def visit_Global(self, node: ast.Global) -> None:
        self.scope.outer_names.update(node.names)

    visit_Nonlocal = visit_Global

    def _function(self, node) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.visit(default)
        self.scope.bind(node.name, Binding("def", node))
        self._enter(node, node.name, node.body)

    visit_FunctionDef = visit_AsyncFunctionDef = _function

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._enter(node, "<lambda>", [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for decorator in [*node.decorator_list, *node.bases]:
            self.visit(decorator)
        self.scope.bind(node.name, Binding("class", node))
        self._enter(node, node.name, node.body)

    def _enter(self, node, name: str, body) -> None:
        qualname = f"{self.scope.qualname}.{name}" if self.scope.qualname else name
        scope = Scope(node, self.module, self.scope, qualname)
        self.scopes[node] = scope
        if not isinstance(node, ast.ClassDef):
            for arg in parameters(node.args):
                scope.bind(arg.arg, Binding("param", arg))
            for arg in (node.args.vararg, node.args.kwarg):
                if arg is not None:
                    scope.bind(arg.arg, Binding("param", arg))
        _Binder(self.module, scope, self.scopes).visit_body(body)
