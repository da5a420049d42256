// The auditor's own copies of public keys. Keys found inside a bundle prove nothing (section 10).

import { digest, sha256 } from "./crypto";
import { NotVerified, base64, base64url, equal, fromBase64, hex, join, lines, utf8, type Bytes } from "./strict";

export const LOG = "log.vkey";
export const SEAL = "seal.pub.pem";
export const WITNESSES = "witnesses.vkey";
export const IN_BUNDLES = [LOG, SEAL, "document-ca.pem", "tsa-root.pem", "tsa-independent.pem", WITNESSES] as const;
export const NAMES: readonly string[] = IN_BUNDLES;

const NOTE_NAME = /^[A-Za-z0-9._/-]{1,200}$/;
const ED25519_SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

/** `kind` 1: a log that signs; 4: a witness that cosigns with a time. `id` = the first four bytes in its signatures. */
export interface NoteKey { name: string; id: Bytes; kind: number; public: Bytes }
export interface SealKey { public: Bytes; spki: Bytes; id: string }

/** `quorum` = witnesses that must have signed; 0: the auditor has no policy. */
export interface Keys {
  files: ReadonlyMap<string, Bytes>;
  fromBundle: boolean;
  log: NoteKey | null;
  seal: SealKey | null;
  witnesses: NoteKey[];
  quorum: number;
}

/** NotVerified when a file is not what its name says. */
export async function readKeys(files: ReadonlyMap<string, Bytes>, fromBundle = false): Promise<Keys> {
  const log = files.get(LOG);
  const seal = files.get(SEAL);
  const witnesses = files.get(WITNESSES);
  return {
    files,
    fromBundle,
    log: log ? (await noteKeys(log, LOG, 1, 1))[0] ?? null : null,
    seal: seal ? await sealKey(seal) : null,
    witnesses: witnesses ? await noteKeys(witnesses, WITNESSES, 4) : [],
    quorum: witnesses ? 1 : 0,
  };
}

async function noteKeys(file: Bytes, record: string, kind: number, most = 64): Promise<NoteKey[]> {
  const found = lines(file, record);
  if (found.length > most) throw new NotVerified("more than one verifier key", record);
  return Promise.all(found.map((line) => noteKey(line, record, kind)));
}

/** `<name>+<hex key id>+<base64 of kind and key>`. */
export async function noteKey(line: string, record: string, kind: number): Promise<NoteKey> {
  const first = line.indexOf("+");
  const second = line.indexOf("+", first + 1);
  if (first < 0 || second < 0) throw new NotVerified("not a verifier key", record);
  const name = line.slice(0, first);
  const raw = fromBase64(line.slice(second + 1), record);
  const id = (await digest(join(utf8(`${name}\n`), raw))).slice(0, 4);
  const right = NOTE_NAME.test(name) && raw.length === 33 && raw[0] === kind && line.slice(first + 1, second) === hex(id);
  if (!right) throw new NotVerified("not a verifier key of this kind", record);
  return { name, id, kind, public: raw.slice(1) };
}

async function sealKey(file: Bytes): Promise<SealKey> {
  const middle = lines(file, SEAL)[1] ?? "";
  const spki = fromBase64(middle, SEAL);
  const exact = utf8(`-----BEGIN PUBLIC KEY-----\n${base64(spki)}\n-----END PUBLIC KEY-----\n`);
  if (spki.length !== 44 || !equal(spki.subarray(0, 12), ED25519_SPKI) || !equal(file, exact)) {
    throw new NotVerified("not an Ed25519 key in exact PEM", SEAL);
  }
  return { public: spki.slice(12), spki, id: await sha256(spki) };
}

/** As `key.adopted/1` names an Ed25519 key. */
export const adoptedName = (key: Uint8Array): string => base64url(join(ED25519_SPKI, key));
