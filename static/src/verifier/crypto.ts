// Hashes and signatures: WebCrypto, with our own SM3 and, where the browser has no Ed25519, @noble/ed25519.

import { verifyAsync } from "@noble/ed25519";
import { hex, join, type Bytes } from "./strict";

export async function digest(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export const sha256 = async (bytes: Bytes): Promise<string> => hex(await digest(bytes));

/** RFC 8032. `publicKey` 32 bytes, `signature` 64. */
export async function ed25519(publicKey: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return ed25519WithoutBrowser(publicKey, signature, message);
  }
  return crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
}

/** For browsers before Chrome 137, Safari 17 and Firefox 129; slower by a few milliseconds a signature. */
export async function ed25519WithoutBrowser(publicKey: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  try {
    return await verifyAsync(signature, message, publicKey, { zip215: false });
  } catch {
    return false; // not a point of the curve
  }
}

/** ECDSA P-256 / SHA-256. `signature` = strict DER; `x`, `y` 32 bytes each. */
export async function p256(x: Bytes, y: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  const raw = fromDer(signature);
  if (raw === null || x.length !== 32 || y.length !== 32) return false;
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  try {
    const key = await crypto.subtle.importKey("raw", join(Uint8Array.of(4), x, y), algorithm, false, ["verify"]);
    return await crypto.subtle.verify(algorithm, key, raw, message);
  } catch {
    return false; // not a point of the curve
  }
}

/** `r || s` of a DER signature; null unless it is the one encoding of two positive integers of at most 32 bytes. */
export function fromDer(der: Uint8Array): Bytes | null {
  const raw = new Uint8Array(64);
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 72) return null;
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1];
    if (der[at] !== 0x02 || length === undefined || length < 1 || at + 2 + length > der.length) return null;
    let value = der.subarray(at + 2, at + 2 + length);
    at += 2 + length;
    const first = value[0] as number;
    if (first & 0x80) return null; // negative
    if (first === 0 && length > 1) {
      if (((value[1] as number) & 0x80) === 0) return null; // a zero too many
      value = value.subarray(1);
    }
    if (value.length > 32) return null;
    raw.set(value, end - value.length);
  }
  return at === der.length ? raw : null;
}

// --- SM3 (GB/T 32905-2016) -------------------------------------------------------------------------------------------

const rotl = (x: number, n: number): number => (x << (n & 31)) | (x >>> (32 - (n & 31)));
const START = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];

/** The second hash of papers and segments, in hex. No browser brings it. */
export function sm3(bytes: Uint8Array): string {
  const state = Int32Array.from(START);
  const w = new Int32Array(68);
  const tail = new Uint8Array(Math.ceil((bytes.length % 64 + 9) / 64) * 64);
  const whole = bytes.length - (bytes.length % 64);
  tail.set(bytes.subarray(whole));
  tail[bytes.length - whole] = 0x80;
  const bits = new DataView(tail.buffer);
  bits.setUint32(tail.length - 8, Math.floor(bytes.length / 0x20000000));
  bits.setUint32(tail.length - 4, (bytes.length << 3) >>> 0);
  blocks(state, w, bytes.subarray(0, whole));
  blocks(state, w, tail);
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function blocks(state: Int32Array, w: Int32Array, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let from = 0; from < bytes.length; from += 64) {
    for (let j = 0; j < 16; j += 1) w[j] = view.getInt32(from + 4 * j);
    for (let j = 16; j < 68; j += 1) {
      const x = w[j - 16]! ^ w[j - 9]! ^ rotl(w[j - 3]!, 15);
      w[j] = x ^ rotl(x, 15) ^ rotl(x, 23) ^ rotl(w[j - 13]!, 7) ^ w[j - 6]!;
    }
    compress(state, w);
  }
}

// The constant of each round, turned as that round wants it.
const TURNED = Int32Array.from({ length: 64 }, (_, j) => rotl(j < 16 ? 0x79cc4519 : 0x7a879d8a, j));

/** Plain variables in two plain loops: segments have millions of bytes, and an engine keeps these in registers. */
function compress(state: Int32Array, w: Int32Array): void {
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!, e = state[4]!, f = state[5]!, g = state[6]!, h = state[7]!;
  for (let j = 0; j < 64; j += 1) {
    const a12 = (a << 12) | (a >>> 20);
    const sum = (a12 + e + TURNED[j]!) | 0;
    const ss1 = (sum << 7) | (sum >>> 25);
    const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
    const tt1 = (ff + d + (ss1 ^ a12) + (w[j]! ^ w[j + 4]!)) | 0;
    const tt2 = (gg + h + ss1 + w[j]!) | 0;
    d = c;
    c = (b << 9) | (b >>> 23);
    b = a;
    a = tt1;
    h = g;
    g = (f << 19) | (f >>> 13);
    f = e;
    e = tt2 ^ ((tt2 << 9) | (tt2 >>> 23)) ^ ((tt2 << 17) | (tt2 >>> 15));
  }
  state[0]! ^= a; state[1]! ^= b; state[2]! ^= c; state[3]! ^= d; state[4]! ^= e; state[5]! ^= f; state[6]! ^= g; state[7]! ^= h;
}
