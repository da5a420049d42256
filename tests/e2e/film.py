"""What the phone's camera sees: an endless film of one face that looks ahead, to its left and to its right.

Chromium plays it in place of a camera. A coloured square in the corner says which pose is in the picture, so that the
test can hold the picture still in the moment the page asks for that pose, as a person would hold the head still.
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Page, expect

from bench import specimen

POSES = ("neutral", "turn_left", "turn_right")
COLOURS = {"neutral": (0, 255, 0), "turn_left": (0, 0, 255), "turn_right": (255, 0, 0)}  # red, green, blue
MARK = 16  # pixels; one block of the JPEG, behind the rounded corner of the mirror
SHOWN = 24  # frames a pose stays, 30 a second: all three come by well within the time the page leaves for one
ROUNDS = 9  # each with noise of its own and 21 s in all: no picture comes twice while five actions are performed

HOLD = """
async ([red, green, blue]) => {
  const video = document.querySelector("jz-liveness video");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const shows = () => {
    if (!video.videoWidth) return false;
    pen.drawImage(video, 5, 5, 1, 1, 0, 0, 1, 1);
    const seen = pen.getImageData(0, 0, 1, 1).data;
    return [red, green, blue].every((value, n) => Math.abs(seen[n] - value) < 90);
  };
  const rest = (ms) => new Promise((done) => setTimeout(done, ms));
  for (const since = performance.now(); performance.now() - since < 20000; await rest(20)) {
    if (!shows()) continue;
    video.pause();
    await rest(150); // a picture already on its way still comes after the pause
    if (shows()) return;
    await video.play();
  }
  throw new Error("the film does not show this pose");
}
"""


def write(path: Path, seed: int) -> Path:
    """A film as concatenated JPEGs; `seed` makes it another recording of the same person."""
    with path.open("wb") as film:
        for number in range(ROUNDS):
            for pose, jpeg in zip(POSES, specimen.frames(POSES, seed=seed * ROUNDS + number), strict=True):
                picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
                assert picture is not None
                picture[:MARK, :MARK] = COLOURS[pose][::-1]
                done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
                assert done
                film.write(data.tobytes() * SHOWN)
    return path


def perform(page: Page, held: Callable[[str], None], actions: int = 5) -> None:
    """Do what the liveness page asks, action by action; `held` is told each one while the head is still."""
    for number in range(actions):
        expect(page.locator(".dots li").nth(number)).to_have_class("is-now", timeout=20_000)
        page.evaluate("document.querySelector('jz-liveness video').play()")
        action = page.get_by_test_id("liveness-action").get_attribute("data-action")
        assert action in POSES
        page.evaluate(HOLD, list(COLOURS[action]))
        expect(page.get_by_test_id("liveness-action")).to_be_in_viewport(ratio=1)
        expect(page.locator("jz-liveness .mirror")).to_be_in_viewport(ratio=0.95)
        held(action)
