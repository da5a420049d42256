// Whether it fits: needs before any quote, the risk questionnaire, health questions, and the time to think.

import { html, nothing, type TemplateResult } from "lit";
import type { Input } from "../../api";
import { icons } from "../../icons";
import { t } from "../../i18n";
import { fits, isChoice, isWhole, label, onWire, options, range, tidy, unit } from "../inputs";
import { Page } from "../page";

export class Needs extends Page {
  private values: Record<string, string> = {};

  override render(): TemplateResult {
    const asked = this.journey.outline?.suitability.first ?? [];
    return html`
      ${this.title_(t("needs.title"), t("needs.lead"))}
      <form class="card" @submit=${(event: Event) => { event.preventDefault(); void this.send(); }}>
        ${asked.map((item) => this.ask(item.name, item))}<button class="sr-only" tabindex="-1" aria-hidden="true">${t("continue")}</button></form>
      ${this.actions(t("step.quote"), this.button("needs-go", t("continue"), () => void this.send()))}`;
  }

  private ask(name: string, input: Input): TemplateResult {
    const put = (value: string): void => { this.values[name] = value; this.requestUpdate(); };
    if (isChoice(input)) {
      return html`<fieldset class="choice"><legend>${label(name, input)}</legend><div class="choice__row">${options(input).map((option) => html`
        <label class="pill"><input type="radio" name="first-${name}" data-testid="first-${name}-${option.value}"
          .checked=${this.values[name] === option.value} @change=${() => put(option.value)}><span>${option.text}</span></label>`)}</div></fieldset>`;
    }
    return html`<div class="field"><label for="first-${name}">${label(name, input)}</label>
      <div class="field__line"><input id="first-${name}" class="input" data-testid="first-${name}" type="text" autocomplete="off"
        inputmode=${isWhole(input.type) ? "numeric" : "decimal"} .value=${this.values[name] ?? ""} aria-describedby="first-hint-${name}"
        @input=${(event: InputEvent) => put((event.target as HTMLInputElement).value)}><span class="field__unit">${unit(input.type)}</span></div>
      <p id="first-hint-${name}" class="quiet">${range(input)}</p></div>`;
  }

  private async send(): Promise<void> {
    const facts: Record<string, string | number> = {};
    for (const item of this.journey.outline?.suitability.first ?? []) {
      const value = tidy(this.values[item.name] ?? "");
      if (!fits(value, item)) {
        this.journey.say(t("quote.check", { label: label(item.name, item) }), range(item));
        this.querySelector<HTMLElement>(`#first-${item.name}`)?.focus();
        return;
      }
      facts[item.name] = onWire(value, item);
    }
    await this.journey.run(async () => { await this.journey.act("/needs", { facts }); });
  }
}
customElements.define("jz-needs", Needs);

export class Risk extends Page {
  /** Nothing is chosen beforehand (PRD-08). */
  private picked: Record<string, string> = {};
  private again = false;

  override render(): TemplateResult {
    const test = this.journey.outline?.suitability.risk;
    if (!test) return html`<h1 class="title" tabindex="-1">${t("step.suitability")}</h1>`;
    if (test.done && !test.done.fits && !this.again) {
      return html`<div class="hero hero--quiet">${icons.info()}</div>${this.title_(t("risk.too_high"), t("risk.too_high_text"))}
        ${this.actions(null, this.button("risk-again", t("risk.again"), () => { this.again = true; this.requestUpdate(); }, "plain"))}`;
    }
    if (test.done && !test.done.confirmed && !this.again) {
      return html`${this.title_(t("risk.changed"), t("risk.changed_text"))}
        ${this.actions(t("step.suitability"),
          this.button("risk-confirm", t("risk.confirm"), () => void this.journey.run(async () => { await this.journey.act("/risk/confirmations", {}); await this.journey.followNow(); })),
          this.button("risk-again", t("risk.again"), () => { this.again = true; this.requestUpdate(); }, "text"))}`;
    }
    return html`
      ${this.title_(t("risk.title"), t("risk.lead"))}
      ${test.questions.map((question) => html`<div class="card"><fieldset class="asked"><legend>${question.ask}</legend>
        ${question.choices.map((choice) => html`<label class="option"><input type="radio" name="risk-${question.id}" value=${choice.value}
          data-testid="risk-${question.id}-${choice.value}" .checked=${this.picked[question.id] === choice.value}
          @change=${() => { this.picked[question.id] = choice.value; this.requestUpdate(); }}><span>${choice.text}</span></label>`)}</fieldset></div>`)}
      ${this.actions(t("step.suitability"), this.button("risk-go", t("risk.go"), () => void this.send(test.questions.map((item) => item.id))))}`;
  }

  private async send(asked: string[]): Promise<void> {
    if (asked.some((id) => this.picked[id] === undefined)) return this.journey.say(t("risk.all"));
    await this.journey.run(async () => {
      await this.journey.act("/risk", { answers: { ...this.picked } });
      await this.journey.followNow();
      this.again = false;
      this.picked = {};
    });
  }
}
customElements.define("jz-risk", Risk);

export class Health extends Page {
  private said: Record<string, boolean> = {};

  override render(): TemplateResult {
    const health = this.journey.outline?.suitability.health;
    if (!health) return html`<h1 class="title" tabindex="-1">${t("step.health")}</h1>`;
    if (health.outcome === "decline") return html`<div class="hero hero--quiet">${icons.info()}</div>${this.title_(t("health.decline"), t("health.decline_text"))}`;
    if (health.outcome === "refer") return html`<div class="hero hero--quiet">${icons.info()}</div>${this.title_(t("health.refer"), t("health.refer_text"))}`;
    return html`
      ${this.title_(t("health.title"), t("health.lead"))}
      ${health.questions.map((question) => html`<div class="card"><fieldset class="asked"><legend>${question.ask}</legend>
        <p class="quiet">${question.effect}</p>
        ${([["yes", true], ["no", false]] as const).map(([word, value]) => html`<label class="option"><input type="radio" name="health-${question.id}" value=${word}
          data-testid="health-${question.id}-${word}" .checked=${this.said[question.id] === value}
          @change=${() => { this.said[question.id] = value; this.requestUpdate(); }}><span>${t(`health.${word}`)}</span></label>`)}</fieldset></div>`)}
      ${this.actions(t("step.sign"), this.button("health-go", t("health.go"), () => void this.send(health.version, health.questions.map((item) => item.id))))}`;
  }

  private async send(version: number, asked: string[]): Promise<void> {
    if (asked.some((id) => this.said[id] === undefined)) return this.journey.say(t("risk.all"));
    await this.journey.run(async () => {
      await this.journey.act("/health", { version, answers: { ...this.said } });
      await this.journey.followNow();
    });
  }
}
customElements.define("jz-health", Health);

export class Thinking extends Page {
  override render(): TemplateResult {
    const thinking = this.journey.outline?.suitability.thinking;
    const until = thinking ? new Date(thinking.until) : null;
    const over = until !== null && until.getTime() <= Date.now();
    return html`<div class="hero hero--quiet">${icons.info()}</div>
      ${this.title_(t("thinking.title"), t("thinking.lead"))}
      ${until ? html`<p class="card" data-testid="thinking-until">${t("thinking.until", { at: until.toLocaleString() })}</p>` : nothing}
      ${this.actions(t("step.sign"), this.button("thinking-go", over ? t("continue") : t("thinking.check"), () => void this.journey.run(async () => {
        await this.journey.act("/thinking", {});
        await this.journey.followNow();
      })))}`;
  }
}
customElements.define("jz-thinking", Thinking);
