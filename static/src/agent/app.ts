// The desk on the screen: the list beside the case on a wide screen, one after the other on a phone.

import { LitElement, html, nothing, type TemplateResult } from "lit";
import type { CaseView, Identity } from "../api";
import { icons } from "../icons";
import { known, locale, moment, said, t, word, type Key } from "../i18n";
import { changeSettings } from "../scale";
import "./checks";
import { Desk } from "./desk";

/** The closed list of reasons a reviewer chooses from (KYC-09). */
const REASONS = {
  accept: ["seen_by_video", "seen_at_counter", "papers_agree"],
  reject: ["person_differs", "papers_differ", "fraud_suspected", "no_contact"],
} as const;

export class AgentApp extends LitElement {
  private readonly desk = new Desk();
  private where = "";
  private creating = false;
  private product = "";
  private phone = "";
  private name = "";
  private reason: Record<string, string> = {};
  private clock = 0;

  override createRenderRoot(): HTMLElement { return this; }

  begin(token: string | null): void {
    this.desk.subscribe(() => this.requestUpdate());
    // The QR code's time runs out while nobody touches anything.
    this.clock = window.setInterval(() => { if (this.desk.pairing) this.requestUpdate(); }, 1000);
    void this.desk.start(token);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.clock);
  }

  override updated(): void {
    const now = this.desk.phase !== "desk" ? this.desk.phase : this.creating ? "new" : (this.desk.open?.id ?? "list");
    document.title = this.desk.examiner ? t("agent.review_title") : t("agent.title");
    if (now === this.where) return;
    const first = this.where === "" || this.where === "starting";
    this.where = now;
    if (!first) this.querySelector<HTMLElement>("[data-focus]")?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  override render(): TemplateResult {
    const { phase, busy } = this.desk;
    return html`<a class="skip" href="#main" @click=${(event: Event) => { event.preventDefault(); this.querySelector<HTMLElement>("main")?.focus(); }}>${t("skip")}</a>
      ${this.header()}
      <main id="main" tabindex="-1" aria-busy=${busy ? "true" : "false"}>
        ${phase === "starting" ? html`<div class="waiting" role="status"><span class="spinner" aria-hidden="true"></span>${t("agent.sign_in")}</div>`
          : phase === "no_token" ? html`${this.notes()}<section class="card alone"><h1 tabindex="-1" data-focus>${t("agent.no_token")}</h1><p>${t("agent.no_token_text")}</p></section>`
          : this.board()}
      </main><p class="sr-only" role="status" aria-live="polite">${busy ? t("working") : this.desk.said ?? ""}</p>`;
  }

  private header(): TemplateResult {
    const staff = this.desk.staff;
    return html`<header class="top"><div class="top__row">
      <strong class="top__name">${this.desk.examiner ? t("agent.review_title") : t("agent.title")}</strong>
      <button type="button" class="btn btn--small" data-testid="language" @click=${() => { changeSettings({ locale: locale() === "en" ? "zh-CN" : "en" }); this.requestUpdate(); }}
        lang=${locale() === "en" ? "zh-CN" : "en"}>${locale() === "en" ? "中文" : "English"}</button>
      ${staff ? html`<button type="button" class="btn btn--small" data-testid="sign-out" @click=${() => this.desk.signOut()}>${t("agent.sign_out")}</button>` : nothing}</div>
      ${staff ? html`<p class="top__who" data-testid="staff"><strong>${staff.name}</strong><span>${staff.company ?? staff.tenant}</span>
        ${this.desk.examiner ? nothing : html`<span>${staff.certificate ? t("agent.certificate", { certificate: staff.certificate }) : t("agent.no_certificate")}</span>`}</p>` : nothing}
    </header>`;
  }

  private notes(): TemplateResult | typeof nothing {
    const { trouble, said: told } = this.desk;
    if (trouble) return html`<div class="note note--alert" role="alert" data-testid="trouble">${icons.alert()}<p>${trouble}</p></div>`;
    return told ? html`<div class="note" data-testid="said">${icons.done()}<p>${told}</p></div>` : nothing;
  }

  private board(): TemplateResult {
    const detail = this.creating || this.desk.open !== null;
    return html`<div class="board ${detail ? "has-detail" : ""}">
      <section class="board__list" aria-label=${t("agent.cases")}>${this.desk.examiner ? this.queue() : this.list()}</section>
      ${detail ? html`<section class="board__detail">
        <button type="button" class="btn btn--text back" data-testid="back" @click=${() => { this.creating = false; this.desk.select(null); }}>${icons.left()}${t("agent.back")}</button>
        ${this.notes()}${this.creating ? this.form() : this.case(this.desk.open!)}</section>` : nothing}
    </div>`;
  }

  // --- lists -----------------------------------------------------------------------------------------------------------

  private list(): TemplateResult {
    const { cases, next } = this.desk;
    return html`<div class="board__head"><h1 tabindex="-1" ?data-focus=${!this.desk.open && !this.creating}>${t("agent.cases")}</h1>
        <button type="button" class="btn btn--primary btn--auto" data-testid="new-case" @click=${() => { this.desk.select(null); this.creating = true; this.requestUpdate(); }}>${t("agent.new")}</button></div>
      ${this.desk.open || this.creating ? nothing : this.notes()}
      ${cases.length === 0 ? html`<div class="card empty">${icons.file()}<p><strong>${t("agent.none")}</strong></p><p class="quiet">${t("agent.none_text")}</p></div>`
        : html`<ul class="cases">${cases.map((item) => this.row(item))}</ul>`}
      ${next ? html`<button type="button" class="btn btn--text" data-testid="more" @click=${() => void this.desk.more()}>${t("agent.more")}</button>` : nothing}`;
  }

  private queue(): TemplateResult {
    const waiting = this.desk.waiting;
    return html`<div class="board__head"><h1 tabindex="-1" ?data-focus=${!this.desk.open}>${t("review_desk.queue")}</h1></div>
      ${this.desk.open ? nothing : this.notes()}
      ${waiting.length === 0 ? html`<div class="card empty">${icons.done()}<p><strong>${t("review_desk.none")}</strong></p><p class="quiet">${t("review_desk.none_text")}</p></div>`
        : html`<ul class="cases">${waiting.map((item) => this.row(item))}</ul>`}`;
  }

  private row(view: CaseView): TemplateResult {
    const done = view.steps.filter((step) => step.state === "done").length;
    const current = view.steps.find((step) => step.state === "current");
    const chosen = this.desk.open?.id === view.id;
    return html`<li><button type="button" class="case ${chosen ? "is-open" : ""}" aria-current=${chosen ? "true" : "false"} data-testid="case" data-case=${view.id}
      @click=${() => { this.creating = false; this.desk.select(view); }}>
      <span class="case__top"><strong>${said(view.product.names)}</strong><span class="state state--${view.state}">${t(`agent.state_${view.state}`)}</span></span>
      <span class="case__bar" aria-hidden="true">${view.steps.map((step) => html`<i class="is-${step.state}"></i>`)}</span>
      <span class="case__foot"><span>${current && view.state === "open" ? word("step", current.name) : t("agent.steps_of", { n: done, of: view.steps.length })}</span>
        <span>${moment(view.opened_at)} · <span class="mono">${view.id.slice(-6)}</span></span></span>
      ${this.desk.examiner ? html`<span class="case__why">${this.desk.reasons(view).map((reason) => html`<span class="tag">${t(`queue.${reason}`)}</span>`)}</span>` : nothing}
    </button></li>`;
  }

  // --- a new case ------------------------------------------------------------------------------------------------------

  private form(): TemplateResult {
    return html`<form class="card" novalidate @submit=${(event: Event) => { event.preventDefault(); void this.create(); }}>
      <h1 tabindex="-1" data-focus>${t("agent.open_title")}</h1><p class="lead">${t("agent.open_lead")}</p>
      <fieldset class="choice"><legend>${t("agent.product")}</legend>${this.desk.products.map((product) => html`<label class="option">
        <input type="radio" name="product" data-testid="product-${product.id}" value=${product.id} .checked=${this.product === product.id}
          @change=${() => { this.product = product.id; }}><span>${said(product.names)}<br><small>${said(product.provider.name)}</small></span></label>`)}</fieldset>
      <div class="field"><label for="phone">${t("agent.phone")}</label><input id="phone" class="input" data-testid="phone" type="tel" inputmode="numeric" autocomplete="off"
        aria-describedby="phone-hint" .value=${this.phone} @input=${(event: InputEvent) => { this.phone = (event.target as HTMLInputElement).value; }}>
        <p id="phone-hint" class="quiet">${t("agent.phone_hint")}</p></div>
      <div class="field"><label for="name">${t("agent.name")}</label><input id="name" class="input" data-testid="name" type="text" autocomplete="off" maxlength="60"
        .value=${this.name} @input=${(event: InputEvent) => { this.name = (event.target as HTMLInputElement).value; }}></div>
      <div class="buttons"><button type="submit" class="btn btn--primary" data-testid="open-case">${t("agent.open")}</button>
        <button type="button" class="btn btn--plain" data-testid="cancel" @click=${() => { this.creating = false; this.requestUpdate(); }}>${t("agent.cancel")}</button></div>
    </form>`;
  }

  private async create(): Promise<void> {
    const phone = this.phone.normalize("NFKC").replace(/[\s-]/g, "").replace(/^\+?86(?=1\d{10}$)/, "");
    if (!this.product) return this.desk.say(t("agent.product_wrong"));
    if (!/^1[3-9]\d{9}$/.test(phone)) {
      this.desk.say(t("agent.phone_wrong"));
      return this.querySelector<HTMLElement>("#phone")?.focus();
    }
    const name = this.name.normalize("NFC").trim();
    if (!(await this.desk.openCase({ product: this.product, phone, ...(name ? { name } : {}) }))) return;
    Object.assign(this, { creating: false, product: "", phone: "", name: "" });
    this.requestUpdate();
  }

  // --- one case --------------------------------------------------------------------------------------------------------

  private case(view: CaseView): TemplateResult {
    return html`
      <div class="card"><h1 tabindex="-1" data-focus>${said(view.product.names)}</h1>
        <p><span class="state state--${view.state}" data-testid="case-state">${t(`agent.state_${view.state}`)}</span>
          ${view.input_origin === "synthetic" ? html`<span class="tag">${t("agent.synthetic")}</span>` : nothing}
          ${view.mode === "sandbox" ? html`<span class="tag">${t("sandbox")}</span>` : nothing}</p>
        <dl class="rows"><div class="row"><dt>${t("agent.serial")}</dt><dd class="mono" data-testid="serial">${view.id}</dd></div>
          <div class="row"><dt>${t("agent.opened", { when: "" })}</dt><dd>${moment(view.opened_at)}</dd></div></dl></div>
      ${this.desk.examiner ? nothing : this.links(view)}
      ${this.progress(view)}
      ${this.desk.examiner ? this.identities(view) : this.papers(view)}`;
  }

  private links(view: CaseView): TemplateResult {
    return html`${Object.entries(view.parties).map(([party, person]) => {
      const link = person.link;
      const state = !link ? "none" : link.opened ? "opened" : link.channel === "pairing" ? "shown" : "waiting";
      const sent = link?.channel === "sms";
      return html`<section class="card" aria-label=${word("party", party)}><h2 class="card__title">${word("party", party)}</h2>
        <p class="linkstate linkstate--${state}">${state === "opened" ? icons.done() : state !== "none" ? icons.clock() : icons.info()}<span data-testid="link-state">${t(`agent.link_${state}`)}</span></p>
        ${view.state === "open" ? html`<div class="buttons"><button type="button" class="btn ${sent ? "btn--plain" : "btn--primary"}" data-testid="send-link" @click=${() => void this.desk.sendLink(party)}>${sent ? t("agent.send_again") : t("agent.send_link")}</button>
          <button type="button" class="btn btn--plain" data-testid="pair" @click=${() => void this.desk.pair(party)}>${t("agent.pair")}</button></div>` : nothing}
        ${this.qr(party)}
        <p class="quiet">${t("agent.cannot")}</p></section>`;
    })}`;
  }

  private qr(party: string): TemplateResult | typeof nothing {
    const pairing = this.desk.pairing;
    // Once the customer is in, the code has done its work.
    if (!pairing || this.desk.open?.state !== "open" || this.desk.open.parties[party]?.link?.opened) return nothing;
    const over = Date.parse(pairing.expires_at) <= Date.now();
    const until = new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(new Date(pairing.expires_at));
    return html`<div class="qr" data-testid="qr"><h3>${t("agent.pair_title")}</h3>
      ${over ? html`<p role="status">${t("agent.pair_over")}</p><button type="button" class="btn btn--small" data-testid="pair-again" @click=${() => void this.desk.pair(party)}>${t("agent.pair_again")}</button>`
        : html`<img src=${picture(pairing.qr_svg)} alt=${t("agent.pair_alt")}><p><strong>${t("agent.pair_until", { time: until })}</strong></p>`}
      <p class="quiet">${t("agent.pair_text")}</p></div>`;
  }

  private progress(view: CaseView): TemplateResult {
    return html`<section class="card" aria-label=${t("agent.progress")}><div class="card__head"><h2 class="card__title">${t("agent.progress")}</h2>
      ${view.state === "open" ? html`<span class="livemark livemark--${this.desk.link}" data-testid="live">${t(`agent.${this.desk.link}` as Key)}</span>` : nothing}</div>
      <ol class="line" data-testid="steps">${view.steps.map((step) => html`<li class="is-${step.state}" data-step=${step.name} data-state=${step.state}>
        <span class="line__mark" aria-hidden="true">${step.state === "done" ? icons.check() : nothing}</span><span>${word("step", step.name)}</span><span class="quiet">${t(`agent.step_${step.state}`)}</span></li>`)}</ol></section>`;
  }

  private papers(view: CaseView): TemplateResult {
    return html`<section class="card" aria-label=${t("agent.papers")}><h2 class="card__title">${t("agent.papers")}</h2>
      ${view.documents.length === 0 ? html`<p class="quiet">${t("agent.no_papers")}</p>` : html`<ul class="papers">${view.documents.map((paper) => html`<li>${icons.file()}
        <span>${word("document", paper.kind)}</span><span class="quiet">${paper.signed_at ? t("agent.paper_signed", { when: moment(paper.signed_at) }) : t("agent.paper_open")}</span></li>`)}</ul>`}</section>`;
  }

  // --- reviews ---------------------------------------------------------------------------------------------------------

  private identities(view: CaseView): TemplateResult {
    return html`${Object.entries(view.identities ?? {}).map(([party, identity]) => html`${this.identity(party, identity)}
        ${Object.keys(identity.papers).length ? html`<jz-pictures .desk=${this.desk} .party=${party} .identity=${identity} .language=${locale()}></jz-pictures>` : nothing}`)}
      ${this.desk.checksOf(view.id).map((check) => html`<jz-check .desk=${this.desk} .check=${check} .language=${locale()}></jz-check>`)}`;
  }

  private identity(party: string, identity: Identity): TemplateResult {
    const verdict = (text: string): TemplateResult => html`<span class="verdict verdict--${text}">${word("verdict", text)}</span>`;
    return html`<section class="card" aria-label=${word("party", party)}><h2 class="card__title">${word("party", party)}</h2>
      <dl class="rows">${identity.doubts?.length ? html`<div class="row"><dt>${t("review_desk.why")}</dt><dd>${identity.doubts.map((code) => html`<p>${doubt(code)}</p>`)}</dd></div>` : nothing}
        ${identity.reviewed ? html`<div class="row"><dt>${t("review_desk.decision")}</dt><dd data-testid="reviewed">${word("review_reason", identity.reviewed.reason)}<br><small>${identity.reviewed.by} · ${moment(identity.reviewed.at)}</small></dd></div>` : nothing}
        <div class="row"><dt>${t("review_desk.route")}</dt><dd>${identity.route ? t(`review_desk.route_${identity.route}`) : t("none")}</dd></div>
        <div class="row"><dt>${t("review_desk.papers")}</dt><dd>${Object.entries(identity.papers).map(([name, paper]) => html`<p>${word("paper_name", name)} ${verdict(paper.verdict ?? "not_run")}
          ${paper.reasons.map((reason) => html`<br><small>${word("reason", reason)}</small>`)}</p>`)}</dd></div>
        <div class="row"><dt>${t("review_desk.comparisons")}</dt><dd>${Object.entries(identity.comparisons).map(([pair, text]) => html`<p>${word("pair", pair)} ${verdict(text)}</p>`)}
          ${Object.keys(identity.comparisons).length ? nothing : t("none")}</dd></div>
        <div class="row"><dt>${t("review_desk.attempts")}</dt><dd>${identity.attempts.map((attempt) => html`<p>${moment(attempt.at)} ${verdict(attempt.verdict)}
          ${attempt.reasons.map((reason) => html`<br><small>${word("reason", reason)}</small>`)}</p>`)}${identity.attempts.length ? nothing : t("none")}</dd></div></dl>
      ${this.desk.reviewer && identity.review === "requested" ? html`${this.desk.checksOf(this.desk.open!.id).length ? html`<div class="note">${icons.info()}<p>${t("checks.first")}</p></div>` : nothing}${this.decide(party)}` : nothing}</section>`;
  }

  private decide(party: string): TemplateResult {
    const all = [...REASONS.accept, ...REASONS.reject];
    return html`<div class="field"><label for="reason-${party}">${t("review_desk.reason")}</label>
        <select id="reason-${party}" class="input" data-testid="review-reason" @change=${(event: Event) => { this.reason[party] = (event.target as HTMLSelectElement).value; this.requestUpdate(); }}>
          <option value="" ?selected=${!this.reason[party]}></option>${all.map((reason) => html`<option value=${reason} ?selected=${this.reason[party] === reason}>${word("review_reason", reason)}</option>`)}</select></div>
      <div class="buttons"><button type="button" class="btn btn--even" data-testid="review-accept" @click=${() => void this.judge(party, "accept")}>${t("review_desk.accept")}</button>
        <button type="button" class="btn btn--even" data-testid="review-reject" @click=${() => void this.judge(party, "reject")}>${t("review_desk.reject")}</button></div>`;
  }

  private async judge(party: string, decision: "accept" | "reject"): Promise<void> {
    const reason = this.reason[party];
    const fits = reason && (REASONS[decision] as readonly string[]).includes(reason);
    if (!fits) {
      this.desk.say(t("review_desk.reason_wrong"));
      return this.querySelector<HTMLElement>(`#reason-${party}`)?.focus();
    }
    if (await this.desk.review(party, decision, reason)) delete this.reason[party];
  }
}
customElements.define("jz-agent", AgentApp);

/** Why somebody has to look, in words for staff; a customer is told less. */
const doubt = (code: string): string => (known(`doubt.${code}`) ? word("doubt", code) : word("reason", code));

/** An inline SVG as an image: it needs its namespace, and as an image it can run nothing. */
function picture(svg: string): string {
  const named = /\sxmlns=/.test(svg) ? svg : svg.replace(/^\s*<svg/, '<svg xmlns="http://www.w3.org/2000/svg"');
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(named)}`;
}
