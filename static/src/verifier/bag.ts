// Step 2. Which files may be inside, which must, and the bag around them (sections 2 and 10).

import type { Files } from "./container";
import { sha256 } from "./crypto";
import { IN_BUNDLES, units, type Keys } from "./keys";
import { NotVerified, equal, utf8, type Bytes } from "./strict";

const MANIFEST = "manifest-sha256.txt";
const TAGS = "tagmanifest-sha256.txt";
const BAGIT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

const ALLOWED = [
  /^(?:bagit\.txt|manifest-sha256\.txt|tagmanifest-sha256\.txt|AUDIT\.md)$/,
  /^data\/chain\/[0-9]{4}\.jsonl$/,
  /^data\/seals\/[0-9]{4}\.(?:dsse\.json|tsr)$/,
  /^data\/(?:head\.tlog-proof|checkpoint\.tsr|timeline\.html)$/,
  /^data\/documents\/doc_[a-z0-9_.-]+\.pdf$/,
  /^data\/pages\/doc_[a-z0-9_.-]+-[0-9]{2,3}\.png$/,
  /^data\/product\/[A-Za-z0-9._/-]+$/,
  /^data\/models\/[A-Za-z0-9_.-]+\.json$/,
  /^data\/context\/(?:key|product|staff|tenant)_[a-z0-9_.-]+\.(?:jsonl|tlog-proof)$/,
  /^data\/context\/texts\/[0-9a-f]{64}$/,
  /^data\/openings\/(?:values|salts|withheld)\.txt$/,
  /^data\/media\/[A-Za-z0-9_-]{43}\.(?:jpg|png|pdf|json|bin)$/,
  new RegExp(`^keys/(?:${IN_BUNDLES.join("|").replace(/\./g, "\\.")})$`),
];

const REQUIRED = [
  "bagit.txt", MANIFEST, TAGS, "AUDIT.md", "data/chain/0001.jsonl", "data/chain/0002.jsonl",
  "data/seals/0001.dsse.json", "data/head.tlog-proof", "data/product/definition.json", "data/timeline.html", "keys/log.vkey", "keys/seal.pub.pem",
];

export async function checkBag(files: Files, keys: Keys, pause: () => Promise<void>): Promise<string> {
  // 2.1 only files that something binds, none of them empty
  for (const [path, content] of files) {
    if (!ALLOWED.some((pattern) => pattern.test(path))) throw new NotVerified("a file that does not belong into a bundle", path);
    if (content.length === 0) throw new NotVerified("an empty file", path);
  }
  // 2.2 everything that must be there
  const missing = REQUIRED.filter((path) => !files.has(path));
  if (![...files.keys()].some((path) => path.startsWith("data/context/key_"))) missing.push("data/context/key_….jsonl");
  if (missing[0]) throw new NotVerified("a required file is missing", missing[0]);
  // 2.3 the bag files, made again
  await checkLists(files, pause);
  // 2.4 the keys for convenience are the auditor's own
  if (keys.files.size) {
    for (const name of IN_BUNDLES) {
      const inside = files.get(`keys/${name}`);
      if (inside && !amongOwn(name, inside, keys.files.get(name))) throw new NotVerified("a key that is not the auditor's copy", `keys/${name}`);
    }
  }
  return `${files.size} files, all listed, none besides`;
}

/** He may know more of them than there were then, and knows them in the same order. */
function amongOwn(name: string, inside: Bytes, copy: Bytes | undefined): boolean {
  if (!copy) return false;
  if (equal(inside, copy)) return true;
  let said: string[];
  try {
    said = units(name, inside);
  } catch {
    return false;
  }
  const own = units(name, copy);
  let at = -1;
  return said.every((key) => (at = own.indexOf(key, at + 1)) >= 0);
}

async function checkLists(files: Files, pause: () => Promise<void>): Promise<void> {
  const payload: string[] = [];
  const tags: string[] = [];
  for (const [path, content] of files) {
    if (path === TAGS) continue;
    (path.startsWith("data/") ? payload : tags).push(`${await sha256(content)}  ${path}`);
    if (content.length > 1 << 20) await pause();
  }
  // The container is in the order of names, so these lists are too.
  for (const [path, expected] of [["bagit.txt", BAGIT], [MANIFEST, whole(payload)], [TAGS, whole(tags)]] as const) {
    const found = files.get(path) as Bytes;
    if (!equal(found, utf8(expected))) {
      throw new NotVerified("manifest or bag file differs from the content", differing(path, found, expected));
    }
  }
}

const whole = (entries: string[]): string => entries.map((entry) => `${entry}\n`).join("");

/** The first file whose line is wrong; the list itself when the fault is its form. */
function differing(path: string, found: Bytes, expected: string): string {
  const said = new TextDecoder("latin1").decode(found).split("\n"); // whatever its bytes: only whole lines are compared
  const wrong = expected.split("\n").find((line) => line && !said.includes(line));
  return wrong?.slice(66) || path;
}
