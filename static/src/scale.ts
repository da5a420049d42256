// 大字版: text size and language are this phone's settings, kept here and nowhere else.

import type { Locale } from "./api";
import { setLocale } from "./i18n";

export const SCALES = ["100", "125", "150"] as const;
export type Scale = (typeof SCALES)[number];

const KEY = "jianzheng.settings";
interface Settings { scale: Scale; locale: Locale }
let settings: Settings = { scale: "100", locale: "zh-CN" };

export const scale = (): Scale => settings.scale;
/** What the server is told about a screen: same texts, another layout. */
export const layout = (): "standard" | "elder" => (settings.scale === "100" ? "standard" : "elder");

export function loadSettings(): void {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>;
    if (SCALES.includes(kept.scale as Scale)) settings.scale = kept.scale as Scale;
    if (kept.locale === "en" || kept.locale === "zh-CN") settings.locale = kept.locale;
    else if (!/^zh/i.test(navigator.language)) settings.locale = "en";
  } catch {
    // storage shut: the settings last as long as the page
  }
  apply();
}

export function changeSettings(change: Partial<Settings>): void {
  settings = { ...settings, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // as above
  }
  apply();
}

function apply(): void {
  document.documentElement.dataset["scale"] = settings.scale;
  setLocale(settings.locale);
}
