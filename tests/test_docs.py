"""What the docs say, compared with the code: events, errors, settings, commands, links."""

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest

from docs.reference import PAGES, event_types, events_page, leaves, read
from evidence.events import BODIES

ROOT = Path(__file__).parent.parent
PROSE = sorted(path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if path.name not in PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_made_page_is_what_the_code_says_now(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_every_event_type_of_the_closed_union_is_documented() -> None:
    assert sorted(event_types()) == sorted(BODIES)


def test_every_error_says_what_happened_in_both_languages() -> None:
    for leaf in leaves():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]+", leaf.code), leaf.code
        assert re.search(r"[\u4e00-\u9fff]", leaf.zh), leaf.code
        assert re.search(r"[A-Za-z]{2}", leaf.en), leaf.code
        assert not re.search(r"[\u4e00-\u9fff]", leaf.en), leaf.code


def test_every_setting_says_what_it_means() -> None:
    settings = next(struct for struct in read(ROOT / "api" / "settings.py").structs if struct.name == "Settings")
    silent = [field.name for field in settings.fields if not field.note]
    assert silent == []


def test_a_new_event_or_error_changes_the_page(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "evidence", tmp_path / "evidence", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "evidence" / "events" / "cases.py").open("a", encoding="utf-8") as file:
        file.write('\nclass Planted(Body):\n    TYPE: ClassVar[str] = "case.planted/1"\n    why: str  # no reason\n')
    with (tmp_path / "evidence" / "errors.py").open("a", encoding="utf-8") as file:
        file.write('\nclass PlantedToo(Refused, code="PLANTED", zh="已植入。", en="Planted."):\n    pass\n')
    page = events_page(tmp_path)
    assert "### `case.planted/1`" in page
    assert "| `why` | `str` | required | no reason |" in page
    assert [leaf.family for leaf in leaves(tmp_path) if leaf.code == "PLANTED"] == ["Refused"]


def test_every_route_is_in_the_contract_and_every_row_of_the_contract_is_a_route(tmp_path: Path) -> None:
    from litestar.routes import HTTPRoute

    from api.app import create_app
    from api.settings import Settings

    app = create_app(Settings(data=tmp_path, pages=tmp_path))
    routes = [route for route in app.routes if isinstance(route, HTTPRoute)]
    served = {
        f"{method} {_shape(route.path_format)}" for route in routes for method in route.methods - {"OPTIONS", "HEAD"}
    }
    contract = (ROOT / "docs" / "API.md").read_text(encoding="utf-8").replace("\\|", "")
    rows = re.findall(r"\b(GET|POST|PUT|PATCH|DELETE) (/v1/[^\s`|?,]*)", contract)
    written = {f"{method} {_shape(path)}" for method, path in rows}
    assert {row for row in served if " /v1/" in row} == written
    others = {f"/{route.path.split('/')[1]}" for route in routes if not route.path.startswith("/v1/")}
    assert {path for path in others if path not in contract} == set()


def _shape(path: str) -> str:
    """Only where the parameters stand, not what they are called."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/") or "/"


@pytest.mark.parametrize("path", PROSE, ids=[path.relative_to(ROOT).as_posix() for path in PROSE])
def test_every_link_in_the_prose_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in target]
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", PROSE, ids=[path.relative_to(ROOT).as_posix() for path in PROSE])
def test_every_make_command_in_the_prose_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", path.read_text(encoding="utf-8")))
    assert named - targets == set()


def test_the_notice_names_every_library_we_ask_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["full"]]
    pages = json.loads((ROOT / "static" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    names = {re.split(r"[\[<>=]", name)[0] for name in wanted} - {"jianzheng"} | pages.keys()
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert {name for name in names if not re.search(rf"^  {re.escape(name)} ", notice, re.MULTILINE)} == set()
