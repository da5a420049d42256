"""Step 8. Files bound by a digest: media by salted commitment; product, models and texts by hashes in the chain."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from evidence.errors import NotVerified
from evidence.verify.chain import Chain
from evidence.verify.fields import MATCH, MISMATCH, MISSING, Field
from evidence.verify.strict import objects, parse_loose, sha256, text

PRODUCT = "data/product/"
DEFINITION = "data/product/definition.json"
TEXTS = "data/context/texts/"
_MODEL = re.compile(r"data/models/(.+)\.json")


def check(chain: Chain, files: Mapping[str, bytes], fields: list[Field]) -> tuple[str, int]:
    """What was found, and how many notices that the customer was shown are not inside."""
    # 8.1 media
    for field in fields:
        if field.state in (MISMATCH, MISSING):
            what = "is missing" if field.state == MISSING else "does not match its commitment"
            raise NotVerified(f"file of event {field.place.seq} {what}", record=str(field.place.file))
    # 8.2 the product version that the case froze, and exactly the files its definition pins
    product = [path for path in files if path.startswith(PRODUCT)]
    _check_product(chain, files, product)
    # 8.3 exactly the manifests of the model packs whose scores are sealed
    named = set(_manifests(chain))
    found = {(match[1], sha256(files[path])) for path in files if (match := _MODEL.fullmatch(path))}
    if found != named:
        pack = min(pack for pack, _ in found ^ named)
        raise NotVerified(
            "model manifests are not those that the sealed scores name", record=f"data/models/{pack}.json"
        )
    # 8.4 texts: consent notices, templates, renders
    for path in files:
        if path.startswith(TEXTS) and not (sha256(files[path]) == path[len(TEXTS) :] and _named(path[-64:], chain)):
            raise NotVerified("a text that no event names", record=path)
    shown = {text(record.body.get("text_sha256"), record.name) for record in chain.of("consent.notice_shown/1")}
    absent = sum(f"{TEXTS}{digest}" not in files for digest in shown)
    opened = sum(field.state == MATCH for field in fields)
    detail = f"{opened} of {len(fields)} files opened, {len(product)} product files"
    return detail + (f", {absent} notices are not here" if absent else ""), absent


def _check_product(chain: Chain, files: Mapping[str, bytes], product: list[str]) -> None:
    definition = files.get(DEFINITION)
    if definition is None or sha256(definition) != chain.policy.get("product", {}).get("full"):
        raise NotVerified("the product is not the version frozen in the first event", record=DEFINITION)
    pinned = {(f"{PRODUCT}{name}", digest) for name, digest in _pinned(parse_loose(definition, DEFINITION))}
    found = {(path, sha256(files[path])) for path in product if path != DEFINITION}
    for path in product:
        if path != DEFINITION and (path, sha256(files[path])) not in pinned:
            raise NotVerified("a product file that the definition does not pin", record=path)
    if pinned - found:
        raise NotVerified("a file that the definition pins is not here", record=min(pinned - found)[0])


def _pinned(value: Any) -> Iterator[tuple[str, str]]:
    """(`file`, `sha256`) of every object that has a `sha256`, at any depth."""
    if isinstance(value, dict):
        if isinstance(value.get("sha256"), str):
            yield text(value.get("file"), DEFINITION), value["sha256"]
        for item in value.values():
            yield from _pinned(item)
    elif isinstance(value, list):
        for item in value:
            yield from _pinned(item)


def _manifests(chain: Chain) -> Iterator[tuple[str, str]]:
    """(pack, SHA-256 of its manifest) of each model whose score an event seals."""
    for record in chain.records:
        if "scores" not in record.body and "score" not in record.body:
            continue
        scores = objects(record.body.get("scores", []), record.name)
        if isinstance(record.body.get("score"), dict):
            scores = [*scores, record.body["score"]]
        for score in scores:
            model = score.get("model")
            if isinstance(model, dict) and model.get("manifest") is not None:
                yield text(model.get("pack"), record.name), text(model["manifest"], record.name)


def _named(digest: str, chain: Chain) -> bool:
    """Whether it is a whole text in some event; looked for in the bytes first, of which few have it."""
    mark = digest.encode()
    return any(digest in _texts(record.body) for record in chain.records if mark in record.line)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
