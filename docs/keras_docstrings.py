"""Makes docstrings in Keras' order legible for mkdocstrings.

An extension of griffe. Its Google style does not know "Call arguments", nor
examples that begin with `>>>` at the margin, nor names that share a text and
take more than a line; and it takes what is returned for a name or a type.
"""

import re
import textwrap

import griffe

CALL_ARGUMENTS = re.compile(r"^Call arguments:$", re.M)
NAMES = re.compile(r"^( {4}(?:[*\w]+, )*\w+,)\n {8}(?=\w)", re.M)
RETURNED = re.compile(
    r"^(Returns|Yields):\n((?: {4}.*(?:\n|$)|\n(?= {4}))+)", re.M
)
SHARED = re.compile(r"(?<=^ {4})[*\w]+(?:, [*\w]+)+(?=:)", re.M)
SESSION = re.compile(r"^>>>.*(?:\n.+)*", re.M)


class KerasDocstrings(griffe.Extension):
    def on_package(self, *, pkg, loader, **kwargs):
        """Shows what a folder exports, not a file of the same name."""
        folders = [m for m in pkg.modules.values() if m.is_init_module]
        for folder in folders:
            for name in exports_of(folder):
                member = folder.members.get(name)
                if member is not None and member.is_module:
                    path = folder.imports[name].removeprefix(f"{pkg.path}.")
                    self.put(folder, name, pkg[path])
                elif member is not None:
                    describe(member)
        for name in exports_of(pkg):
            if name not in pkg.members:  # imported on first use
                owner = next(f for f in folders if name in exports_of(f))
                self.put(pkg, name, owner.members[name].final_target)

    def put(self, folder, name, target):
        if name in folder.members:
            folder.del_member(name)
        alias = griffe.Alias(name, target=target, parent=folder)
        folder.set_member(name, alias)

    def on_object(self, *, obj, **kwargs):
        if obj.docstring is not None:
            obj.docstring.value = legible(obj.docstring.value)


def exports_of(module):
    return [str(name) for name in module.exports or ()]


def describe(member):
    """Constants have a comment or nothing, and are to be shown."""
    target = member.final_target if member.is_alias else member
    if target.is_attribute and target.docstring is None:
        target.docstring = griffe.Docstring("A constant.", parent=target)


def legible(text):
    """Returns a docstring as the Google style of griffe has it."""
    text = CALL_ARGUMENTS.sub("Other parameters: Call arguments", text)
    while NAMES.search(text):
        text = NAMES.sub(r"\1 ", text)
    # With spaces that do not end a name: it would be followed by its type.
    text = SHARED.sub(lambda match: match[0].replace(" ", "\u00a0"), text)
    text = RETURNED.sub(
        lambda match: f"**{match[1]}:**\n\n{textwrap.dedent(match[2])}", text
    )
    return SESSION.sub(lambda match: f"```pycon\n{match[0]}\n```", text)
