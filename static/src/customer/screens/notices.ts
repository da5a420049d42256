// The entry page (STA-01) and the privacy notice: shown, sealed as shown, then a choice with nothing decided before.

import { html, nothing, type TemplateResult } from "lit";
import type { Notice } from "../../api";
import { icons } from "../../icons";
import { locale, said, t } from "../../i18n";
import { Page } from "../page";
import { noticeTable, scaleChoice, whoIsWho } from "../service";

/** A notice with two answers of equal weight. */
export abstract class NoticePage extends Page {
  protected abstract readonly scope: string;
  protected notice: Notice | null = null;
  private language = "";

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  override updated(): void {
    // Another language is another text on the screen: it is sealed as shown again.
    if (this.notice && this.language !== locale() && !this.journey.busy) void this.load();
  }

  private async load(): Promise<void> {
    this.language = locale();
    // The act that led here may still be on its way; a notice that did not come would be agreed to unseen.
    await this.journey.alone(async () => {
      this.notice = await this.journey.notice(this.scope);
      this.requestUpdate();
      await this.updateComplete;
      await this.journey.noticeShown(this.notice);
    });
  }

  protected table(): TemplateResult {
    if (!this.notice) return html`<div class="waiting"><span class="spinner" aria-hidden="true"></span>${t("loading")}</div>`;
    const text = this.notice.texts[locale()] ?? this.notice.texts["zh-CN"];
    return html`<section class="card" aria-label=${text?.title ?? ""}>
      <h2 class="card__title">${text?.title}</h2>${noticeTable(this.notice)}</section>
      ${text?.statement ? html`<blockquote class="statement">${text.statement}</blockquote>` : nothing}`;
  }

  protected async decide(decision: "given" | "refused"): Promise<boolean> {
    if (!this.notice) return false;
    return this.journey.run(() => this.journey.consent(this.scope, decision));
  }

  protected refused(): boolean {
    const decision = this.journey.view?.consents?.[this.scope]?.decision;
    return decision === "refused" || decision === "withdrawn";
  }

  protected refusedNote(text: string): TemplateResult | typeof nothing {
    return this.refused() ? html`<div class="note" role="status">${icons.info()}<p>${text}</p></div>` : nothing;
  }
}

export class Entry extends NoticePage {
  protected readonly scope = "recording";

  override render(): TemplateResult {
    return html`
      ${this.title_(t("entry.title"), t("entry.lead", { product: said(this.journey.view!.product.names) }))}
      ${this.refusedNote(t("entry.refused"))}
      <section class="card" aria-label=${t("who.title")}>${whoIsWho(this.journey)}</section>
      <div class="card">${scaleChoice(() => this.journey.changed(), "first-scale")}</div>
      ${this.table()}
      ${this.actions(t("entry.next"),
        html`<div class="pair">${this.button("recording-agree", t("agree"), () => void this.decide("given"), "even")}
        ${this.button("recording-refuse", t("refuse"), () => void this.decide("refused"), "even")}</div>`)}`;
  }
}
customElements.define("jz-entry", Entry);

export class Privacy extends NoticePage {
  protected readonly scope = "privacy";

  override render(): TemplateResult {
    return html`
      ${this.title_(t("privacy.title"), t("privacy.lead"))}
      ${this.refusedNote(t("privacy.refused"))}
      ${this.table()}
      ${this.actions(t("privacy.next"),
        html`<div class="pair">${this.button("privacy-agree", t("agree"), () => void this.decide("given"), "even")}
        ${this.button("privacy-refuse", t("refuse"), () => void this.decide("refused"), "even")}</div>`)}`;
  }
}
customElements.define("jz-privacy", Privacy);
