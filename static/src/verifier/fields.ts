// Steps 7 and 8. What the chain only commits to: here and matching, left closed, or erased (section 5).

import { ofType, table, type Chain, type Event } from "./chain";
import type { Files } from "./container";
import { digest, sha256 } from "./crypto";
import {
  COMMITMENT, NotVerified, base64url, fromBase64url, isObject, join, lines, list, members, object, parseLoose, string, utf8,
  type Bytes, type Json, type Obj,
} from "./strict";

const VALUES = "data/openings/values.txt";
const SALTS = "data/openings/salts.txt";
export const WITHHELD = "data/openings/withheld.txt";

export type FieldState = "OPENED-MATCH" | "OPENED-MISMATCH" | "WITHHELD" | "ERASED" | "MISSING";

/** One commitment in one event. `file`: where its bytes would be; `plain`: the plain SHA-256 of a paper or page. */
export interface Place { seq: number; path: string; commitment: string; media?: Obj; file?: string; plain?: string }

/** `shown` is the disclosed value, `erasedBy` the seq of the erasure. */
export interface Field extends Place { state: FieldState; erasedBy?: number; shown?: Json }

// --- places ----------------------------------------------------------------------------------------------------------

interface Found { path: string; value: Json; around: Json }

/** Every place that a path of the table names in a body. Absent members name nothing. */
export function follow(body: Obj, pattern: string): Found[] {
  let found: Found[] = [{ path: "", value: body, around: null }];
  for (const part of pattern.replace(/\[\]/g, ".[]").split(".")) found = found.flatMap((at) => below(at, part));
  return found;
}

function below({ path, value }: Found, part: string): Found[] {
  const at = (key: string | number): string => (path ? `${path}.${key}` : String(key));
  if (part === "[]") return Array.isArray(value) ? value.map((item, n) => ({ path: at(n), value: item, around: value })) : [];
  if (!isObject(value)) return [];
  if (part === "*") return Object.keys(value).sort().map((key) => ({ path: at(key), value: value[key] as Json, around: value }));
  const member = value[part];
  return member === undefined || member === null ? [] : [{ path: at(part), value: member, around: value }];
}

/** Every commitment of an event, in chain order. */
export function placesOf({ seq, type, body, name }: Event): Place[] {
  const values = (table.values[type] ?? []).flatMap((pattern) => follow(body, pattern)).map(({ path, value }) =>
    ({ seq, path, commitment: string(value, name, COMMITMENT) }));
  const media = (table.media[type] ?? []).flatMap((pattern) => follow(body, pattern).map((found) => {
    const object_ = members(found.value, ["bytes", "commitment", "retention", "type"], name);
    const commitment = string(object_["commitment"], name, COMMITMENT);
    const place: Place = { seq, path: found.path, commitment, media: object_ };
    if (table.documents[type]?.includes(pattern)) return { ...place, ...paper(body, found, name) };
    const extension = table.extensions[string(object_["type"], name)] ?? "bin";
    return { ...place, file: `data/media/${commitment}.${extension}` };
  }));
  return [...values, ...media];
}

function paper(body: Obj, { path, around }: Found, name: string): { file: string; plain: string } {
  const document = string(body["document"], name);
  if (path === "media") return { file: `data/documents/${document}.pdf`, plain: string(body["sha256"], name) };
  if (path === "signed") return { file: `data/documents/${document}.signed.pdf`, plain: string(body["signed_sha256"], name) };
  const number = String(Number(path.split(".")[1]) + 1).padStart(2, "0");
  return { file: `data/pages/${document}-${number}.png`, plain: string(object(around, name)["sha256"], name) };
}

export const allPlaces = (chain: Chain): Place[] => chain.events.flatMap(placesOf);

/** Commitment -> seq of the event that lists it as erased. */
function erasures(chain: Chain): Map<string, number> {
  return new Map(ofType(chain.events, "privacy.erased/1").flatMap(({ seq, body, name }) =>
    list(body["fields"], name).map((item) => [string(object(item, name)["commitment"], name, COMMITMENT), seq] as const)));
}

/** What stands in for an opening that is not there. */
class Absence {
  private readonly erased: Map<string, number>;
  private readonly closed: Set<string>;

  constructor(chain: Chain, files: Files) {
    this.erased = erasures(chain);
    const declared = files.get(WITHHELD);
    this.closed = new Set(declared ? lines(declared, WITHHELD) : []);
  }

  isErased(place: Place): boolean { return this.erased.has(place.commitment); }

  of(place: Place): Field {
    const erasedBy = this.erased.get(place.commitment);
    if (erasedBy !== undefined) return { ...place, state: "ERASED", erasedBy };
    return { ...place, state: this.closed.has(place.commitment) ? "WITHHELD" : "MISSING" };
  }
}

/** `found` must be commitments of `places` without repetition, in chain order. */
function checkOrder(found: readonly string[], places: readonly Place[], what: string, record: string): void {
  const order = new Map([...new Set(places.map((place) => place.commitment))].map((item, index) => [item, index]));
  let before = -1;
  found.forEach((item, index) => {
    const at = order.get(item) ?? -1;
    if (at <= before) throw new NotVerified(`${what} belongs to no commitment, repeats, or is out of order`, `${record} line ${index + 1}`);
    before = at;
  });
}

// --- step 7: values --------------------------------------------------------------------------------------------------

export async function openValues(chain: Chain, files: Files): Promise<Field[]> {
  const places = allPlaces(chain).filter((place) => !place.media);
  const file = files.get(VALUES);
  const opened = new Map<string, string>();
  const order: string[] = [];
  for (const line of file ? lines(file, VALUES) : []) {
    const commitment = base64url(await digest(utf8(line)));
    opened.set(commitment, line);
    order.push(commitment);
  }
  checkOrder(order, places, "a disclosure", VALUES);
  const absence = new Absence(chain, files);
  return places.map((place) => {
    const line = opened.get(place.commitment);
    if (line === undefined) return absence.of(place);
    if (absence.isErased(place)) return { ...place, state: "OPENED-MISMATCH" };
    return { ...place, state: "OPENED-MATCH", shown: disclosed(line, `${VALUES} line ${order.indexOf(place.commitment) + 1}`) };
  });
}

/** The value inside a disclosure: base64url of JSON [salt, name, value]. */
export function disclosed(line: string, record: string): Json {
  const parts = parseLoose(fromBase64url(line, record), record);
  if (!Array.isArray(parts) || parts.length !== 3 || typeof parts[1] !== "string") {
    throw new NotVerified("a disclosure is not [salt, name, value]", record);
  }
  fromBase64url(parts[0], record, 32);
  return parts[2] as Json;
}

// --- step 8: files as captured ---------------------------------------------------------------------------------------

export async function openMedia(chain: Chain, files: Files): Promise<Field[]> {
  const places = allPlaces(chain).filter((place) => place.media && place.plain === undefined);
  const salts = readSalts(files, places);
  const stranger = strange(files, ["data/media/"], places);
  if (stranger) throw new NotVerified("a file that no event commits to", stranger);
  const absence = new Absence(chain, files);
  return Promise.all(places.map(async (place): Promise<Field> => {
    const content = files.get(place.file as string);
    const salt = salts.get(place.commitment);
    if (!content && !salt) return absence.of(place);
    const matches = content && salt && !absence.isErased(place) && place.media?.["bytes"] === content.length
      && base64url(await digest(join(salt, content))) === place.commitment;
    return { ...place, state: matches ? "OPENED-MATCH" : "OPENED-MISMATCH" };
  }));
}

function readSalts(files: Files, places: readonly Place[]): Map<string, Bytes> {
  const file = files.get(SALTS);
  const pairs = (file ? lines(file, SALTS) : []).map((line, index): [string, Bytes] => {
    const record = `${SALTS} line ${index + 1}`;
    const [commitment = "", salt, ...more] = line.split(" ");
    if (more.length) throw new NotVerified("not a commitment and a salt", record);
    return [commitment, fromBase64url(salt, record, 32)];
  });
  checkOrder(pairs.map(([commitment]) => commitment), places, "a salt", SALTS);
  return new Map(pairs);
}

// --- step 9: papers and pages ----------------------------------------------------------------------------------------

/** Each checked by the plain SHA-256 in its event. */
export async function openPapers(chain: Chain, files: Files): Promise<Field[]> {
  const places = allPlaces(chain).filter((place) => place.plain !== undefined);
  const stranger = strange(files, ["data/documents/", "data/pages/"], places);
  if (stranger) throw new NotVerified("a document or page that no event names", stranger);
  const absence = new Absence(chain, files);
  return Promise.all(places.map(async (place): Promise<Field> => {
    const content = files.get(place.file as string);
    if (!content) return absence.of(place);
    const matches = (await sha256(content)) === place.plain && !absence.isErased(place);
    return { ...place, state: matches ? "OPENED-MATCH" : "OPENED-MISMATCH" };
  }));
}

function strange(files: Files, folders: readonly string[], places: readonly Place[]): string | undefined {
  const known = new Set(places.map((place) => place.file));
  return [...files.keys()].find((path) => folders.some((folder) => path.startsWith(folder)) && !known.has(path));
}

/** What `withheld.txt` must be: every commitment neither opened nor erased. Empty = the file is absent. */
export function withheldFile(fields: readonly Field[]): string {
  const closed = fields.filter((field) => field.state === "WITHHELD" || field.state === "MISSING");
  return [...new Set(closed.map((field) => field.commitment))].map((item) => `${item}\n`).join("");
}
