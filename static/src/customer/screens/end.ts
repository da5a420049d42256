// How it ends: signed, declined, or waiting for somebody else.

import { html, nothing, type TemplateResult } from "lit";
import type { CaseView, ExportState } from "../../api";
import { icons } from "../../icons";
import { moment, said, t, word } from "../../i18n";
import { Page } from "../page";
import { save } from "./sign";

export class Done extends Page {
  private timer = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  override render(): TemplateResult {
    const view = this.journey.view!;
    const signed = view.documents.filter((document) => document.signed_sha256);
    const days = view.policy.hesitation_days;
    return html`
      <div class="hero">${icons.done()}</div>
      ${this.title_(t("done.title"), t("done.lead"))}
      ${signed.map((document) => html`<section class="card" aria-label=${word("document", document.kind)}><dl class="rows">
        <div class="row"><dt>${t("done.paper")}</dt><dd>${said(view.product.names)} · ${word("document", document.kind)}</dd></div>
        <div class="row"><dt>${t("done.when")}</dt><dd>${document.signed_at ? moment(document.signed_at) : ""}</dd></div>
        <div class="row"><dt>${t("serial_label")}</dt><dd class="mono" data-testid="serial">${view.id}</dd></div></dl>
        ${this.button("download-pdf", t("done.pdf"), () => void this.pdf(document.id), "primary")}
        <p class="quiet">${t("done.saved")}</p></section>`)}
      ${days > 0 ? html`<section class="card"><h2 class="card__title">${t("done.hesitation", { n: days })}</h2><p>${t("done.hesitation_text", { n: days })}</p></section>` : nothing}
      <section class="card"><h2 class="card__title">${t("done.next_title")}</h2><p>${t("done.next_text")}</p></section>
      <section class="card"><h2 class="card__title">${t("export.title")}</h2><p>${t("export.text")}</p>${this.bundle(view)}</section>`;
  }

  private bundle(view: CaseView): TemplateResult {
    const last = view.exports[view.exports.length - 1];
    const state: ExportState | null = last?.state ?? null;
    if (state === "succeeded") {
      return html`<p role="status">${t("export.ready")}</p>${this.button("export-download", t("export.download"), () => void this.download(last!.id), "plain")}`;
    }
    if (state === "queued" || state === "running") {
      if (!this.timer) this.timer = window.setInterval(() => void this.poll(), 2000);
      return html`<p class="waiting waiting--small" role="status" data-testid="export-state"><span class="spinner spinner--dark" aria-hidden="true"></span>${t("export.making")}</p>`;
    }
    return html`${state === "failed" ? html`<p role="status">${t("export.failed")}</p>` : nothing}
      ${this.button("export-request", t("export.request"), () => void this.request(), "plain")}`;
  }

  private async poll(): Promise<void> {
    if (document.visibilityState !== "visible" || this.journey.busy) return;
    await this.journey.refresh().catch(() => undefined);
    const last = this.journey.view!.exports[this.journey.view!.exports.length - 1];
    if (last && last.state !== "queued" && last.state !== "running") {
      clearInterval(this.timer);
      this.timer = 0;
    }
  }

  private async request(): Promise<void> {
    await this.journey.run(async () => { await this.journey.act("/exports", { reason: "customer copy" }); });
  }

  private async download(id: string): Promise<void> {
    await this.journey.run(async () => {
      save(await this.journey.client.blob(this.journey.path(`/exports/${id}/file`)), `${this.journey.view!.id}.zip`);
    });
  }

  private async pdf(id: string): Promise<void> {
    await this.journey.run(async () => {
      save(await this.journey.client.blob(`${this.journey.path(`/documents/${id}`)}?signed=true`), `${this.journey.view!.id}.pdf`);
    });
  }
}
customElements.define("jz-done", Done);

export class Declined extends Page {
  override render(): TemplateResult {
    return html`<div class="hero hero--quiet">${icons.info()}</div>${this.title_(t("declined.title"), t("declined.lead"))}
      <dl class="rows card"><div class="row"><dt>${t("serial_label")}</dt><dd class="mono" data-testid="serial">${this.journey.view!.id}</dd></div></dl>
      <p class="card">${t("declined.text")}</p>`;
  }
}
customElements.define("jz-declined", Declined);

/** The next step is not the customer's, or not on this page. */
export class Elsewhere extends Page {
  override render(): TemplateResult {
    return html`<div class="hero hero--wait">${icons.clock()}</div>${this.title_(t("elsewhere.title"), t("elsewhere.lead"))}
      ${this.actions(null, this.button("elsewhere-refresh", t("review.refresh"), () => void this.journey.run(async () => {
        await this.journey.refresh();
        await this.journey.followNow();
      }), "plain"))}`;
  }
}
customElements.define("jz-elsewhere", Elsewhere);
