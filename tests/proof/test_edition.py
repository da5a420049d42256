"""Words may become better without a word said against old evidence: each bundle is judged in its own edition."""

from collections.abc import Iterator
from dataclasses import replace
from unittest import mock

import pytest

from evidence.errors import NotVerified
from evidence.verify import TrustedKeys, account, container, edition, verify_bundle
from evidence.verify.edition import Edition, edition_of, newest
from tests.proof.story import Told
from tests.proof.tampering import rebuilt

MARK = '<meta name="edition" content="{}">'
STEP = 12


def marked(number: int) -> Edition:
    """The next edition as its author makes it: other sentences, another guide, and its number in the head."""
    old = newest()
    charset = '<meta charset="utf-8">\n'
    page = old.html["page"].replace(charset, charset + MARK.format(number) + "\n", 1)
    sentences = {name: {lang: f"{text}!" for lang, text in said.items()} for name, said in old.sentences.items()}
    return replace(
        old, number=number, sentences=sentences, html={**old.html, "page": page}, guide=f"{old.guide}\nMore.\n"
    )


@pytest.fixture
def second() -> Iterator[Edition]:
    made = marked(2)
    with mock.patch.object(edition, "editions", return_value={1: newest(), 2: made}):
        yield made


def step(data: bytes, keys: TrustedKeys) -> tuple[str, str]:
    found = verify_bundle(data, keys).steps[STEP - 1]
    return found.state, found.detail


def in_edition(told: Told, made: Edition) -> tuple[str, dict[str, bytes]]:
    root, files = container.read(told.bundle)
    with mock.patch.object(account, "newest", return_value=made):
        return container.read(rebuilt(root, files))


def test_bundles_of_both_editions_pass_beside_each_other(told: Told, keys: TrustedKeys, second: Edition) -> None:
    root, files = in_edition(told, second)
    assert b'content="2"' in files[account.TIMELINE]
    assert files[account.GUIDE].endswith(b"\nMore.\n")
    assert step(container.write(root, files), keys)[0] == "passed"
    assert step(told.bundle, keys)[0] == "passed"


def test_words_of_one_edition_under_the_number_of_another_are_found(
    told: Told, keys: TrustedKeys, second: Edition
) -> None:
    root, files = in_edition(told, second)
    page = files[account.TIMELINE].replace(MARK.format(2).encode() + b"\n", b"", 1)
    changed = rebuilt(root, {**files, account.TIMELINE: page}, account_too=False)
    assert step(changed, keys) == ("failed", "the timeline is not the one the evidence makes")
    _, old = container.read(told.bundle)
    guide = rebuilt(root, {**files, account.GUIDE: old[account.GUIDE]}, account_too=False)
    assert step(guide, keys) == ("failed", "the guide is not the one this bundle makes")


def test_an_edition_nobody_here_knows_is_not_believed(told: Told, keys: TrustedKeys) -> None:
    root, files = in_edition(told, marked(3))
    state, detail = step(container.write(root, files), keys)
    assert (state, detail) == ("failed", "is in edition 3 of the words: take a newer verifier")


def test_a_page_names_its_edition_in_its_head_or_not_at_all() -> None:
    late = b" " * 300 + MARK.format(7).encode()  # where a customer's own words could stand
    assert edition_of(late, record="page").number == 1
    with pytest.raises(NotVerified):
        edition_of(MARK.format(9).encode(), record="page")
    mark = MARK.format(newest().number)
    assert (mark in newest().html["page"][:200]) == (newest().number > 1)
