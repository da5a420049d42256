// The pen: the customer's own hand on the screen, and this device's key over exactly what was shown and drawn.

import SignaturePad from "signature_pad";
import { html, type TemplateResult } from "lit";
import type { Place, SignatureBody } from "../../api";
import { deviceKey } from "../../device";
import { icons } from "../../icons";
import { t } from "../../i18n";
import { locate } from "../../place-fix";
import { makeAct } from "../act";
import { Page } from "../page";
import { fault, toStrokes } from "../strokes";
import { paper, stale } from "./sign";

export class Signature extends Page {
  private pad: SignaturePad | null = null;
  private pointers: string[] = [];
  private width = 0;
  private empty = true;
  private needsIdentity = false;

  override firstUpdated(): void {
    const canvas = this.querySelector("canvas")!;
    // Every point the screen gives, none thinned out: the strokes are evidence, not a picture.
    this.pad = new SignaturePad(canvas, { minDistance: 0, throttle: 0, minWidth: 1, maxWidth: 3.4, penColor: "#101010" });
    this.pad.addEventListener("beginStroke", (event) => {
      if (this.journey.trouble) this.journey.set({});
      const source = (event as CustomEvent<{ event: Event }>).detail.event;
      this.pointers.push("pointerType" in source ? (source as PointerEvent).pointerType || "touch" : "touch");
    });
    this.pad.addEventListener("endStroke", () => { this.empty = false; this.requestUpdate(); });
    this.fit();
    addEventListener("resize", this.fit);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("resize", this.fit);
    this.pad?.off();
  }

  /** Strokes belong to the size they were drawn in: a turned phone starts a clean sheet rather than bending them. */
  private fit = (): void => {
    const canvas = this.querySelector("canvas");
    if (!canvas || !this.pad) return;
    const width = canvas.clientWidth;
    if (width === 0 || width === this.width) return;
    const had = !this.pad.isEmpty();
    this.width = width;
    const ratio = Math.max(window.devicePixelRatio || 1, 1);
    canvas.width = width * ratio;
    canvas.height = canvas.clientHeight * ratio;
    canvas.getContext("2d")!.scale(ratio, ratio);
    this.clear();
    if (had) this.journey.say(t("pad.turned"));
  };

  private clear(): void {
    this.pad?.clear();
    this.pointers = [];
    this.empty = true;
    this.requestUpdate();
  }

  private undo(): void {
    const data = this.pad?.toData() ?? [];
    if (data.length === 0) return;
    data.pop();
    this.pointers.pop();
    this.pad!.fromData(data);
    this.empty = data.length === 0;
    this.requestUpdate();
  }

  override render(): TemplateResult {
    return html`
      ${this.title_(t("pad.title"), t("pad.lead"))}
      <div class="pad"><canvas data-testid="signature-pad" role="img" aria-label=${t("pad.label")}></canvas>
        <span class="pad__line" aria-hidden="true"></span>
        ${this.empty ? html`<span class="pad__hint" aria-hidden="true">${t("pad.here")}</span>` : ""}</div>
      <div class="tools tools--pad">
        <button type="button" class="btn btn--small" data-testid="pad-undo" aria-disabled=${this.empty ? "true" : "false"} @click=${() => this.undo()}>${t("pad.undo")}</button>
        <button type="button" class="btn btn--small" data-testid="pad-clear" aria-disabled=${this.empty ? "true" : "false"} @click=${() => this.clear()}>${t("pad.clear")}</button></div>
      <p class="quiet pad__turn">${icons.phone()}<span>${t("pad.turn")}</span></p>
      <details class="fold card"><summary>${t("pad.cannot")}</summary><p>${t("pad.cannot_text")}</p></details>
      ${this.actions(t("pad.next"), this.button("sign", t("pad.go"), () => void this.sign()),
        this.needsIdentity ? this.button("identify-again", t("sign.identify_again"), () => this.journey.set({ identifyAgain: true }), "plain") : html``,
        this.button("sign-back", t("pad.back"), () => this.journey.set({ opinion: null }), "text"))}`;
  }

  private async sign(): Promise<void> {
    const canvas = this.querySelector("canvas")!;
    const data = this.pad!.toData();
    const strokes = toStrokes(
      data.map((group, index) => ({ pointer: this.pointers[index] ?? "touch", points: group.points })),
      { width: canvas.clientWidth, height: canvas.clientHeight, dpi: 96 * (window.devicePixelRatio || 1) },
    );
    const wrong = fault(strokes);
    if (wrong) return this.journey.say(t(`pad.${wrong}`));
    const shown = paper(this);
    const comment = this.journey.comment.trim();
    await this.journey.run(async () => {
      const { privateKey } = await deviceKey();
      const what = { case: this.journey.view!.id, shownSha256: shown.sha256, opinion: "agree" as const, strokes };
      const body: SignatureBody = {
        document: shown.id, shown_sha256: shown.sha256, opinion: "agree", ...(comment ? { comment } : {}),
        strokes, place: await this.place(), act: await makeAct(privateKey, what),
      };
      await this.journey.actOnce("/signatures", body);
    });
    this.needsIdentity = stale(this);
    this.requestUpdate();
  }

  private async place(): Promise<Place> {
    if (this.journey.view?.consents?.["location"]?.decision !== "given") return { state: "refused" };
    this.journey.place ??= await locate();
    return this.journey.place;
  }
}
customElements.define("jz-signature", Signature);
