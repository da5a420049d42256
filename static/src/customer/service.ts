// What is one tap away on every page: help, privacy, complaint, who is who, text size and language (STA-02, STA-04).

import { html, nothing, type TemplateResult } from "lit";
import type { Notice } from "../api";
import { icons } from "../icons";
import { locale, said, t, word, type Key } from "../i18n";
import { SCALES, changeSettings, scale, type Scale } from "../scale";
import { sheet } from "../sheet";
import type { Journey } from "./journey";

const row = (label: string, value: string | TemplateResult): TemplateResult =>
  html`<div class="row"><dt>${label}</dt><dd>${value}</dd></div>`;

export function whoIsWho(journey: Journey): TemplateResult {
  const { view, product, opener } = journey;
  return html`<dl class="rows">
    ${view ? row(t("who.product"), said(view.product.names)) : nothing}
    ${view ? row(t("who.kind"), view.product.kind.startsWith("insurance") ? t("kind.insurance_sentence") : t("kind.bank_sentence")) : nothing}
    ${product ? row(t("who.provider_label"), said(product.provider.name)) : nothing}
    ${product?.provider.filing_no ? row(t("who.filing"), product.provider.filing_no) : nothing}
    ${product?.provider.intermediary ? row(t("who.intermediary"), said(product.provider.intermediary)) : nothing}
    ${opener ? row(t("who.agent"), opener.name) : nothing}
    ${opener ? row(t("who.company"), opener.company) : nothing}
    ${opener?.certificate ? row(t("who.certificate"), html`<span class="mono">${opener.certificate}</span>`) : nothing}
    ${view ? row(t("who.serial"), html`<span class="mono">${view.id}</span>`) : nothing}
  </dl>`;
}

export function help(journey: Journey): TemplateResult {
  const phone = journey.product?.provider.phone;
  const topics = ["stuck", "time", "signal", "camera", "sign", "family"] as const;
  return html`
    ${topics.map((topic) => html`<details class="fold"><summary>${t(`help.${topic}` as Key)}</summary>
      <p>${t(`help.${topic}_text` as Key)}</p></details>`)}
    ${phone ? html`<p class="call">${icons.phone()}<a href="tel:${phone}">${t("help.call", { phone })}</a></p>` : nothing}
    ${journey.opener ? html`<p>${t("help.agent", { name: journey.opener.name, company: journey.opener.company })}</p>` : nothing}
    <p>${t("help.never")}</p>`;
}

export function complaint(journey: Journey): TemplateResult {
  const phone = journey.product?.provider.phone;
  return html`<p>${t("complaint.text")}</p>
    ${phone ? html`<p class="call">${icons.phone()}<a href="tel:${phone}">${t("complaint.insurer", { phone })}</a></p>` : nothing}
    <p class="call">${icons.phone()}<a href="tel:12378">${t("complaint.regulator")}</a></p>
    ${journey.view ? html`<p>${t("complaint.serial")}<br><span class="mono">${journey.view.id}</span></p>` : nothing}`;
}

export function privacy(journey: Journey, notice: Notice): TemplateResult {
  const consents = Object.entries(journey.view?.consents ?? {}).filter(([, consent]) => consent.decision === "given");
  return html`${noticeTable(notice)}
    <h3>${t("privacy.rights")}</h3><p>${t("privacy.rights_text")}</p>
    ${consents.length ? html`<h3>${t("privacy.given")}</h3>
      ${consents.map(([scope]) => html`<div class="withdraw"><span>${word("scope", scope)}</span>
        <button type="button" class="btn btn--small" data-testid="withdraw-${scope}"
          @click=${() => void withdraw(journey, scope)}>${t("privacy.withdraw")}</button></div>`)}
      <p class="quiet">${t("privacy.withdraw_text")}</p>` : nothing}`;
}

async function withdraw(journey: Journey, scope: string): Promise<void> {
  sheet().close();
  await journey.run(() => journey.consent(scope, "withdrawn"));
  if (scope === "face") journey.set({ faceWanted: false });
}

export function noticeTable(notice: Notice): TemplateResult {
  const text = notice.texts[locale()] ?? notice.texts["zh-CN"];
  if (!text) return html``;
  return html`<dl class="rows rows--notice">${text.items.map((item) => row(item.label, item.text))}</dl>`;
}

export function settings(journey: Journey): TemplateResult {
  const refresh = (): void => { journey.changed(); sheet().requestUpdate(); };
  return html`${scaleChoice(refresh)}
    <fieldset class="choice"><legend>${t("settings.language")}</legend>
      <div class="choice__row">${(["zh-CN", "en"] as const).map((item) => html`<label class="pill">
        <input type="radio" name="language" data-testid="language-${item}" .checked=${locale() === item}
          @change=${() => { changeSettings({ locale: item }); void journey.relocate().then(refresh); refresh(); }}>
        <span lang=${item}>${item === "en" ? "English" : "中文"}</span></label>`)}</div>
    </fieldset>
    <p class="quiet">${t("settings.same")}</p>`;
}

export function scaleChoice(changed: () => void, group = "scale"): TemplateResult {
  return html`<fieldset class="choice"><legend>${t("settings.scale")}</legend>
    <div class="choice__row">${SCALES.map((item) => html`<label class="pill pill--${item}">
      <input type="radio" name=${group} data-testid="${group}-${item}" .checked=${scale() === item}
        @change=${() => { changeSettings({ scale: item as Scale }); changed(); }}>
      <span>${t(`settings.scale_${item}` as Key)}</span></label>`)}</div>
  </fieldset>`;
}
