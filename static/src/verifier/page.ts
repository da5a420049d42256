// The auditor's page: choose keys, choose a bundle, watch the steps, read the verdict.

import type { Lang } from "./edition";
import { MAX_BYTES } from "./container";
import { sha256 } from "./crypto";
import { add, el, icon, type Child } from "./dom";
import { NAMES, readKeys } from "./keys";
import { caseCard, stepItem, verdictCard, type Subject } from "./result";
import { fieldsCard, timelineCard } from "./story";
import { NotVerified, type Bytes } from "./strict";
import { STEP_TEXTS, VERDICTS, tell, type Key } from "./texts";
import { readTrust } from "./trust";
import { STEPS, verify, type Report, type Step } from "./verify";

/** What a file let go on the page must be called to be taken for a policy. */
const POLICY_NAME = /policy/i;

/** Lets the browser draw and answer to clicks; a message comes back sooner than a timer. */
function pause(): Promise<void> {
  return new Promise((resume) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resume();
    };
    port2.postMessage(null);
  });
}

type Trouble = { key: Key; values?: Record<string, string> } | null;

export class Page {
  private lang: Lang = /^zh/i.test(navigator.language) ? "zh" : "en";
  private keyFiles = new Map<string, Bytes>();
  private keyTrouble: Trouble = null;
  private policy: { name: string; content: Bytes } | null = null;
  private policyTrouble: Trouble = null;
  private trust = false;
  private file: File | null = null;
  private fileTrouble: Trouble = null;
  private steps: Step[] = [];
  private report: Report | null = null;
  private subject: Subject | null = null;
  private run = 0; // a newer choice makes the answer of an older one void

  private readonly head = el("header", { class: "top" });
  private readonly controls = el("div", {});
  private readonly result = el("div", { id: "result", tabindex: "-1" });
  private readonly status = el("p", { class: "sr-only", role: "status", "aria-live": "polite", "data-testid": "status" });

  constructor(private readonly root: HTMLElement) {}

  start(): void {
    const main = el("main", { id: "main" }, this.controls, this.result);
    add(this.root, this.head, main, this.status);
    // A file may be let go anywhere on the page; without this the browser would open it instead.
    addEventListener("dragover", (event) => { event.preventDefault(); this.root.classList.add("is-dropping"); });
    addEventListener("dragleave", (event) => { if (event.relatedTarget === null) this.root.classList.remove("is-dropping"); });
    addEventListener("drop", (event) => {
      event.preventDefault();
      this.root.classList.remove("is-dropping");
      const files = [...(event.dataTransfer?.files ?? [])];
      const keys = files.filter((file) => NAMES.includes(file.name));
      if (keys.length) void this.addKeys(keys);
      const [policy] = files.filter((file) => POLICY_NAME.test(file.name));
      if (policy) void this.choosePolicy(policy);
      const bundle = files.find((file) => !NAMES.includes(file.name) && file !== policy);
      if (bundle) this.choose(bundle);
    });
    this.draw();
  }

  // --- what the auditor does -----------------------------------------------------------------------------------------

  private async addKeys(files: readonly File[]): Promise<void> {
    this.keyTrouble = null;
    const unknown = files.filter((file) => !NAMES.includes(file.name)).map((file) => file.name);
    if (unknown.length) this.keyTrouble = { key: "keys_unknown", values: { names: unknown.join(", ") } };
    for (const file of files.filter(({ name }) => NAMES.includes(name))) {
      const content = new Uint8Array(await file.arrayBuffer());
      try {
        await readKeys(new Map([[file.name, content]]));
        this.keyFiles.set(file.name, content);
      } catch (error) {
        if (!(error instanceof NotVerified)) throw error;
        this.keyTrouble = { key: "keys_bad", values: { name: file.name, why: error.message } };
      }
    }
    if (this.keyFiles.size) this.trust = false;
    this.keysChanged("keys-choose");
  }

  private async choosePolicy(file: File): Promise<void> {
    this.policy = null;
    this.policyTrouble = null;
    try {
      const content = new Uint8Array(await file.arrayBuffer());
      await readTrust(content, new Map());
      this.policy = { name: file.name, content };
      this.trust = false;
    } catch (error) {
      if (!(error instanceof NotVerified)) throw error;
      this.policyTrouble = { key: "policy_bad", values: { name: file.name, why: error.message } };
    }
    this.keysChanged("policy-choose");
  }

  private keysChanged(focus: string): void {
    this.draw();
    document.getElementById(focus)?.focus();
    if (this.file) void this.verify();
  }

  private choose(file: File): void {
    this.file = file;
    this.fileTrouble = file.size > MAX_BYTES ? { key: "bundle_large" } : null;
    void this.verify();
  }

  private async verify(): Promise<void> {
    const run = (this.run += 1);
    this.steps = [];
    this.report = null;
    this.draw();
    if (!this.file || this.fileTrouble?.key === "bundle_large") return;
    const data = await this.read(this.file);
    if (!data || run !== this.run) return;
    const began = performance.now();
    const report = await verify(data, {
      keys: this.trust ? new Map() : this.keyFiles,
      ...(this.policy && { policy: this.policy.content }),
      trustBundleKeys: this.trust,
      pause,
      progress: (step) => { if (run === this.run) this.stepped(step); },
    });
    const took_ms = performance.now() - began;
    const digest = await sha256(data);
    if (run !== this.run) return;
    this.subject = { name: this.file.name, size: data.length, sha256: digest, took_ms };
    this.report = report;
    this.drawResult();
    this.status.textContent = tell(this.lang, "finished", { verdict: VERDICTS[this.lang][report.verdict].title });
    document.getElementById("verdict")?.focus({ preventScroll: true });
    document.getElementById("result")?.scrollIntoView({ block: "start" });
  }

  /** Null, with a sentence on the page, when it cannot be read or is a single PDF. */
  private async read(file: File): Promise<Bytes | null> {
    this.fileTrouble = null;
    let data: Bytes | null = null;
    try {
      data = new Uint8Array(await file.arrayBuffer());
      if (String.fromCharCode(...data.subarray(0, 5)) === "%PDF-") this.fileTrouble = { key: "bundle_is_pdf" };
    } catch {
      this.fileTrouble = { key: "bundle_unreadable" };
    }
    if (!this.fileTrouble) return data;
    this.draw();
    return null;
  }

  // --- what is on the page -------------------------------------------------------------------------------------------

  private say(key: Key, values: Record<string, string | number> = {}): string { return tell(this.lang, key, values); }

  private draw(): void {
    document.documentElement.lang = this.lang === "zh" ? "zh-CN" : "en";
    document.title = this.say("app");
    this.head.replaceChildren(
      el("a", { class: "skip", href: "#result" }, this.say("skip")),
      el("h1", { class: "top__name" }, this.say("app")),
      el("button", { type: "button", class: "btn btn--small", id: "language", lang: this.lang === "zh" ? "en" : "zh-CN", click: () => this.otherLanguage() },
        this.say("other_language")));
    this.controls.replaceChildren(el("p", { class: "lead" }, this.say("lead")), this.keysCard(), this.bundleCard());
    this.drawResult();
  }

  private otherLanguage(): void {
    this.lang = this.lang === "zh" ? "en" : "zh";
    this.status.textContent = ""; // what was announced in the other language
    this.draw();
    document.getElementById("language")?.focus();
  }

  private keysCard(): HTMLElement {
    const names = [...this.keyFiles.keys()];
    return el("section", { class: "card", "aria-labelledby": "keys-title" },
      el("h2", { id: "keys-title", class: "card__title" }, this.say("keys_title")),
      el("p", { id: "keys-lead" }, this.say("keys_lead")),
      this.picker("keys-choose", this.say("keys_choose"), "btn--plain", { multiple: true, "aria-describedby": "keys-hint" },
        (files) => void this.addKeys(files)),
      el("p", { class: "quiet", id: "keys-hint" }, this.say("keys_hint")),
      trouble(this.keyTrouble, this.lang),
      names.length ? el("p", { "data-testid": "keys-loaded" }, this.say("keys_loaded", { n: names.length, names: names.join(", ") })) : null,
      names.length ? el("button", { type: "button", class: "btn btn--text", click: () => { this.keyFiles.clear(); this.keysChanged("keys-choose"); } },
        this.say("keys_clear")) : null,
      this.policyField(),
      this.trustBox(),
      this.trust ? note("alert", this.say("trust_warning"), "note--alert") : null,
      !this.trust && !names.length && !this.policy ? note("info", this.say("none_warning")) : null);
  }

  private policyField(): HTMLElement {
    return el("div", {},
      this.picker("policy-choose", this.say("policy_choose"), "btn--plain", { "aria-describedby": "policy-hint" },
        ([file]) => { if (file) void this.choosePolicy(file); }),
      el("p", { class: "quiet", id: "policy-hint" }, this.say("policy_hint")),
      trouble(this.policyTrouble, this.lang),
      this.policy && el("p", { "data-testid": "policy-loaded" }, this.say("policy_loaded", { name: this.policy.name })),
      this.policy && el("button", { type: "button", class: "btn btn--text", click: () => { this.policy = null; this.keysChanged("policy-choose"); } },
        this.say("policy_clear")));
  }

  private trustBox(): HTMLElement {
    const box = el("input", { type: "checkbox", id: "trust", change: () => { this.trust = box.checked; this.keysChanged("trust"); } });
    box.checked = this.trust;
    return el("label", { class: "switch", for: "trust" }, box, el("span", {}, this.say("trust")));
  }

  private bundleCard(): HTMLElement {
    return el("section", { class: "card drop", "aria-labelledby": "bundle-title" },
      el("h2", { id: "bundle-title", class: "card__title" }, this.say("bundle_title")),
      this.picker("bundle-choose", this.say(this.file ? "bundle_again" : "bundle_choose"), "btn--primary", { accept: ".zip,application/zip" },
        ([file]) => { if (file) this.choose(file); }),
      el("p", { class: "quiet center drop__hint" }, this.say("bundle_drop")),
      trouble(this.fileTrouble, this.lang));
  }

  /** A file input that looks like a button and stays one for keyboard and screen reader. */
  private picker(id: string, text: string, style: string, attributes: Record<string, string | boolean>, chosen: (files: File[]) => void): HTMLElement {
    const input = el("input", { type: "file", id, ...attributes, change: () => {
      const files = [...(input.files ?? [])];
      input.value = ""; // so that the same file can be chosen again
      chosen(files);
    } });
    return el("label", { class: `btn btn--file ${style}`, for: id }, el("span", {}, text), input);
  }

  private stepped(step: Step): void {
    this.steps.push(step);
    const next = STEPS[step.n];
    if (next) {
      const name = STEP_TEXTS[this.lang][next].name;
      const said = this.say("progress", { n: step.n + 1, of: STEPS.length, name });
      this.status.textContent = said;
      const line = document.getElementById("progress-line");
      if (line) line.textContent = said;
      document.querySelector("progress")?.setAttribute("value", String(step.n));
    }
    document.getElementById("steps")?.appendChild(stepItem(step, this.lang));
  }

  private drawResult(): void {
    const { report, subject, lang } = this;
    const waiting = this.file && !report && !this.fileTrouble;
    if (report && subject) {
      this.result.replaceChildren(...parts(verdictCard(report, lang), this.stepsCard(report.steps), caseCard(report, subject, lang),
        fieldsCard(report, lang), timelineCard(report, lang), this.aboutCard()));
    } else {
      this.result.replaceChildren(...parts(waiting ? this.progressCard() : null, waiting ? this.stepsCard(this.steps) : null, this.aboutCard()));
    }
  }

  private progressCard(): HTMLElement {
    const first = STEP_TEXTS[this.lang].container.name;
    return el("section", { class: "card" },
      el("p", { id: "progress-line" }, this.say("progress", { n: 1, of: STEPS.length, name: first })),
      el("progress", { max: String(STEPS.length), value: "0", "aria-labelledby": "progress-line" }));
  }

  private stepsCard(steps: readonly Step[]): HTMLElement {
    return el("section", { class: "card", "aria-labelledby": "steps-title" },
      el("h2", { id: "steps-title", class: "card__title" }, this.say("steps_title")),
      el("p", { class: "quiet" }, this.say("steps_lead")),
      el("ol", { id: "steps", class: "steps-list" }, ...steps.map((step) => stepItem(step, this.lang))));
  }

  private aboutCard(): HTMLElement {
    const offline = location.protocol === "file:" ? [] : [
      el("h2", { class: "card__title about__more" }, this.say("offline_title")),
      el("p", {}, this.say("offline")),
      el("a", { class: "btn btn--plain", href: "/static/verifier.html", download: "verifier.html" }, this.say("offline_save")),
    ];
    return el("section", { class: "card" },
      el("h2", { class: "card__title" }, this.say("limits_title")), el("p", {}, this.say("limits")), ...offline);
  }
}

const parts = (...children: Child[]): (Node | string)[] => children.filter((child): child is Node | string => Boolean(child));

const note = (mark: "alert" | "info", text: string, style = ""): HTMLElement =>
  el("div", { class: `note ${style}`, role: mark === "alert" ? "alert" : "note" }, icon(mark), el("p", {}, text));

const trouble = (found: Trouble, lang: Lang): Child =>
  found && el("div", { class: "note note--alert", role: "alert", "data-testid": "trouble" }, icon("alert"), el("p", {}, tell(lang, found.key, found.values)));
