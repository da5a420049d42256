// The liveness check: big words, an arrow, a voice; one picture for each action, sent as the lens saw it, and at the end
// this device's key over the list of their digests (KYC-04).

import { html, nothing, type TemplateResult } from "lit";
import type { Challenge } from "../../api";
import { CameraFailed, closeCamera, grab, openCamera } from "../../camera";
import { hex, sha256, signCanonical } from "../../canonical";
import { deviceKey } from "../../device";
import { icons } from "../../icons";
import { t, word } from "../../i18n";
import { hush, speak } from "../../speech";
import { Page } from "../page";

type Stage = "before" | "opening" | "ready" | "acting" | "sending";

/** From the words appearing to the picture: time to hear, to move and to hold still. */
const PACE_MS = { normal: { move: 2600, hold: 900 }, slow: { move: 4600, hold: 1200 } };

const ARROWS: Record<string, keyof typeof icons> = {
  neutral: "ahead", turn_left: "left", turn_right: "right", look_up: "up", look_down: "down", nod: "down",
  blink: "ahead", close_eyes: "ahead", open_mouth: "ahead", smile: "ahead",
};

export class Liveness extends Page {
  private stage: Stage = "before";
  private stream: MediaStream | null = null;
  private failed: CameraFailed["reason"] | null = null;
  private slow = false;
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
      ${this.actions(t("live.next"),
        card ? this.button("liveness-retake", t("live.retake_card"), () => this.journey.set({ retake: "front", retakeBoth: false }), "plain") : nothing,
        this.button("liveness-start", failed ? t("live.retry") : t("live.start"), () => void this.begin()),
        this.button("liveness-assisted", t("live.assisted"), () => void this.assisted(), "plain"))}`;
  }

  private live(): TemplateResult {
    const turning = this.stage === "acting";
    const name = turning ? word("action", this.action) : this.stage === "sending" ? t("live.sending") : t("live.get_ready");
    const arrow = icons[ARROWS[this.action] ?? "ahead"];
    return html`
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
          @click=${() => { this.stop(); this.requestUpdate(); }}>${t("live.cancel")}</button>`)}`;
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
    await journey.run(async () => {
      const view = await journey.act("/identity/challenges", {});
      challenge = view.identity?.challenge ?? null;
    });
    if (!challenge || mine !== this.run) return;
    await this.through(challenge, mine);
  }

  private async through(challenge: Challenge, mine: number): Promise<void> {
    const { journey } = this;
    const pace = this.slow ? PACE_MS.slow : PACE_MS.normal;
    const digests: string[] = [];
    let sent: Promise<unknown> = Promise.resolve();
    this.of = challenge.actions.length;
    this.stage = "acting";
    scrollTo(0, 0);
    const done = await journey.run(async () => {
      for (const [index, action] of challenge.actions.entries()) {
        Object.assign(this, { index, action, holding: false });
        this.requestUpdate();
        speak(word("action", action));
        await pause(pace.move);
        if (mine !== this.run) return;
        this.holding = true;
        this.requestUpdate();
        await pause(pace.hold);
        if (mine !== this.run) return;
        const frame = await grab(this.querySelector("video")!, 1280);
        digests.push(hex(await sha256(new Uint8Array(await frame.arrayBuffer()))));
        // The next action starts while this picture travels; they still arrive in order.
        const path = journey.path(`/identity/challenges/${challenge.id}/frames/${index}`);
        sent = sent.then(() => journey.client.upload(path, frame));
        sent.catch(() => undefined);
      }
      this.stage = "sending";
      this.requestUpdate();
      speak(t("live.done"));
      await sent;
      const { privateKey } = await deviceKey();
      const signature = await signCanonical(privateKey, {
        actions: challenge.actions, case: journey.view!.id, challenge: challenge.id, frames: digests, nonce: challenge.nonce,
      });
      await journey.act(`/identity/challenges/${challenge.id}/decisions`, { frames: digests, signature });
    });
    if (mine !== this.run) return;
    this.stop();
    // A broken line cannot be mended with old pictures: the next try asks for a new challenge.
    if (!done && journey.trouble) journey.trouble.again = null;
    journey.changed();
    await this.updateComplete;
    this.querySelector<HTMLElement>("h1")?.focus();
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
