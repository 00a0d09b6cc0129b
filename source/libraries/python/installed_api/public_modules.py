"""The public face of SPDL: what a user is meant to import, module by module."""

from .modules import Definition, Module

PUBLIC = (
    "spdl.pipeline",
    "spdl.pipeline.defs",
    "spdl.pipeline.config",
    "spdl.dataloader",
    "spdl.source",
    "spdl.source.utils",
    "spdl.io",
    "spdl.io.utils",
)


def public_names(libraries, root):
    """Dotted names of all that the public modules offer; none of a library other than SPDL."""
    found = []
    for dotted in PUBLIC if root == "spdl" else ():
        module = libraries.module(dotted)
        for name in sorted(libraries.public(module)) if module is not None else ():
            if is_offered(libraries, module, name):
                found.append("%s.%s" % (dotted, name))
    return found


def is_offered(libraries, module, name):
    if name.startswith("_"):
        return False
    try:
        found = libraries.attribute(module, name)
    except LookupError:
        return False
    if isinstance(found, Module):
        return False
    # A stub's and a module's own imports (typing, logging) are no part of what it offers.
    return module.exported is not None or (isinstance(found, Definition) and found.module.dotted.startswith("spdl."))
