// The auditor's own copies of public keys. Keys found inside a bundle prove nothing (section 10).

import { digest, sha256 } from "./crypto";
import { NotVerified, base64, base64url, equal, fromBase64, hex, join, lines, text, utf8, type Bytes } from "./strict";
import { anyOf, type Policy } from "./tlog";

export const LOG = "log.vkey";
export const SEAL = "seal.pub.pem";
export const WITNESSES = "witnesses.vkey";
export const IN_BUNDLES = [LOG, SEAL, "document-ca.pem", "tsa-root.pem", "tsa-independent.pem", WITNESSES] as const;
export const NAMES: readonly string[] = IN_BUNDLES;

const NOTE_NAME = /^[A-Za-z0-9._/-]{1,200}$/;
const ED25519_SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

/** Kinds of verifier keys: of a log that signs, of a witness that cosigns with a time. */
export const LOG_KEY = 1;
export const COSIGNATURE = 4;

/** `id` = the first four bytes in its signatures; `vkey` = as it is written. */
export interface NoteKey { name: string; id: Bytes; kind: number; public: Bytes; vkey: string }
export interface SealKey { public: Bytes; spki: Bytes; id: string }

/** After a rotation there are several `logs` and `seals`. `policy`: whose cosignatures count, and how many. */
export interface Keys {
  files: ReadonlyMap<string, Bytes>;
  fromBundle: boolean;
  logs: NoteKey[];
  seals: SealKey[];
  witnesses: NoteKey[];
  policy: Policy;
}

/** NotVerified when a file is not what its name says. Without `policy` any one of the witnesses will do. */
export async function readKeys(files: ReadonlyMap<string, Bytes>, fromBundle = false, policy?: Policy): Promise<Keys> {
  const seal = files.get(SEAL);
  const witnesses = await noteKeys(files.get(WITNESSES), WITNESSES, COSIGNATURE);
  return {
    files,
    fromBundle,
    logs: await noteKeys(files.get(LOG), LOG, LOG_KEY),
    seals: seal ? await Promise.all(units(SEAL, seal).map(sealKey)) : [],
    witnesses,
    policy: policy ?? anyOf(witnesses),
  };
}

async function noteKeys(file: Bytes | undefined, record: string, kind: number): Promise<NoteKey[]> {
  const found = file ? lines(file, record) : [];
  if (new Set(found).size !== found.length) throw new NotVerified("a key twice", record);
  return Promise.all(found.map((line) => noteKey(line, record, kind)));
}

const PEM = /-----BEGIN [A-Z ]+-----\n(?:[A-Za-z0-9+/=]+\n)+-----END [A-Z ]+-----\n/g;

/** The keys of a file one by one, in the text they stand in. A file of another form is one unit. */
export function units(name: string, file: Bytes): string[] {
  const whole = text(file, name);
  const found = (name.endsWith(".vkey") ? whole.match(/[^\n]*\n|[^\n]+$/g) : whole.match(PEM)) ?? [];
  return found.length && found.join("") === whole ? found : [whole];
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
  return { name, id, kind, public: raw.slice(1), vkey: line };
}

async function sealKey(pem: string): Promise<SealKey> {
  const file = utf8(pem);
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
