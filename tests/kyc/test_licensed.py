"""A licensed package by the path of its folder: its licence rules, and the network is never asked."""

import base64
import json
import shutil
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from insightface.model_zoo import model_license

from bench import specimen
from kyc import models
from kyc.engine import Eyes
from kyc.face import similarity
from kyc.licensed import NOBODY, Bars, adopt
from kyc.models import PackInvalid
from kyc.networks import Local

NAME = "raccoon_x"


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Ed25519PrivateKey:
    """Licences are signed with a key of ours, in place of InsightFace's; all else is its own verification."""
    key = Ed25519PrivateKey.generate()
    monkeypatch.setattr(model_license, "_trusted_keys", lambda directory=None: (key.public_key(),))
    return key


@pytest.fixture
def package(pack: models.Pack, tmp_path: Path) -> Path:
    """A package as InsightFace ships them: a V2 manifest and its networks. Here they are the open ones."""
    folder = tmp_path / "bought" / NAME
    folder.mkdir(parents=True)
    tasks = pack.manifest.tasks
    for source, name in ((tasks.detection.file, "det.onnx"), (tasks.recognition.file, "rec.onnx")):
        shutil.copy(pack.path / source, folder / name)
    plain = {"mean": 0.0, "std": 1.0}
    manifest = {
        "manifest_version": 2,
        "model_id": NAME,
        "license": "MODEL.LICENSE",
        "tasks": {
            "detection": {"file": "det.onnx", "preprocessing": plain},
            "recognition": {"file": "rec.onnx", "preprocessing": plain, "embedding_dimension": 128},
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def sign(package: Path, issuer: Ed25519PrivateKey, **other: Any) -> None:
    licence = {
        "license_version": 1,
        "license_id": "lic-1",
        "issuer": "InsightFace",
        "model_id": NAME,
        "grant": "commercial",
        "customer": "示例保险",
        "valid_from": "2026-01-01T00:00:00Z",
        **other,
    }
    signature = issuer.sign(rfc8785.dumps(licence))
    licence["signature"] = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    (package / "MODEL.LICENSE").write_text(json.dumps(licence))


@pytest.mark.parametrize(
    ("other", "state"),
    [
        ({"grant": "non-commercial"}, "verified_non_commercial"),
        ({"model_id": "another"}, "invalid"),
        ({"valid_until": "2026-02-01T00:00:00Z"}, "expired"),
        ({"valid_from": "2999-01-01T00:00:00Z"}, "not_active"),
        (None, "default_non_commercial"),
    ],
    ids=str,
)
def test_a_package_is_refused_unless_its_licence_permits_this_use_now(
    package: Path,
    pack: models.Pack,
    issuer: Ed25519PrivateKey,
    tmp_path: Path,
    other: dict[str, Any] | None,
    state: str,
) -> None:
    if other is not None:
        sign(package, issuer, **other)
    with pytest.raises(PackInvalid, match=f"licence of {NAME}: {state}"):
        adopt(package, tmp_path / "pack", pack, Bars())
    assert not (tmp_path / "pack").exists()


def test_a_signature_that_is_not_insightfaces_is_no_licence(package: Path, pack: models.Pack, tmp_path: Path) -> None:
    sign(package, Ed25519PrivateKey.generate())
    with pytest.raises(PackInvalid, match="invalid"):
        adopt(package, tmp_path / "pack", pack, Bars())


def test_a_licensed_package_becomes_a_pack_without_any_network(
    package: Path, pack: models.Pack, issuer: Ed25519PrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # KYC-14
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refused)
    sign(package, issuer)
    bars = Bars(accept=0.45, review=0.36, far_target_e6=250, measured_on="as the open pack")
    adopted = adopt(package, tmp_path / "pack", pack, bars)
    shutil.rmtree(package)
    loaded = models.load(tmp_path / "pack")
    assert loaded == adopted
    recognition = loaded.manifest.tasks.recognition
    assert (recognition.file, recognition.accept, recognition.far_target_e6) == (f"{NAME}/rec.onnx", 0.45, 250)
    assert "lic-1, 示例保险" in recognition.licence
    licensed, own = (Eyes(one, Local(one)).see(specimen.selfie()).face for one in (loaded, pack))
    assert licensed
    assert own
    assert similarity(licensed.embedding, own.embedding) > 0.999
    assert np.isclose(licensed.passive, own.passive, atol=1e-3)


def test_without_a_calibration_nobody_is_accepted_unseen(
    package: Path, pack: models.Pack, issuer: Ed25519PrivateKey, tmp_path: Path
) -> None:
    sign(package, issuer)
    recognition = adopt(package, tmp_path / "pack", pack, Bars()).manifest.tasks.recognition
    assert recognition.accept == NOBODY > 1
    assert "not calibrated" in recognition.measured_on


def test_a_licence_that_runs_out_stops_the_next_start(
    package: Path, pack: models.Pack, issuer: Ed25519PrivateKey, tmp_path: Path
) -> None:
    sign(package, issuer)
    adopt(package, tmp_path / "pack", pack, Bars())
    sign(tmp_path / "pack" / NAME, issuer, valid_until="2026-02-01T00:00:00Z")
    with pytest.raises(PackInvalid, match="expired"):
        models.load(tmp_path / "pack")


def test_a_file_changed_after_it_was_adopted_is_refused(
    package: Path, pack: models.Pack, issuer: Ed25519PrivateKey, tmp_path: Path
) -> None:
    sign(package, issuer)
    adopt(package, tmp_path / "pack", pack, Bars())
    with (tmp_path / "pack" / NAME / "rec.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(PackInvalid, match=f"{NAME}/rec.onnx: altered"):
        models.load(tmp_path / "pack")
