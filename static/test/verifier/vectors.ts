// Public test vectors beside the project; where they are missing, the tests that need them skip and say so.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../../../shared/data/vectors");

export const vectors = (...path: string[]): string => join(ROOT, ...path);
export const read = (path: string): string => readFileSync(path, "utf8");
export const bytes = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(path));
export const fromHex = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)]));
}

/** A test over vectors in `folder`. */
export function withVectors(name: string, folder: string, body: () => void | Promise<void>): void {
  if (existsSync(vectors(folder))) test(name, body);
  else test.skip(`${name} (no vectors at ${vectors(folder)})`, () => undefined);
}
