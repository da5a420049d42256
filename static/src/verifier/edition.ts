// The words of the human account, by edition: a bundle is judged by the words it was made with (section 8).

import GUIDE from "../../../evidence/verify/AUDIT.md?raw";
import WORDS from "../../../evidence/verify/words.json";
import { NotVerified, canonical, isObject, type Bytes, type Json, type Obj } from "./strict";

export type Lang = "zh" | "en";
export type Said = Record<Lang, string>;
type Html = Record<"page" | "row" | "fields" | "field" | "value" | "link" | "image", string>;
type Words = { edition: number; events: Record<string, Said>; labels: Record<string, Record<string, Said>>; html: Html };

const NOTHING = "—";
const FIRST = 1; // the edition of a page that names none
const HEAD = 200; // bytes of the page that may name its edition: before anything that anybody gave
const MARK = /<meta name="edition" content="([1-9][0-9]{0,3})">/;

export class Edition {
  readonly number: number;
  readonly events: Record<string, Said>;
  readonly html: Html;
  private readonly labels: Record<string, Record<string, Said>>;

  constructor(words: Words, readonly guide: string) {
    this.number = words.edition;
    this.events = words.events;
    this.html = words.html;
    this.labels = words.labels;
  }

  label(table: string, value: string, lang: Lang): string {
    const labels = this.labels[table];
    const found = labels && Object.prototype.hasOwnProperty.call(labels, value) ? labels[value] : undefined;
    return found?.[lang] ?? value;
  }

  /** A sentence with the members of `body` that it names; `wrap` escapes them for HTML, or leaves them for text nodes. */
  say(sentence: string, lang: Lang, body: Obj, wrap: (value: string) => string): string {
    return sentence.replace(/\{([A-Za-z0-9_.-]+)(?:\|([a-z0-9_]+))?\}/g, (_, path: string, how: string | undefined) =>
      wrap(this.said(find(body, path), how ?? "", lang)));
  }

  private said(value: Json, how: string, lang: Lang): string {
    // An event leaves out what has its usual value; the label of "" says what that is.
    if (value === null) return this.label(how, "", lang) || NOTHING;
    if (typeof value === "number" && how === "s") {
      return `${Math.floor(value / 1000)}.${Math.floor((((value % 1000) + 1000) % 1000) / 100)}`;
    }
    if (typeof value === "number" && how === "e4") {
      const size = Math.abs(value);
      return `${value < 0 ? "-" : ""}${Math.floor(size / 10_000)}.${String(size % 10_000).padStart(4, "0")}`;
    }
    if (typeof value === "object") {
      const items = Array.isArray(value) ? value : Object.keys(value).sort();
      return items.map((item) => this.one(item, how, lang)).join(lang === "zh" ? "、" : ", ") || NOTHING;
    }
    return this.one(value, how, lang);
  }

  private one(value: Json, how: string, lang: Lang): string {
    return this.label(how, typeof value === "string" ? value : canonical(value), lang);
  }
}

export const newest = new Edition(WORDS, GUIDE);

/** The newest and every older one that was ever handed out. */
const editions = ((): Map<number, Edition> => {
  const words = import.meta.glob<Words>("../../../evidence/verify/editions/*/words.json", { eager: true, import: "default" });
  const guides = import.meta.glob<string>("../../../evidence/verify/editions/*/AUDIT.md", { eager: true, import: "default", query: "?raw" });
  const older = Object.entries(words).map(([path, found]) => new Edition(found, guides[path.replace("words.json", "AUDIT.md")] ?? ""));
  return new Map([...older, newest].map((edition) => [edition.number, edition]));
})();

/** The edition that a page says it is in; which words it then has is compared. */
export function editionOf(page: Bytes, record: string, known: ReadonlyMap<number, Edition> = editions): Edition {
  const named = MARK.exec(String.fromCharCode(...page.subarray(0, HEAD)));
  const number = named ? Number(named[1]) : FIRST;
  const found = known.get(number);
  if (!found) throw new NotVerified(`is in edition ${number} of the words: take a newer verifier`, record);
  return found;
}

function find(body: Json, path: string): Json {
  return path.split(".").reduce<Json>((at, part) => (isObject(at) ? at[part] ?? null : null), body);
}
