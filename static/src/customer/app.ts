// The shell around every screen: what is being sold and by whom, how far one is, help, privacy and complaint.

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { icons } from "../icons";
import { said, t, type Key } from "../i18n";
import { hush } from "../speech";
import { sheet } from "../sheet";
import { Journey } from "./journey";
import { pageOf, progress, quietUntil, stepNames, type Screen } from "./place";
import { complaint, help, privacy, settings, whoIsWho } from "./service";
import "./screens/enter";
import "./screens/notices";
import "./screens/quote";
import "./screens/read";
import "./screens/ask";
import "./screens/fit";
import "./screens/identity";
import "./screens/liveness";
import "./screens/sign";
import "./screens/pad";
import "./screens/end";

const SCREENS: Record<Screen, (journey: Journey) => TemplateResult> = {
  entry: (j) => html`<jz-entry .journey=${j}></jz-entry>`,
  privacy: (j) => html`<jz-privacy .journey=${j}></jz-privacy>`,
  quote: (j) => html`<jz-quote .journey=${j}></jz-quote>`,
  summary: (j) => html`<jz-summary .journey=${j}></jz-summary>`,
  clause: (j) => html`<jz-clause .journey=${j}></jz-clause>`,
  question: (j) => html`<jz-question .journey=${j}></jz-question>`,
  suitability: (j) => html`<jz-suitability .journey=${j}></jz-suitability>`,
  needs: (j) => html`<jz-needs .journey=${j}></jz-needs>`,
  risk: (j) => html`<jz-risk .journey=${j}></jz-risk>`,
  health: (j) => html`<jz-health .journey=${j}></jz-health>`,
  thinking: (j) => html`<jz-thinking .journey=${j}></jz-thinking>`,
  disclosure: (j) => html`<jz-disclosure .journey=${j}></jz-disclosure>`,
  route: (j) => quietUntil(j.view!) ? html`<jz-quiet-route .journey=${j}></jz-quiet-route>` : html`<jz-route .journey=${j}></jz-route>`,
  face_consent: (j) => html`<jz-face-consent .journey=${j}></jz-face-consent>`,
  face_search: (j) => html`<jz-face-search .journey=${j}></jz-face-search>`,
  paper_front: (j) => html`<jz-paper .journey=${j} .side=${"cn_id_front"}></jz-paper>`,
  paper_back: (j) => html`<jz-paper .journey=${j} .side=${"cn_id_back"}></jz-paper>`,
  confirm: (j) => html`<jz-confirm .journey=${j}></jz-confirm>`,
  liveness: (j) => html`<jz-liveness .journey=${j}></jz-liveness>`,
  verified: (j) => html`<jz-verified .journey=${j}></jz-verified>`,
  review: (j) => html`<jz-review .journey=${j}></jz-review>`,
  code: (j) => html`<jz-sign-code .journey=${j}></jz-sign-code>`,
  prepare: (j) => html`<jz-prepare .journey=${j}></jz-prepare>`,
  document: (j) => html`<jz-document .journey=${j}></jz-document>`,
  location: (j) => html`<jz-location .journey=${j}></jz-location>`,
  opinion: (j) => html`<jz-opinion .journey=${j}></jz-opinion>`,
  signature: (j) => html`<jz-signature .journey=${j}></jz-signature>`,
  done: (j) => html`<jz-done .journey=${j}></jz-done>`,
  declined: (j) => html`<jz-declined .journey=${j}></jz-declined>`,
  elsewhere: (j) => html`<jz-elsewhere .journey=${j}></jz-elsewhere>`,
};

export class CustomerApp extends LitElement {
  private readonly journey = new Journey();
  private where = "";

  override createRenderRoot(): HTMLElement { return this; }

  begin(token: string | null): void {
    this.journey.subscribe(() => this.requestUpdate());
    // A line that comes back finishes what was waiting, without being asked.
    addEventListener("online", () => { if (this.journey.trouble?.offline) this.journey.trouble.again?.(); });
    addEventListener("visibilitychange", () => {
      const { phase, view, screen } = this.journey;
      if (phase !== "journey" || !view) return;
      void this.journey.enterPage(document.visibilityState === "hidden" ? "away" : pageOf(screen));
    });
    void this.journey.start(token);
  }

  override updated(): void {
    const { phase, view } = this.journey;
    const now = phase === "journey" && view ? this.journey.screen : phase;
    if (now === this.where) return;
    const first = this.where === "" || this.where === "starting";
    this.where = now;
    if (phase === "journey" && view) void this.journey.enterPage(pageOf(this.journey.screen));
    hush();
    scrollTo(0, 0);
    // The new screen's heading takes the focus, so that a screen reader starts there and not at the old button.
    setTimeout(() => {
      const heading = this.querySelector<HTMLElement>("h1");
      if (!first) heading?.focus({ preventScroll: true });
      document.title = heading?.textContent ? `${heading.textContent} - ${t("app")}` : t("app");
    });
  }

  override render(): TemplateResult {
    return html`
      <a class="skip" href="#main" @click=${this.skip}>${t("skip")}</a>
      ${this.header()}
      <main id="main" tabindex="-1" aria-busy=${this.journey.busy ? "true" : "false"}>
        ${this.hint()}${this.troubles()}${this.body()}
      </main>
      ${this.footer()}
      <p class="sr-only" role="status" aria-live="polite">${this.journey.busy ? t("working") : ""}</p>`;
  }

  private skip = (event: Event): void => {
    event.preventDefault(); // the address bar keeps no fragment
    this.querySelector<HTMLElement>("main")?.focus();
  };

  private body(): TemplateResult {
    const { phase, view } = this.journey;
    if (phase === "journey" && view) return html`<div class="screen">${SCREENS[this.journey.screen](this.journey)}</div>`;
    if (phase === "starting") {
      return html`<div class="waiting" role="status"><span class="spinner" aria-hidden="true"></span>${t("starting")}</div>`;
    }
    return html`<jz-enter .journey=${this.journey}></jz-enter>`;
  }

  private header(): TemplateResult {
    const { view, product } = this.journey;
    const name = view ? said(view.product.names) : t("app");
    return html`<header class="bar">
      <div class="bar__row">
        <button class="bar__what" type="button" data-testid="who" ?disabled=${!view}
          @click=${() => sheet().open(t("who.title"), () => whoIsWho(this.journey))}>
          <strong>${name}</strong>
          ${view ? html`<span class="bar__kind">${kind(view.product.kind)}${product ? html` · ${said(product.provider.name)}` : nothing}</span>` : nothing}
        </button>
        <button class="bar__tool" type="button" data-testid="settings" aria-label=${t("settings.title")}
          @click=${() => sheet().open(t("settings.title"), () => settings(this.journey))}>${icons.size()}<span>${t("settings.short")}</span></button>
        <button class="bar__tool" type="button" data-testid="help" @click=${() => sheet().open(t("help.title"), () => help(this.journey))}>
          ${icons.help()}<span>${t("help.short")}</span></button>
      </div>
      ${view ? this.steps() : nothing}
    </header>`;
  }

  private steps(): TemplateResult {
    const view = this.journey.view!;
    const screen = this.journey.screen;
    const { n, of, step } = progress(view, screen);
    const finished = screen === "done";
    const label = finished ? t("step.finished") : t("step.line", { n, of, name: t(`step.${step}` as Key) });
    return html`<div class="steps">
      <p class="steps__label" data-testid="progress">${label}</p>
      <ol class="steps__bar" aria-hidden="true">${stepNames(view).map((_, index) => html`<li class=${
        finished || index + 1 < n ? "is-done" : index + 1 === n ? "is-now" : ""}></li>`)}</ol>
    </div>`;
  }

  private hint(): TemplateResult | typeof nothing {
    const hint = this.journey.hint;
    return hint ? html`<div class="note" role="status" data-testid="hint">${icons.info()}<div><p><strong>${hint.text}</strong></p><p>${hint.advice}</p></div></div>` : nothing;
  }

  private troubles(): TemplateResult | typeof nothing {
    const trouble = this.journey.trouble;
    if (!trouble) return nothing;
    return html`<div class="note note--alert" role="alert" data-testid="trouble">
      ${trouble.offline ? icons.offline() : icons.alert()}
      <div><p><strong>${trouble.text}</strong></p>${trouble.advice ? html`<p>${trouble.advice}</p>` : nothing}
      ${trouble.again ? html`<button type="button" class="btn btn--small" data-testid="trouble-again"
        @click=${() => trouble.again?.()}>${t("again")}</button>` : nothing}</div>
    </div>`;
  }

  private footer(): TemplateResult {
    const { view, product, opener } = this.journey;
    return html`<footer class="foot">
      <nav aria-label=${t("foot.label")}>
        <button type="button" data-testid="foot-help" @click=${() => sheet().open(t("help.title"), () => help(this.journey))}>${t("help.title")}</button>
        <button type="button" data-testid="foot-privacy" @click=${() => void this.openPrivacy()}>${t("privacy.short")}</button>
        <button type="button" data-testid="foot-complaint" @click=${() => sheet().open(t("complaint.title"), () => complaint(this.journey))}>${t("complaint.title")}</button>
      </nav>
      ${view ? html`<p>${said(view.product.names)} · ${kindSentence(view.product.kind)}</p>` : nothing}
      ${product ? html`<p>${t("who.provider")}${said(product.provider.name)}${product.provider.intermediary
        ? html` · ${t("who.intermediary")} ${said(product.provider.intermediary)}` : nothing}</p>` : nothing}
      ${opener ? html`<p>${t("who.agent_line", { name: opener.name, company: opener.company, certificate: opener.certificate ?? t("none") })}</p>` : nothing}
      ${view ? html`<p>${t("serial")}<span class="mono">${view.id}</span></p>` : nothing}
      ${view?.mode === "sandbox" ? html`<p><strong>${t("sandbox")}</strong></p>` : nothing}
    </footer>`;
  }

  private async openPrivacy(): Promise<void> {
    await this.journey.run(async () => {
      const notice = await this.journey.notice("privacy");
      sheet().open(t("privacy.title"), () => privacy(this.journey, notice));
    });
  }
}
customElements.define("jz-customer", CustomerApp);

const kind = (kind: string): string => (kind.startsWith("insurance") ? t("kind.insurance") : t("kind.bank"));
const kindSentence = (kind: string): string =>
  kind.startsWith("insurance") ? t("kind.insurance_sentence") : t("kind.bank_sentence");
