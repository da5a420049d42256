// What every screen of the journey is: an element in the light DOM that redraws when the journey moves.

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { icons } from "../icons";
import { t } from "../i18n";
import type { Journey } from "./journey";

export abstract class Page extends LitElement {
  declare journey: Journey;
  private unsubscribe: (() => void) | null = null;

  override createRenderRoot(): HTMLElement { return this; }

  override connectedCallback(): void {
    super.connectedCallback();
    this.unsubscribe = this.journey.subscribe(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unsubscribe?.();
  }

  protected title_(title: string, lead?: string | TemplateResult): TemplateResult {
    return html`<h1 class="title" tabindex="-1">${title}</h1>${lead ? html`<p class="lead">${lead}</p>` : nothing}`;
  }

  /** Says what comes next, above the buttons that lead there. */
  protected actions(next: string | null, ...buttons: (TemplateResult | typeof nothing)[]): TemplateResult {
    // Without a button there is nothing to keep under the thumb.
    return html`<div class="actions ${buttons.some((button) => button !== nothing) ? "" : "actions--loose"}">
      ${next ? html`<p class="next">${icons.next()}<span>${t("next_label")}${next}</span></p>` : nothing}
      ${buttons}
    </div>`;
  }

  protected button(testid: string, label: string, onClick: () => void, look: Look = "primary"): TemplateResult {
    // Never `disabled`: the button keeps the focus and says that it is working.
    const busy = this.journey.busy;
    return html`<button type="button" class="btn btn--${look}" data-testid=${testid} aria-disabled=${busy ? "true" : "false"}
      @click=${() => { if (!this.journey.busy) onClick(); }}>
      ${busy && look === "primary" ? html`<span class="spinner" aria-hidden="true"></span>` : nothing}<span>${label}</span>
    </button>`;
  }
}

/** `even`: one of several choices of equal weight (consent, face or person, agree or not). */
export type Look = "primary" | "plain" | "even" | "text";
