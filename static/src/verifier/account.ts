// Step 12. The human account, made again from what the earlier steps checked (sections 8 and 9).

import { editionOf, newest, type Edition, type Lang, type Said } from "./edition";
import { instant, ofType, type Chain, type Event } from "./chain";
import type { Files } from "./container";
import { WITHHELD, withheldFile, type Field } from "./fields";
import type { Proof } from "./note";
import { NotVerified, canonical, equal, object, string, utf8 } from "./strict";

export const TIMELINE = "data/timeline.html";
const EIGHT_HOURS_MS = 8 * 60 * 60 * 1000; // China has one time zone

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
  const page = files.get(TIMELINE) ?? closed;
  const edition = editionOf(page, TIMELINE);
  if (!equal(page, utf8(timeline(chain, fields, proof, edition)))) {
    throw new NotVerified("the timeline is not the one the evidence makes", TIMELINE);
  }
  // 12.3 so does the guide
  if (!equal(files.get("AUDIT.md") ?? closed, utf8(guide(chain, files, proof, edition)))) {
    throw new NotVerified("the guide is not the one this bundle makes", "AUDIT.md");
  }
}

// --- the page --------------------------------------------------------------------------------------------------------

export function timeline(chain: Chain, fields: readonly Field[], proof: Proof, edition: Edition): string {
  const product = object(chain.policy["product"], "event 1");
  const id = string(product["id"], "event 1");
  const names = new Map(Object.entries(object(product["names"], "event 1")).map(([lang, name]) => [lang, string(name, "event 1")]));
  const name = (lang: string): string => names.get(lang) ?? id;
  const header = {
    case: chain.stream,
    product_zh: name("zh-CN"), product_en: name("en"),
    mode_zh: edition.label("mode", chain.mode, "zh"), mode_en: edition.label("mode", chain.mode, "en"),
    origin_zh: edition.label("origin", chain.inputOrigin, "zh"), origin_en: edition.label("origin", chain.inputOrigin, "en"),
    opened: (chain.events[0] as Event).at,
    events: String(chain.events.length), seals: String(chain.segments.length - 1),
    log: proof.checkpoint.origin, index: `${proof.index} / ${proof.checkpoint.size}`,
  };
  const values = Object.fromEntries(Object.entries(header).map(([key, value]) => [key, escape(value)]));
  const found = byEvent(fields);
  const rows = chain.events.map((event) => row(event, found.get(event.seq) ?? [], edition));
  return fill(edition.html.page, { ...values, rows: rows.join("") });
}

function row(event: Event, fields: readonly Field[], edition: Edition): string {
  const items = fields.map((field) => fieldItem(field, edition)).join("");
  const sentence = edition.events[event.type] as Said;
  return fill(edition.html.row, {
    seq: String(event.seq), at: event.at, local: beijing(event),
    who_zh: escape(edition.label("role", event.actor.role, "zh")), who_en: escape(edition.label("role", event.actor.role, "en")),
    zh: edition.say(sentence.zh, "zh", event.body, escape), en: edition.say(sentence.en, "en", event.body, escape),
    more: items ? fill(edition.html.fields, { fields: items }) : "",
  });
}

function fieldItem(field: Field, edition: Edition): string {
  return fill(edition.html.field, {
    label_zh: escape(fieldLabel(field, "zh", edition)), label_en: escape(fieldLabel(field, "en", edition)), path: escape(field.path),
    state_zh: escape(stateLabel(field, "zh", edition)), state_en: escape(stateLabel(field, "en", edition)),
    value: field.state === "OPENED-MATCH" ? opened(field, edition) : "",
  });
}

function opened(field: Field, edition: Edition): string {
  if (field.file === undefined) return fill(edition.html.value, { text: escape(shownText(field)) });
  const kind = field.file.startsWith("data/pages/") ? "image" : "link";
  return fill(edition.html[kind], { href: escape(field.file.slice("data/".length)), name: escape(fileName(field)) });
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

/** `fields.number.value` is a number, `pages.0.media` a page. */
export function fieldLabel({ path }: Field, lang: Lang, edition: Edition = newest): string {
  const parts = path.split(".").filter((part) => !/^[0-9]+$/.test(part));
  const telling = parts.filter((part) => !["value", "media", "commitment"].includes(part));
  const last = telling.length ? telling : parts;
  return edition.label("field", last[last.length - 1] ?? path, lang);
}

export const stateLabel = (field: Field, lang: Lang, edition: Edition = newest): string =>
  edition.label("state", field.state, lang) + (field.erasedBy === undefined ? "" : ` (${field.erasedBy})`);

export const shownText = ({ shown }: Field): string => (typeof shown === "string" ? shown : canonical(shown ?? null));

export const fileName = ({ file }: Field): string => (file ?? "").split("/").pop() ?? "";

export const sentenceOf = (event: Event, lang: Lang): string =>
  newest.say((newest.events[event.type] as Said)[lang], lang, event.body, asIs);

// --- AUDIT.md --------------------------------------------------------------------------------------------------------

export function guide(chain: Chain, files: Files, proof: Proof, edition: Edition): string {
  const signed = ofType(chain.events, "esign.document_signed/1").map(({ body }) => String(body["document"]));
  return fill(edition.guide, {
    case: chain.stream, root: chain.stream.replace("_", "-"), events: String(chain.events.length),
    segments: String(chain.segments.length - 1), last: String(chain.segments.length).padStart(4, "0"),
    index: String(proof.index), size: String(proof.checkpoint.size), origin: proof.checkpoint.origin,
    document: signed.find((document) => files.has(`data/documents/${document}.signed.pdf`)) ?? "none",
  });
}
