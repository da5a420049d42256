// Signing, up to the pen: the code, the paper page by page, the place, and what the customer thinks of it.

import { html, nothing, type TemplateResult } from "lit";
import type { Document } from "../../api";
import { icons } from "../../icons";
import { t, word } from "../../i18n";
import { locate } from "../../place-fix";
import { Page } from "../page";
import { NoticePage } from "./notices";

export const paper = (page: Page): Document => {
  const documents = page.journey.view!.documents;
  return documents[documents.length - 1]!;
};

export class SignCode extends Page {
  private code = "";
  private waited = 0;
  private timer = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  override render(): TemplateResult {
    const code = this.journey.view!.code;
    if (!code) {
      return html`<div class="hero">${icons.pen()}</div>${this.title_(t("sign_code.title"), t("sign_code.lead"))}
        <ol class="track card"><li class="is-now">${icons.phone()}<span>${t("sign_code.plan_code")}</span></li><li>${icons.file()}<span>${t("sign_code.plan_read")}</span></li>
          <li>${icons.pen()}<span>${t("sign_code.plan_sign")}</span></li></ol>
        ${this.actions(t("sign_code.next"), this.button("sign-code-send", t("enter.send"), () => void this.send()))}`;
    }
    return html`
      ${this.title_(t("sign_code.enter"), t("sign_code.sent"))}
      <form class="card" @submit=${(event: Event) => { event.preventDefault(); void this.check(); }}>
        <label class="field" for="sign-code"><span>${t("code.label")}</span>
          <input id="sign-code" class="input input--code" data-testid="sign-code" type="text" inputmode="numeric" autocomplete="one-time-code"
            maxlength="12" .value=${this.code} aria-describedby="sign-code-hint"
            @input=${(event: InputEvent) => { this.code = (event.target as HTMLInputElement).value.normalize("NFKC").replace(/\D/g, "").slice(0, 6); this.requestUpdate(); }}></label>
        <p id="sign-code-hint" class="quiet">${t("sign_code.hint")}</p>
        <button class="sr-only" tabindex="-1" aria-hidden="true">${t("sign_code.go")}</button>
      </form>
      ${this.actions(t("sign_code.next"), this.button("sign-code-go", t("sign_code.go"), () => void this.check()),
        this.waited > 0 ? html`<p class="quiet center">${t("code.wait", { n: this.waited })}</p>`
          : this.button("sign-code-resend", t("code.resend"), () => void this.send(), "text"))}`;
  }

  private async send(): Promise<void> {
    if (!(await this.journey.run(async () => { await this.journey.act("/codes", { purpose: "sign" }); }))) return;
    clearInterval(this.timer);
    this.waited = 30;
    this.timer = window.setInterval(() => {
      this.waited -= 1;
      if (this.waited <= 0) clearInterval(this.timer);
      this.requestUpdate();
    }, 1000);
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector<HTMLInputElement>("#sign-code")?.focus();
  }

  private async check(): Promise<void> {
    if (this.code.length !== 6) return this.journey.say(t("code.six"));
    const code = this.code;
    if (await this.journey.run(async () => { await this.journey.act("/codes/checks", { purpose: "sign", code }); })) return;
    this.code = "";
    this.requestUpdate();
    this.querySelector<HTMLInputElement>("#sign-code")?.focus();
  }
}
customElements.define("jz-sign-code", SignCode);

export class Prepare extends Page {
  override connectedCallback(): void {
    super.connectedCallback();
    void this.make();
  }

  private async make(): Promise<void> {
    await this.journey.alone(async () => { await this.journey.act("/documents", { kind: "application" }); });
  }

  override render(): TemplateResult {
    return html`${this.title_(t("prepare.title"), t("prepare.lead"))}
      ${this.journey.trouble ? this.actions(null, this.requote(), this.identifyAgain(),
          this.button("prepare-again", t("again"), () => void this.make(), "plain"))
        : html`<div class="waiting" role="status"><span class="spinner" aria-hidden="true"></span>${t("prepare.wait")}</div>`}`;
  }

  /** The age in the quote is not the one on the card: the way on is to correct it. */
  private requote(): TemplateResult | typeof nothing {
    return this.journey.lastCode === "AGE_MISMATCH"
      ? this.button("requote", t("quote.correct"), () => this.journey.set({ requote: true })) : nothing;
  }

  private identifyAgain(): TemplateResult | typeof nothing {
    return stale(this) ? this.button("identify-again", t("sign.identify_again"), () => this.journey.set({ identifyAgain: true }), "plain") : nothing;
  }
}
customElements.define("jz-prepare", Prepare);

/** The identity check grew too old for a signature (ESG-01): the way on is to go over it again. */
export const stale = (page: Page): boolean =>
  page.journey.lastCode !== null && /IDENTITY/.test(page.journey.lastCode);

export class DocumentPage extends Page {
  private urls: string[] = [];
  private loading = "";
  private visibleMs = 0;
  private lastTick = 0;
  private timer = 0;
  private endSeen = false;
  private zoom = false;
  private observer: IntersectionObserver | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
    this.lastTick = performance.now();
    this.timer = window.setInterval(() => {
      const now = performance.now();
      const passed = now - this.lastTick;
      this.lastTick = now;
      if (document.visibilityState === "visible" && this.urls.length > 0 && passed <= 1000) this.visibleMs += passed;
    }, 250);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
    this.observer?.disconnect();
    for (const url of this.urls) URL.revokeObjectURL(url);
  }

  private async load(): Promise<void> {
    const shown = paper(this);
    if (this.loading === shown.id) return;
    this.loading = shown.id;
    const ok = await this.journey.alone(async () => {
      for (const page of shown.pages) {
        const blob = await this.journey.client.blob(this.journey.path(`/documents/${shown.id}/pages/${page.n}`));
        this.urls.push(URL.createObjectURL(blob));
        this.requestUpdate();
      }
    });
    if (!ok) {
      this.loading = "";
      this.urls = [];
      return;
    }
    await this.updateComplete;
    const images = Array.from(this.querySelectorAll("img"));
    await Promise.all(images.map((image) => image.decode().catch(() => undefined)));
    // Only now is the end really the end: before the pictures had height, it stood at the top.
    this.observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting) || this.endSeen) return;
      this.endSeen = true;
      this.requestUpdate();
    });
    const end = this.querySelector("[data-paper-end]");
    if (end) this.observer.observe(end);
  }

  override render(): TemplateResult {
    const shown = paper(this);
    const done = this.urls.length === shown.pages.length;
    return html`
      ${this.title_(t("document.title", { kind: word("document", shown.kind) }), t("document.lead", { n: shown.pages.length }))}
      <div class="tools"><button type="button" class="btn btn--small" data-testid="document-zoom" aria-pressed=${this.zoom ? "true" : "false"}
        @click=${() => { this.zoom = !this.zoom; this.requestUpdate(); }}>${this.zoom ? t("document.small") : t("document.large")}</button>
        <button type="button" class="btn btn--small" data-testid="document-pdf" @click=${() => void this.openPdf()}>${icons.file()}${t("document.pdf")}</button></div>
      <div class="pages ${this.zoom ? "pages--zoom" : ""}" tabindex="0" role="group" aria-label=${t("document.pages")}>
        ${shown.pages.map((page, index) => html`<figure><div class="pages__sheet">${this.urls[index]
          ? html`<img src=${this.urls[index]!} width=${page.width} height=${page.height} alt=${t("document.page_alt", { n: page.n, of: shown.pages.length })}>`
          : html`<span class="spinner" aria-hidden="true"></span>`}</div>
          <figcaption>${t("document.page", { n: page.n, of: shown.pages.length })}</figcaption></figure>`)}
        ${done ? html`<span data-paper-end class="clause__end"></span>` : nothing}
      </div>
      ${this.actions(t("document.next"),
        this.endSeen || !done ? nothing : html`<p class="quiet center" role="status">${t("document.to_end")}</p>`,
        this.button("document-read", t("document.go"), () => void this.finish()))}`;
  }

  private async openPdf(): Promise<void> {
    const shown = paper(this);
    await this.journey.run(async () => {
      const blob = await this.journey.client.blob(this.journey.path(`/documents/${shown.id}`));
      save(blob, `${shown.kind}.pdf`);
    });
  }

  private async finish(): Promise<void> {
    if (!this.endSeen) {
      this.journey.say(t("document.to_end"));
      this.querySelector("[data-paper-end]")?.scrollIntoView({ block: "end", behavior: "smooth" });
      return;
    }
    const shown = paper(this);
    const body = { visible_ms: Math.round(this.visibleMs), end_seen: true };
    await this.journey.run(async () => { await this.journey.act(`/documents/${shown.id}/views`, body); });
  }
}
customElements.define("jz-document", DocumentPage);

export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export class Opinion extends Page {
  private picked: "agree" | "disagree" | null = null;
  private sure = false;

  override render(): TemplateResult {
    if (this.sure) return this.farewell();
    const option = (value: "agree" | "disagree"): TemplateResult => html`<label class="option"><input type="radio" name="opinion" value=${value}
      data-testid="opinion-${value}" .checked=${this.picked === value} @change=${() => { this.picked = value; this.requestUpdate(); }}>
      <span><strong>${t(`opinion.${value}`)}</strong><br><small>${t(`opinion.${value}_text`)}</small></span></label>`;
    return html`
      ${this.title_(t("opinion.title"), t("opinion.lead"))}
      <fieldset class="options card"><legend class="sr-only">${t("opinion.title")}</legend>${option("agree")}${option("disagree")}</fieldset>
      <div class="card field"><label for="comment">${t("opinion.comment")}</label>
        <textarea id="comment" class="input" rows="3" maxlength="500" data-testid="comment" .value=${this.journey.comment}
          @input=${(event: InputEvent) => { this.journey.comment = (event.target as HTMLTextAreaElement).value; }}></textarea></div>
      ${this.actions(this.picked === "disagree" ? t("opinion.next_disagree") : t("opinion.next"),
        this.button("opinion-continue", t("continue"), () => this.go()))}`;
  }

  private go(): void {
    if (this.picked === null) return this.journey.say(t("opinion.pick"));
    if (this.picked === "agree") return this.journey.set({ opinion: "agree" });
    this.sure = true;
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>("h1")?.focus());
  }

  private farewell(): TemplateResult {
    return html`<div class="hero hero--quiet">${icons.info()}</div>${this.title_(t("opinion.sure"), t("opinion.sure_text"))}
      ${this.actions(null, html`<div class="pair">${this.button("disagree-back", t("opinion.back"), () => { this.sure = false; this.requestUpdate(); }, "even")}
        ${this.button("disagree-confirm", t("opinion.end"), () => void this.decline(), "even")}</div>`)}`;
  }

  private async decline(): Promise<void> {
    const shown = paper(this);
    const comment = this.journey.comment.trim();
    const body = { document: shown.id, shown_sha256: shown.sha256, opinion: "disagree", ...(comment ? { comment } : {}) };
    await this.journey.run(async () => { await this.journey.actOnce("/signatures", body); });
  }
}
customElements.define("jz-opinion", Opinion);

/** Asked once, for the signature; no is as good an answer as yes (EVD-10). */
export class LocationPage extends NoticePage {
  protected readonly scope = "location";

  override render(): TemplateResult {
    return html`
      <div class="hero">${icons.pin()}</div>
      ${this.title_(t("location.title"), t("location.lead"))}
      ${this.table()}
      ${this.actions(t("location.next"),
        html`<div class="pair">${this.button("location-agree", t("location.agree"), () => void this.agree(), "even")}
        ${this.button("location-refuse", t("location.refuse"), () => void this.decide("refused"), "even")}</div>`)}`;
  }

  private async agree(): Promise<void> {
    if (!this.notice) return;
    await this.journey.run(async () => {
      await this.journey.consent("location", "given");
      this.journey.place = await locate();
    });
  }
}
customElements.define("jz-location", LocationPage);
