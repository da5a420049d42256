"""Private keys at rest: PKCS#8 files, encrypted under the master key. A deployer with an HSM replaces the signers."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from evidence.durable import sync_folder, write_durable

K = TypeVar("K", bound=PrivateKeyTypes)


def password(master: bytes) -> bytes:
    return hashlib.sha256(b"jianzheng/keyfile/1" + master).hexdigest().encode()


def open_key(path: Path, master: bytes, make: Callable[[], K]) -> K:
    """The key kept in `path`, made on first use. ValueError when the file does not open under `master`.

    One process at a time. What is signed with a key that a power cut then takes away could never be verified again:
    so none is used before it is on the disk, whoever made it.
    """
    if path.exists():
        sync_folder(path.parent)  # a start that was cut off may have left this step out
    else:
        try:
            save_key(path, master, make())
        except OSError:
            path.unlink(missing_ok=True)  # a sync that failed says nothing when the next start repeats it
            raise
    key: Any = load_pem_private_key(path.read_bytes(), password(master))
    return cast(K, key)  # the file holds what `make` made


def save_key(path: Path, master: bytes, key: PrivateKeyTypes) -> None:
    """Durable, readable by its owner only; replaces nothing: FileExistsError when there is one."""
    sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password(master)))
    write_durable(path, sealed, replace=False)
