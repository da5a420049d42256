// Bytes that an opponent wrote: everything here has one spelling, and any other is refused (docs/BUNDLE.md).

/** It does not verify. `record` names the event, file or line. Never holds a disclosed value. */
export class NotVerified extends Error {
  constructor(message: string, readonly record: string = "") { super(message); }
}

export type Bytes = Uint8Array<ArrayBuffer>;
export type Json = null | boolean | number | string | Json[] | Obj;
export interface Obj { [key: string]: Json }

export const HEX64 = /^[0-9a-f]{64}$/;
export const COMMITMENT = /^[A-Za-z0-9_-]{43}$/;

const MAX_DEPTH = 32;
// With the `u` flag the range matches only surrogates that stand alone.
const OUTSIDE = /[\u0000\u007f\ud800-\udfff]/u;
const ASCII = /^[\u0000-\u007f]*$/;
const INTEGER = /-?(?:0|[1-9][0-9]*)/y;

// --- text ------------------------------------------------------------------------------------------------------------

export const utf8 = (value: string): Bytes => new Uint8Array(new TextEncoder().encode(value));

/** Exact UTF-8: a byte order mark stays a character, a bad byte is refused. */
export function text(bytes: Uint8Array, record = ""): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotVerified("not UTF-8", record);
  }
}

/** The lines of an ASCII file in which every line ends in exactly one LF. */
export function lines(bytes: Uint8Array, record: string): string[] {
  const whole = text(bytes, record);
  if (!ASCII.test(whole)) throw new NotVerified("not ASCII", record);
  if (!whole.endsWith("\n") || whole.includes("\r")) throw new NotVerified("lines must end in LF", record);
  return whole.slice(0, -1).split("\n");
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

export function join(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// --- hex and base64 --------------------------------------------------------------------------------------------------

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hex(bytes: Uint8Array): string {
  let found = "";
  for (const byte of bytes) found += DIGITS[byte];
  return found;
}

export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export const base64url = (bytes: Uint8Array): string =>
  base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** Standard base64 with padding; must be exactly what `base64` writes. */
export function fromBase64(value: unknown, record = ""): Bytes {
  if (typeof value !== "string") throw new NotVerified("not base64", record);
  const raw = decoded(value);
  if (raw === null || base64(raw) !== value) throw new NotVerified("not base64 in its one spelling", record);
  return raw;
}

/** base64url without padding, of `length` bytes where that is given. */
export function fromBase64url(value: unknown, record = "", length?: number): Bytes {
  if (typeof value !== "string") throw new NotVerified("not base64url", record);
  const raw = decoded(value.replace(/-/g, "+").replace(/_/g, "/"));
  if (raw === null || base64url(raw) !== value || (length !== undefined && raw.length !== length)) {
    throw new NotVerified("not base64url in its one spelling, or of another length", record);
  }
  return raw;
}

function decoded(value: string): Bytes | null {
  try {
    const binary = atob(value);
    const raw = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i += 1) raw[i] = binary.charCodeAt(i);
    return raw;
  } catch {
    return null;
  }
}

// --- JSON ------------------------------------------------------------------------------------------------------------

/** RFC 8785 of a value that keeps the profile. */
export function canonical(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  // Array.sort compares UTF-16 code units, as the RFC asks.
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key] as Json)}`).join(",")}}`;
}

/** Plain values from exact JCS bytes: parsed, written again, compared. */
export function parse(bytes: Uint8Array, record = ""): Json {
  const source = text(bytes, record);
  const quick = unremarkable(source);
  if (quick !== undefined) return quick;
  const value = new Reader(source, record).whole();
  if (canonical(value) !== source) throw new NotVerified("not canonical JSON", record);
  return value;
}

const REMARKABLE = /[^ -~]|\\u/;

/**
 * The same for nearly every line, by the browser's own reader: printable ASCII without escapes by number holds no text
 * outside the profile, and the values are looked at one by one. Of two equal keys one is lost in reading, and what is
 * written again is another text. Undefined: the long way has to say.
 */
function unremarkable(source: string): Json | undefined {
  if (REMARKABLE.test(source)) return undefined;
  try {
    const value = JSON.parse(source) as Json;
    return plain(value, 1) && JSON.stringify(value) === source ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Integers within the profile, keys in order, nothing too deep. */
function plain(value: Json, depth: number): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value !== "object" || value === null) return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => plain(item, depth + 1));
  let before: string | undefined;
  for (const key of Object.keys(value)) {
    if ((before !== undefined && key <= before) || !plain(value[key] as Json, depth + 1)) return false;
    before = key;
  }
  return true;
}

/** Plain values in any spelling of JSON. The values may still not leave the profile, nor a key repeat. */
export const parseLoose = (bytes: Uint8Array, record = ""): Json => new Reader(text(bytes, record), record).whole();

/** A JSON reader that refuses duplicate keys, floats, large integers, deep nesting and text outside the profile. */
class Reader {
  private at = 0;

  constructor(private readonly source: string, private readonly record: string) {}

  whole(): Json {
    const value = this.value(0);
    this.space();
    if (this.at !== this.source.length) this.refuse("bytes after the JSON value");
    return value;
  }

  private value(depth: number): Json {
    this.space();
    const next = this.source[this.at];
    if (next === "{") return this.object(depth + 1);
    if (next === "[") return this.array(depth + 1);
    if (next === '"') return this.string();
    for (const [word, value] of [["true", true], ["false", false], ["null", null]] as const) {
      if (this.source.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.integer();
  }

  private object(depth: number): Obj {
    this.open(depth);
    // No prototype: a key named __proto__ is a key like any other.
    const found = Object.create(null) as Obj;
    if (this.skip("}")) return found;
    do {
      this.space();
      if (this.source[this.at] !== '"') this.refuse("not JSON");
      const key = this.string();
      if (!ASCII.test(key)) this.refuse("key is not ASCII");
      if (key in found) this.refuse("duplicate key");
      if (!this.skip(":")) this.refuse("not JSON");
      found[key] = this.value(depth);
    } while (this.skip(","));
    if (!this.skip("}")) this.refuse("not JSON");
    return found;
  }

  private array(depth: number): Json[] {
    this.open(depth);
    const found: Json[] = [];
    if (this.skip("]")) return found;
    do found.push(this.value(depth)); while (this.skip(","));
    if (!this.skip("]")) this.refuse("not JSON");
    return found;
  }

  private string(): string {
    let end = this.at + 1;
    for (; ; end += 1) {
      const code = this.source.charCodeAt(end);
      if (!(code >= 0x20)) this.refuse("not JSON"); // NaN past the end
      if (code === 0x22) break;
      if (code === 0x5c) end += 1;
    }
    const token = this.source.slice(this.at, end + 1);
    this.at = end + 1;
    let found = "";
    try {
      found = JSON.parse(token) as string;
    } catch {
      this.refuse("not JSON");
    }
    if (OUTSIDE.test(found)) this.refuse("text outside the profile");
    return found;
  }

  private integer(): number {
    INTEGER.lastIndex = this.at;
    const token = INTEGER.exec(this.source)?.[0];
    if (token === undefined) return this.refuse("not JSON");
    this.at += token.length;
    if (/[.eE0-9]/.test(this.source[this.at] ?? "")) this.refuse("a number that is not a plain integer");
    const found = Number(token);
    if (!Number.isSafeInteger(found)) this.refuse("integer outside ±(2^53-1)");
    return found === 0 ? 0 : found; // no negative zero
  }

  private open(depth: number): void {
    if (depth > MAX_DEPTH) this.refuse("nested too deep");
    this.at += 1;
  }

  private skip(sign: string): boolean {
    this.space();
    if (this.source[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  private space(): void {
    while (" \t\n\r".includes(this.source[this.at] ?? "x")) this.at += 1;
  }

  private refuse(why: string): never { throw new NotVerified(why, this.record); }
}

// --- shapes ----------------------------------------------------------------------------------------------------------

export const isObject = (value: Json | undefined): value is Obj =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object `value` with exactly these keys. */
export function members(value: Json | undefined, required: readonly string[], record: string, optional: readonly string[] = []): Obj {
  if (!isObject(value)) throw new NotVerified("not an object", record);
  const missing = required.filter((key) => !(key in value));
  const unknown = Object.keys(value).filter((key) => !required.includes(key) && !optional.includes(key));
  if (missing.length || unknown.length) {
    throw new NotVerified(`keys missing [${missing.join(", ")}], unknown [${unknown.join(", ")}]`, record);
  }
  return value;
}

export function string(value: Json | undefined, record: string, pattern?: RegExp): string {
  if (typeof value !== "string" || (pattern && !pattern.test(value))) {
    throw new NotVerified("not a text of the right form", record);
  }
  return value;
}

export function count(value: Json | undefined, record: string): number {
  if (typeof value !== "number" || value < 0) throw new NotVerified("not an integer of the right size", record);
  return value;
}

export function list(value: Json | undefined, record: string): Json[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new NotVerified("not a list", record);
  return value;
}

/** A list of texts; absent = empty. */
export const strings = (value: Json | undefined, record: string): string[] =>
  list(value, record).map((item) => string(item, record));

export function object(value: Json | undefined, record: string): Obj {
  if (!isObject(value)) throw new NotVerified("not an object", record);
  return value;
}
