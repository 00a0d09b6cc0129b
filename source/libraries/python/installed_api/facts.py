"""What a person reads of an API: signatures without types, and the first sentence of each docstring."""

import ast
import re

from .modules import FUNCTIONS, Definition
from .public_modules import PUBLIC, is_offered
from .signatures import ClassView, fields, has_decorator

# A default that is longer says less than its name.
DEFAULT_LETTERS = 40
SENTENCE_LETTERS = 240


def api_facts(libraries):
    """[{"module", "name", "kind", "signature", "says", "methods": [{"name", "signature", "says"}]}]"""
    found = []
    for dotted in PUBLIC:
        module = libraries.module(dotted)
        for name in sorted(libraries.public(module)) if module is not None else ():
            if is_offered(libraries, module, name):
                found.append(fact(libraries, dotted, name, libraries.attribute(module, name)))
    return found


def fact(libraries, dotted, name, definition):
    told = {"module": dotted, "name": name, "kind": "value", "signature": "", "says": "", "methods": []}
    if not isinstance(definition, Definition):
        return told
    node = definition.node
    told["says"] = first_sentence(node)
    if not definition.is_class:
        told.update(kind="function", signature=signature_text(definition, 0))
        return told
    view = ClassView(libraries, definition)
    init = view.members.get("__init__")
    own = [field for each in reversed(view.order) for field in fields(each.node)]
    if init is None and has_decorator(node, "dataclass"):
        signature = "(%s)" % ", ".join(
            each.target.id + ("" if each.value is None else "=" + default_text(each.value)) for each in own
        )
    else:
        signature = "" if init is None else signature_text(init, 1).partition(" -> ")[0]
    told.update(kind="class", signature=signature)
    for member in sorted(view.members):
        method = view.members[member]
        if not member.startswith("_"):
            is_attribute = has_decorator(method.node, "property")
            text = "" if is_attribute else signature_text(method, 0 if has_decorator(method.node, "staticmethod") else 1)
            told["methods"].append({"name": member, "signature": text, "says": first_sentence(method.node)})
    return told


def signature_text(definition, skipped):
    node = definition.node
    for other in [node] + definition.others:
        if not has_decorator(other, "overload"):
            node = other
            break
    args = node.args
    positional = args.posonlyargs + args.args
    defaults = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
    parts = []
    for position, (arg, default) in enumerate(zip(positional, defaults)):
        if position >= skipped:
            parts.append(arg.arg + ("" if default is None else "=" + default_text(default)))
        if args.posonlyargs and position == len(args.posonlyargs) - 1 and position >= skipped:
            parts.append("/")
    if args.vararg is not None:
        parts.append("*" + args.vararg.arg)
    elif args.kwonlyargs:
        parts.append("*")
    for arg, default in zip(args.kwonlyargs, args.kw_defaults):
        parts.append(arg.arg + ("" if default is None else "=" + default_text(default)))
    if args.kwarg is not None:
        parts.append("**" + args.kwarg.arg)
    return "(%s)%s" % (", ".join(parts), returned(node))


def returned(node):
    if not isinstance(node, FUNCTIONS) or node.returns is None:
        return ""
    text = code_text(node.returns).strip("\"'")
    return " -> " + text if 0 < len(text) <= DEFAULT_LETTERS else ""


def default_text(node):
    text = code_text(node)
    return text if 0 < len(text) <= DEFAULT_LETTERS else "..."


def code_text(node):
    """'' where the interpreter is too old to write code."""
    return ast.unparse(node) if hasattr(ast, "unparse") else ""


def first_sentence(node):
    paragraph = (ast.get_docstring(node) or "").strip().split("\n\n")[0]
    text = re.sub(r":[\w:]+:`~?([^`<]*?)(?:\s*<[^>]*>)?`", lambda m: m.group(1).rpartition(".")[2], paragraph)
    text = re.sub(r"\*\*|``", "", re.sub(r"\s+", " ", text)).strip()
    # Some begin with their own name, for a reader of generated pages.
    text = re.sub(r"^%s\(\)\s*" % re.escape(node.name), "", text)
    if text.startswith(".. "):
        return ""
    sentence = re.split(r"(?<=[.!?])\s+(?=[A-Z])", text)[0]
    return sentence[:SENTENCE_LETTERS]
