"""What a user's file uses of the libraries: names that are there, and names that are not."""

import ast

from .meanings import PARTIAL, Instance, Meanings
from .modules import Definition, Module, Undecided
from .scopes import Scopes

# Pure Python, of which reading tells all.
CLOSED = {"spdl"}


class Problem:
    """`kind`: module, name, attribute or keyword; `of` is the dotted name of what lacks it."""

    def __init__(self, node, kind, of, name, choices, path, is_sure=True):
        self.line = node.lineno
        self.kind = kind
        self.of = of
        self.name = name
        self.choices = sorted(choices)
        # From a module on: what a running Python is asked for, where reading is not enough.
        self.path = path
        self.is_sure = is_sure
        self.is_conditional = False


class Uses:
    def __init__(self, libraries, roots, text):
        self.libraries = libraries
        self.tree = ast.parse(text)
        self.scopes = Scopes().read(self.tree)
        self.expected = expected_names(self.tree)
        self.meanings = Meanings(libraries, roots, self.scopes, self._counts)
        self.problems = []
        self.used = set()
        for node in ast.walk(self.tree):
            self._look(node)

    def _report(self, node, *told):
        problem = Problem(node, *told)
        if not self._counts(node, problem.name):
            return
        if problem.path[0].split(".")[0] not in CLOSED:
            # Others come in many builds: what is missing in this one may be there where the branch is taken.
            problem.is_sure = False
            problem.is_conditional = node in self.scopes.conditional
            if problem.name.startswith("_"):
                return
        self.problems.append(problem)

    def _counts(self, node, name):
        return node not in self.scopes.guarded and not self.scopes.has_star and name not in self.expected

    def _look(self, node):
        if isinstance(node, ast.Import):
            for alias in node.names:
                self._module(node, alias.name)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            self._imported(node)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            self._attribute(node)
        elif isinstance(node, ast.Call):
            self._call(node)

    def _module(self, node, dotted):
        """The module; reported where there is none."""
        if not self.meanings.is_ours(dotted):
            return None
        found = self.libraries.module(dotted.split(".")[0])
        for name in dotted.split(".")[1:]:
            below = self.libraries.module("%s.%s" % (found.dotted, name))
            if below is None:
                names = self.libraries.submodules(found)
                self._report(node, "module", found.dotted, name, names, [found.dotted, name], not found.is_open)
                return None
            found = below
        self.used.add(found.dotted)
        return found

    def _imported(self, node):
        module = self._module(node, node.module)
        for alias in node.names if module is not None else []:
            if alias.name != "*":
                self._in_module(node, module, alias.name, "name")

    def _in_module(self, node, module, name, kind):
        try:
            found = self.libraries.attribute(module, name)
        except LookupError as error:
            path, is_sure = [module.dotted, name], not isinstance(error, Undecided)
            self._report(node, kind, module.dotted, name, self.libraries.public(module), path, is_sure)
            return None
        self.used.add("%s.%s" % (module.dotted, name))
        return found

    def _attribute(self, node):
        owner = self.meanings.value(node.value)
        if isinstance(owner, Module) and self.meanings.is_ours(owner.dotted):
            self._in_module(node, owner, node.attr, "attribute")
            return
        definition = owner.definition if isinstance(owner, Instance) else owner
        if not isinstance(definition, Definition) or not definition.is_class:
            return
        view = self.meanings.view(definition)
        if not view.has(node.attr):
            path = [definition.module.dotted, definition.node.name, node.attr]
            self._report(node, "attribute", definition.dotted, node.attr, view.names(), path)
        else:
            self.used.add("%s.%s" % (definition.dotted, node.attr))

    def _call(self, node):
        called, arguments = self.meanings.value(node.func), node.keywords
        if called is PARTIAL and node.args:
            called = self.meanings.value(node.args[0])
        signature, path = self.meanings.signature(called)
        if signature.keywords is None:
            return
        for keyword in arguments:
            if keyword.arg is not None and keyword.arg not in signature.keywords:
                of = ".".join(path[1:])
                told = ("keyword", of, keyword.arg, signature.keywords, path, signature.is_sure)
                self._report(node, *told)


def expected_names(tree):
    """Names that the file itself asks for, or makes, by text or by an assignment to an attribute."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
        elif isinstance(node, ast.Call):
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if getattr(node.func, "id", getattr(node.func, "attr", "")) in ASKING_CALLS:
                found.update(part for text in texts for part in text.split("."))
    return found


ASKING_CALLS = {"delattr", "find_spec", "getattr", "hasattr", "patch", "setattr"}
