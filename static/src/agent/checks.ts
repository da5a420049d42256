// What only reviewers see beside an identity: hits of name lists, signals, and the pictures of papers. Nothing is opened
// without a reason, which is sealed before anything is told; pictures also need a colleague.

import { LitElement, html, nothing, type TemplateResult } from "lit";
import type { Identity } from "../api";
import { icons } from "../icons";
import { moment, t, word } from "../i18n";
import type { Check, CheckKind, Desk } from "./desk";

/** The closed lists of the server (kyc/screening, kyc/signals): what clears, what confirms. */
const REASONS: Record<CheckKind, { cleared: readonly string[]; confirmed: readonly string[] }> = {
  screenings: { cleared: ["OTHER_BIRTH_DATE", "OTHER_NUMBER", "OTHER_PERSON"], confirmed: ["SAME_NUMBER", "SAME_PERSON"] },
  signals: { cleared: ["FAMILY_PHONE", "SHARED_PLACE", "CUSTOMER_REACHED", "LOOK_ALIKE"], confirmed: ["ACTED_FOR", "FRAUD_SUSPECTED"] },
};

interface Hit { list: string; entry: string; listed_as: string; score_e4: number; reasons: string[] }
interface Decision { moment: string; outcome: string; reasons: string[]; facts: Record<string, number>; late: boolean }
interface Reading {
  person?: Record<string, string>; hits?: Hit[];
  decisions?: Decision[]; faces?: { case: string; party: string; similarity_e4: number }[];
}

/** One check of one person that waits: first the reason to look, then what there is, then the decision. */
export class CheckPanel extends LitElement {
  static override properties = { desk: { attribute: false }, check: { attribute: false }, language: {} };
  declare desk: Desk;
  declare language: string; // another one writes it all anew
  declare check: Check;
  private reading: Reading | null = null;
  private readFor = "";
  private why = "";
  private reason = "";

  override createRenderRoot(): HTMLElement { return this; }

  override willUpdate(): void {
    // Another case in the same place: what was read of the one before is not shown here.
    if (this.readFor !== this.check.id) Object.assign(this, { reading: null, why: "", reason: "", readFor: this.check.id });
  }

  override render(): TemplateResult {
    const { kind, party, at } = this.check;
    return html`<section class="card" aria-label=${t(`checks.${kind}`)} data-testid="check-${kind}"><h2 class="card__title">${t(`checks.${kind}`)}</h2>
      <p class="quiet">${word("party", party)} · ${t("checks.since", { when: moment(at) })}</p>
      ${this.reading ? html`${kind === "screenings" ? this.hits(this.reading) : this.signals(this.reading)}${this.decide()}` : this.ask()}</section>`;
  }

  private ask(): TemplateResult {
    const field = `why-${this.check.kind}`;
    return html`<form novalidate @submit=${(event: Event) => { event.preventDefault(); void this.read(); }}>
      <div class="field"><label for=${field}>${t("checks.why")}</label>
        <input id=${field} class="input" data-testid="check-why" type="text" autocomplete="off" maxlength="200" aria-describedby="${field}-hint" .value=${this.why}
          @input=${(event: InputEvent) => { this.why = (event.target as HTMLInputElement).value; }}>
        <p id="${field}-hint" class="quiet">${t("checks.why_hint")}</p></div>
      <div class="buttons"><button type="submit" class="btn btn--plain" data-testid="check-read">${t("checks.read")}</button></div></form>`;
  }

  private async read(): Promise<void> {
    const why = this.why.normalize("NFC").trim();
    if (why.length < 2) {
      this.desk.say(t("checks.why_wrong"));
      return this.querySelector<HTMLElement>(`#why-${this.check.kind}`)?.focus();
    }
    const told = await this.desk.read<Reading>(this.check, why);
    if (!told) return;
    this.reading = told;
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector<HTMLElement>("h3")?.focus();
  }

  private hits(reading: Reading): TemplateResult {
    const person = reading.person ?? {};
    return html`<h3 class="found" tabindex="-1">${t("checks.hits", { n: reading.hits?.length ?? 0 })}</h3>
      <dl class="rows">${["name", "number", "birth"].filter((name) => person[name]).map((name) => html`<div class="row"><dt>${word("field", name)}</dt><dd>${person[name]}</dd></div>`)}</dl>
      <ul class="checks">${(reading.hits ?? []).map((hit) => html`<li><strong>${hit.listed_as}</strong> <span class="quiet">${hit.list} · ${hit.entry}</span>
        <br>${t("checks.score", { n: Math.round(hit.score_e4 / 100) })}${hit.reasons.map((reason) => html`<br><small>${word("hit_reason", reason)}</small>`)}</li>`)}</ul>`;
  }

  private signals(reading: Reading): TemplateResult {
    return html`<h3 class="found" tabindex="-1">${t("checks.decisions")}</h3>
      <ul class="checks">${(reading.decisions ?? []).map((one) => html`<li><strong>${word("signal_outcome", one.outcome)}</strong> <span class="quiet">${word("signal_moment", one.moment)}</span>
        ${one.reasons.map((reason) => html`<br><small>${word("signal_reason", reason)}</small>`)}
        ${Object.entries(one.facts).map(([name, value]) => html`<br><small>${word("signal_fact", name)}${t("colon")}${value}</small>`)}</li>`)}</ul>
      ${reading.faces?.length ? html`<h3 class="found">${t("checks.faces")}</h3><ul class="checks">${reading.faces.map((face) => html`<li><span class="mono">${face.case}</span>
        <br><small>${word("party", face.party)} · ${t("checks.similarity", { n: Math.round(face.similarity_e4 / 100) })}</small></li>`)}</ul>` : nothing}`;
  }

  private decide(): TemplateResult {
    const { kind } = this.check;
    const all = [...REASONS[kind].cleared, ...REASONS[kind].confirmed];
    return html`<div class="field"><label for="settle-${kind}">${t("review_desk.reason")}</label>
        <select id="settle-${kind}" class="input" data-testid="check-reason" @change=${(event: Event) => { this.reason = (event.target as HTMLSelectElement).value; }}>
          <option value=""></option>${all.map((reason) => html`<option value=${reason} ?selected=${this.reason === reason}>${word("check_reason", reason)}</option>`)}</select></div>
      <p class="quiet">${t("checks.signed_as", { name: this.desk.staff?.name ?? "" })}</p>
      <div class="buttons"><button type="button" class="btn btn--even" data-testid="check-clear" @click=${() => void this.settle("cleared")}>${t("checks.clear")}</button>
        <button type="button" class="btn btn--even" data-testid="check-confirm" @click=${() => void this.settle("confirmed")}>${t("checks.confirm")}</button></div>`;
  }

  private async settle(decision: "cleared" | "confirmed"): Promise<void> {
    if (!REASONS[this.check.kind][decision].includes(this.reason)) {
      this.desk.say(t("review_desk.reason_wrong"));
      return this.querySelector<HTMLElement>(`#settle-${this.check.kind}`)?.focus();
    }
    await this.desk.settle(this.check, decision, this.reason);
  }
}
customElements.define("jz-check", CheckPanel);

/** Pictures of a party's papers: asked for with a reason, agreed to by a colleague, each look sealed (EVD-13). */
export class PicturePanel extends LitElement {
  static override properties = { desk: { attribute: false }, party: {}, identity: { attribute: false }, language: {} };
  declare desk: Desk;
  declare language: string;
  declare party: string;
  declare identity: Identity;
  private why = "";
  private shown: { paper: string; url: string } | null = null;
  private shownFor = "";

  override createRenderRoot(): HTMLElement { return this; }

  override willUpdate(): void {
    const now = `${this.desk.open?.id} ${this.party}`;
    if (this.shownFor !== now) { this.hide(); this.why = ""; this.shownFor = now; }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.hide();
  }

  override render(): TemplateResult {
    const asks = this.identity.pictures ?? [];
    const mine = asks.filter((ask) => ask.by === this.desk.staff?.id);
    const others = asks.filter((ask) => ask.by !== this.desk.staff?.id && !ask.approved);
    const open = mine.filter((ask) => ask.approved).at(-1);
    const waits = mine.some((ask) => !ask.approved);
    return html`<section class="card" aria-label=${t("pictures.title")} data-testid="pictures"><h2 class="card__title">${t("pictures.title")}</h2>
      ${others.map((ask) => html`<div class="note">${icons.info()}<div><p>${t("pictures.colleague", { who: ask.by, why: ask.reason ?? "" })}</p>
        <button type="button" class="btn btn--small" data-testid="picture-approve" @click=${() => void this.desk.approvePictures(this.party, ask.id)}>${t("pictures.approve")}</button></div></div>`)}
      ${open ? html`<p class="quiet">${t("pictures.approved", { who: open.approved_by ?? "" })}</p><div class="buttons">${Object.keys(this.identity.papers).map((paper) => html`<button type="button" class="btn btn--plain"
          data-testid="picture-${paper}" @click=${() => void this.show(open.id, paper)}>${word("paper_name", paper)}</button>`)}</div>`
        : waits ? html`<p class="linkstate">${icons.clock()}<span data-testid="picture-waits">${t("pictures.waits")}</span></p>` : nothing}
      ${this.shown ? html`<figure class="seen" tabindex="-1"><img src=${this.shown.url} data-testid="picture" alt=${t("pictures.alt", { paper: word("paper_name", this.shown.paper) })}>
        <figcaption class="quiet">${word("paper_name", this.shown.paper)} · ${t("pictures.sealed")}</figcaption>
        <button type="button" class="btn btn--text" data-testid="picture-hide" @click=${() => this.hide()}>${t("pictures.hide")}</button></figure>` : nothing}
      ${waits || open ? nothing : this.ask()}</section>`;
  }

  private ask(): TemplateResult {
    const field = `pictures-${this.party}`;
    return html`<form novalidate @submit=${(event: Event) => { event.preventDefault(); void this.request(); }}>
      <div class="field"><label for=${field}>${t("checks.why")}</label>
        <input id=${field} class="input" data-testid="picture-why" type="text" autocomplete="off" maxlength="200" aria-describedby="${field}-hint" .value=${this.why}
          @input=${(event: InputEvent) => { this.why = (event.target as HTMLInputElement).value; }}>
        <p id="${field}-hint" class="quiet">${t("pictures.hint")}</p></div>
      <div class="buttons"><button type="submit" class="btn btn--plain" data-testid="picture-ask">${t("pictures.ask")}</button></div></form>`;
  }

  private async request(): Promise<void> {
    const why = this.why.normalize("NFC").trim();
    if (why.length < 2) {
      this.desk.say(t("checks.why_wrong"));
      return this.querySelector<HTMLElement>(`#pictures-${this.party}`)?.focus();
    }
    await this.desk.askPictures(this.party, why);
  }

  private async show(ask: string, paper: string): Promise<void> {
    const blob = await this.desk.picture(this.party, ask, paper);
    if (!blob) return;
    this.hide();
    this.shown = { paper, url: URL.createObjectURL(blob) };
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector<HTMLElement>("figure")?.focus();
  }

  private hide(): void {
    if (this.shown) URL.revokeObjectURL(this.shown.url);
    this.shown = null;
    this.requestUpdate();
  }
}
customElements.define("jz-pictures", PicturePanel);
