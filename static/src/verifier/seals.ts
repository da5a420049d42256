// Step 5. One signed statement a segment, in-toto in DSSE (section 3).

import { GENESIS, chainFile, ofType, type Chain, type Event } from "./chain";
import type { Files } from "./container";
import { ed25519, sha256, sm3 } from "./crypto";
import type { SealKey } from "./keys";
import { covers, termOf } from "./lifetimes";
import {
  HEX64, NotVerified, canonical, count, fromBase64, join, list, members, object, parse, string, strings, utf8,
  type Bytes, type Json, type Obj,
} from "./strict";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const SEAL_FILE = /^data\/seals\/[0-9]{4}\.dsse\.json$/;
const ALGORITHMS = { canonical: "rfc8785", chain: "sha256", commitment: "sha256-salt32", log: "rfc6962-sha256", seal: "ed25519" };

export const sealFile = (number: number): string => `data/seals/${String(number).padStart(4, "0")}.dsse.json`;

/** SM3 digests (hex) that the seals vouch for, by path. */
export type Digests = Map<string, string>;

export async function checkSeals(chain: Chain, files: Files, keys: readonly SealKey[], pause: () => Promise<void>): Promise<Digests> {
  // 5.1 one seal for every segment but the last
  const sealed = chain.segments.slice(0, -1);
  const found = [...files.keys()].filter((path) => SEAL_FILE.test(path)).sort();
  if (found.length !== sealed.length || found.some((path, index) => path !== sealFile(index + 1))) {
    throw new NotVerified("seals and segments do not correspond", found[found.length - 1] ?? sealFile(1));
  }
  let previous = GENESIS;
  const digests: Digests = new Map();
  for (const [index, [first, last]] of sealed.entries()) {
    const number = index + 1;
    const name = sealFile(number);
    const envelope = files.get(name) as Bytes;
    // 5.2 signed by a seal key of the auditor's, in the one spelling
    const [payload, key] = await openEnvelope(envelope, keys, name);
    // 5.3 the statement is the one that the events make
    const statement = await checkStatement(payload, chain, number, first, last, previous, files, name);
    statement.forEach(([file, digest]) => digests.set(file, digest));
    previous = await sha256(envelope);
    // 5.4 the chain goes on from it
    const at = checkAnnounced(chain, number, first, last, previous, name);
    // 5.5 the key was in service then, says the log
    if (!covers(termOf(chain, "seal", key.public, name), at)) {
      throw new NotVerified("sealed with a key that was not in service then", name);
    }
    await pause();
  }
  return digests;
}

/** DSSE pre-authentication encoding. */
export const pae = (payload: Uint8Array): Bytes =>
  join(utf8(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload);

/** [payload, the one of `keys` that signed it]. */
async function openEnvelope(envelope: Bytes, keys: readonly SealKey[], name: string): Promise<[Bytes, SealKey]> {
  const outer = members(parse(envelope, name), ["payload", "payloadType", "signatures"], name);
  const [only, ...more] = list(outer["signatures"], name);
  if (outer["payloadType"] !== PAYLOAD_TYPE || more.length) throw new NotVerified("not one signature over an in-toto statement", name);
  const signature = members(only, ["keyid", "sig"], name);
  const key = keys.find(({ id }) => id === signature["keyid"]);
  if (!key) throw new NotVerified("sealed with a key that is not the auditor's", name);
  const payload = fromBase64(outer["payload"], name);
  if (!(await ed25519(key.public, fromBase64(signature["sig"], name), pae(payload)))) {
    throw new NotVerified("signature does not verify", name);
  }
  return [payload, key];
}

/** What the seal of a segment vouches for, in order: [name, SHA-256, SM3 of the event where it has one]. */
type Subject = [name: string, sha256: string, sm3: string | null];

async function subjects(number: number, segment: Bytes, events: readonly Event[]): Promise<Subject[]> {
  const found: Subject[] = [[chainFile(number), await sha256(segment), null]];
  for (const { type, body, name } of events) {
    if (type === "esign.document_prepared/1") {
      const document = string(body["document"], name);
      found.push([`data/documents/${document}.pdf`, string(body["sha256"], name, HEX64), string(body["sm3"], name, HEX64)]);
      for (const [index, page] of list(body["pages"], name).entries()) {
        const digest = string(object(page, name)["sha256"], name, HEX64);
        found.push([`data/pages/${document}-${String(index + 1).padStart(2, "0")}.png`, digest, null]);
      }
    } else if (type === "esign.document_signed/1") {
      const document = string(body["document"], name);
      const digests = [string(body["signed_sha256"], name, HEX64), string(body["signed_sm3"], name, HEX64)] as const;
      found.push([`data/documents/${document}.signed.pdf`, ...digests]);
    }
  }
  return found;
}

async function checkStatement(
  payload: Bytes, chain: Chain, number: number, first: number, last: number, previous: string, files: Files, name: string,
): Promise<[string, string][]> {
  const statement = members(parse(payload, name), ["_type", "predicate", "predicateType", "subject"], name);
  const events = chain.events.slice(first - 1, last);
  const segment = files.get(chainFile(number)) as Bytes;
  const named = await subjects(number, segment, events);
  const subject = named.map(([file, digest]) => ({ digest: { sha256: digest }, name: file }));
  if (canonical(statement["subject"] as Json) !== canonical(subject)) {
    throw new NotVerified("subjects are not those of the segment", name);
  }
  const expected: Obj = {
    algorithms: ALGORITHMS, case: chain.stream, first_seq: first, input_origin: chain.inputOrigin, last_seq: last,
    milestone: (events[events.length - 1] as Event).type, mode: chain.mode, outcome: outcome(chain, last), previous,
    segment: number, v: 1,
  };
  const predicate = members(statement["predicate"], [...Object.keys(expected), "sm3"], name);
  const wrong = Object.keys(expected).filter((key) => canonical(predicate[key] as Json) !== canonical(expected[key] as Json));
  if (statement["_type"] !== "https://in-toto.io/Statement/v1" || statement["predicateType"] !== "urn:jianzheng:seal:1" || wrong.length) {
    throw new NotVerified(`statement differs from the events: ${wrong.join(", ")}`, name);
  }
  return readSm3(predicate["sm3"], named, segment, name);
}

/** The second hash of the same files: of the segment's bytes, and as the events of papers say. Pages may be absent. */
function readSm3(digests: Json | undefined, named: readonly Subject[], segment: Bytes, name: string): [string, string][] {
  const expected = new Map(named.flatMap(([file, , fromEvent]) => (fromEvent === null ? [] : [[file, fromEvent] as const])));
  expected.set((named[0] as Subject)[0], sm3(segment));
  const found = members(digests, [...expected.keys()], name, named.map(([file]) => file));
  return Object.keys(found).map((file) => {
    const digest = string(found[file], name, HEX64);
    if (digest !== (expected.get(file) ?? digest)) throw new NotVerified("SM3 digests differ", name);
    return [file, digest];
  });
}

export function heldKeys(events: readonly Event[]): Set<string> {
  const held = new Set<string>();
  for (const { body, name } of events) {
    strings(body["withdraws"], name).forEach((key) => held.delete(key));
    strings(body["satisfies"], name).forEach((key) => held.add(key));
  }
  return held;
}

function outcome(chain: Chain, upto: number): string {
  const events = chain.events.slice(0, upto);
  if (ofType(events, "esign.signing_declined/1").length) return "declined";
  const held = heldKeys(events);
  const wanted = list(chain.policy["steps"], "event 1").flatMap((step) => strings(object(step, "event 1")["yields"], "event 1"));
  return wanted.length && wanted.every((key) => held.has(key)) ? "completed" : "open";
}

function checkAnnounced(chain: Chain, number: number, first: number, last: number, digest: string, name: string): string {
  const found = ofType(chain.events, "evidence.sealed/1").filter((event) => count(event.body["segment"], event.name) === number);
  const event = found[0];
  if (!event || found.length !== 1 || event.seq <= last) {
    throw new NotVerified("the chain does not announce this seal once, after its segment", name);
  }
  const { body } = event;
  const right = count(body["first_seq"], event.name) === first && count(body["last_seq"], event.name) === last;
  if (!right || body["seal_sha256"] !== digest) throw new NotVerified("the chain announces another seal", event.name);
  return event.at;
}
