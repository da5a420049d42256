// The human account on screen: what happened, in order, with what is open of it. Built from checked values as text nodes;
// the bundle's own HTML is compared in step 12 and never shown.

import { beijing, byEvent, fieldLabel, fileName, sentenceOf, shownText } from "./account";
import { newest, type Lang } from "./edition";
import type { Event } from "./chain";
import { add, el, icon, type IconName } from "./dom";
import type { Field, FieldState } from "./fields";
import { save } from "./result";
import type { Bytes } from "./strict";
import { tell, type Key } from "./texts";
import type { Report } from "./verify";

const ICONS: Record<FieldState, IconName> = {
  "OPENED-MATCH": "passed", "OPENED-MISMATCH": "failed", "WITHHELD": "closed", "ERASED": "erased", "MISSING": "alert",
};

export function fieldsCard(report: Report, lang: Lang): HTMLElement {
  const { fields } = report;
  const tally = new Map<FieldState, number>();
  for (const { state } of fields) tally.set(state, (tally.get(state) ?? 0) + 1);
  const table = el("details", { class: "fold" }, el("summary", {}, tell(lang, "fields_show")));
  // A long list is made when it is asked for.
  table.addEventListener("toggle", () => {
    if (!table.open || table.children.length > 1) return;
    add(table, el("ul", { class: "fields" }, ...fields.map((field) => fieldItem(report, field, lang, true))));
  });
  return el("section", { class: "card", "aria-labelledby": "fields-title" },
    el("h2", { id: "fields-title", class: "card__title" }, tell(lang, "fields_title", { n: fields.length })),
    el("p", {}, tell(lang, fields.length ? "fields_lead" : "fields_none")),
    el("ul", { class: "tally" }, ...[...tally].map(([state, n]) => el("li", { class: `state is-${state}`, "data-testid": "tally", "data-state": state },
      icon(ICONS[state]), el("span", {}, `${newest.label("state", state, lang)} `, el("strong", {}, String(n)))))),
    fields.length ? table : null);
}

export function timelineCard(report: Report, lang: Lang): HTMLElement | null {
  const { chain } = report;
  if (!chain) return null;
  const fields = byEvent(report.fields);
  const failed = report.verdict === "TOTAL-FAILED";
  return el("section", { class: "card", "aria-labelledby": "timeline-title" },
    el("h2", { id: "timeline-title", class: "card__title" }, tell(lang, "timeline_title")),
    failed ? el("div", { class: "note note--alert" }, icon("alert"), el("p", {}, tell(lang, "timeline_failed"))) : null,
    el("p", { class: "quiet" }, tell(lang, compared(report))),
    told(chain.events, (event) => eventItem(report, event, fields.get(event.seq) ?? [], lang)));
}

const BATCH = 200; // events told before the page may draw again

/** The first at once; a long story goes on while the verdict already stands there. */
function told(events: readonly Event[], item: (event: Event) => HTMLElement): HTMLElement {
  const list = el("ol", { class: "story", "data-testid": "timeline" });
  const tell = (from: number): void => {
    add(list, ...events.slice(from, from + BATCH).map(item));
    const next = from + BATCH;
    if (next < events.length) setTimeout(() => { if (list.isConnected) tell(next); });
  };
  tell(0);
  return list;
}

function compared({ steps }: Report): Key {
  const state = steps.find((step) => step.name === "account")?.state;
  if (state === "passed") return "timeline_same";
  return state === "failed" ? "timeline_differs" : "timeline_alone";
}

function eventItem(report: Report, event: Event, fields: readonly Field[], lang: Lang): HTMLElement {
  return el("li", { class: "story__event" },
    el("p", { class: "story__when" }, el("strong", {}, String(event.seq)), " ",
      el("time", { datetime: event.at }, beijing(event)), ` · ${newest.label("role", event.actor.role, lang)}`),
    el("p", {}, sentenceOf(event, lang)),
    fields.length ? el("ul", { class: "fields" }, ...fields.map((field) => fieldItem(report, field, lang, false))) : null);
}

/** An erased field says which event erased it. */
const stateText = ({ state, erasedBy }: Field, lang: Lang): string =>
  newest.label("state", state, lang) + (erasedBy === undefined ? "" : ` · ${tell(lang, "field_event", { seq: erasedBy })}`);

function fieldItem(report: Report, field: Field, lang: Lang, withEvent: boolean): HTMLElement {
  const open = field.state === "OPENED-MATCH";
  return el("li", { class: `field-item is-${field.state}`, "data-state": field.state },
    el("div", { class: "field-item__head" },
      el("span", { class: "field-item__label" }, fieldLabel(field, lang)),
      el("span", { class: "state" }, icon(ICONS[field.state]), stateText(field, lang))),
    el("p", { class: "quiet mono" }, withEvent ? `${tell(lang, "field_event", { seq: field.seq })} · ` : null, field.path),
    open && field.file === undefined ? el("p", { class: "field-item__value" }, shownText(field)) : null,
    open && field.file !== undefined ? fileTools(report, field, lang) : null);
}

/** A picture is drawn only when asked for; anything else is only ever saved. */
function fileTools(report: Report, field: Field, lang: Lang): HTMLElement | null {
  const content = report.files.get(field.file ?? "");
  const type = String(field.media?.["type"]);
  if (!content) return null;
  const name = fileName(field);
  const tools = el("div", { class: "field-item__tools" });
  if (type === "image/png" || type === "image/jpeg") tools.appendChild(pictureButton(content, type, field, lang));
  add(tools, el("button", { type: "button", class: "btn btn--small", click: () => save(new Blob([content]), name) },
    icon("file"), el("span", {}, tell(lang, "download", { name: name.length > 28 ? `…${name.slice(-16)}` : name }))));
  return tools;
}

function pictureButton(content: Bytes, type: string, field: Field, lang: Lang): HTMLElement {
  let picture: HTMLImageElement | null = null;
  const button = el("button", { type: "button", class: "btn btn--small", "aria-expanded": "false" }, tell(lang, "show"));
  button.addEventListener("click", () => {
    if (picture) {
      URL.revokeObjectURL(picture.src);
      picture.remove();
      picture = null;
    } else {
      const alt = tell(lang, "picture_of", { label: fieldLabel(field, lang), name: fileName(field) });
      picture = el("img", { class: "picture", alt, src: URL.createObjectURL(new Blob([content], { type })) });
      button.parentElement?.parentElement?.appendChild(picture);
    }
    button.setAttribute("aria-expanded", picture ? "true" : "false");
    button.textContent = tell(lang, picture ? "hide" : "show");
  });
  return button;
}
