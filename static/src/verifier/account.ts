// Step 12. The human account, made again from what the earlier steps checked (sections 8 and 9).

import GUIDE from "../../../evidence/verify/AUDIT.md?raw";
import WORDS from "../../../evidence/verify/words.json";
import { instant, ofType, type Chain, type Event } from "./chain";
import type { Files } from "./container";
import { WITHHELD, withheldFile, type Field } from "./fields";
import type { Proof } from "./note";
import { NotVerified, canonical, equal, isObject, object, string, utf8, type Json, type Obj } from "./strict";

export const TIMELINE = "data/timeline.html";
const EIGHT_HOURS_MS = 8 * 60 * 60 * 1000; // China has one time zone
const NOTHING = "—";

export type Lang = "zh" | "en";
type Said = Record<Lang, string>;
export const words: {
  events: Record<string, Said>;
  labels: Record<string, Record<string, Said>>;
  html: Record<"page" | "row" | "fields" | "field" | "value" | "link" | "image", string>;
} = WORDS;

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
export const escape = (value: string): string => value.replace(/[&<>"']/g, (char) => ESCAPES[char] as string);
const asIs = (value: string): string => value;

export const fill = (template: string, values: Record<string, string>): string =>
  template.replace(/\{\{([a-z_]+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new NotVerified(`template asks for ${name}`);
    return value;
  });

export function checkAccount(chain: Chain, files: Files, fields: readonly Field[], proof: Proof): void {
  // 12.1 what is left closed is declared, no more and no less
  const closed = files.get(WITHHELD) ?? new Uint8Array();
  if (!equal(closed, utf8(withheldFile(fields)))) throw new NotVerified("declares other withheld fields than there are", WITHHELD);
  // 12.2 the timeline says what the evidence says
  if (!equal(files.get(TIMELINE) ?? closed, utf8(timeline(chain, fields, proof)))) {
    throw new NotVerified("the timeline is not the one the evidence makes", TIMELINE);
  }
  // 12.3 so does the guide
  if (!equal(files.get("AUDIT.md") ?? closed, utf8(guide(chain, files, proof)))) {
    throw new NotVerified("the guide is not the one this bundle makes", "AUDIT.md");
  }
}

// --- the page --------------------------------------------------------------------------------------------------------

export function timeline(chain: Chain, fields: readonly Field[], proof: Proof): string {
  const product = object(chain.policy["product"], "event 1");
  const id = string(product["id"], "event 1");
  const names = new Map(Object.entries(object(product["names"], "event 1")).map(([lang, name]) => [lang, string(name, "event 1")]));
  const name = (lang: string): string => names.get(lang) ?? id;
  const header = {
    case: chain.stream,
    product_zh: name("zh-CN"), product_en: name("en"),
    mode_zh: label("mode", chain.mode, "zh"), mode_en: label("mode", chain.mode, "en"),
    origin_zh: label("origin", chain.inputOrigin, "zh"), origin_en: label("origin", chain.inputOrigin, "en"),
    opened: (chain.events[0] as Event).at,
    events: String(chain.events.length), seals: String(chain.segments.length - 1),
    log: proof.checkpoint.origin, index: `${proof.index} / ${proof.checkpoint.size}`,
  };
  const values = Object.fromEntries(Object.entries(header).map(([key, value]) => [key, escape(value)]));
  const found = byEvent(fields);
  const rows = chain.events.map((event) => row(event, found.get(event.seq) ?? []));
  return fill(words.html.page, { ...values, rows: rows.join("") });
}

function row(event: Event, fields: readonly Field[]): string {
  const items = fields.map(fieldItem).join("");
  const sentence = words.events[event.type] as Said;
  return fill(words.html.row, {
    seq: String(event.seq), at: event.at, local: beijing(event),
    who_zh: escape(label("role", event.actor.role, "zh")), who_en: escape(label("role", event.actor.role, "en")),
    zh: say(sentence.zh, "zh", event.body), en: say(sentence.en, "en", event.body),
    more: items ? fill(words.html.fields, { fields: items }) : "",
  });
}

function fieldItem(field: Field): string {
  return fill(words.html.field, {
    label_zh: escape(fieldLabel(field, "zh")), label_en: escape(fieldLabel(field, "en")), path: escape(field.path),
    state_zh: escape(stateLabel(field, "zh")), state_en: escape(stateLabel(field, "en")),
    value: field.state === "OPENED-MATCH" ? opened(field) : "",
  });
}

function opened(field: Field): string {
  if (field.file === undefined) return fill(words.html.value, { text: escape(shownText(field)) });
  const kind = field.file.startsWith("data/pages/") ? "image" : "link";
  return fill(words.html[kind], { href: escape(field.file.slice("data/".length)), name: escape(fileName(field)) });
}

// --- pieces, also used by the page that shows the timeline -------------------------------------------------------------

export function byEvent(fields: readonly Field[]): Map<number, Field[]> {
  const found = new Map<number, Field[]>();
  for (const field of fields) found.set(field.seq, [...(found.get(field.seq) ?? []), field]);
  return found;
}

export const beijing = (event: Event): string => {
  const local = new Date(instant(event.at, event.name) + EIGHT_HOURS_MS).toISOString();
  if (local.length !== "2026-01-01T00:00:00.000Z".length) throw new NotVerified("after the year 9999", event.name);
  return local.slice(0, 19).replace("T", " ");
};

export const label = (table: string, value: string, lang: Lang): string => {
  const labels = words.labels[table];
  const found = labels && Object.prototype.hasOwnProperty.call(labels, value) ? labels[value] : undefined;
  return found?.[lang] ?? value;
};

/** `fields.number.value` is a number, `pages.0.media` a page. */
export function fieldLabel({ path }: Field, lang: Lang): string {
  const parts = path.split(".").filter((part) => !/^[0-9]+$/.test(part));
  const telling = parts.filter((part) => !["value", "media", "commitment"].includes(part));
  const last = telling.length ? telling : parts;
  return label("field", last[last.length - 1] ?? path, lang);
}

export const stateLabel = (field: Field, lang: Lang): string =>
  label("state", field.state, lang) + (field.erasedBy === undefined ? "" : ` (${field.erasedBy})`);

export const shownText = ({ shown }: Field): string => (typeof shown === "string" ? shown : canonical(shown ?? null));

export const fileName = ({ file }: Field): string => (file ?? "").split("/").pop() ?? "";

/** A sentence with the members of `body` that it names; `wrap` escapes them for HTML. */
export const say = (sentence: string, lang: Lang, body: Obj, wrap: (value: string) => string = escape): string =>
  sentence.replace(/\{([A-Za-z0-9_.-]+)(?:\|([a-z0-9_]+))?\}/g, (_, path: string, how: string | undefined) =>
    wrap(said(find(body, path), how ?? "", lang)));

export const sentenceOf = (event: Event, lang: Lang): string =>
  say((words.events[event.type] as Said)[lang], lang, event.body, asIs);

function find(body: Json, path: string): Json {
  return path.split(".").reduce<Json>((at, part) => (isObject(at) ? at[part] ?? null : null), body);
}

function said(value: Json, how: string, lang: Lang): string {
  // An event leaves out what has its usual value; the label of "" says what that is.
  if (value === null) return label(how, "", lang) || NOTHING;
  if (typeof value === "number" && how === "s") {
    return `${Math.floor(value / 1000)}.${Math.floor((((value % 1000) + 1000) % 1000) / 100)}`;
  }
  if (typeof value === "number" && how === "e4") {
    const size = Math.abs(value);
    return `${value < 0 ? "-" : ""}${Math.floor(size / 10_000)}.${String(size % 10_000).padStart(4, "0")}`;
  }
  if (typeof value === "object") {
    const items = Array.isArray(value) ? value : Object.keys(value).sort();
    return items.map((item) => one(item, how, lang)).join(lang === "zh" ? "、" : ", ") || NOTHING;
  }
  return one(value, how, lang);
}

const one = (value: Json, how: string, lang: Lang): string =>
  label(how, typeof value === "string" ? value : canonical(value), lang);

// --- AUDIT.md --------------------------------------------------------------------------------------------------------

export function guide(chain: Chain, files: Files, proof: Proof): string {
  const signed = ofType(chain.events, "esign.document_signed/1").map(({ body }) => String(body["document"]));
  return fill(GUIDE, {
    case: chain.stream, root: chain.stream.replace("_", "-"), events: String(chain.events.length),
    segments: String(chain.segments.length - 1), last: String(chain.segments.length).padStart(4, "0"),
    index: String(proof.index), size: String(proof.checkpoint.size), origin: proof.checkpoint.origin,
    document: signed.find((document) => files.has(`data/documents/${document}.signed.pdf`)) ?? "none",
  });
}
