// The customer's own numbers: a few inputs, then what the product's formulas make of them.

import { html, nothing, type TemplateResult } from "lit";
import type { Input } from "../../api";
import { said, t, word } from "../../i18n";
import { fits, grouped, isChoice, isWhole, label, onWire, options, range, spoken, tidy, unit } from "../inputs";
import { Page } from "../page";

export class QuotePage extends Page {
  private values: Record<string, string> = {};
  private wrong: string | null = null;
  private changing = false;
  private answered = false;

  override connectedCallback(): void {
    super.connectedCallback();
    const known = this.journey.quote?.inputs ?? {};
    for (const [name, input] of Object.entries(this.journey.product?.inputs ?? {})) {
      const value = String(known[name] ?? input.default ?? "");
      this.values[name] = input.type === "money" ? grouped(value.replace(/\.0+$/, "")) : value;
    }
  }

  override render(): TemplateResult {
    const asking = this.changing || (this.journey.local.requote && !this.answered);
    return this.journey.view?.reading?.quoted && !asking && this.journey.quote ? this.result() : this.form();
  }

  private form(): TemplateResult {
    const inputs = Object.entries(this.journey.product?.inputs ?? {});
    return html`
      ${this.title_(t("quote.title"), t("quote.lead"))}
      <form class="card" @submit=${(event: Event) => { event.preventDefault(); void this.send(); }}>
        ${inputs.map(([name, input]) => this.field(name, input))}
        <button class="sr-only" tabindex="-1" aria-hidden="true">${t("quote.go")}</button>
      </form>
      ${this.actions(t("quote.next"), this.button("quote-go", t("quote.go"), () => void this.send()))}`;
  }

  private field(name: string, input: Input): TemplateResult {
    if (isChoice(input)) {
      return html`<fieldset class="choice"><legend>${label(name, input)}</legend><div class="choice__row">${options(input).map((option) => html`
        <label class="pill"><input type="radio" name=${name} data-testid="quote-${name}-${option.value}" .checked=${this.values[name] === option.value}
          @change=${() => this.put(name, option.value)}><span>${option.text}</span></label>`)}</div></fieldset>`;
    }
    const bad = this.wrong === name;
    return html`<div class="field"><label for="in-${name}">${label(name, input)}</label>
      <div class="field__line"><input id="in-${name}" class="input" data-testid="quote-${name}" type="text"
        inputmode=${isWhole(input.type) ? "numeric" : "decimal"} autocomplete="off" .value=${this.values[name] ?? ""}
        aria-describedby="hint-${name}" aria-invalid=${bad ? "true" : "false"}
        @input=${(event: InputEvent) => this.put(name, (event.target as HTMLInputElement).value)}
        @change=${() => { if (input.type === "money") this.put(name, grouped(tidy(this.values[name] ?? ""))); }}>
        <span class="field__unit">${unit(input.type)}</span></div>
      <p id="hint-${name}" class=${bad ? "quiet is-wrong" : "quiet"}>${bad ? t("quote.out_of_range") : nothing} ${range(input)}</p></div>`;
  }

  private put(name: string, value: string): void {
    this.values[name] = value;
    if (this.wrong === name) this.wrong = null;
    this.requestUpdate();
  }

  private async send(): Promise<void> {
    const inputs: Record<string, string | number> = {};
    for (const [name, input] of Object.entries(this.journey.product?.inputs ?? {})) {
      const value = tidy(this.values[name] ?? "");
      if (!fits(value, input)) {
        this.wrong = name;
        this.requestUpdate();
        this.journey.say(t("quote.check", { label: label(name, input) }), range(input));
        this.querySelector<HTMLElement>(`#in-${name}`)?.focus();
        return;
      }
      inputs[name] = onWire(value, input);
    }
    if (await this.journey.run(async () => { await this.journey.act("/quotes", { inputs }); })) {
      this.changing = false;
      this.answered = true;
      this.requestUpdate();
      await this.updateComplete;
      this.querySelector<HTMLElement>("h1")?.focus();
    }
  }

  private result(): TemplateResult {
    const { inputs, outputs } = this.journey.quote!;
    const [first, ...rest] = Object.entries(outputs); // in the product's own order: its author says what matters most
    const product = this.journey.product?.inputs ?? {};
    return html`
      ${this.title_(t("quote.result"), t("quote.result_lead"))}
      ${first ? html`<div class="figure card"><p>${said(first[1].label) || word("output", first[0])}</p>
        <p class="figure__value" data-testid="quote-main">${said(first[1].text)}</p></div>` : nothing}
      <dl class="rows card">${rest.map(([name, output]) => html`<div class="row"><dt>${said(output.label) || word("output", name)}</dt>
        <dd class="num">${said(output.text)}</dd></div>`)}</dl>
      <p class="quiet">${t("quote.based_on")}${Object.entries(inputs).map(([name, value]) =>
        `${label(name, product[name])} ${spoken(product[name], value)}`).join(t("comma"))}</p>
      ${this.actions(t("quote.result_next"),
        this.button("quote-continue", t("continue"), () => this.journey.set({ quoteSeen: true, requote: false })),
        this.button("quote-change", t("quote.change"), () => { this.changing = true; this.requestUpdate(); }, "text"))}`;
  }
}
customElements.define("jz-quote", QuotePage);
