// What a verification found: the verdict in words, why, the thirteen steps, and what is in the case.

import { newest, type Lang } from "./edition";
import { el, icon, type Child } from "./dom";
import { PROOF } from "./log";
import { readProof } from "./note";
import { plain } from "./report";
import { isObject } from "./strict";
import { REASONS, STATES, STEP_TEXTS, VERDICTS, tell, type Key } from "./texts";
import { FAILURES, STEPS, type Code, type Reason, type Report, type Step } from "./verify";

/** The file that was judged, as the auditor knows it. */
export interface Subject { name: string; size: number; sha256: string; took_ms: number }

export function verdictCard(report: Report, lang: Lang): HTMLElement {
  const { title, meaning, next } = VERDICTS[lang][report.verdict];
  const kind = { "TOTAL-PASSED": "passed", "INDETERMINATE": "indeterminate", "TOTAL-FAILED": "failed" } as const;
  const state = kind[report.verdict];
  return el("section", { class: `card verdict is-${state}`, "aria-labelledby": "verdict" },
    el("h2", { id: "verdict", tabindex: "-1", class: "verdict__title", "data-testid": "verdict", "data-verdict": report.verdict },
      icon(state), el("span", {}, title)),
    el("p", { class: "verdict__code" }, `${tell(lang, "official")} `, el("strong", { class: "mono" }, report.verdict)),
    firstBad(report, lang),
    el("h3", {}, tell(lang, "meaning")), el("p", {}, meaning),
    el("h3", {}, tell(lang, "next")), el("p", {}, next),
    reasons(report, lang));
}

function firstBad({ firstBad: bad }: Report, lang: Lang): Child {
  if (!bad) return null;
  const name = STEP_TEXTS[lang][STEPS[bad.step - 1] ?? "container"].name;
  // The record keeps the spelling of the report; an event is named in the reader's language, too.
  const seq = /^event ([0-9]+)$/.exec(bad.record)?.[1];
  const also = lang === "zh" && seq ? `（${tell(lang, "field_event", { seq })}）` : "";
  const record = bad.record ? tell(lang, "first_record", { record: bad.record + also }) : "";
  return el("p", { class: "verdict__bad", "data-testid": "first-bad", "data-step": String(bad.step), "data-record": bad.record },
    el("strong", {}, tell(lang, "first_bad", { n: bad.step, name, record })));
}

/** What does not hold first, then what could not be judged. */
function reasons({ reasons: found }: Report, lang: Lang): Child {
  const failed = found.filter(({ code }) => isFailure(code));
  const open = found.filter(({ code }) => !isFailure(code));
  return el("div", {}, reasonList("failed_title", failed, lang), reasonList("open_title", open, lang));
}

const isFailure = (code: Code): boolean => (FAILURES as readonly Code[]).includes(code);

function reasonList(title: Key, found: readonly Reason[], lang: Lang): Child {
  if (!found.length) return null;
  const steps = new Map<Code, number[]>();
  for (const { step, code } of found) steps.set(code, [...(steps.get(code) ?? []), ...(step ? [step] : [])]);
  return el("div", {},
    el("h3", {}, tell(lang, title)),
    el("ul", { class: "reasons" }, ...[...steps].map(([code, where]) => {
      const { what, next } = REASONS[lang][code];
      const n = where.join(lang === "zh" ? "、" : ", ");
      return el("li", { "data-testid": "reason", "data-code": code },
        el("p", {}, el("strong", {}, where.length ? `${tell(lang, "step", { n })} · ${what}` : what)),
        el("p", {}, next), el("p", { class: "quiet mono" }, code));
    })));
}

export function stepItem(step: Step, lang: Lang): HTMLElement {
  const { name, what } = STEP_TEXTS[lang][step.name];
  return el("li", { class: `step is-${step.state}`, "data-testid": `step-${step.n}`, "data-state": step.state },
    icon(step.state),
    el("div", { class: "step__body" },
      el("p", { class: "step__head" },
        el("span", { class: "step__name" }, `${step.n}. ${name}`), " ",
        el("strong", { class: "step__state" }, STATES[lang][step.state])),
      el("p", {}, what),
      step.detail ? el("p", { class: "quiet step__detail", lang: "en" }, step.detail, step.record ? ` (${step.record})` : "") : null));
}

export function caseCard(report: Report, subject: Subject, lang: Lang): HTMLElement {
  const rows: [Key, string, boolean?][] = [
    ["case_file", subject.name], ["case_size", tell(lang, "bytes", { n: subject.size.toLocaleString("en") })],
    ["case_sha", subject.sha256, true], ["case_time", tell(lang, "seconds", { n: (subject.took_ms / 1000).toFixed(2) })],
    ...caseRows(report, lang),
  ];
  const save = el("button", { type: "button", class: "btn btn--plain", "data-testid": "save", click: () => saveReport(report) },
    tell(lang, "save"));
  return el("section", { class: "card", "aria-labelledby": "case-title" },
    el("h2", { id: "case-title", class: "card__title" }, tell(lang, "case_title")),
    el("dl", { class: "rows" }, ...rows.map(([key, value, mono]) => el("div", { class: "row" },
      el("dt", {}, tell(lang, key)), el("dd", mono ? { class: "mono" } : {}, value)))),
    save);
}

function caseRows({ chain, files }: Report, lang: Lang): [Key, string, boolean?][] {
  if (!chain) return [];
  const rows: [Key, string, boolean?][] = [
    ["case_id", chain.stream, true],
    ["case_mode", newest.label("mode", chain.mode, lang)], ["case_origin", newest.label("origin", chain.inputOrigin, lang)],
    ["case_opened", chain.events[0]?.at ?? ""],
    ["case_events", String(chain.events.length)], ["case_seals", String(chain.segments.length - 1)],
  ];
  const product = chain.policy["product"];
  const names = isObject(product) ? product["names"] : null;
  if (isObject(names)) rows.splice(1, 0, ["case_product", String(names[lang === "zh" ? "zh-CN" : "en"] ?? names["zh-CN"] ?? "")]);
  try {
    const { index, checkpoint } = readProof(files.get(PROOF) ?? new Uint8Array(), PROOF);
    rows.push(["case_log", tell(lang, "log_place", { origin: checkpoint.origin, index, size: checkpoint.size })]);
  } catch {
    // step 4 says so
  }
  return rows;
}

function saveReport(report: Report): void {
  const json = `${JSON.stringify(plain(report), null, 1)}\n`;
  save(new Blob([json], { type: "application/json" }), `${report.chain?.stream ?? "bundle"}-report.json`);
}

export function save(blob: Blob, name: string): void {
  const href = URL.createObjectURL(blob);
  const link = el("a", { href, download: name });
  document.body.appendChild(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
