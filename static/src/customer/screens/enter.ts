// The door: a link from a message, a code to the customer's own phone. Also the words for when there is no way in.

import { html, nothing, type TemplateResult } from "lit";
import { icons } from "../../icons";
import { t } from "../../i18n";
import { Page } from "../page";
import { scaleChoice } from "../service";

export class Enter extends Page {
  private code = "";
  private waited = 0;
  private timer = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  override render(): TemplateResult {
    const { phase, sent, resumed } = this.journey;
    if (phase === "unsupported") return this.message(t("enter.unsupported"), t("enter.unsupported_text"));
    if (phase === "no_link") return this.message(t("enter.no_link"), t("enter.no_link_text"));
    return sent || this.asked ? this.codeForm() : this.welcome(resumed);
  }

  private asked = false;

  private message(title: string, text: string): TemplateResult {
    return html`<div class="hero hero--quiet">${icons.info()}</div>${this.title_(title, text)}`;
  }

  private welcome(resumed: boolean): TemplateResult {
    return html`
      <div class="hero">${icons.shield()}</div>
      ${this.title_(resumed ? t("enter.resume") : t("enter.title"), resumed ? t("enter.resume_text") : t("enter.lead"))}
      ${resumed ? nothing : html`<div class="card">${scaleChoice(() => this.journey.changed(), "first-scale")}</div>`}
      <div class="card card--plain"><ul class="ticks">
        <li>${icons.check()}${t("enter.point_code")}</li>
        <li>${icons.check()}${t("enter.point_pace")}</li>
        <li>${icons.check()}${t("enter.point_stop")}</li></ul></div>
      ${this.actions(t("enter.next"), this.button("send-code", t("enter.send"), () => void this.send()))}`;
  }

  private async send(): Promise<void> {
    await this.journey.requestCode();
    // A code sent a moment ago is still good: after a reload the person may simply type it.
    const { sent, trouble } = this.journey;
    this.asked = sent !== null || this.journey.lastCode === "CODE_TOO_SOON";
    if (!this.asked) return;
    if (trouble && sent === null) this.journey.changed();
    this.wait();
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector<HTMLInputElement>("#code")?.focus();
  }

  private wait(): void {
    clearInterval(this.timer);
    this.waited = 30;
    this.timer = window.setInterval(() => {
      this.waited -= 1;
      if (this.waited <= 0) clearInterval(this.timer);
      this.requestUpdate();
    }, 1000);
  }

  private codeForm(): TemplateResult {
    const sent = this.journey.sent;
    return html`
      ${this.title_(t("code.title"), sent ? t("code.sent", { to: sent.to }) : t("code.sent_before"))}
      ${sent ? html`<dl class="rows card">
        <div class="row"><dt>${t("who.agent")}</dt><dd>${sent.opener.name}</dd></div>
        <div class="row"><dt>${t("who.company")}</dt><dd>${sent.opener.company}</dd></div>
        <div class="row"><dt>${t("who.certificate")}</dt><dd class="mono">${sent.opener.certificate}</dd></div></dl>` : nothing}
      <form class="card" @submit=${this.submit}>
        <label class="field" for="code"><span>${t("code.label")}</span>
          <input id="code" class="input input--code" data-testid="code" type="text" inputmode="numeric" autocomplete="one-time-code"
            maxlength="12" .value=${this.code} aria-describedby="code-hint"
            @input=${(event: InputEvent) => this.typed((event.target as HTMLInputElement).value)}></label>
        <p id="code-hint" class="quiet">${t("code.hint")}</p>
        <button class="sr-only" tabindex="-1" aria-hidden="true">${t("code.go")}</button>
      </form>
      ${this.actions(t("code.next"),
        this.button("enter", t("code.go"), () => void this.enter()),
        this.waited > 0 ? html`<p class="quiet center">${t("code.wait", { n: this.waited })}</p>`
          : this.button("resend", t("code.resend"), () => void this.send(), "text"))}`;
  }

  private typed(value: string): void {
    // A pasted message may carry spaces or full-width digits; only the digits matter.
    this.code = value.normalize("NFKC").replace(/\D/g, "").slice(0, 6);
    this.requestUpdate();
  }

  private submit = (event: Event): void => { event.preventDefault(); void this.enter(); };

  private async enter(): Promise<void> {
    if (this.code.length !== 6) {
      this.journey.say(t("code.six"));
      this.querySelector<HTMLInputElement>("#code")?.focus();
      return;
    }
    if (await this.journey.enter(this.code)) return;
    this.code = "";
    this.requestUpdate();
    this.querySelector<HTMLInputElement>("#code")?.focus();
  }
}
customElements.define("jz-enter", Enter);
