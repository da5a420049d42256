// The browser tests stand on these hooks: a hook in the code is in the list, and the list names no hook that is gone.
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const list = readFileSync(join(root, "TESTIDS.md"), "utf8");
const code = ["src/customer", "src/agent"].flatMap((folder) => (readdirSync(join(root, folder), { recursive: true }) as string[])
  .filter((name) => name.endsWith(".ts")).map((name) => readFileSync(join(root, folder, name), "utf8"))).join("\n")
  + readFileSync(join(root, "src/sheet.ts"), "utf8");

const plain = (pattern: RegExp): string[] => [...code.matchAll(pattern)].map((match) => match[1]!);
const hooks = [...plain(/data-testid="([a-z-]+)"/g), ...plain(/\bbutton\("([a-z-]+)"/g)];
const stems = [...plain(/data-testid="([a-z-]+-)\$\{/g), ...plain(/\bbutton\(`([a-z-]+-)\$\{/g), "first-scale-", "scale-"];

test("every hook of the pages is in the list", () => {
  expect(hooks.length).toBeGreaterThan(80);
  for (const hook of hooks) expect(list).toContain(`\`${hook}\``);
  for (const stem of stems) expect(list).toContain(`\`${stem}`);
});

test("the list names no hook that is gone", () => {
  const rows = list.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| screen") && !line.startsWith("| part"));
  const named = rows.flatMap((row) => [...row.matchAll(/`([a-z][\w{}.-]*)`/g)].map((match) => match[1]!));
  const attributes = new Set(["aria-pressed", "data-state", "data-action", "data-case", "end", "time", "ready"]);
  for (const name of named.filter((item) => !attributes.has(item))) {
    expect(hooks.includes(name) || stems.some((stem) => name.startsWith(stem)), name).toBe(true);
  }
});
