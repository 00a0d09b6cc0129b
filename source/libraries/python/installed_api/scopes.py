"""Which bindings a name of a user's file can have, scope by scope, without following control flow."""

import ast

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# Whoever expects these has written what happens where the name is missing.
EXPECTED = {"AttributeError", "BaseException", "Exception", "ImportError", "ModuleNotFoundError", "TypeError"}
# Tests by which code finds out what is there.
ASKING = {"TYPE_CHECKING", "__version__", "find_spec", "getattr", "hasattr", "signature", "version", "version_info"}


class Binding:
    """`kind`: "import" (module), "from" (module, name), "value" (node), or "unknown"."""

    def __init__(self, kind, scope, module=None, name=None, node=None):
        self.kind = kind
        self.scope = scope
        self.module = module
        self.name = name
        self.node = node


class Scope:
    def __init__(self, node, parent):
        self.node = node
        self.parent = parent
        self.bindings = {}
        self.globals = set()
        self.nonlocals = set()
        self.is_class = isinstance(node, ast.ClassDef)

    def bind(self, name, binding):
        scope = self
        if name in self.nonlocals:
            while scope.parent is not None:
                scope = scope.parent
                if name in scope.bindings:
                    scope.bindings[name].append(Binding("unknown", scope))
            return
        if name in self.globals:
            while scope.parent is not None:
                scope = scope.parent
        scope.bindings.setdefault(name, []).append(binding)

    def find(self, name):
        """The bindings that a use in this scope sees; none where nothing binds it here."""
        scope, is_own = self, True
        while scope is not None:
            if name in scope.bindings and (is_own or not scope.is_class):
                return scope.bindings[name]
            scope, is_own = scope.parent, False
        return []


class Scopes(ast.NodeVisitor):
    """After `read`: the scope of each node, what is guarded, and whether a star import hides names."""

    def __init__(self):
        self.of = {}
        self.guarded = set()
        # Under a condition: perhaps for a machine or a version that this one is not.
        self.conditional = set()
        self.has_star = False
        self.scope = None
        self.guards = 0
        self.conditions = 0

    def read(self, tree):
        self.scope = Scope(tree, None)
        for statement in tree.body:
            self.visit(statement)
        return self

    def visit(self, node):
        self.of[node] = self.scope
        if self.guards:
            self.guarded.add(node)
        if self.conditions:
            self.conditional.add(node)
        super().visit(node)

    def inside(self, node, parts):
        outer, self.scope = self.scope, Scope(node, self.scope)
        for part in parts:
            self.visit(part)
        self.scope = outer

    def function(self, node):
        args = node.args
        for each in list(getattr(node, "decorator_list", [])) + args.defaults + [d for d in args.kw_defaults if d]:
            self.visit(each)
        outer, self.scope = self.scope, Scope(node, self.scope)
        everything = args.posonlyargs + args.args + args.kwonlyargs + [a for a in (args.vararg, args.kwarg) if a]
        for arg in everything:
            self.scope.bind(arg.arg, Binding("unknown", self.scope))
        body = node.body if isinstance(node.body, list) else [node.body]
        for each in body:
            if isinstance(each, ast.Global):
                self.scope.globals.update(each.names)
            elif isinstance(each, ast.Nonlocal):
                self.scope.nonlocals.update(each.names)
        for part in body:
            self.visit(part)
        self.scope = outer

    def visit_FunctionDef(self, node):
        self.scope.bind(node.name, Binding("unknown", self.scope))
        self.function(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self.function(node)

    def visit_ClassDef(self, node):
        self.scope.bind(node.name, Binding("unknown", self.scope))
        for each in node.decorator_list + node.bases + [k.value for k in node.keywords]:
            self.visit(each)
        self.inside(node, node.body)

    def generic_visit(self, node):
        if isinstance(node, COMPREHENSIONS):
            self.inside(node, list(ast.iter_child_nodes(node)))
        else:
            super().generic_visit(node)

    def visit_Import(self, node):
        for alias in node.names:
            target = alias.name if alias.asname else alias.name.split(".")[0]
            self.scope.bind(alias.asname or target, Binding("import", self.scope, module=target))

    def visit_ImportFrom(self, node):
        for alias in node.names:
            if alias.name == "*":
                self.has_star = True
            elif node.level:
                self.scope.bind(alias.asname or alias.name, Binding("unknown", self.scope))
            else:
                found = Binding("from", self.scope, module=node.module, name=alias.name)
                self.scope.bind(alias.asname or alias.name, found)

    def visit_Assign(self, node):
        self.visit(node.value)
        for target in node.targets:
            self.target(target, node.value)

    def visit_AnnAssign(self, node):
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
        self.target(node.target, node.value)

    def visit_NamedExpr(self, node):
        self.visit(node.value)
        self.target(node.target, node.value)

    def target(self, target, value):
        if isinstance(target, ast.Name) and value is not None:
            self.of[target] = self.scope
            self.scope.bind(target.id, Binding("value", self.scope, node=value))
        else:
            self.visit(target)

    def visit_Name(self, node):
        if not isinstance(node.ctx, ast.Load):
            self.scope.bind(node.id, Binding("unknown", self.scope))

    def visit_ExceptHandler(self, node):
        if node.name:
            self.scope.bind(node.name, Binding("unknown", self.scope))
        super().generic_visit(node)

    def visit_Try(self, node):
        caught = [name for handler in node.handlers for name in names_in(handler.type)]
        is_guard = any(handler.type is None for handler in node.handlers) or bool(EXPECTED & set(caught))
        self.part(node.body, is_guard)
        self.part(node.handlers + node.orelse + node.finalbody, False)

    def visit_If(self, node):
        is_guard = bool(ASKING & set(names_in(node.test)))
        self.visit(node.test)
        self.under_condition(node.body + node.orelse, is_guard, "__name__" not in names_in(node.test))

    def visit_IfExp(self, node):
        is_guard = bool(ASKING & set(names_in(node.test)))
        self.visit(node.test)
        self.under_condition([node.body, node.orelse], is_guard)

    def visit_BoolOp(self, node):
        is_guard = bool(ASKING & set(names_in(node)))
        self.visit(node.values[0])
        self.under_condition(node.values[1:], is_guard)

    def under_condition(self, nodes, is_guard, is_condition=True):
        self.conditions += is_condition
        self.part(nodes, is_guard)
        self.conditions -= is_condition

    def visit_With(self, node):
        calls = [name for item in node.items for name in names_in(item.context_expr)]
        for item in node.items:
            self.visit(item)
        is_guard = any(name in ("suppress", "raises") or name.startswith("assertRaises") for name in calls)
        self.part(node.body, is_guard)

    def part(self, nodes, is_guard):
        self.guards += is_guard
        for node in nodes:
            self.visit(node)
        self.guards -= is_guard

    def generic_pattern(self, node):
        for name in (getattr(node, "name", None), getattr(node, "rest", None)):
            if name:
                self.scope.bind(name, Binding("unknown", self.scope))
        super().generic_visit(node)

    visit_MatchAs = visit_MatchStar = visit_MatchMapping = generic_pattern


def names_in(node):
    if node is None:
        return []
    found = []
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found.append(each.id)
        elif isinstance(each, ast.Attribute):
            found.append(each.attr)
    return found
