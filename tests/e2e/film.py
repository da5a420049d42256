"""A specimen in front of the phone's camera: it reads the page and does what the page asks, in the light of the screen.

Chromium opens its own fake camera; its pictures are then replaced by a canvas that shows one photograph, warped for
each movement by `bench.moves`, a little shaken, and tinted with the colour around it. That is an attack, injected into
the page and made while the challenge runs, and the check does not see it: docs/LIVENESS.md counts it as such.
"""

import base64
import json
from collections.abc import Callable
from functools import cache

from playwright.sync_api import BrowserContext, Page, expect

from bench import specimen
from kyc.liveness.actions import BLINK, BURST, MOVEMENTS, NEUTRAL

STEPS = 8

ACT = """
(() => {
  const files = FILES, seed = SEED;
  let chance = seed * 7919 + 13;
  const random = () => (chance = (chance * 48271) % 2147483647) / 2147483647;
  const pictures = {};
  const canvas = document.createElement("canvas");
  const load = Promise.all(Object.entries(files).map(async ([name, text]) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    pictures[name] = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  }));
  const draw = () => {
    const asked = document.querySelector("[data-testid=liveness-action]")?.dataset.action || "neutral";
    const picture = pictures[asked] || pictures.neutral;
    const pen = canvas.getContext("2d");
    pen.globalCompositeOperation = "source-over";
    pen.filter = `brightness(${0.97 + 0.04 * random()})`;
    pen.drawImage(picture, -6 + 4 * random(), -6 + 4 * random(), canvas.width + 12, canvas.height + 12);
    pen.filter = "none";
    const glow = document.querySelector(".glow");
    if (glow) {
      const [left, top, right, bottom] = BOX;
      const light = pen.createRadialGradient((left + right) / 2, (top + bottom) / 2, 40,
        (left + right) / 2, (top + bottom) / 2, (bottom - top) * 0.8);
      light.addColorStop(0, getComputedStyle(glow).backgroundColor);
      light.addColorStop(1, "rgba(0, 0, 0, 0)");
      pen.globalCompositeOperation = "overlay";
      pen.globalAlpha = 0.16;
      pen.fillStyle = light;
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.globalAlpha = 1;
    }
  };
  if (!navigator.mediaDevices) return;
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const camera = await open(wanted);
    if (wanted.video?.facingMode?.ideal !== "user") return camera;
    await load;
    canvas.width = pictures.neutral.width;
    canvas.height = pictures.neutral.height;
    draw();
    const stream = canvas.captureStream(15);
    const timer = setInterval(draw, 66);
    const [track] = stream.getVideoTracks();
    const stop = track.stop.bind(track);
    track.stop = () => { clearInterval(timer); stop(); for (const other of camera.getTracks()) other.stop(); };
    return stream;
  };
})();
"""


@cache
def _pictures() -> dict[str, str]:
    """JPEGs of every movement, base64, by the name of the action."""
    found = {}
    for action in (NEUTRAL, *MOVEMENTS):
        # A turn back to neutral stands for a blink's first picture; the second has the eyes shut.
        actions = (BLINK,) * BURST if action == BLINK else (action,)
        frames = specimen.frames(actions, seed=3)
        found[action] = base64.b64encode(frames[len(frames) // 2]).decode()
    return found


def play(context: BrowserContext, seed: int) -> None:
    """From now on every page of the context has this specimen before its front camera; `seed`: another recording."""
    script = ACT.replace("FILES", json.dumps(_pictures())).replace("SEED", str(seed))
    context.add_init_script(script.replace("BOX", json.dumps(specimen.FACE.box)))


def perform(page: Page, seen: Callable[[str], None]) -> None:
    """Wait while the specimen does what the page asks; `seen` is told each movement while it is held."""
    for number in range(STEPS):
        expect(page.locator(".dots li").nth(number)).to_have_class("is-now", timeout=20_000)
        expect(page.get_by_test_id("liveness-action")).to_be_in_viewport(ratio=1)
        expect(page.locator("jz-liveness .mirror")).to_be_in_viewport(ratio=0.95)
        seen(page.get_by_test_id("liveness-action").get_attribute("data-action") or "")
