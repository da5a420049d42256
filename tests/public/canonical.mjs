// Reads one JSON document a line, writes one line for each; nothing of ours in "plain".
//   node canonical.mjs plain                 JSON.parse, JSON.stringify, keys sorted
//   node canonical.mjs device  canonical.js  what the customer's page signs (static/src/canonical.ts)
//   node canonical.mjs verifier strict.js    what the auditor's page compares (static/src/verifier/strict.ts)
// A document that is refused gives the line "refused".

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [mode, built] = process.argv.slice(2);
const ours = built ? await import(pathToFileURL(built).href) : {};

// Not by an object with sorted members: there, keys that are numbers would come first whatever the order.
const plain = (value) => {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(plain).join(",")}]`;
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${plain(value[key])}`).join(",")}}`;
};

const writers = {
  plain: (line) => plain(JSON.parse(line.toString("utf8"))),
  device: (line) => ours.canonical(JSON.parse(line.toString("utf8"))),
  verifier: (line) => ours.canonical(ours.parseLoose(new Uint8Array(line))),
};

const input = readFileSync(0);
const out = [];
for (let at = 0; at < input.length;) {
  const end = input.indexOf(10, at);
  try {
    out.push(writers[mode](input.subarray(at, end)));
  } catch (error) {
    if (!(error instanceof RangeError || error.constructor === ours.NotVerified)) throw error;
    out.push("refused");
  }
  at = end + 1;
}
process.stdout.write(out.map((line) => `${line}\n`).join(""));
