"""The design, held by machine: import contracts, and what imports cannot say.

Each check is also given a tree in which someone broke it, so that none of them can pass by looking away.
"""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("api", "kyc", "esign", "products", "evidence")

# Names and folders, as prefixes of a path.
PURE = ("evidence/case/", "evidence/events/", "evidence/policy.py", "evidence/decode.py", "evidence/errors.py")
PROOFS = ("evidence/merkle.py", "evidence/checkpoint.py", "evidence/seal.py")
ADAPTERS = ("evidence/sql/", "evidence/files.py", "evidence/durable.py", "evidence/tsa.py")
COMPOSERS = ("api/app.py", "api/store.py", "api/keys.py", "api/clock.py")  # and every __main__.py

CLOCKS = {"now", "utcnow", "today"}  # of datetime and date
CHANCE = {("time", "time"), ("time", "time_ns"), ("os", "urandom"), ("uuid", "uuid4"), ("uuid", "uuid1")}

Check = Callable[[str, ast.Module, frozenset[str]], Iterator[tuple[int, str]]]


def findings(root: Path) -> list[str]:
    """`path:line what is wrong`, over every module of the five rooms under `root`."""
    trees = {
        path.relative_to(root).as_posix(): ast.parse(path.read_bytes(), str(path))
        for room in ROOMS
        for path in sorted((root / room).rglob("*.py"))
    }
    adapters = frozenset(
        node.name
        for name, tree in trees.items()
        if name.startswith(tuple(ADAPTERS))
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    ) | {"Ledger", "Vault"}
    return [
        f"{name}:{line} {what}"
        for name, tree in trees.items()
        for check in CHECKS
        for line, what in check(name, tree, adapters)
    ]


# --- the checks -------------------------------------------------------------------------------------------------------


def pure_modules_compute(name: str, tree: ast.Module, _: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Rules, events, the fold and the proofs: no file, no event loop, nothing printed."""
    if not (name.endswith("/rules.py") or name.startswith(PURE) or name in PROOFS):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield node.lineno, "a pure module waits for something"
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"open", "print", "input"}
        ):
            yield node.lineno, f"a pure module calls {node.func.id}()"


def time_and_chance_are_injected(name: str, tree: ast.Module, _: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Only who composes the program, and adapters at its edge, take a clock or randomness from the system."""
    if name in COMPOSERS or name.startswith(ADAPTERS) or name.endswith("__main__.py"):
        return
    below = not name.startswith("api/")  # api may name a request; nothing it does depends on the name
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if below or attr in CLOCKS:
                ends = (
                    owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
                )
                if (attr in CLOCKS and ends in {"datetime", "date"}) or (ends, attr) in CHANCE:
                    yield node.lineno, f"{ends}.{attr}() instead of an injected port"
            case ast.Import(names=names):
                for alias in names:
                    if below and alias.name in {"random", "secrets"}:
                        yield node.lineno, f"imports {alias.name} instead of an injected port"
            case ast.ImportFrom(module="random" | "secrets") if below:
                yield node.lineno, f"imports {node.module} instead of an injected port"


def nothing_is_built_at_import(name: str, tree: ast.Module, adapters: frozenset[str]) -> Iterator[tuple[int, str]]:
    """No module-level instance of an adapter, a ledger or a vault; no work at import time."""
    for node in _outside_functions(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in adapters:
            yield node.lineno, f"builds {called} at import time"
        if called in {"open", "create_app", "run", "connect", "urlopen", "InferenceSession", "create_async_engine"}:
            yield node.lineno, f"calls {called}() at import time"


def flows_admit_first(name: str, tree: ast.Module, _: frozenset[str]) -> Iterator[tuple[int, str]]:
    """A public flow on a case asks its rules before it touches a port: no consent, and no frame is even decoded.

    Getting in is the exception: whether a link's secret is right is asked of the vault, before there is an actor.
    """
    if not name.endswith("/flow.py") or name.startswith("kyc/access/"):
        return
    for node in tree.body:
        if not isinstance(node, ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        if not {"case", "stamp", "ports"} <= {argument.arg for argument in node.args.args}:
            continue
        if _first_await(node) < _first_call_of_rules(node):
            yield node.lineno, f"{node.name} waits for a port before it asks rules"


def events_hold_no_float(name: str, tree: ast.Module, _: frozenset[str]) -> Iterator[tuple[int, str]]:
    """The canonical profile has no floats: scores are …_e4, coordinates …_e7."""
    if not name.startswith(("evidence/events/", "evidence/policy.py", "evidence/case/")):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and "float" in ast.unparse(node.annotation):
            yield node.lineno, "a float in an event or a case"


CHECKS: tuple[Check, ...] = (
    pure_modules_compute,
    time_and_chance_are_injected,
    nothing_is_built_at_import,
    flows_admit_first,
    events_hold_no_float,
)


def _outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "__main__" in ast.unparse(child.test):
            continue
        yield child
        yield from _outside_functions(child)


def _first_await(function: ast.AsyncFunctionDef) -> int:
    return min((node.lineno for node in ast.walk(function) if isinstance(node, ast.Await)), default=sys.maxsize)


def _first_call_of_rules(function: ast.AsyncFunctionDef) -> int:
    calls = (
        node.lineno
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id.endswith("rules")
    )
    return min(calls, default=sys.maxsize)


# --- the tree as it is ------------------------------------------------------------------------------------------------


def test_the_tree_keeps_the_design() -> None:
    assert findings(ROOT) == []


def test_the_import_contracts_are_kept() -> None:
    assert "BROKEN" not in contracts(ROOT)


# --- trees that someone broke -----------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the rooms, to break."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for room in ROOMS:
        shutil.copytree(
            ROOT / room, tmp_path / room, ignore=lambda folder, names: [n for n in names if not _kept(folder, n)]
        )
    return tmp_path


PLANTS = (
    ("kyc/rules.py", "from datetime import datetime\nLATE = lambda: datetime.now()\n", "instead of an injected port"),
    ("products/rules.py", "import time\ndef late() -> float:\n    return time.time()\n", "time.time()"),
    ("esign/rules.py", "def peek() -> str:\n    return open('x').read()\n", "calls open()"),
    ("evidence/seal.py", "async def seal() -> None: ...\n", "waits for something"),
    ("evidence/files.py", "class FileObjects: ...\nOBJECTS = FileObjects()\n", "builds FileObjects at import time"),
    ("api/cases.py", "from evidence.vault import Vault\nVAULT = Vault()\n", "builds Vault at import time"),
    ("kyc/engine.py", "MODEL = onnxruntime.InferenceSession('m')\n", "calls InferenceSession() at import time"),
    (
        "esign/flow.py",
        "async def sign(case, command, stamp, ports):\n    await ports.vault.hide()\n    rules.admit(case)\n",
        "sign waits for a port before it asks rules",
    ),
    ("evidence/events/reading.py", "class Read:\n    score: float\n", "a float in an event"),
)


@pytest.mark.parametrize(("name", "code", "expected"), PLANTS, ids=[f"{plant[0]}: {plant[2]}" for plant in PLANTS])
def test_a_planted_violation_is_found(tmp_path: Path, name: str, code: str, expected: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(code)
    assert [finding for finding in findings(tmp_path) if finding.startswith(name) and expected in finding]


def test_each_import_contract_can_break(tree: Path) -> None:
    for name, line in (
        ("esign/rules.py", "import kyc.rules"),  # siblings meet
        ("products/rules.py", "import time"),  # a rule that knows the clock
        ("api/breach.py", "import evidence.sql"),  # a route that touches the store
        ("api/breach.py", "import sqlalchemy"),
        ("kyc/flow.py", "import litestar"),  # the web below api
        ("evidence/verify.py", "import evidence.ledger"),  # a verifier that needs our server
    ):
        path = tree / name
        if not path.exists() and path.with_suffix("").is_dir():
            path = path.with_suffix("") / "__init__.py"
        with path.open("a") as file:
            file.write(f"\n{line}\n")
    report = contracts(tree)
    assert "KEPT" not in report, report


def contracts(root: Path) -> str:
    """What lint-imports prints about the tree under `root`; each contract's line ends in KEPT or BROKEN."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(command, check=False, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 or "BROKEN" in done.stdout, done.stdout + done.stderr
    return done.stdout


def _kept(folder: str, name: str) -> bool:
    return name.endswith(".py") or ((Path(folder) / name).is_dir() and name != "__pycache__")
