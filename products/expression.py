"""The language of a product's formulas: text to tree, and nothing that is not listed here.

expr    := and ("or" and)*
and     := not ("and" not)*
not     := "not" not | compare
compare := sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)?
sum     := product (("+" | "-") product)*
product := unary (("*" | "/") unary)*
unary   := "-" unary | primary
primary := number | "text" | name | name "(" expr ("," expr)* ")" | "(" expr ")"
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from products.errors import FormulaFailed

MAX_DEPTH = 40
ROUNDINGS = frozenset({"half_up", "half_even", "down", "up"})
# Functions that give their last part a name of its own: the places where the new names stand.
BINDS: dict[str, tuple[int, ...]] = {"total": (0,), "carry": (0, 2), "root": (0,)}
RESERVED = frozenset({"if", "min", "max", "pow", "and", "or", "not", *BINDS, *ROUNDINGS})

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[a-z][a-z0-9_]*)|(?P<text>\"[^\"]*\")|(?P<op><=|>=|==|!=|[-+*/()<>,]))"
)


@dataclass(frozen=True)
class Node:
    """`op`: number, text, name, neg, not, call, or the operator itself. `start`, `end` in the expression's text."""

    op: str
    start: int
    end: int
    value: Decimal | str = ""
    args: tuple["Node", ...] = ()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int, int]] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise FormulaFailed(f"cannot read {text[at:].strip()[:12]!r}")
            kind = match.lastgroup or ""
            self.tokens.append((kind, match.group(kind), match.start(kind), match.end()))
            at = match.end()
        self.at = 0
        self.depth = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self) -> tuple[str, str, int, int]:
        if self.at >= len(self.tokens):
            raise FormulaFailed("the expression ends too early")
        token = self.tokens[self.at]
        self.at += 1
        return token

    def expect(self, word: str) -> int:
        _, found, _, end = self.take()
        if found != word:
            raise FormulaFailed(f"expected {word!r}, found {found!r}")
        return end

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FormulaFailed("nested too deep")
        node = self._chain(self._and, ("or",))
        self.depth -= 1
        return node

    def _and(self) -> Node:
        return self._chain(self._not, ("and",))

    def _not(self) -> Node:
        if self.peek() == "not":
            return self._prefix("not", self._not)
        return self._compare()

    def _compare(self) -> Node:
        left = self._sum()
        if self.peek() in ("<", "<=", ">", ">=", "==", "!="):
            op = self.take()[1]
            right = self._sum()
            return Node(op=op, start=left.start, end=right.end, args=(left, right))
        return left

    def _sum(self) -> Node:
        return self._chain(self._product, ("+", "-"))

    def _product(self) -> Node:
        return self._chain(self._unary, ("*", "/"))

    def _unary(self) -> Node:
        if self.peek() == "-":
            return self._prefix("neg", self._unary)
        return self._primary()

    def _prefix(self, op: str, inner: Callable[[], Node]) -> Node:
        start = self.take()[2]
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FormulaFailed("nested too deep")
        node = inner()
        self.depth -= 1
        return Node(op=op, start=start, end=node.end, args=(node,))

    def _chain(self, part: Callable[[], Node], words: tuple[str, ...]) -> Node:
        left = part()
        while self.peek() in words:
            op = self.take()[1]
            right = part()
            left = Node(op=op, start=left.start, end=right.end, args=(left, right))
        return left

    def _primary(self) -> Node:
        kind, word, start, end = self.take()
        match kind:
            case "number":
                return Node(op="number", start=start, end=end, value=Decimal(word))
            case "text":
                return Node(op="text", start=start, end=end, value=word[1:-1])
            case "name" if self.peek() == "(":
                self.take()
                args = [self.expression()]
                while self.peek() == ",":
                    self.take()
                    args.append(self.expression())
                return Node(op="call", start=start, end=self.expect(")"), value=word, args=tuple(args))
            case "name" if word not in RESERVED:
                return Node(op="name", start=start, end=end, value=word)
            case "op" if word == "(":
                inner = self.expression()
                self.expect(")")
                return inner
        raise FormulaFailed(f"unexpected {word!r}")


def parse(text: str) -> Node:
    """The tree of an expression. FormulaFailed says what cannot be read."""
    parser = _Parser(text)
    node = parser.expression()
    if parser.at < len(parser.tokens):
        raise FormulaFailed(f"unexpected {parser.peek()!r}")
    return node


def names_of(node: Node, bound: frozenset[str] = frozenset()) -> frozenset[str]:
    """Every free name of the tree; tables and functions are not names."""
    if node.op == "name":
        return frozenset() if node.value in bound else frozenset({str(node.value)})
    places = BINDS.get(str(node.value), ()) if node.op == "call" else ()
    if places:
        inner = bound | {str(node.args[at].value) for at in places if at < len(node.args)}
        *outside, last = (
            (arg for at, arg in enumerate(node.args) if at not in places) if len(node.args) > 1 else node.args
        )
        return names_of(last, inner).union(*(names_of(arg, bound) for arg in outside))
    return frozenset().union(*(names_of(arg, bound) for arg in node.args))
