// Who the customer is: a face or a person, offered alike; the identity card front and back; what was read from it.

import { html, nothing, type TemplateResult } from "lit";
import type { PaperFields } from "../../api";
import { CameraFailed, closeCamera, grab, openCamera, shrink } from "../../camera";
import { icons } from "../../icons";
import { moment, t, word } from "../../i18n";
import { Page } from "../page";
import { quietUntil } from "../place";
import { NoticePage } from "./notices";

/** The face notice with its six items stands above the choice: nobody picks before knowing (KYC-01, KYC-03). */
export class Route extends NoticePage {
  protected readonly scope = "face";

  override render(): TemplateResult {
    return html`
      ${this.title_(t("route.title"), t("route.lead"))}
      <div class="routes">
        ${this.route("face", icons.face())}
        ${this.route("assisted", icons.person())}
      </div>
      <p class="quiet">${t("route.same")}</p>
      ${this.table()}
      ${this.actions(t("route.next"))}`;
  }

  private route(route: "face" | "assisted", icon: unknown): TemplateResult {
    return html`<button type="button" class="route" data-testid="route-${route}" aria-disabled=${this.journey.busy ? "true" : "false"}
      @click=${() => void this.choose(route)}>${icon}<strong>${t(`route.${route}`)}</strong><span>${t(`route.${route}_text`)}</span></button>`;
  }

  private async choose(route: "face" | "assisted"): Promise<void> {
    if (this.journey.busy) return;
    if (route === "face") return this.journey.set({ faceWanted: true });
    await takeAssisted(this);
  }
}
customElements.define("jz-route", Route);

/** After a no: the other way alone, and no face notice, no camera, no question for 48 hours (KYC-02). */
export class QuietRoute extends Page {
  override render(): TemplateResult {
    return html`
      ${this.title_(t("quiet.title"), t("quiet.lead"))}
      <div class="note">${icons.info()}<p>${t("quiet.until", { until: moment(quietUntil(this.journey.view!) ?? new Date().toISOString()) })}</p></div>
      <p class="quiet">${t("route.same")}</p>
      ${this.actions(t("route.next"), this.button("route-assisted", t("route.assisted"), () => void takeAssisted(this)),
        this.button("face-reconsider", t("quiet.reconsider"), () => this.journey.set({ faceWanted: true }), "text"))}`;
  }
}
customElements.define("jz-quiet-route", QuietRoute);

/** Where faces are searched (policy of the case): a consent of its own; whoever says no goes on all the same (KYC-18). */
export class FaceSearch extends NoticePage {
  protected readonly scope = "face_search";

  override render(): TemplateResult {
    return html`
      ${this.title_(t("face_search.title"), t("face_search.lead"))}
      ${this.table()}
      ${this.actions(t("face_search.next"),
        html`<div class="pair">${this.button("face-search-agree", t("agree"), () => void this.decide("given"), "even")}
        ${this.button("face-search-refuse", t("refuse"), () => void this.decide("refused"), "even")}</div>`)}`;
  }
}
customElements.define("jz-face-search", FaceSearch);

async function takeAssisted(page: Page): Promise<void> {
  const { journey } = page;
  await journey.run(async () => {
    await journey.act("/identity/routes", { party: journey.view!.party ?? "proposer", route: "assisted" });
  });
  journey.set({ faceWanted: false });
}

/** A consent of its own, apart from every other, with nothing chosen beforehand (KYC-02). */
export class FaceConsent extends NoticePage {
  protected readonly scope = "face";

  override render(): TemplateResult {
    return html`
      ${this.title_(t("face_consent.title"), t("face_consent.lead"))}
      ${this.table()}
      ${this.actions(t("face_consent.next"),
        html`<div class="pair pair--stack">${this.button("face-agree", t("face_consent.agree"), () => void this.agree(), "even")}
        ${this.button("face-refuse", t("face_consent.refuse"), () => void this.refuse(), "even")}</div>`)}`;
  }

  private async agree(): Promise<void> {
    if (!this.notice) return;
    await this.journey.run(async () => {
      if (this.journey.view?.consents?.["face"]?.decision !== "given") await this.journey.consent("face", "given");
      if (this.journey.view?.identity?.route !== "face") {
        await this.journey.act("/identity/routes", { party: this.journey.view!.party ?? "proposer", route: "face" });
      }
    });
  }

  private async refuse(): Promise<void> {
    if (await this.decide("refused")) await takeAssisted(this);
  }
}
customElements.define("jz-face-consent", FaceConsent);

export class PaperPage extends Page {
  declare side: "cn_id_front" | "cn_id_back";
  private stream: MediaStream | null = null;
  private photo: { blob: Blob; url: string; source: "camera" | "gallery" } | null = null;
  private camera: "off" | "opening" | "on" | CameraFailed["reason"] = "off";
  private shownSide = "";

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.drop();
    closeCamera(this.stream);
  }

  override render(): TemplateResult {
    if (this.side !== this.shownSide) {
      this.shownSide = this.side;
      this.drop();
    }
    const side = this.side === "cn_id_front" ? "front" : "back";
    const last = this.journey.view?.identity?.papers[this.side];
    return html`
      ${this.title_(t(`paper.${side}`), t(`paper.${side}_lead`))}
      ${last?.verdict === "fail" && !this.photo ? this.why(last.reasons) : nothing}
      ${this.photo ? html`<div class="capture"><img src=${this.photo.url} alt=${t("paper.preview")}></div>
          <p class="center">${t("paper.check")}</p>`
        : this.camera === "on" || this.camera === "opening" ? html`<div class="capture capture--live">
            <video playsinline muted autoplay aria-label=${t("paper.camera")}></video><div class="capture__frame capture__frame--${side}" aria-hidden="true"></div></div>
            <p class="center">${t("paper.fit")}</p>`
        : html`<div class="capture capture--empty" aria-hidden="true"><div class="card-drawing card-drawing--${side}"><i></i><i></i><i></i></div></div>
          ${this.camera === "off" ? html`<ul class="ticks card card--plain"><li>${icons.check()}${t("paper.tip_flat")}</li><li>${icons.check()}${t("paper.tip_light")}</li>
          <li>${icons.check()}${t("paper.tip_glare")}</li></ul>` : html`<div class="note" role="status">${icons.info()}<div><p><strong>${t(`camera.${this.camera}`)}</strong></p>
          <p>${t("camera.use_photo")}</p></div></div>`}`}
      ${this.photo
        ? this.actions(t(`paper.next_${side}`), this.button("paper-use", t("paper.use"), () => void this.send()),
            this.button("paper-again", t("paper.again"), () => { this.drop(); void this.open(); }, "plain"))
        : this.camera === "on" ? this.actions(null, this.button("paper-shoot", t("paper.shoot"), () => void this.shoot()), this.fileInput("text"))
        : this.actions(t(`paper.next_${side}`), this.camera === "off" || this.camera === "opening"
            ? this.button("paper-open", t("paper.open"), () => void this.open()) : nothing, this.fileInput(this.camera === "off" ? "text" : "primary"))}`;
  }

  private why(reasons: string[]): TemplateResult {
    return html`<div class="note note--alert" role="alert" data-testid="paper-reasons">${icons.alert()}<div><p><strong>${t("paper.failed")}</strong></p>
      ${reasons.map((reason) => html`<p>${word("reason", reason)}</p>`)}</div></div>`;
  }

  private fileInput(look: "text" | "primary"): TemplateResult {
    return html`<label class="btn btn--${look} btn--file"><span>${t("paper.file")}</span>
      <input type="file" accept="image/*" capture="environment" data-testid="paper-file" @change=${this.chosen}></label>`;
  }

  private async open(): Promise<void> {
    this.camera = "opening";
    this.requestUpdate();
    try {
      this.stream = await openCamera("environment");
      this.camera = "on";
    } catch (error) {
      this.camera = error instanceof CameraFailed ? error.reason : "unsupported";
    }
    this.requestUpdate();
    await this.updateComplete;
    const video = this.querySelector("video");
    if (video && this.stream) {
      video.srcObject = this.stream;
      await video.play().catch(() => undefined);
    }
  }

  private async shoot(): Promise<void> {
    const video = this.querySelector("video");
    if (!video) return;
    try {
      this.keep(await grab(video, 1920), "camera");
    } catch {
      this.journey.say(t("paper.not_ready"));
    }
  }

  private chosen = async (event: Event): Promise<void> => {
    const file = (event.target as HTMLInputElement).files?.[0];
    if (!file) return;
    try {
      // A page cannot know whether this came from the lens or the album, so it never claims the lens.
      this.keep(await shrink(file, 2000), "gallery");
    } catch {
      this.journey.say(t("paper.unreadable"));
    }
  };

  private keep(blob: Blob, source: "camera" | "gallery"): void {
    this.drop();
    closeCamera(this.stream);
    this.stream = null;
    this.camera = "off";
    this.photo = { blob, url: URL.createObjectURL(blob), source };
    this.requestUpdate();
  }

  private drop(): void {
    if (this.photo) URL.revokeObjectURL(this.photo.url);
    this.photo = null;
  }

  private async send(): Promise<void> {
    const photo = this.photo!;
    const side = this.side;
    const sent = await this.journey.run(async () => {
      await this.journey.upload(`/identity/papers/${side}`, photo.blob, { "Capture-Source": photo.source });
    });
    if (!sent) return;
    this.drop();
    const { retake, retakeBoth } = this.journey.local;
    const good = this.journey.view?.identity?.papers[side]?.verdict !== "fail";
    if (retake !== null && good) this.journey.set(retake === "front" && retakeBoth ? { retake: "back" } : { retake: null, reconfirm: true });
    this.requestUpdate();
  }
}
customElements.define("jz-paper", PaperPage);

const ORDER = ["name", "sex", "ethnicity", "birth", "address", "number", "authority", "valid_from", "valid_to"];

export class Confirm extends Page {
  private fields: PaperFields["fields"] | null = null;
  private order = ORDER;
  private values: Record<string, string> = {};
  private editing = new Set<string>();
  private wrong = new Set<string>();

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  private async load(): Promise<void> {
    await this.journey.alone(async () => {
      const { fields, wanted } = await this.journey.client.get<PaperFields>(this.journey.path("/identity/papers"));
      this.fields = fields;
      if (wanted?.length) this.order = wanted;
      // A field that was not read at all is still asked for.
      for (const name of this.order) {
        this.values[name] = fields[name]?.value ?? "";
        if (!fields[name] || fields[name].confirm) this.editing.add(name);
      }
    });
    this.requestUpdate();
  }

  override render(): TemplateResult {
    if (!this.fields) return html`${this.title_(t("confirm.title"))}<div class="waiting"><span class="spinner" aria-hidden="true"></span>${t("confirm.reading")}</div>`;
    const doubtful = this.order.filter((name) => this.doubtful(name));
    return html`
      ${this.title_(t("confirm.title"), t("confirm.lead"))}
      ${doubtful.length ? html`<div class="note" role="status">${icons.info()}<p>${t("confirm.doubtful", { n: doubtful.length })}</p></div>` : nothing}
      <div class="card confirm">${this.order.map((name) => this.row(name))}</div>
      ${this.actions(t("confirm.next"), this.button("confirm-go", t("confirm.go"), () => void this.send()),
        this.button("confirm-retake", t("confirm.retake"), () => this.journey.set({ retake: "front", retakeBoth: true }), "text"))}`;
  }

  private doubtful(name: string): boolean {
    return this.wrong.has(name) || (this.fields![name]?.confirm ?? true);
  }

  private row(name: string): TemplateResult {
    const label = word("field", name);
    const doubt = this.doubtful(name);
    if (!this.editing.has(name)) {
      return html`<div class="confirm__row"><div><span class="quiet">${label}</span><strong data-testid="field-${name}">${this.values[name]}</strong></div>
        <button type="button" class="btn btn--small" data-testid="edit-${name}" aria-label=${t("confirm.edit_one", { field: label })}
          @click=${() => { this.editing.add(name); this.requestUpdate(); void this.updateComplete.then(() => this.querySelector<HTMLElement>(`#field-${name}`)?.focus()); }}>${t("confirm.edit")}</button></div>`;
    }
    return html`<div class="field ${doubt ? "field--doubt" : ""}"><label for="field-${name}">${label}${doubt ? html` <span class="tag">${t("confirm.please_check")}</span>` : nothing}</label>
      <input id="field-${name}" class="input" data-testid="input-${name}" type="text" autocomplete="off" .value=${this.values[name] ?? ""}
        @input=${(event: InputEvent) => { this.values[name] = (event.target as HTMLInputElement).value; }}></div>`;
  }

  private async send(): Promise<void> {
    const fields = Object.fromEntries(Object.entries(this.values).map(([name, value]) => [name, value.normalize("NFC").trim()]));
    const empty = Object.keys(fields).find((name) => fields[name] === "");
    if (empty) {
      this.journey.say(t("confirm.empty", { field: word("field", empty) }));
      this.querySelector<HTMLElement>(`#field-${empty}`)?.focus();
      return;
    }
    const done = await this.journey.run(async () => {
      await this.journey.act("/identity/confirmations", { fields });
      this.journey.local.reconfirm = false;
    });
    if (!done) this.point();
  }

  /** The server names the fields that cannot be right: they open for editing, the first one in focus. */
  private point(): void {
    const named = this.journey.lastFacts["fields"];
    if (!Array.isArray(named)) return;
    this.wrong = new Set(named.filter((name): name is string => typeof name === "string"));
    for (const name of this.wrong) this.editing.add(name);
    this.requestUpdate();
    const first = this.order.find((name) => this.wrong.has(name));
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(`#field-${first}`)?.focus());
  }
}
customElements.define("jz-confirm", Confirm);

/** A person is at work: the assisted route, a doubtful check, or a face route that is shut. */
export class Review extends Page {
  private timer = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.timer = window.setInterval(() => {
      if (document.visibilityState === "visible" && !this.journey.busy) void this.journey.refresh().catch(() => undefined);
    }, 5000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  override render(): TemplateResult {
    const identity = this.journey.view!.identity!;
    if (identity.review !== "requested") return this.other(identity.route === "face" ? "assisted" : "face");
    return html`
      <div class="hero hero--wait">${icons.person()}</div>
      ${this.title_(t("review.title"), t("review.lead"))}
      <ol class="track card"><li class="is-done">${icons.done()}<span>${t("review.got")}</span></li>
        <li class="is-now">${icons.clock()}<span>${t("review.looking")}</span></li>
        <li>${icons.next()}<span>${t("review.then")}</span></li></ol>
      <p class="card card--plain">${t("review.leave")}</p>
      ${this.actions(t("review.next"), this.button("review-refresh", t("review.refresh"), () => void this.journey.run(() => this.journey.refresh()), "plain"))}`;
  }

  /** This way is shut. The other one stays open until it is shut too (KYC-09). */
  private other(route: "face" | "assisted"): TemplateResult {
    const shut = this.journey.view!.identity!.locked.includes(route);
    if (!shut && route === "face" && quietUntil(this.journey.view!)) {
      return html`<div class="hero hero--quiet">${icons.info()}</div>${this.title_(t("review.rejected"), t("review.rejected_text"))}
        ${this.actions(null, this.button("face-reconsider", t("quiet.reconsider"), () => void this.again(route), "text"))}`;
    }
    return html`<div class="hero hero--quiet">${icons.info()}</div>
      ${this.title_(t("review.rejected"), shut ? t("review.rejected_text") : t(`review.try_${route}`))}
      ${shut ? nothing : this.actions(null, this.button(`review-try-${route}`, t(`route.${route}`), () => void this.again(route)))}`;
  }

  private async again(route: "face" | "assisted"): Promise<void> {
    const done = await this.journey.run(async () => {
      await this.journey.act("/identity/routes", { party: this.journey.view!.party ?? "proposer", route });
    });
    if (done) this.journey.set({ faceWanted: route === "face" });
  }
}
customElements.define("jz-review", Review);

export class Verified extends Page {
  override render(): TemplateResult {
    return html`
      <div class="hero">${icons.done()}</div>
      ${this.title_(t("verified.title"), t("verified.lead"))}
      ${this.actions(t("verified.next"), this.button("verified-continue", t("continue"), () => this.journey.set({ verifiedSeen: true })))}`;
  }
}
customElements.define("jz-verified", Verified);
