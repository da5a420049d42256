"""The verifier's own ground: its tables follow the events, its words are complete, its command line tells the truth."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from esign import signer
from evidence.events import BODIES, Commitment, Media
from evidence.verify import TrustedKeys, verify_bundle, verify_pdf
from evidence.verify.container import read
from evidence.verify.edition import newest
from evidence.verify.full import ACT_ATTRIBUTE
from evidence.verify.keys import DOCUMENT_CA, TSA_INDEPENDENT, TSA_LOCAL
from evidence.verify.records import table
from evidence.verify.report import FAILED, REASONS, STEPS
from tests.proof.story import Told

ROOT = Path(__file__).parents[2]


# --- tables -----------------------------------------------------------------------------------------------------------


def committed(kind: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(`values` or `media`, path) of every commitment that a type can hold."""
    if kind == Commitment:
        yield "values", path
    elif kind is Media:
        yield "media", path
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for name, inner in get_type_hints(kind, include_extras=True).items():
            yield from committed(inner, f"{path}.{name}" if path else name)
    else:
        origin = getattr(kind, "__origin__", None)
        arguments = get_args(kind)
        if origin is dict:
            yield from committed(arguments[1], f"{path}.*")
        elif origin is tuple:
            yield from committed(arguments[0], f"{path}[]")
        elif kind != Commitment and "ClassVar" not in str(kind):
            for inner in arguments:
                yield from committed(inner, path)


@pytest.mark.parametrize("name", BODIES)
def test_the_table_names_every_commitment_of_an_event_and_nothing_else(name: str) -> None:
    """A field the verifier does not know of would never be checked."""
    found = set(committed(BODIES[name]))
    stated = {(kind, path) for kind in ("values", "media") for path in table()[kind].get(name, [])}
    stated |= {("values", path) for path in table()["references"].get(name, [])}
    # Streams around a case are proven, never opened; those of screening are in no bundle at all.
    if name.startswith(("staff.", "screening.")):
        return
    assert found == stated


def test_the_table_knows_every_type_of_event() -> None:
    assert set(table()["types"]) == set(BODIES)
    assert set(table()["milestones"]) <= set(BODIES)


def test_every_type_of_event_has_a_sentence_in_both_languages_that_names_real_members() -> None:  # EVD-06
    assert set(newest().sentences) == set(BODIES)
    for name, sentences in newest().sentences.items():
        members = {field.encode_name for field in msgspec.structs.fields(BODIES[name])}
        for language in ("zh", "en"):
            for path, how in re.findall(r"\{([A-Za-z0-9_.-]+)(?:\|([a-z0-9_]+))?\}", sentences[language]):
                assert path.split(".")[0] in members, f"{name}: {path}"
                assert how in ("", "s", "e4") or how in newest().labels, f"{name}: {how}"


def test_every_step_and_every_reason_is_documented_in_both_languages() -> None:
    text = (ROOT / "docs/BUNDLE.md").read_text("utf-8")
    assert all(f"`{code}`" in text for code in REASONS)
    assert set(FAILED) <= set(REASONS)
    for number, name in enumerate(STEPS, 1):
        assert f"| {number} | {name} |" in text


# --- sentences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "language", "body", "said"),
    [
        ("{a}", "zh", {"a": "<&>"}, "&lt;&amp;&gt;"),
        ("{a}", "en", {}, "—"),
        ("{a.b.c}", "en", {"a": {"b": 3}}, "—"),
        ("{ms|s}", "en", {"ms": 12_345}, "12.3"),
        ("{x|e4}", "en", {"x": -512}, "-0.0512"),
        ("{x|e4}", "en", {"x": 45_000}, "4.5000"),
        ("{list}", "zh", {"list": ["b", "a"]}, "b、a"),
        ("{list}", "en", {"list": []}, "—"),
        ("{object}", "en", {"object": {"b": 1, "a": 2}}, "a, b"),
        ("{party|party}", "zh", {"party": "proposer"}, "投保人"),
        ("{party|party}", "en", {"party": "somebody"}, "somebody"),
        ("{yes|yes}", "en", {"yes": True}, "yes"),
        ("{basis|basis}", "en", {}, "our own screening"),
        ("{a}{a}", "en", {"a": "{b}", "b": "never twice"}, "{b}{b}"),
    ],
)
def test_a_sentence_is_filled_as_documented(sentence: str, language: str, body: dict[str, Any], said: str) -> None:
    assert newest().say(sentence, language, body) == said


def test_the_timeline_tells_every_event_with_its_number_and_time(told: Told) -> None:  # EVD-06
    page = read(told.bundle)[1]["data/timeline.html"].decode()
    assert len(re.findall(r'<li id="e\d+">', page)) == 33
    assert "2026-11-21 12:00:01" in page
    assert "客户阅看文书doc_1，停留12.3秒，看到末尾：是。" in page
    assert "Score 0.6120, threshold 0.4500" in page
    assert "我已看懂 &lt;b&gt;&amp;&lt;/b&gt;" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


# --- one PDF alone ----------------------------------------------------------------------------------------------------


def test_a_signed_pdf_alone_names_signer_and_time_and_that_its_certificate_is_a_test_one(
    told: Told, keys: TrustedKeys
) -> None:  # ESG-08, ESG-09
    report = verify_pdf(read(told.bundle)[1]["data/documents/doc_1.signed.pdf"], keys)
    assert report.verdict == "INDETERMINATE"
    assert [reason.code for reason in report.reasons] == ["NO_INDEPENDENT_TIME", "TEST_CERTIFICATE"]
    assert "cus_li" in report.step("documents").detail


def test_time_is_independent_only_by_an_authority_that_the_auditor_holds_to_be(told: Told, keys: TrustedKeys) -> None:
    signed = read(told.bundle)[1]["data/documents/doc_1.signed.pdf"]
    other = TrustedKeys.of({**told.keys, TSA_INDEPENDENT: told.keys[DOCUMENT_CA]})
    assert "NO_INDEPENDENT_TIME" in {reason.code for reason in verify_pdf(signed, other).reasons}
    outside = TrustedKeys.of({**told.keys, TSA_INDEPENDENT: told.keys[TSA_LOCAL]})
    assert [reason.code for reason in verify_pdf(signed, outside).reasons] == ["TEST_CERTIFICATE"]


def test_the_act_in_a_pdf_signature_is_where_the_signing_room_puts_it() -> None:
    assert ACT_ATTRIBUTE == signer.ACT_ATTRIBUTE


def test_a_pdf_without_signature_fails(told: Told, keys: TrustedKeys) -> None:  # trap 1
    report = verify_pdf(read(told.bundle)[1]["data/documents/doc_1.pdf"], keys)
    assert report.verdict == "TOTAL-FAILED"
    assert "no signature" in report.step("documents").detail


@pytest.mark.parametrize("junk", [b"\n", b"junk", b"\n%%EOF\n"])
def test_a_pdf_with_bytes_after_its_end_fails(told: Told, keys: TrustedKeys, junk: bytes) -> None:  # trap 3
    signed = read(told.bundle)[1]["data/documents/doc_1.signed.pdf"]
    assert verify_pdf(signed + junk, keys).verdict == "TOTAL-FAILED"


def test_a_pdf_under_another_root_fails_and_without_any_root_is_undecided(told: Told, keys: TrustedKeys) -> None:
    signed = read(told.bundle)[1]["data/documents/doc_1.signed.pdf"]
    other = TrustedKeys.of({**told.keys, DOCUMENT_CA: told.keys["tsa-root.pem"]})
    assert verify_pdf(signed, other).verdict == "TOTAL-FAILED"
    assert verify_pdf(signed, TrustedKeys()).verdict == "INDETERMINATE"
    assert verify_pdf(b"GIF89a", keys).verdict == "TOTAL-FAILED"


async def test_the_verifier_may_be_called_from_within_an_event_loop(told: Told, keys: TrustedKeys) -> None:
    assert verify_bundle(told.bundle, keys).first_bad is None


# --- the command line -------------------------------------------------------------------------------------------------


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evidence.verify", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("auditor")
    (made / "case.zip").write_bytes(told.bundle)
    (made / "broken.zip").write_bytes(told.bundle[:-1])
    (made / "keys").mkdir()
    for name, data in told.keys.items():
        (made / "keys" / name).write_bytes(data)
    return made


def test_the_exit_code_tells_the_verdict(folder: Path) -> None:  # EVD-07
    keys = ("--keys", str(folder / "keys"))
    undecided = run(str(folder / "case.zip"), *keys)
    assert undecided.returncode == 2, undecided.stderr
    assert "INDETERMINATE" in undecided.stdout
    assert "没有独立于运营方的时间来源" in undecided.stdout
    failed = run(str(folder / "broken.zip"), *keys, "--json")
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["first_bad"]["step"] == 1
    assert run(str(folder / "nothing.zip")).returncode == 1
    trusting = json.loads(run(str(folder / "case.zip"), "--trust-bundle-keys", "--json").stdout)
    assert trusting["reasons"][0]["code"] == "KEYS_FROM_BUNDLE"


# Whatever is neither of the standard library nor one of these does not exist.
CORE = """
import sys
HERE = sys.stdlib_module_names | {"cryptography", "_cffi_backend", "evidence"}
class Only:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in HERE:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Only())
from pathlib import Path
from evidence.verify import TrustedKeys, verify_bundle
report = verify_bundle(Path(sys.argv[1]).read_bytes(), TrustedKeys.load(Path(sys.argv[2])))
print(report.verdict, *(reason.code for reason in report.reasons))
strangers = {name.split(".")[0] for name in sys.modules} - HERE - {"__main__"}
print("strangers:", *sorted(name for name in strangers if not name.startswith(("_", "sitecustomize"))))
"""


def test_the_core_runs_on_the_standard_library_and_cryptography_alone(folder: Path) -> None:
    """Without the `full` extra, what needs it is not evaluated and the verdict says so."""
    command = [sys.executable, "-c", CORE, str(folder / "case.zip"), str(folder / "keys")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [
        "INDETERMINATE",
        "TIME_NOT_EVALUATED",
        "SIGNATURE_NOT_EVALUATED",
        "NO_WITNESS",
        "strangers:",
    ], done.stderr
