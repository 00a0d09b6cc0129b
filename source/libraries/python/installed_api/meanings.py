"""What the names and expressions of a user's file stand for, as far as libraries are concerned.

Values are followed through imports, plain assignments and calls; what is not told is let through.
"""

import ast

from .modules import Definition, Module, Undecided
from .signatures import OPEN, ClassView, resolve, signature_of


class Instance:
    def __init__(self, definition):
        self.definition = definition


class Bound:
    """A method that was taken from an instance, or from its class."""

    def __init__(self, owner, definition, is_bound):
        self.owner = owner
        self.definition = definition
        self.is_bound = is_bound


PARTIAL = object()
# Far more than files of a thousand lines need.
STEPS_MOST = 300_000
# What comes of a name that is reported: whatever it was meant to be.
WRONG = object()


class Meanings:
    """`counts` says of a node and a name whether it would be reported where it is wrong."""

    def __init__(self, libraries, roots, scopes, counts):
        self.libraries = libraries
        self.roots = set(roots)
        self.scopes = scopes
        self.counts = counts
        self.views = {}
        # Names by their lists of bindings: what they are, which are being asked for, and what is told of those so far.
        self.names, self.asked, self.told, self.circles = {}, [], {}, set()
        self.steps = STEPS_MOST

    def is_ours(self, dotted):
        root = dotted.split(".")[0]
        return root in self.roots and self.libraries.module(root) is not None

    def signature(self, called):
        if isinstance(called, Definition):
            path = [called.module.dotted, called.node.name]
            if called.is_class:
                return self.view(called).making(), path
            return signature_of(self.libraries, called), path
        if isinstance(called, Bound):
            path = [called.owner.module.dotted, called.owner.node.name, called.definition.node.name]
            return signature_of(self.libraries, called.definition, skips_first=called.is_bound), path
        return OPEN, []

    def view(self, definition):
        if definition not in self.views:
            self.views[definition] = ClassView(self.libraries, definition)
        return self.views[definition]

    def value(self, node):
        """Module, Definition, Instance, Bound, PARTIAL or WRONG; None where that is not told."""
        self.steps -= 1
        if self.steps < 0:
            raise RecursionError("the file's names go in too many circles to be followed")
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Attribute):
            owner = self.value(node.value)
            found = self._member(owner, node.attr)
            return None if found is WRONG and not self.counts(node, node.attr) else found
        if isinstance(node, ast.Call):
            return self._made(self.value(node.func))
        return None

    def _name(self, node):
        scope = self.scopes.of.get(node)
        bindings = scope.find(node.id) if scope is not None else []
        key = id(bindings)
        if not bindings or key in self.names:
            return self.names.get(key)
        if key in self.asked:
            # A name that is made from itself: as far as it is told.
            self.circles.update(self.asked[self.asked.index(key) :])
            return self.told.get(key)
        self.asked.append(key)
        values = []
        for binding in bindings:
            values.append(self._bound(binding))
            self.told[key] = one_of(values)
        self.asked.pop()
        found = self.told.pop(key)
        if key not in self.circles or not self.asked:
            self.names[key] = found
        return found

    def _bound(self, binding):
        if binding.kind == "import":
            return self.libraries.module(binding.module) if self.is_ours(binding.module) else None
        if binding.kind == "from":
            if binding.module == "functools" and binding.name == "partial":
                return PARTIAL
            module = self.libraries.module(binding.module) if self.is_ours(binding.module) else None
            return self._member(module, binding.name)
        return self.value(binding.node) if binding.kind == "value" else None

    def _member(self, owner, name):
        if owner is WRONG:
            return WRONG
        if isinstance(owner, Module):
            try:
                return self.libraries.attribute(owner, name)
            except Undecided:
                return None
            except LookupError:
                return WRONG
        definition = owner.definition if isinstance(owner, Instance) else owner
        if isinstance(definition, Definition) and definition.is_class:
            method = self.view(definition).members.get(name)
            if not self.view(definition).has(name):
                return WRONG
            if method is not None and not self.view(definition).is_open:
                is_class_method = any(getattr(d, "id", "") == "classmethod" for d in method.node.decorator_list)
                return Bound(definition, method, isinstance(owner, Instance) or is_class_method)
        return None

    def _made(self, called):
        if called is WRONG:
            return WRONG
        if isinstance(called, Definition) and called.is_class:
            return Instance(called)
        inner = called.definition if isinstance(called, Bound) else called
        if not isinstance(inner, Definition) or inner.others or inner.node.decorator_list or inner.node.returns is None:
            return None
        if isinstance(inner.node, ast.AsyncFunctionDef):
            return None
        made = resolve(self.libraries, inner.module, inner.node.returns)
        return Instance(made) if isinstance(made, Definition) and made.is_class else None


def one_of(values):
    """What all say that say anything of worth; None where they differ."""
    told = [value for value in values if value is not WRONG] or values
    return told[0] if all(is_same(told[0], value) for value in told) else None


def is_same(one, other):
    if isinstance(one, Instance) and isinstance(other, Instance):
        return one.definition is other.definition
    return one is other
