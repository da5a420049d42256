"""`python -m docs.reference` writes EVENTS, ERRORS, SETTINGS, RETENTION and READABILITY (.md); a test compares.

The source is read, not imported: what is documented is what stands there, comments included, whoever imports it.
Only READABILITY comes from running code, over the catalogue.
"""

import ast
import io
import sys
import tokenize
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from docs.readability import readability_page

ROOT = Path(__file__).parent.parent
ROOMS = ("api", "kyc", "esign", "products", "evidence")
EVENTS = (
    "cases",
    "reading",
    "suitability",
    "identity",
    "signing",
    "screening",
    "risk",
    "duties",
    "models",
    "releases",
    "staff",
)
MADE = "<!-- Made by `make docs`. Change the code, not this page. -->"


class Field(NamedTuple):
    name: str
    type: str
    default: str | None  # None: required
    note: str


class Struct(NamedTuple):
    name: str
    doc: str
    bases: tuple[str, ...]
    keywords: dict[str, str]
    constants: dict[str, str]  # ClassVar strings
    fields: tuple[Field, ...]


class Module(NamedTuple):
    doc: str
    structs: tuple[Struct, ...]


def read(path: Path) -> Module:
    """The classes of one source file, with the comment that stands behind each field."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source, str(path))
    comments = {
        token.start[0]: token.string.removeprefix("#").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    structs = tuple(_struct(node, comments) for node in tree.body if isinstance(node, ast.ClassDef))
    return Module(doc=ast.get_docstring(tree) or "", structs=structs)


def _struct(node: ast.ClassDef, comments: dict[int, str]) -> Struct:
    constants: dict[str, str] = {}
    fields: list[Field] = []
    for line in node.body:
        if not isinstance(line, ast.AnnAssign) or not isinstance(line.target, ast.Name):
            continue
        kind = ast.unparse(line.annotation)
        if kind.startswith("ClassVar"):
            constants[line.target.id] = ast.literal_eval(line.value) if line.value else ""
            continue
        default = None if line.value is None else ast.unparse(line.value)
        fields.append(Field(line.target.id, kind, default, comments.get(line.end_lineno or line.lineno, "")))
    return Struct(
        name=node.name,
        doc=ast.get_docstring(node) or "",
        bases=tuple(ast.unparse(base).rpartition(".")[2] for base in node.bases),
        keywords={word.arg: text for word in node.keywords if word.arg and (text := _text(word.value))},
        constants=constants,
        fields=tuple(fields),
    )


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


# --- events -----------------------------------------------------------------------------------------------------------


def events_page(root: Path = ROOT) -> str:
    """Every event type with its fields, then the parts that events are made of."""
    lines = [
        "# Events",
        MADE,
        "One line of canonical JSON each (RFC 8785, restricted profile); `prev` is the SHA-256 of the line before. "
        "A new shape is a new type version; old types stay readable for ever. "
        "Each body may also carry `satisfies` and `withdraws`: keys of the case's frozen policy.",
    ]
    for name in EVENTS:
        module = read(root / "evidence" / "events" / f"{name}.py")
        lines += [f"## {module.doc.splitlines()[0].rstrip('.')}"]
        for struct in module.structs:
            lines += [
                f"### `{struct.constants['TYPE']}`" if "TYPE" in struct.constants else f"### {struct.name} (part)"
            ]
            lines += [*([_joined(struct.doc)] if struct.doc else []), _fields(struct.fields)]
    envelope = read(root / "evidence" / "events" / "envelope.py")
    lines += ["## The envelope", _joined(envelope.doc)]
    for struct in envelope.structs:
        if struct.fields and not struct.name.startswith("_") and struct.name not in {"Body", "Head", "Stamp"}:
            lines += [f"### {struct.name}", _joined(struct.doc), _fields(struct.fields)]
    return "\n\n".join(lines) + "\n"


def event_types(root: Path = ROOT) -> list[str]:
    modules = [read(root / "evidence" / "events" / f"{name}.py") for name in EVENTS]
    return [struct.constants["TYPE"] for module in modules for struct in module.structs if "TYPE" in struct.constants]


# --- errors -----------------------------------------------------------------------------------------------------------


class Leaf(NamedTuple):
    code: str
    family: str
    zh: str
    en: str
    doc: str


def leaves(root: Path = ROOT) -> list[Leaf]:
    """Every error with a code, by code. ValueError when two classes claim one code."""
    structs = {
        struct.name: struct
        for room in ROOMS
        for path in sorted((root / room).rglob("*.py"))
        for struct in read(path).structs
    }
    found: dict[str, Leaf] = {}
    for struct in structs.values():
        code = struct.keywords.get("code")
        if code is None:
            continue
        if code in found:
            raise ValueError(f"two errors with the code {code}")
        words = struct.keywords
        found[code] = Leaf(code, _family(struct, structs), words["zh"], words["en"], _joined(struct.doc))
    return [found[code] for code in sorted(found)]


def _family(struct: Struct, structs: dict[str, Struct]) -> str:
    """The class right under `Error` that this one descends from."""
    for base in struct.bases:
        if base == "Error":
            return struct.name
        if base in structs:
            return _family(structs[base], structs)
    return ""


def errors_page(root: Path = ROOT) -> str:
    from api.errors import FRAMEWORK, STATUS  # noqa: PLC0415  only this page needs the web framework

    statuses = {family.__name__: status for family, status in STATUS.items()}
    ours = [(leaf.code, statuses[leaf.family], leaf.zh, leaf.en, leaf.doc) for leaf in leaves(root)]
    known = {row[0] for row in ours}
    theirs = [
        (code, status, zh, en, "Raised by the web framework.")
        for status, (code, zh, en) in FRAMEWORK.items()
        if code not in known
    ]
    rows = [
        f"| `{code}` | {status} | {zh} | {en} | {_cell(doc)} |" for code, status, zh, en, doc in sorted(ours + theirs)
    ]
    return "\n\n".join(
        (
            "# Errors",
            MADE,
            "Every error is `application/problem+json` (RFC 9457). Branch on `code`; it is never renamed. "
            "The two sentences are what a person is shown.",
            "\n".join(("| code | status | zh-CN | en | note |", "|---|---|---|---|---|", *rows)) + "\n",
        )
    )


# --- settings ---------------------------------------------------------------------------------------------------------


def settings_page(root: Path = ROOT) -> str:
    module = read(root / "api" / "settings.py")
    struct = next(struct for struct in module.structs if struct.name == "Settings")
    fields = tuple(field._replace(name=f"JIANZHENG_{field.name.upper()}") for field in struct.fields)
    return "\n\n".join(
        (
            "# Settings",
            MADE,
            _joined(struct.doc),
            _fields(fields) + "\n",
        )
    )


# --- retention --------------------------------------------------------------------------------------------------------

CLASSES = {"biometric": "生物特征", "location": "位置", "identity": "身份", "contract": "合同"}
SINCE = {
    "contract_end": ("合同终止", "the end of the contract"),
    "last_act": ("最后一次操作", "the last act"),
    "dispute_end": ("争议结束", "the end of the dispute"),
    "hold": ("保全解除前", "until it is lifted"),
}


def retention_page(root: Path = ROOT) -> str:
    """The classes of data, every rule, and why something may be erased."""
    data = tomllib.loads((root / "evidence" / "retention.toml").read_text(encoding="utf-8"))
    classes = [
        f"| `{item['name']}` | {_both(item['holds'])} | "
        f"{'随时 at any time' if item['on_request'] == 'always' else '期满后 once nothing binds any more'} |"
        for item in data["class"]
    ]
    rules = [
        f"| `{item['id']}` | {', '.join(CLASSES[name] for name in item['classes'])} | {_applies(item)} | "
        f"{_length(item)} | {_both(item['law'])} | {item['source']} | {'是 yes' if item['binds'] else '否 no'} |"
        for item in data["rule"]
    ]
    bases = [
        f"| `{item['code']}` | {_both(item['law'])} | {', '.join(item['roles']) or '-'} |" for item in data["basis"]
    ]
    return "\n\n".join(
        (
            "# Retention 保存期限",
            MADE.replace("the code", "evidence/retention.toml"),
            "每一类信息保存到适用规则中最长的一条期满为止，期满后自动删除并留下记录。期满之前要求删除，"
            "凡有法定要求的会被拒绝，并说明到哪一天、依据哪条规定；凭同意取得的可以随时删除。",
            "Each class of data is kept until the longest rule that applies has run out; then it is deleted by itself, "
            "and that is recorded. Before that, a request is refused where a rule binds, with the day and the law; "
            "what was given by consent is deleted at any time. How it is erased: [PRIVACY.md](PRIVACY.md).",
            "\n".join(("| class 类别 | holds 内容 | on request 应要求删除 |", "|---|---|---|", *classes)),
            "\n".join(
                (
                    "| rule 规则 | classes 类别 | applies to 适用 | how long 期限 | law 依据 | source | binds 须保存 |",
                    "|---|---|---|---|---|---|---|",
                    *rules,
                )
            ),
            "[P] primary text read 已核对原文; [K] to be checked by counsel before production 上线前须经法务核对; "
            "[D] our decision 自定.",
            "\n".join(("| basis 删除依据 | why 说明 | who may name it 谁可提出 |", "|---|---|---|", *bases)) + "\n",
        )
    )


def _both(words: dict[str, str]) -> str:
    return _cell(f"{words['zh-CN']}<br>{words['en']}")


def _applies(rule: dict[str, Any]) -> str:
    told = {True: "已办成 concluded", False: "未办成 not concluded", None: "全部 all"}[rule.get("concluded")]
    kinds = "".join(f", `{kind}…`" for kind in rule.get("kinds", ()))
    return told + kinds + (f", `{rule['period']}`" if "period" in rule else "")


def _length(rule: dict[str, Any]) -> str:
    zh, en = SINCE[rule["since"]]
    if rule["since"] == "hold":
        return f"{zh} {en}"
    if rule.get("years_of_policy"):
        return f"{zh}后，按产品 after {en}, as the product says"
    many = f"{rule['years']} 年 years" if rule.get("years") else f"{rule['days']} 天 days"
    return f"{zh}后 {many} after {en}"


# --- words ------------------------------------------------------------------------------------------------------------


def _fields(fields: tuple[Field, ...]) -> str:
    rows = [
        f"| `{field.name}` | `{_cell(field.type)}` | {_default(field.default)} | {_cell(field.note)} |"
        for field in fields
    ]
    return "\n".join(("| field | type | default | note |", "|---|---|---|---|", *rows)) if rows else "No fields."


def _default(default: str | None) -> str:
    return "required" if default is None else f"`{_cell(default)}`" if default not in {"''", '""'} else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _joined(text: str) -> str:
    return " ".join(text.split())


PAGES = {
    "EVENTS.md": events_page,
    "ERRORS.md": errors_page,
    "SETTINGS.md": settings_page,
    "RETENTION.md": retention_page,
    "READABILITY.md": readability_page,
}


def main() -> int:
    for name, page in PAGES.items():
        (ROOT / "docs" / name).write_text(page(), encoding="utf-8")
        print(f"docs/{name}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
