// The typed, bounded inputs of a product and of its suitability questions: how they are asked, and a first look at them.

import type { Input } from "../api";
import { said, t, word } from "../i18n";

/** Integers on the wire; every other number travels as a decimal string. */
const WHOLE = new Set(["age", "years", "months", "days", "hours", "minutes", "count", "integer"]);

export const isWhole = (type: string): boolean => WHOLE.has(type);
export const isChoice = (input: Input): boolean => options(input).length > 0;

export function options(input: Input): { value: string; text: string }[] {
  return (input.choices ?? []).map((choice) => typeof choice === "object"
    ? { value: String(choice.value), text: counted(said(choice.label), input) || word("option", String(choice.value)) }
    : { value: String(choice), text: isWhole(input.type)
        ? t("quote.amount", { value: choice, unit: unit(input.type) }).trim() : word("option", String(choice)) });
}

/** A bare number among the choices is said with its unit. */
const counted = (text: string, input: Input): string =>
  /^\d+$/.test(text) ? t("quote.amount", { value: text, unit: unit(input.type) }).trim() : text;

export const unit = (type: string): string => word("unit", type);

export const label = (name: string, input: { label?: Input["label"] } | undefined): string =>
  said(input?.label) || word("input", name);

export const tidy = (value: string): string => value.normalize("NFKC").replace(/[\s,]/g, "");

export const onWire = (value: string, input: Input): string | number => (isWhole(input.type) ? Number(value) : value);

/** A first look only, to spare a round trip: the product's own rules on the server decide. */
export function fits(value: string, input: Input): boolean {
  if (isChoice(input)) return options(input).some((option) => option.value === value);
  if (!(isWhole(input.type) ? /^\d{1,9}$/ : /^\d{1,15}(\.\d{1,4})?$/).test(value)) return false;
  const number = Number(value);
  return (input.min == null || number >= Number(input.min)) && (input.max == null || number <= Number(input.max));
}

export const grouped = (value: string | number): string =>
  String(value).replace(/^\d+/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ","));

export function range(input: Input): string {
  const { min, max, step } = input;
  if (min == null || max == null) return "";
  const text = t("quote.range", { min: grouped(min), max: grouped(max), unit: unit(input.type) });
  return step == null || String(step) === "1" ? text
    : `${text}${t("quote.step", { step: grouped(step), unit: unit(input.type) })}`;
}

/** A value the customer gave, as it is said back. */
export function spoken(input: Input | undefined, value: string | number): string {
  const option = input && options(input).find((item) => item.value === String(value));
  if (option) return option.text;
  return input ? t("quote.amount", { value: grouped(value), unit: unit(input.type) }).trim() : grouped(value);
}
