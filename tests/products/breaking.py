"""Ways to break a good product, one at a time."""

import hashlib
from collections.abc import Callable

from products.errors import DefinitionInvalid
from products.findings import Finding
from products.lint import lint
from products.load import compile_product

Files = dict[str, bytes]
Mutation = Callable[[Files], Files]


def swap(name: str, old: str, new: str) -> Mutation:
    """`old` becomes `new` in one file, once."""

    def apply(files: Files) -> Files:
        text = files[name].decode()
        assert text.count(old) >= 1, old
        return {**files, name: text.replace(old, new, 1).encode()}

    return apply


def edit(old: str, new: str) -> Mutation:
    return swap("product.yaml", old, new)


def pinned(name: str, old: str, new: str) -> Mutation:
    """A mutation of a pinned file, with its pin recomputed."""

    def apply(files: Files) -> Files:
        changed = swap(name, old, new)(files)
        before, after = (hashlib.sha256(item[name]).hexdigest() for item in (files, changed))
        return swap("product.yaml", before, after)(changed)

    return apply


def rewrite(old: str, new: str) -> Mutation:
    """A mutation of the wording."""
    return pinned("source.txt", old, new)


def both(*mutations: Mutation) -> Mutation:
    def apply(files: Files) -> Files:
        for mutation in mutations:
            files = mutation(files)
        return files

    return apply


def handout(text: str) -> Mutation:
    """A sales notice beside the wording."""

    def apply(files: Files) -> Files:
        data = text.encode()
        pin = hashlib.sha256(data).hexdigest()
        block = f'handouts:\n  notice: {{kind: notice, file: notice.txt, sha256: "{pin}"}}\n\ninputs:\n'
        return edit("inputs:\n", block)({**files, "notice.txt": data})

    return apply


def moved(block: str, before: str) -> Mutation:
    """The lines of a clause move to stand before another one."""

    def apply(files: Files) -> Files:
        text = files["product.yaml"].decode()
        start = text.index(block)
        end = text.index("\n  - id:", start) + 1
        lines = text[start:end]
        rest = text[:start] + text[end:]
        at = rest.index(before)
        return {**files, "product.yaml": (rest[:at] + lines + rest[at:]).encode()}

    return apply


def found(files: Files) -> tuple[Finding, ...]:
    try:
        return lint(compile_product(files["product.yaml"], files))
    except DefinitionInvalid as error:
        return error.findings


def line(files: Files, text: str) -> int:
    return files["product.yaml"].decode().split(text)[0].count("\n") + 1
