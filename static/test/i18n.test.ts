// STA-05: zh-CN and en come from one catalogue with no missing key.
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { en } from "../src/i18n/en";
import { zh } from "../src/i18n/zh";

const root = resolve(import.meta.dirname, "..");
const sources = (readdirSync(join(root, "src"), { recursive: true }) as string[])
  .filter((name) => name.endsWith(".ts") && !name.startsWith("verifier") && !name.startsWith("i18n"))
  .map((name) => ({ name, text: readFileSync(join(root, "src", name), "utf8") }));
const holes = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

test("both languages have the same keys, none of them empty by accident", () => {
  expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  const empty = Object.entries(zh).filter(([key, text]) => text === "" && !key.startsWith("unit."));
  expect(empty).toEqual([]);
  expect(Object.entries(en).filter(([key, text]) => text === "" && zh[key as keyof typeof zh] !== "")).toEqual([]);
});

test("a sentence says the same things in both languages", () => {
  for (const [key, text] of Object.entries(zh)) expect(holes(en[key as keyof typeof zh]), key).toEqual(holes(text));
});

test("every key that the pages name exists", () => {
  for (const { name, text } of sources) {
    for (const match of text.matchAll(/\bt\("([\w.]+)"/g)) expect(zh, `${name}: ${match[1]}`).toHaveProperty([match[1]!]);
  }
});

test("no sentence for a person hides in the code", () => {
  for (const { name, text } of sources) {
    const code = text.replace(/^\s*(\/\/|\/?\*).*$/gm, "").replace(/\s\/\/ .*$/gm, "");
    const found = code.match(/[\u4e00-\u9fff]+/g) ?? [];
    expect(found.filter((word) => word !== "中文"), name).toEqual([]);
  }
});

test("every fact, reason and decision of a check has words for the reviewer", () => {
  const read = (path: string): string => readFileSync(resolve(root, "..", path), "utf8");
  const words = (prefix: string, text: string, pattern: RegExp): void => {
    const found = [...text.matchAll(pattern)].map((match) => match[1]!);
    expect(found.length, prefix).toBeGreaterThan(3);
    for (const code of found) expect(zh).toHaveProperty([`${prefix}.${code}`]);
  };
  words("signal_fact", /FACTS: [^=]+= \{([^}]+)\}/.exec(read("kyc/signals/rules.py"))![1]!, /^\s+"(\w+)": /gm);
  words("signal_reason", read("kyc/signals/rules.json"), /"reason": "(\w+)"/g);
  words("check_reason", /reason: Literal\[([^\]]+)\]/.exec(read("kyc/signals/commands.py"))![1]!, /"(\w+)"/g);
  words("check_reason", /reason: Literal\[([^\]]+)\]/.exec(read("kyc/screening/commands.py"))![1]!, /"(\w+)"/g);
  words("hit_reason", read("docs/SCREENING.md"), /`((?:NUMBER|NAME|SAME|ONE|BIRTH)_\w+)`/g);
});

test("every reason and every action of the identity check has words for the customer", () => {
  const reasons = readFileSync(resolve(root, "../kyc/reasons.py"), "utf8");
  const codes = [...reasons.matchAll(/^\s+"([A-Z_]+)": /gm)].map((match) => match[1]!);
  expect(codes.length).toBeGreaterThan(20);
  for (const code of codes) expect(zh).toHaveProperty([`reason.${code}`]);
  const review = /ReviewReason = Literal\[([^\]]+)\]/.exec(reasons)![1]!;
  for (const match of review.matchAll(/"(\w+)"/g)) expect(zh).toHaveProperty([`review_reason.${match[1]}`]);
  const actions = readFileSync(resolve(root, "../kyc/liveness/actions.py"), "utf8");
  const named = [...actions.matchAll(/^[A-Z, ]+ = ((?:"\w+", )+"\w+")$/gm)].flatMap((match) => match[1]!.split(", "));
  expect(named.length).toBe(7);
  for (const action of named) expect(zh).toHaveProperty([`action.${action.replace(/"/g, "")}`]);
});
