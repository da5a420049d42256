// A half-sheet: a dialog that slides up, holds the focus and gives it back. Own element, because <dialog> is missing on
// iOS 14 and 15.0–15.3.

import { LitElement, html, nothing, type TemplateResult } from "lit";
import { t } from "./i18n";

export type Content = () => TemplateResult;

export class Sheet extends LitElement {
  private content: { title: string; body: Content } | null = null;
  private opener: HTMLElement | null = null;

  override createRenderRoot(): HTMLElement { return this; }

  open(title: string, body: Content): void {
    // A sheet opened from a sheet gives the focus back to where the first one came from.
    if (this.content === null) this.opener = document.activeElement as HTMLElement | null;
    this.content = { title, body };
    this.background(true);
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>("[data-first]")?.focus());
  }

  close = (): void => {
    if (this.content === null) return;
    this.content = null;
    this.background(false);
    this.requestUpdate();
    void this.updateComplete.then(() => this.opener?.focus());
  };

  private background(hidden: boolean): void {
    for (const element of Array.from(this.parentElement?.children ?? [])) {
      if (element === this) continue;
      if (hidden) element.setAttribute("aria-hidden", "true");
      else element.removeAttribute("aria-hidden");
    }
    document.documentElement.classList.toggle("is-sheet-open", hidden);
  }

  private onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") this.close();
    if (event.key !== "Tab") return;
    const all = Array.from(this.querySelectorAll<HTMLElement>("button, a[href], input, select, textarea, [data-first]"));
    const first = all[0];
    const last = all[all.length - 1];
    const active = document.activeElement;
    if (event.shiftKey && active === first) last?.focus();
    else if (!event.shiftKey && active === last) first?.focus();
    else return;
    event.preventDefault();
  };

  override render(): TemplateResult | typeof nothing {
    if (this.content === null) return nothing;
    return html`
      <div class="sheet__mask" @click=${this.close}></div>
      <div class="sheet" role="dialog" aria-modal="true" aria-labelledby="sheet-title" @keydown=${this.onKey}>
        <div class="sheet__head">
          <h2 id="sheet-title" tabindex="-1" data-first>${this.content.title}</h2>
          <button class="sheet__close" type="button" data-testid="sheet-close" @click=${this.close}>${t("close")}</button>
        </div>
        <div class="sheet__body" tabindex="0" role="group" aria-labelledby="sheet-title">${this.content.body()}</div>
      </div>`;
  }
}
customElements.define("jz-sheet", Sheet);

/** The page's one sheet. */
export const sheet = (): Sheet => document.querySelector<Sheet>("jz-sheet")!;
