"""The gate: what may be judged, what must be taken again, and the tricks it stops (docs/BIOMETRICS.md)."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bench import specimen
from kyc.engine import FaceEngine
from kyc.face import Face
from kyc.intake import Pixels, decode
from kyc.quality import Quality, measure, shortfalls
from kyc.reasons import LIVENESS

FIT = Quality(width=200, share=0.4, luma=130, sharpness=80, noise=0.5, saturation=90, warmth=1.4)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"score": 0.69}, ("FACE_COVERED",)),
        ({"outside": 0.11}, ("FACE_COVERED",)),
        ({"tilt": 31.0}, ("FACE_COVERED",)),
        ({"blown": 0.26}, ("TOO_BRIGHT",)),
        ({"shut": 0.9}, ("EYES_CLOSED",)),
        ({"sharpness": 30.0}, ("BLURRED",)),
        ({"noise": 2.7, "sharpness": 740.0}, ()),  # a crisp portrait: detail, not noise
        ({"noise": 2.7, "sharpness": 300.0}, ("TOO_DARK",)),
        ({"noise": 4.2, "sharpness": 9_000.0}, ("TOO_DARK",)),
        ({"width": 80.0, "luma": 30.0}, ("FACE_TOO_FAR", "TOO_DARK")),
    ],
    ids=str,
)
def test_each_shortfall_has_its_code_and_its_sentence(changes: dict[str, float], codes: tuple[str, ...]) -> None:
    assert shortfalls(replace(FIT, **changes)) == codes
    assert set(codes) <= LIVENESS.keys()


def test_noise_is_measured_as_it_was_put_in() -> None:
    chance = np.random.default_rng(3)
    for sigma in (1.0, 3.0, 6.0):
        flat = np.full((400, 300, 3), 128.0) + chance.normal(0, sigma, (400, 300, 1))
        picture = np.asarray(np.clip(flat, 0, 255), np.uint8)
        found = measure(picture, (50.0, 50.0, 250.0, 300.0))  # 200 wide: measured as it is
        assert found.noise == pytest.approx(sigma, rel=0.25)


def test_a_face_cut_off_by_the_edge_says_how_much() -> None:
    picture = np.zeros((300, 300, 3), np.uint8)
    assert measure(picture, (200.0, 0.0, 400.0, 200.0)).outside == pytest.approx(0.5)
    assert measure(picture, (50.0, 50.0, 250.0, 250.0)).outside == pytest.approx(0.0)


def test_tilt_is_the_angle_of_the_eyes() -> None:
    points = np.array([[40.0, 50.0], [80.0, 90.0], [60.0, 70.0], [45.0, 90.0], [75.0, 90.0]])
    assert measure(np.zeros((200, 200, 3), np.uint8), (0, 0, 150, 150), points).tilt == pytest.approx(45)


# --- through the models -----------------------------------------------------------------------------------------------


def people() -> Iterator[Pixels]:
    yield specimen.selfie()
    for name in specimen.PUBLIC_DOMAIN:
        yield specimen.selfie(specimen.other_person(name))


def seen(faces: FaceEngine, picture: NDArray[np.floating] | Pixels) -> Face:
    done, data = cv2.imencode(".jpg", np.asarray(np.clip(picture, 0, 255), np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert done
    face = faces.see(decode(data.tobytes())).face
    assert face
    return face


def test_plain_photographs_are_fit(faces: FaceEngine) -> None:
    for picture in people():
        face = seen(faces, picture)
        assert shortfalls(face.quality) == ()
        assert face.quality.shut < 0.1


def _noisy(gain: float, sigma: float) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    def change(picture: NDArray[np.float32]) -> NDArray[np.float32]:
        noise = np.random.default_rng(9).normal(0, sigma, picture.shape)
        return np.asarray(picture * gain + noise, np.float32)

    return change


TRICKS: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "dark and noisy": _noisy(0.6, 10),
    "very dark and noisy": _noisy(0.45, 10),
    "noisy": _noisy(1.0, 14),
    "warm": lambda picture: np.asarray(picture * np.array([0.65, 1, 1.35], np.float32), np.float32),
    "grey": lambda picture: np.asarray(np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2), np.float32),
    "soft": lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.5), np.float32),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_print_made_fit_for_the_screen_is_not_fit_for_the_gate(faces: FaceEngine, trick: str) -> None:  # row 5
    for picture in people():
        done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
        assert done
        print_ = decode(specimen.printed(jpeg.tobytes())).astype(np.float32)
        assert shortfalls(seen(faces, TRICKS[trick](print_)).quality)


def test_dark_glasses_and_shut_eyes_are_seen(faces: FaceEngine) -> None:
    for picture in people():
        points = seen(faces, picture).points
        side = float(np.linalg.norm(points[1] - points[0]))
        covered = picture.copy()
        for eye in points[:2]:
            middle = (round(eye[0]), round(eye[1]))
            cv2.ellipse(covered, middle, (round(0.42 * side), round(0.33 * side)), 0, 0, 360, (15, 15, 15), -1)
        assert "EYES_CLOSED" in shortfalls(seen(faces, covered).quality)
