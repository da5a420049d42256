// Questions with the customer's own numbers, suitability, and the sentences the customer makes their own.

import { html, nothing, type TemplateResult } from "lit";
import type { Disclosure, Input, Question } from "../../api";
import { icons } from "../../icons";
import { locale, t } from "../../i18n";
import { canSpeak, speak } from "../../speech";
import { fits, isChoice, isWhole, label, onWire, options, range, tidy, unit } from "../inputs";
import { Page } from "../page";
import { nextQuestion, openDisclosures } from "../place";

export class QuestionPage extends Page {
  private picked: string | null = null;
  private shown = "";

  override render(): TemplateResult {
    const { outline } = this.journey;
    const question = nextQuestion(outline);
    if (!outline || !question) return html`<h1 class="title" tabindex="-1">${t("step.read")}</h1>`;
    if (question.id !== this.shown) {
      this.shown = question.id;
      this.picked = null;
    }
    const n = outline.questions.indexOf(question) + 1;
    if (question.tries_left <= 0) return this.stopped(question);
    return html`
      <p class="kicker">${t("ask.count", { n, of: outline.questions.length })}</p>
      ${this.title_(question.ask, t("ask.lead"))}
      <fieldset class="options card"><legend class="sr-only">${question.ask}</legend>
        ${question.options.map((option) => html`<label class="option"><input type="radio" name="answer" value=${option.value}
          data-testid="option-${option.value}" .checked=${this.picked === option.value}
          @change=${() => { this.picked = option.value; this.requestUpdate(); }}><span>${option.text}</span></label>`)}</fieldset>
      ${this.actions(n === outline.questions.length ? t("read.next_step") : t("ask.next"),
        this.button("answer", t("ask.go"), () => void this.answer(question)),
        this.button("answer-reread", t("ask.reread"), () => this.journey.set({ again: question.clause }), "text"))}`;
  }

  private async answer(question: Question): Promise<void> {
    if (this.picked === null) return this.journey.say(t("ask.pick"));
    const picked = this.picked;
    await this.journey.run(async () => {
      await this.journey.act("/answers", { question: question.id, picked });
      await this.journey.followNow();
    });
    const now = this.journey.outline?.questions.find((item) => item.id === question.id);
    if (now === undefined || now.answered || this.journey.trouble !== null) return;
    // A wrong answer opens its clause again; the reader is told why on the page they land on.
    this.picked = null;
    this.journey.hint = { text: t("ask.wrong"), advice: t("ask.wrong_text", { n: now.tries_left }) };
    this.journey.changed();
  }

  private stopped(question: Question): TemplateResult {
    return html`${this.title_(t("ask.stopped"), t("ask.stopped_text"))}
      ${this.actions(null, this.button("answer-reread", t("ask.reread"), () => this.journey.set({ again: question.clause })))}`;
  }
}
customElements.define("jz-question", QuestionPage);

export class Suitability extends Page {
  private values: Record<string, string> = {};
  private statement = "";
  private get declaration(): string | null { return this.journey.outline?.suitability.declaration ?? null; }
  /** A slip of the finger must not end it: the facts can be given again, and both times are on record. */
  private correcting = false;

  override render(): TemplateResult {
    const outcome = this.journey.view?.reading?.suitability ?? null;
    const reasons = this.journey.outline?.suitability.reasons.map((reason) => reason.text) ?? [];
    if (this.correcting) return this.form(null, []);
    if (outcome === "deny") return this.end(t("fit.deny"), t("fit.deny_text"), reasons);
    if (outcome === "escalate") return this.end(t("fit.escalate"), t("fit.escalate_text"), reasons);
    return this.form(outcome, reasons);
  }

  private form(outcome: string | null, reasons: string[]): TemplateResult {
    const needs = this.journey.outline?.suitability.needs ?? [];
    return html`
      ${this.title_(t("fit.title"), t("fit.lead"))}
      ${outcome === "warn" ? html`<div class="note note--alert" role="alert" data-testid="fit-warn">${icons.alert()}<div>
        <p><strong>${t("fit.warn")}</strong></p>${reasons.map((reason) => html`<p>${reason}</p>`)}<p>${t("fit.warn_text")}</p></div></div>` : nothing}
      <form class="card" @submit=${(event: Event) => { event.preventDefault(); void this.send(); }}>
        ${needs.map((need) => this.need(need.name, need))}
        ${needs.length === 0 ? html`<p>${t("fit.none")}</p>` : nothing}
        ${outcome === "warn" && this.declaration ? html`<blockquote class="statement" data-testid="fit-declaration">${this.declaration}</blockquote>` : nothing}
        ${outcome === "warn" ? html`<div class="field"><label for="statement">${this.declaration ? t("disclose.copy_title") : t("fit.statement")}</label>
          <textarea id="statement" class="input" rows="3" maxlength="200" data-testid="fit-statement" .value=${this.statement}
            placeholder="" aria-describedby="statement-hint" @input=${(event: InputEvent) => { this.statement = (event.target as HTMLTextAreaElement).value; }}></textarea>
          <p id="statement-hint" class="quiet">${this.declaration ? t("disclose.copy_lead") : t("fit.statement_hint")}</p></div>` : nothing}
        <button class="sr-only" tabindex="-1" aria-hidden="true">${t("fit.go")}</button>
      </form>
      ${this.actions(t("fit.next"), this.button("fit-go", outcome === "warn" ? t("fit.go_anyway") : t("fit.go"), () => void this.send()))}`;
  }

  private need(name: string, input: Input): TemplateResult {
    const put = (value: string): void => { this.values[name] = value; this.requestUpdate(); };
    if (isChoice(input)) {
      return html`<fieldset class="choice"><legend>${label(name, input)}</legend><div class="choice__row">${options(input).map((option) => html`
        <label class="pill"><input type="radio" name="need-${name}" data-testid="need-${name}-${option.value}"
          .checked=${this.values[name] === option.value} @change=${() => put(option.value)}><span>${option.text}</span></label>`)}</div></fieldset>`;
    }
    return html`<div class="field"><label for="need-${name}">${label(name, input)}</label>
      <div class="field__line"><input id="need-${name}" class="input" data-testid="need-${name}" type="text" autocomplete="off"
        inputmode=${isWhole(input.type) ? "numeric" : "decimal"} .value=${this.values[name] ?? ""} aria-describedby="need-hint-${name}"
        @input=${(event: InputEvent) => put((event.target as HTMLInputElement).value)}><span class="field__unit">${unit(input.type)}</span></div>
      <p id="need-hint-${name}" class="quiet">${range(input)}</p></div>`;
  }

  private end(title: string, text: string, reasons: string[]): TemplateResult {
    return html`<div class="hero hero--quiet">${icons.info()}</div>${this.title_(title, text)}
      ${reasons.length ? html`<div class="card">${reasons.map((reason) => html`<p>${reason}</p>`)}</div>` : nothing}<p class="card">${t("fit.kept")}</p>
      ${this.actions(null, this.button("fit-correct", t("fit.correct"), () => { this.correcting = true; this.requestUpdate(); }, "plain"))}`;
  }

  private async send(): Promise<void> {
    const facts: Record<string, string | number> = {};
    for (const need of this.journey.outline?.suitability.needs ?? []) {
      const value = tidy(this.values[need.name] ?? "");
      if (!fits(value, need)) {
        this.journey.say(t("quote.check", { label: label(need.name, need) }), range(need));
        this.querySelector<HTMLElement>(`#need-${need.name}`)?.focus();
        return;
      }
      facts[need.name] = onWire(value, need);
    }
    const warned = this.journey.view?.reading?.suitability === "warn";
    const statement = this.statement.trim();
    if (warned && statement.length < 4) return this.journey.say(t("fit.statement_needed"));
    if (warned && this.declaration && compare(statement, this.declaration).matched < compare(statement, this.declaration).total) {
      return this.journey.say(t("disclose.copy_unfinished"));
    }
    await this.journey.run(async () => {
      await this.journey.act("/suitability", warned ? { facts, statement } : { facts });
      await this.journey.followNow();
      this.correcting = false;
    });
  }
}
customElements.define("jz-suitability", Suitability);

const HOLD_MS = 1_200;

export class DisclosurePage extends Page {
  private typed = "";
  private shown = "";
  /** When holding or copying began, on this page's own clock; 0: not yet. */
  private since = 0;
  private timer = 0;

  override render(): TemplateResult {
    const { outline, view } = this.journey;
    const current = view?.steps.find((step) => step.state === "current")?.name;
    const open = openDisclosures(outline, current === "sign" || current === "quote" ? current : "disclose");
    const item = open[0];
    if (!item) return html`<h1 class="title" tabindex="-1">${t("step.disclose")}</h1>`;
    if (item.id !== this.shown) {
      this.shown = item.id;
      this.typed = "";
      this.since = 0;
    }
    const copy = item.acknowledge === "transcribe";
    const next = open.length > 1 ? t("disclose.next_one") : current === "sign" ? t("disclose.next_sign") : current === "quote" ? t("step.quote") : t("disclose.next");
    return html`
      <p class="kicker">${t("disclose.left", { n: open.length })}</p>
      ${this.title_(copy ? t("disclose.copy_title") : t("disclose.title"), copy ? t("disclose.copy_lead") : t("disclose.lead"))}
      <blockquote class="statement statement--big" data-testid="disclosure-text">${item.text}</blockquote>
      ${canSpeak() ? html`<button type="button" class="btn btn--small" data-testid="disclosure-aloud" @click=${() => speak(item.text)}>
        ${icons.sound()}${t("read.aloud")}</button>` : nothing}
      ${copy ? this.copyField(item) : nothing}
      ${this.actions(next, item.acknowledge === "hold" ? this.hold(item)
        : this.button("acknowledge", copy ? t("disclose.copied") : t("disclose.known"), () => void this.acknowledge(item)))}`;
  }

  private copyField(item: Disclosure): TemplateResult {
    const { matched, total, wrongAt } = compare(this.typed, item.text);
    return html`<div class="card field"><label for="copy">${t("disclose.copy_label")}</label>
      <textarea id="copy" class="input" rows="4" data-testid="disclosure-copy" autocomplete="off" autocapitalize="off" spellcheck="false"
        .value=${this.typed} aria-describedby="copy-hint" @paste=${this.noPaste} @drop=${this.noPaste}
        @input=${(event: InputEvent) => { this.since ||= performance.now(); this.typed = (event.target as HTMLTextAreaElement).value; this.requestUpdate(); }}></textarea>
      <p id="copy-hint" class=${wrongAt === null ? "quiet" : "quiet is-wrong"} role="status">${wrongAt === null
        ? t("disclose.copy_progress", { n: matched, of: total }) : t("disclose.copy_wrong", { n: wrongAt + 1 })}</p></div>`;
  }

  /** Held for a second with finger or key. An aid that can only press once presses twice, a second apart. */
  private hold(item: Disclosure): TemplateResult {
    const begin = (event: Event): void => { event.preventDefault(); if (!this.since && !this.journey.busy) this.holdOn(item); };
    const key = (event: KeyboardEvent, act: () => void): void => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      if (!event.repeat) act();
    };
    const pressed = (event: MouseEvent): void => {
      if (event.detail !== 0 || this.timer) return;
      if (this.since && performance.now() - this.since >= HOLD_MS) return void this.acknowledge(item, true);
      this.since = performance.now();
      this.journey.say(t("disclose.hold_again"));
    };
    return html`<button type="button" class="btn btn--primary" data-testid="acknowledge-hold" aria-describedby="hold-hint"
        @pointerdown=${begin} @pointerup=${this.letGo} @pointerleave=${this.letGo} @pointercancel=${this.letGo}
        @keydown=${(event: KeyboardEvent) => key(event, () => begin(event))} @keyup=${(event: KeyboardEvent) => key(event, this.letGo)}
        @click=${pressed} @contextmenu=${(event: Event) => event.preventDefault()}><span>${t("disclose.hold")}</span></button>
      <p id="hold-hint" class="quiet" role="status">${this.timer ? t("disclose.holding") : t("disclose.hold_hint")}</p>`;
  }

  private holdOn(item: Disclosure): void {
    this.since = performance.now();
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      void this.acknowledge(item);
    }, HOLD_MS);
    this.requestUpdate();
  }

  private letGo = (): void => {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.since = 0;
    this.requestUpdate();
  };

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  private noPaste = (event: Event): void => {
    event.preventDefault();
    this.journey.say(t("disclose.no_paste"));
  };

  private async acknowledge(item: Disclosure, assisted = false): Promise<void> {
    const copy = item.acknowledge === "transcribe";
    if (copy) {
      const { matched, total, wrongAt } = compare(this.typed, item.text);
      if (wrongAt !== null || matched < total) {
        this.journey.say(t("disclose.copy_unfinished"));
        this.querySelector<HTMLElement>("#copy")?.focus();
        return;
      }
    }
    const took_ms = this.since ? Math.min(3_600_000, Math.round(performance.now() - this.since)) : undefined;
    const timed = item.acknowledge === "tap" || took_ms === undefined ? {} : { took_ms, ...(assisted ? { assisted } : {}) };
    const body = { disclosure: item.id, locale: locale(), text_sha256: item.text_sha256, ...timed };
    await this.journey.enterPage("disclosures");
    await this.journey.run(async () => {
      await this.journey.act("/acknowledgements", copy ? { ...body, typed: this.typed } : body);
      await this.journey.followNow();
    });
    this.since = 0;
  }
}
customElements.define("jz-disclosure", DisclosurePage);

/** How far a copied sentence agrees, letter by letter; only letters and digits count, as on the server (ESG-06). */
export function compare(typed: string, wanted: string): { matched: number; total: number; wrongAt: number | null } {
  const mine = letters(typed);
  const theirs = letters(wanted);
  for (let n = 0; n < mine.length; n += 1) {
    if (mine[n] !== theirs[n]) return { matched: n, total: theirs.length, wrongAt: n };
  }
  return { matched: mine.length, total: theirs.length, wrongAt: null };
}

const letters = (text: string): string[] =>
  Array.from(text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]/gu, ""));
