// Step 3. Event lines as they were sealed: each canonical, next in order, bound to the one before (section 3).

import TABLE from "../../../evidence/verify/fields.json";
import type { Files } from "./container";
import { sha256 } from "./crypto";
import { HEX64, NotVerified, isObject, members, object, parse, string, type Bytes, type Json, type Obj } from "./strict";

export const GENESIS = "0".repeat(64);
const CLOCK_STEP_MS = 5 * 60 * 1000;
const BATCH = 500; // lines between two looks at the page

const INSTANT = /^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;
const STREAM = /^[a-z]+_[a-z0-9_.-]+$/;
const CHAIN_FILE = /^data\/chain\/[0-9]{4}\.jsonl$/;
const CONTEXT_FILE = /^data\/context\/((?:key|product|staff|tenant)_[a-z0-9_.-]+)\.jsonl$/;
const ROLES = ["customer", "agent", "reviewer", "auditor", "admin", "partner", "system"];
const ENVELOPE = ["actor", "at", "body", "cmd", "prev", "seq", "stream", "type", "v"];

/** `fields.json`: the types of events, which end a segment, and where each holds commitments. */
export const table: {
  types: string[];
  milestones: string[];
  values: Record<string, string[]>;
  media: Record<string, string[]>;
  documents: Record<string, string[]>;
  extensions: Record<string, string>;
} = TABLE;

const TYPES = new Set(table.types);

export interface Event {
  name: string;
  seq: number;
  at: string;
  actor: { id: string; role: string; session?: string };
  type: string;
  body: Obj;
  hash: string;
}

/** `segments` = [first seq, last seq] of each chain file; the last one is not sealed. */
export interface Chain {
  stream: string;
  events: Event[];
  segments: [first: number, last: number][];
  contexts: Map<string, Event[]>;
  policy: Obj;
  mode: string;
  inputOrigin: string;
}

export async function readChain(root: string, files: Files, pause: () => Promise<void>): Promise<Chain> {
  const stream = root.replace("-", "_");
  if (!stream.startsWith("case_")) throw new NotVerified("the folder does not name a case");
  // 3.1 the files are numbered without a gap
  const names = [...files.keys()].filter((path) => CHAIN_FILE.test(path)).sort();
  if (names.some((name, index) => name !== chainFile(index + 1))) {
    throw new NotVerified("chain files are not numbered without a gap");
  }
  // 3.2 each line: canonical, of this stream, next in order, bound to the one before
  const events: Event[] = [];
  const segments: [number, number][] = [];
  for (const name of names) {
    const first = events.length + 1;
    await readLines(files.get(name) as Bytes, stream, events, pause);
    segments.push([first, events.length]);
  }
  // 3.3 a case opens once, first
  const opened = events[0];
  if (!opened || opened.type !== "case.opened/1" || events.filter((event) => event.type === "case.opened/1").length !== 1) {
    throw new NotVerified("a case opens once, with its first event", "event 1");
  }
  // 3.4 segments end exactly where a milestone says
  checkSegments(events, segments);
  // 3.5 the streams around it
  const contexts = new Map<string, Event[]>();
  for (const [path, content] of files) {
    const name = CONTEXT_FILE.exec(path)?.[1];
    if (name) contexts.set(name, await readLines(content, name, [], pause));
  }
  const policy = opened.body["policy"];
  return {
    stream, events, segments, contexts,
    policy: isObject(policy) ? policy : (Object.create(null) as Obj),
    mode: plain(opened.body["mode"]),
    inputOrigin: plain(opened.body["input_origin"] === undefined ? "live" : opened.body["input_origin"]),
  };
}

const plain = (value: Json | undefined): string => (typeof value === "string" ? value : "");

export const chainFile = (number: number): string => `data/chain/${String(number).padStart(4, "0")}.jsonl`;

/** The lines of one file as the continuation of `events`, appended to it. */
export async function readLines(content: Bytes, stream: string, events: Event[], pause: () => Promise<void>): Promise<Event[]> {
  if (content[content.length - 1] !== 0x0a) throw new NotVerified("the last line is cut", `${stream} after event ${events.length}`);
  const lines: Bytes[] = [];
  for (let from = 0; from < content.length;) {
    const end = content.indexOf(0x0a, from);
    lines.push(content.subarray(from, end));
    from = end + 1;
  }
  for (let from = 0; from < lines.length; from += BATCH) {
    const batch = lines.slice(from, from + BATCH);
    // Asked for together: a hash that is waited for alone costs more in waiting than in hashing.
    const hashes = await Promise.all(batch.map(sha256));
    batch.forEach((line, index) => events.push(readEvent(line, hashes[index] as string, stream, events[events.length - 1])));
    await pause();
  }
  return events;
}

function readEvent(line: Bytes, hash: string, stream: string, before: Event | undefined): Event {
  const expected = before ? before.seq + 1 : 1;
  const name = stream.startsWith("case_") ? `event ${expected}` : `${stream} event ${expected}`;
  const plain = members(parse(line, name), ENVELOPE, name);
  const actor = members(plain["actor"], ["id", "role"], name, ["session"]);
  for (const value of Object.values(actor)) string(value, name);
  if (plain["seq"] !== expected) throw new NotVerified(`expected event ${expected}, found another number`, name);
  if (string(plain["prev"], name, HEX64) !== (before ? before.hash : GENESIS)) {
    throw new NotVerified("prev is not the hash of the line before", name);
  }
  if (string(plain["stream"], name, STREAM) !== stream) throw new NotVerified("a line of another stream", name);
  if (plain["v"] !== 1 || !ROLES.includes(actor["role"] as string)) throw new NotVerified("unknown version or role", name);
  const type = string(plain["type"], name);
  if (!TYPES.has(type)) throw new NotVerified("unknown type of event", name);
  string(plain["cmd"], name);
  const at = string(plain["at"], name, INSTANT);
  const now = instant(at, name);
  if (before && instant(before.at, name) - now > CLOCK_STEP_MS) {
    throw new NotVerified("time runs backwards", name);
  }
  const body = object(plain["body"], name);
  return { name, seq: expected, at, actor: actor as unknown as Event["actor"], type, body, hash };
}

/** Milliseconds since 1970. Refuses a day that is in no calendar. */
export function instant(value: Json | undefined, record: string): number {
  const at = string(value, record, INSTANT);
  const found = Date.parse(at);
  if (Number.isNaN(found) || new Date(found).toISOString() !== at) throw new NotVerified("not a time", record);
  return found;
}

export const ofType = (events: readonly Event[], type: string): Event[] => events.filter((event) => event.type === type);

export const inContext = (chain: Chain, type: string): Event[] =>
  [...chain.contexts.values()].flatMap((events) => ofType(events, type));

function checkSegments(events: readonly Event[], segments: readonly [number, number][]): void {
  const ends = events.filter((event) => table.milestones.includes(event.type)).map((event) => event.seq);
  const found = segments.slice(0, -1).map(([, last]) => last);
  const odd = [...ends.filter((seq) => !found.includes(seq)), ...found.filter((seq) => !ends.includes(seq))];
  if (odd.length) throw new NotVerified("segments do not end at the milestones", `event ${Math.min(...odd)}`);
}
