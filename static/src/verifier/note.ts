// C2SP checkpoints (signed notes) and `.tlog-proof` files, in the one spelling of section 4.

import { ed25519 } from "./crypto";
import type { NoteKey } from "./keys";
import { NotVerified, equal, fromBase64, join, text, utf8, type Bytes } from "./strict";

const HEADER = "c2sp.org/tlog-proof@v1";
const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;
const HASH = /^[A-Za-z0-9+/]{43}=$/;
const ORIGIN = /^[A-Za-z0-9._/-]{1,200}$/;
const MAX_NOTE = 16 * 1024;

/** `body` = what is signed; `lines` = the signature lines. */
export interface Checkpoint { origin: string; size: number; root: Bytes; body: Bytes; lines: string[] }
export interface Proof { index: number; hashes: Bytes[]; note: Bytes; checkpoint: Checkpoint }

/** The form only; whose signatures it has is `openCheckpoint`. */
export function readProof(file: Bytes, record: string): Proof {
  const whole = text(file, record);
  const gap = whole.indexOf("\n\n");
  const head = whole.slice(0, Math.max(gap, 0)).split("\n");
  const index = head[1] ?? "";
  if (gap < 0 || head[0] !== HEADER || !index.startsWith("index ")) throw new NotVerified("not a tlog-proof", record);
  const note = whole.slice(gap + 2);
  return {
    index: decimal(index.slice("index ".length), record),
    hashes: head.slice(2).map((line) => hash(line, record)),
    note: utf8(note),
    checkpoint: readCheckpoint(note, record),
  };
}

export function readCheckpoint(note: string, record: string): Checkpoint {
  if (utf8(note).length > MAX_NOTE) throw new NotVerified("checkpoint is too long", record);
  const gap = note.indexOf("\n\n");
  const [origin, size, root, ...more] = note.slice(0, Math.max(gap, 0)).split("\n");
  const good = gap > 0 && origin && size && root && more.length === 0 && ORIGIN.test(origin) && note.endsWith("\n");
  if (!good || note.length < gap + 3) throw new NotVerified("not a signed checkpoint", record);
  return {
    origin,
    size: decimal(size, record),
    root: hash(root, record),
    body: utf8(note.slice(0, gap + 1)),
    lines: note.slice(gap + 2, -1).split("\n"),
  };
}

/**
 * Verify the signature of the log, then at most one of each witness, in the order of the auditor's policy.
 * Returns the names of the witnesses that signed.
 */
export async function openCheckpoint(
  checkpoint: Checkpoint, log: NoteKey, witnesses: readonly NoteKey[], record: string,
): Promise<string[]> {
  if (checkpoint.origin !== log.name) throw new NotVerified("checkpoint of another log", record);
  const [own, ...others] = checkpoint.lines;
  const signature = signed(own ?? "", log, 64, record);
  if (!(await ed25519(log.public, signature, checkpoint.body))) {
    throw new NotVerified("the log's signature does not verify", record);
  }
  let next = 0;
  const seen: string[] = [];
  for (const line of others) {
    while (next < witnesses.length && !line.startsWith(`— ${(witnesses[next] as NoteKey).name} `)) next += 1;
    const witness = witnesses[next];
    if (!witness) throw new NotVerified("signature line of nobody we know, or out of order", record);
    next += 1;
    const raw = signed(line, witness, 72, record);
    const time = new DataView(raw.buffer, raw.byteOffset).getBigUint64(0);
    if (time >= 1n << 63n) throw new NotVerified("time of a cosignature is out of range", record);
    const message = join(utf8(`cosignature/v1\ntime ${time}\n`), checkpoint.body);
    if (!(await ed25519(witness.public, raw.slice(8), message))) {
      throw new NotVerified(`signature of ${witness.name} does not verify`, record);
    }
    seen.push(witness.name);
  }
  return seen;
}

function signed(line: string, key: NoteKey, length: number, record: string): Bytes {
  const prefix = `— ${key.name} `;
  if (!line.startsWith(prefix)) throw new NotVerified(`signature line is not of ${key.name}`, record);
  const raw = fromBase64(line.slice(prefix.length), record);
  if (raw.length !== 4 + length || !equal(raw.subarray(0, 4), key.id)) {
    throw new NotVerified(`signature is not by the key of ${key.name}`, record);
  }
  return raw.slice(4);
}

function decimal(value: string, record: string): number {
  const found = Number(value);
  if (!DECIMAL.test(value) || !Number.isSafeInteger(found)) throw new NotVerified("not a plain decimal", record);
  return found;
}

function hash(value: string, record: string): Bytes {
  if (!HASH.test(value)) throw new NotVerified("not a hash in base64", record);
  return fromBase64(value, record);
}
