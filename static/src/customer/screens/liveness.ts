// The liveness check: big words, an arrow, a voice, and with each step another colour of the whole screen; pictures sent as
// the lens saw them, and at the end this device's key over the list of their digests (KYC-04).

import { html, nothing, type TemplateResult } from "lit";
import type { Challenge, Shown } from "../../api";
import { CameraFailed, cameraOf, closeCamera, grab, openCamera } from "../../camera";
import { hex, sha256, signCanonical } from "../../canonical";
import { deviceKey } from "../../device";
import { icons } from "../../icons";
import { t, word } from "../../i18n";
import { hush, speak } from "../../speech";
import { Page } from "../page";
import { steps } from "./steps";

type Stage = "before" | "opening" | "ready" | "acting" | "sending";

/** From the words appearing to the picture: time to hear, to move and to hold still. Back to the middle is quicker.
 * The screen changes its colour once a step, so never more often than every two seconds (WCAG 2.3.1). */
const PACE_MS = {
  normal: { move: 2600, back: 1500, hold: 800 },
  slow: { move: 4300, back: 2400, hold: 1000 },
};
/** Between two pictures of a burst. Nobody can read with shut eyes: the voice and the phone's buzz say when to open. */
const BURST_MS = 450;
const SHUT = 3; // pictures of a blink before the eyes are asked to open

const ARROWS: Record<string, keyof typeof icons> = {
  neutral: "ahead", turn_left: "left", turn_right: "right", nod: "down",
  blink: "shut", blink_open: "eye", open_mouth: "mouth", closer: "nearer",
};

export class Liveness extends Page {
  private stage: Stage = "before";
  private stream: MediaStream | null = null;
  private failed: CameraFailed["reason"] | null = null;
  private slow = false;
  private dazzled = matchMedia("(prefers-reduced-motion: reduce)").matches;
  private glow = "";
  private action = "";
  private index = 0;
  private of = 0;
  private holding = false;
  private run = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop();
  }

  private stop(): void {
    this.run += 1;
    hush();
    closeCamera(this.stream);
    this.stream = null;
    this.glow = "";
    this.stage = "before";
  }

  override render(): TemplateResult {
    return this.stage === "before" ? this.intro() : this.live();
  }

  private intro(): TemplateResult {
    const identity = this.journey.view!.identity!;
    const last = identity.attempts[identity.attempts.length - 1];
    const failed = last !== undefined && last.verdict !== "pass";
    const card = failed && last.reasons.includes("PORTRAIT_MISSING");
    return html`
      ${failed ? nothing : html`<div class="hero">${icons.face()}</div>`}
      ${this.title_(failed ? t("live.again_title") : t("live.title"), failed ? undefined : t("live.lead"))}
      ${failed ? html`<div class="note note--alert" role="alert" data-testid="liveness-reasons">${icons.alert()}<div>
        <p><strong>${t("live.failed")}</strong></p>
        ${unique(last.reasons.map((reason) => word("reason", reason))).map((text) => html`<p>${text}</p>`)}
        <p data-testid="tries-left">${last.verdict === "not_run" ? t("live.not_counted") : t("live.tries", { n: identity.attempts_left })}</p></div></div>` : nothing}
      ${this.failed ? html`<div class="note note--alert" role="alert">${icons.camera()}<div><p><strong>${t(`camera.${this.failed}`)}</strong></p>
        <p>${t(`camera.${this.failed}_text`)}</p></div></div>` : nothing}
      <ul class="ticks card card--plain"><li>${icons.check()}${t("live.tip_light")}</li><li>${icons.check()}${t("live.tip_face")}</li>
        <li>${icons.check()}${t("live.tip_alone")}</li><li>${icons.sound()}${t("live.tip_sound")}</li></ul>
      <label class="switch card"><input type="checkbox" data-testid="liveness-slow" .checked=${this.slow}
        @change=${(event: Event) => { this.slow = (event.target as HTMLInputElement).checked; }}><span>${t("live.slow")}</span></label>
      <label class="switch card"><input type="checkbox" data-testid="liveness-no-colour" .checked=${this.dazzled}
        @change=${(event: Event) => { this.dazzled = (event.target as HTMLInputElement).checked; }}><span>${t("live.no_colour")}</span></label>
      ${this.actions(t("live.next"),
        card ? this.button("liveness-retake", t("live.retake_card"), () => this.journey.set({ retake: "front", retakeBoth: false }), "plain") : nothing,
        // Where the camera does not open, the way without one stands beside it with the same weight (KYC-03).
        this.button("liveness-start", failed || this.failed ? t("live.retry") : t("live.start"), () => void this.begin(), this.failed ? "even" : "primary"),
        this.button("liveness-assisted", t("live.assisted"), () => void this.assisted(), this.failed ? "even" : "plain"))}`;
  }

  private live(): TemplateResult {
    const turning = this.stage === "acting";
    const name = turning ? word("action", this.action) : this.stage === "sending" ? t("live.sending") : t("live.get_ready");
    const arrow = icons[ARROWS[this.action] ?? "ahead"];
    return html`
      ${this.glow ? html`<div class="glow" aria-hidden="true" .style=${`background-color: ${this.glow}`}></div>` : nothing}
      <div class="live ${this.glow ? "live--lit" : ""}">
      <h1 class="title title--live" tabindex="-1" data-testid="liveness-action" data-action=${turning ? this.action : ""}>
        ${turning ? arrow() : nothing}<span>${name}</span></h1>
      <p class="sr-only" role="status" aria-live="assertive">${turning ? name : this.stage === "sending" ? t("live.sending") : ""}</p>
      <p class="center live__hint">${turning ? (this.holding ? t("live.hold") : t("live.move")) : this.stage === "sending" ? t("live.wait") : t("live.oval")}</p>
      <div class="mirror ${this.holding ? "is-holding" : ""}" data-direction=${turning ? this.action : ""}>
        <video playsinline muted autoplay aria-label=${t("live.mirror")}></video><div class="mirror__oval" aria-hidden="true"></div>
        ${this.stage === "sending" || this.stage === "opening" ? html`<div class="mirror__cover"><span class="spinner" aria-hidden="true"></span></div>` : nothing}
      </div>
      <ol class="dots" aria-label=${t("live.progress", { n: Math.min(this.index + 1, this.of || 1), of: this.of || 1 })}>${Array.from({ length: this.of }, (_, n) => html`<li class=${
        n < this.index || this.stage === "sending" ? "is-done" : n === this.index && turning ? "is-now" : ""}></li>`)}</ol>
      ${this.actions(null, this.stage === "ready" ? this.button("liveness-go", t("live.go"), () => void this.perform()) : nothing,
        // Its own button: leaving must work while the check is running.
        this.stage === "sending" ? nothing : html`<button type="button" class="btn btn--text" data-testid="liveness-cancel"
          @click=${() => { this.stop(); this.requestUpdate(); }}>${t("live.cancel")}</button>`)}</div>`;
  }

  private async begin(): Promise<void> {
    this.failed = null;
    this.stage = "opening";
    this.of = 0;
    this.requestUpdate();
    try {
      this.stream = await openCamera("user");
    } catch (error) {
      this.failed = error instanceof CameraFailed ? error.reason : "unsupported";
      this.stage = "before";
      this.requestUpdate();
      return;
    }
    if (!this.isConnected || this.stage !== "opening") return closeCamera(this.stream);
    this.stage = "ready";
    this.requestUpdate();
    await this.updateComplete;
    scrollTo(0, 0); // the big words and the mirror, not the button that was just pressed
    const video = this.querySelector("video")!;
    video.srcObject = this.stream;
    await video.play().catch(() => undefined);
  }

  /** The challenge lives a minute, so it is asked for only now that the face is in the oval. */
  private async perform(): Promise<void> {
    const mine = ++this.run;
    const { journey } = this;
    let challenge: Challenge | null = null;
    let colours: Shown[] = [];
    let began = 0;
    await journey.run(async () => {
      const view = await journey.act("/identity/challenges", { colour: !this.dazzled });
      began = performance.now();
      challenge = view.identity?.challenge ?? null;
      if (!challenge?.colour) return;
      const path = journey.path(`/identity/challenges/${challenge.id}/colours`);
      colours = (await journey.client.get<{ colours: Shown[] }>(path)).colours;
    });
    if (!challenge || mine !== this.run) return;
    await this.through(challenge, colours, began, mine);
  }

  private async through(challenge: Challenge, colours: Shown[], began: number, mine: number): Promise<void> {
    const { journey } = this;
    const pace = this.slow ? PACE_MS.slow : PACE_MS.normal;
    const digests: string[] = [];
    const at: number[] = [];
    let sent: Promise<unknown> = Promise.resolve();
    const asked = steps(challenge.actions);
    this.of = asked.length;
    this.stage = "acting";
    scrollTo(0, 0);
    const shoot = async (): Promise<void> => {
      const frame = await grab(this.querySelector("video")!, 1280);
      at.push(Math.round(performance.now() - began));
      const index = digests.push(hex(await sha256(new Uint8Array(await frame.arrayBuffer())))) - 1;
      // The next action starts while this picture travels; they still arrive in order.
      const path = journey.path(`/identity/challenges/${challenge.id}/frames/${index}`);
      sent = sent.then(() => journey.client.upload(path, frame));
      sent.catch(() => undefined);
    };
    const done = await journey.run(async () => {
      for (const [index, { action, count }] of asked.entries()) {
        this.say(action, { index, holding: false, glow: colours[index] ? `rgb(${colours[index].rgb.join(", ")})` : "" });
        await pause(action === "neutral" && index > 0 ? pace.back : pace.move);
        if (mine !== this.run) return;
        this.holding = true;
        this.requestUpdate();
        for (let taken = 0; taken < count; taken += 1) {
          if (action === "blink" && taken === SHUT) {
            this.say("blink_open", {});
            if ("vibrate" in navigator) navigator.vibrate(200);
            await pause(pace.back);
          }
          await pause(count > 1 ? BURST_MS : pace.hold);
          if (mine !== this.run) return;
          await shoot();
        }
      }
      this.stage = "sending";
      this.glow = "";
      this.requestUpdate();
      speak(t("live.done"));
      await sent;
      const { privateKey } = await deviceKey();
      const camera = cameraOf(this.stream!);
      const signature = await signCanonical(privateKey, {
        actions: challenge.actions, at, camera, case: journey.view!.id, challenge: challenge.id, frames: digests,
        nonce: challenge.nonce, ...(challenge.paper === null ? {} : { paper: challenge.paper }),
      });
      await journey.act(`/identity/challenges/${challenge.id}/decisions`, { frames: digests, at, camera, signature });
    });
    if (mine !== this.run) return;
    this.stop();
    // A broken line cannot be mended with old pictures: the next try asks for a new challenge.
    if (!done && journey.trouble) journey.trouble.again = null;
    journey.changed();
    await this.updateComplete;
    this.querySelector<HTMLElement>("h1")?.focus();
  }

  private say(action: string, change: { index?: number; holding?: boolean; glow?: string }): void {
    Object.assign(this, { action, ...change });
    this.requestUpdate();
    speak(word("action", action));
  }

  private async assisted(): Promise<void> {
    this.stop();
    await this.journey.run(async () => {
      await this.journey.act("/identity/routes", { party: this.journey.view!.party ?? "proposer", route: "assisted" });
    });
  }
}
customElements.define("jz-liveness", Liveness);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const unique = (texts: string[]): string[] => [...new Set(texts)];
