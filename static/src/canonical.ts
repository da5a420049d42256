// The exact bytes both sides hash and sign: canonical JSON (RFC 8785, integers only), base64url, SHA-256, ECDSA as DER.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** RFC 8785 for the profile used here. Throws on a float or a lone surrogate: such a value must never be signed. */
export function canonical(value: Json): string {
  if (value === null || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new RangeError(`not an integer: ${value}`);
    return String(value === 0 ? 0 : value);
  }
  if (typeof value === "string") {
    if (LONE_SURROGATE.test(value) || value.includes("\u007f")) throw new RangeError("character not allowed");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonical(item)).join(",")}]`;
  const object = value as { readonly [key: string]: Json };
  const keys = Object.keys(object).sort(); // Array.sort compares UTF-16 code units, as the RFC asks
  return `{${keys.map((key) => `${canonical(key)}:${canonical(object[key] as Json)}`).join(",")}}`;
}

// No look-behind: Safari 14 does not know it. A high surrogate not followed by a low one, or a low one that leads.
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?:[^\uD800-\uDBFF]|^)[\uDC00-\uDFFF]/;

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));

export function base64url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export const random = (length: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(length));

/** WebCrypto's `r || s` (64 bytes for P-256) as DER, which is what OpenSSL and every auditor's tool reads. */
export function der(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  const parts = [integer(raw.subarray(0, half)), integer(raw.subarray(half))];
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Uint8Array.from([0x30, length, ...parts.flatMap((part) => [...part])]);
}

function integer(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const body = [...bytes.subarray(start)];
  if ((body[0] as number) & 0x80) body.unshift(0); // or it would read as a negative number
  return Uint8Array.from([0x02, body.length, ...body]);
}

/** base64url DER ECDSA P-256 / SHA-256 over the canonical bytes of `value`. */
export async function signCanonical(key: CryptoKey, value: Json): Promise<string> {
  const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, utf8(canonical(value)));
  return base64url(der(new Uint8Array(raw)));
}

/** base64url(SHA-256(salt || canonical JSON)): binds a value without showing it. */
export async function commitment(salt: Uint8Array, value: Json): Promise<string> {
  const body = utf8(canonical(value));
  const bytes = new Uint8Array(salt.length + body.length);
  bytes.set(salt);
  bytes.set(body, salt.length);
  return base64url(await sha256(bytes));
}
