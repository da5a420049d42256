// One catalogue, two languages. `zh` defines the keys; the type of `en` makes a missing one a compile error.

import type { Locale, Text } from "../api";
import { en } from "./en";
import { zh } from "./zh";

export type Key = keyof typeof zh;
export type Catalogue = Record<Key, string>;
type Values = Record<string, string | number>;

const catalogues: Record<Locale, Catalogue> = { "zh-CN": zh, en };
let current: Locale = "zh-CN";

export const locale = (): Locale => current;

export function setLocale(next: Locale): void {
  current = next;
  document.documentElement.lang = next;
}

export function t(key: Key, values: Values = {}): string {
  return catalogues[current][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** For keys made from a code of the server: the code itself where the catalogue has no word for it. */
export function word(prefix: string, code: string): string {
  const key = `${prefix}.${code}`;
  return key in zh ? t(key as Key) : code.replace(/_/g, " ").toLowerCase();
}

export const known = (key: string): boolean => key in zh;

/** A text of the server in the chosen language, else in Chinese, else in whatever there is. */
export function said(text: Text | string | null | undefined): string {
  if (!text) return "";
  if (typeof text === "string") return text;
  return text[current] ?? text["zh-CN"] ?? Object.values(text)[0] ?? "";
}

export function day(instant: string): string {
  return new Intl.DateTimeFormat(current, { year: "numeric", month: "long", day: "numeric" }).format(new Date(instant));
}

export function moment(instant: string): string {
  return new Intl.DateTimeFormat(current, {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false,
  }).format(new Date(instant));
}
