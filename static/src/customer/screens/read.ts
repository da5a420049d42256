// Reading: the card first, then every must-read clause on a screen of its own, in plain words with the filed wording one
// tap away. Time counts only while the text is in view and the page in front.

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { NoAnswer, type Level, type OutlineClause, type ScreenClause, type ServedScreen, type Span } from "../../api";
import { icons } from "../../icons";
import { locale, t, word } from "../../i18n";
import { layout } from "../../scale";
import { sheet } from "../../sheet";
import { RATE, canSpeak, hush, speak } from "../../speech";
import { ReadingClock } from "../clock";
import { Page } from "../page";
import { mustRead, nextClause, nextQuestion } from "../place";

export class Summary extends Page {
  override render(): TemplateResult {
    const outline = this.journey.outline;
    const count = outline ? mustRead(outline).length : 0;
    return html`
      ${this.title_(t("summary.title"), t("summary.lead"))}
      ${outline?.uncertainty ? html`<p class="title" role="note" data-testid="uncertainty"><strong>${outline.uncertainty}</strong></p>` : nothing}
      <ol class="summary card">${(outline?.summary ?? []).map((line) => html`<li>
        ${line.clause ? html`<button type="button" data-testid="summary-${line.clause}"
            @click=${() => this.journey.set({ again: line.clause })}><span>${line.topic ? html`<small>${word("summary", line.topic)}</small>` : nothing}${line.text}</span><span class="chevron" aria-hidden="true"></span></button>`
          : html`<span>${line.text}</span>`}</li>`)}</ol>
      ${this.actions(t("summary.next", { n: count }),
        this.button("summary-continue", t("summary.go"), () => this.journey.set({ summarySeen: true })),
        this.button("summary-requote", t("quote.change"), () => this.journey.set({ requote: true }), "text"))}`;
  }
}
customElements.define("jz-summary", Summary);

const BATCH_MS = 8_000;
const TICK_MS = 250;

export class Clause extends Page {
  private head: OutlineClause | null = null;
  private served: ServedScreen | null = null;
  private level: Level = "plain";
  private clock = new ReadingClock([]);
  private observers: IntersectionObserver[] = [];
  private timer = 0;
  private lastTick = 0;
  private lastBatch = 0;
  private speaking = false;
  private spokenSince = 0;
  private shownState = "";
  private serving = "";

  override connectedCallback(): void {
    super.connectedCallback();
    this.timer = window.setInterval(() => this.tick(), TICK_MS);
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.unwatch();
    hush();
    void this.report();
  }

  /** The screen that should stand here; a new one is asked of the server, so that what was shown is on record. */
  private wanted(): string {
    const { outline, local } = this.journey;
    if (!outline) return "";
    // The clause in hand stays until the reader moves on, also when the server already counts it as read.
    const id = local.again ?? local.reading ?? nextClause(outline)?.id;
    const head = outline.clauses.find((item) => item.id === id) ?? null;
    if (head !== null && local.again === null) local.reading = head.id;
    if (head === null) return "";
    if (head.id !== this.head?.id) {
      this.level = "plain";
      hush();
      this.speaking = false;
    }
    this.head = head;
    return `${head.id} ${this.level} ${locale()} ${layout()} ${JSON.stringify(this.journey.quote?.inputs)}`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const wanted = this.wanted();
    if (wanted && wanted !== this.serving) void this.serve(wanted);
  }

  private async serve(wanted: string): Promise<void> {
    this.serving = wanted;
    await this.report();
    this.unwatch();
    this.served = null;
    const clauses = [{ clause: this.head!.id, level: best(this.head!, this.level) }];
    const ok = await this.journey.alone(async () => {
      const view = await this.journey.act("/screens", { clauses, locale: locale(), layout: layout() });
      const served = await this.journey.client.get<ServedScreen>(this.journey.path(`/screens/${view.reading!.screen}`));
      if (this.serving === wanted) this.served = served;
    });
    if (!ok) this.serving = "";
    if (!ok || !this.served) return;
    this.watch(this.served);
    this.requestUpdate();
    await this.updateComplete;
    this.observe();
    scrollTo(0, 0);
    if (this.isConnected) this.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
  }

  private watch(served: ServedScreen): void {
    const seen = this.journey.view?.reading?.seen ?? {};
    this.clock = new ReadingClock(served.clauses.map((item) => {
      const key = `${item.clause}/${item.level}`;
      return {
        key, clause: item.clause, level: item.level, floorMs: item.floor_ms,
        creditedMs: seen[key]?.visible_ms ?? 0, endSeen: seen[key]?.end_seen ?? false,
      };
    }));
    this.lastTick = performance.now();
    this.lastBatch = this.lastTick;
  }

  private observe(): void {
    const inView = new Set<Element>();
    const blocks = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        // Half of a paragraph; or, for one longer than the screen, a third of the screen: the bars take up the rest.
        const filled = entry.rootBounds ? entry.intersectionRect.height >= entry.rootBounds.height / 3 : false;
        if (entry.intersectionRatio >= 0.5 || filled) inView.add(entry.target);
        else inView.delete(entry.target);
      }
      const keys = new Set([...inView].map((block) => keyOf(block)));
      for (const clause of this.served?.clauses ?? []) {
        const key = `${clause.clause}/${clause.level}`;
        this.clock.setInView(key, keys.has(key));
      }
    }, { threshold: Array.from({ length: 21 }, (_, n) => n / 20) });
    const ends = new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting) this.clock.sawEnd((entry.target as HTMLElement).dataset["end"]!);
    });
    this.querySelectorAll("[data-key] > .text, [data-key] > .explain").forEach((element) => blocks.observe(element));
    this.querySelectorAll("[data-end]").forEach((element) => ends.observe(element));
    this.observers = [blocks, ends];
  }

  private unwatch(): void {
    for (const observer of this.observers) observer.disconnect();
    this.observers = [];
  }

  private tick(): void {
    const now = performance.now();
    if (this.served && document.visibilityState === "visible") this.clock.tick(now - this.lastTick);
    this.lastTick = now;
    const bar = this.querySelector<HTMLProgressElement>("progress");
    if (bar) bar.value = this.clock.share();
    if (this.clock.state() !== this.shownState) this.requestUpdate();
    if (now - this.lastBatch >= BATCH_MS) void this.report();
  }

  private onVisibility = (): void => {
    if (document.visibilityState === "hidden") void this.report();
  };

  /** Sends what was seen; without a line it waits in the outbox and reading goes on. */
  private async report(): Promise<void> {
    const served = this.served;
    if (!served) return;
    this.lastBatch = performance.now();
    const clauses = this.clock.take();
    if (clauses.length > 0) {
      const body = { screen: served.screen, clauses, client_at: new Date().toISOString() };
      await this.journey.outbox.put(this.journey.path("/reading"), body);
    }
    try {
      const view = await this.journey.outbox.drain();
      if (!view) return;
      await this.journey.take(view);
      for (const [key, seen] of Object.entries(view.reading?.seen ?? {})) this.clock.correct(key, seen.visible_ms);
    } catch (error) {
      if (!(error instanceof NoAnswer)) await this.journey.explain(error, null);
    }
  }

  private async next(): Promise<void> {
    const again = this.journey.local.again !== null;
    if (again && this.readAll()) return this.leave();
    const state = this.clock.state();
    if (state !== "ready" && !this.readAll()) {
      this.journey.say(t(`read.state_${state}`));
      if (state === "end") this.querySelector("[data-end]:last-of-type")?.scrollIntoView({ block: "end", behavior: "smooth" });
      return;
    }
    await this.journey.run(async () => {
      await this.report();
      await this.journey.outbox.drain();
    });
    if (!this.readAll()) {
      if (!this.journey.trouble) this.journey.say(t("read.state_time"));
      return;
    }
    this.leave();
  }

  private readAll(): boolean {
    const now = this.journey.outline!.clauses.find((item) => item.id === this.head?.id);
    return now === undefined || now.read || !now.must_read;
  }

  private leave(): void {
    hush();
    this.journey.set(this.journey.local.again !== null ? { again: null } : { reading: null });
  }

  private show(level: Level): void {
    this.level = level;
    hush();
    this.speaking = false;
    this.requestUpdate();
  }

  override render(): TemplateResult {
    const { outline, local } = this.journey;
    const head = this.head;
    if (!outline || !head) return html`<h1 class="title" tabindex="-1">${t("step.read")}</h1>`;
    const all = mustRead(outline);
    const n = all.findIndex((item) => item.id === head.id) + 1;
    const kicker = local.again !== null ? t("read.again") : t("read.count", { n, of: all.length });
    return html`
      <p class="kicker" data-testid="clause-count">${kicker}<span>${word("cat", head.cat)}</span></p>
      ${this.title_(head.one ?? head.title ?? "")}
      ${banner(head)}
      ${this.levels(head)}
      ${this.served && canSpeak() ? html`<button type="button" class="btn btn--small" data-testid="read-aloud" aria-pressed=${this.speaking ? "true" : "false"}
        @click=${() => this.aloud()}>${this.speaking ? icons.stop() : icons.sound()}${this.speaking ? t("read.hush") : t("read.aloud")}</button>` : nothing}
      ${this.served ? this.served.clauses.map((clause, index) => this.clause(clause, index)) : html`<div class="waiting">
        <span class="spinner" aria-hidden="true"></span>${t("loading")}</div>`}
      ${this.bar(n, all.length)}`;
  }

  private bar(n: number, of: number): TemplateResult {
    // One line is a reminder, never the reading itself; plain words and the clause itself both count.
    if (this.level === "one" && this.head?.must_read && this.head.levels.includes("plain")) {
      return this.actions(null, this.button("clause-back", t("read.back_to_plain"), () => this.show("plain")));
    }
    const last = n === of && this.journey.local.again === null;
    const questions = nextQuestion(this.journey.outline) !== null;
    const next = this.journey.local.again !== null ? null : !last ? t("read.next_clause") : questions ? t("read.next_questions") : t("read.next_step");
    const state = this.clock.state();
    this.shownState = state;
    return this.actions(next,
      this.readAll() ? nothing : html`<div class="pace"><progress max="1" .value=${this.clock.share()} aria-label=${t("read.pace")}></progress>
        <p role="status" data-testid="read-state" data-state=${state}>${t(`read.state_${state}`)}</p></div>`,
      this.button("clause-next", this.journey.local.again !== null ? t("read.return") : t("read.understood"), () => void this.next()));
  }

  private levels(head: OutlineClause): TemplateResult {
    const order: Level[] = ["one", "plain", "formal"];
    const has = order.filter((level) => head.levels.includes(level));
    if (has.length < 2) return html``;
    return html`<div class="tabs" role="group" aria-label=${t("read.levels")}>${has.map((level) => html`
      <button type="button" data-testid="level-${level}" aria-pressed=${this.level === level ? "true" : "false"}
        @click=${() => this.show(level)}>${t(`read.level_${level}`)}</button>`)}</div>`;
  }

  private clause(clause: ScreenClause, index: number): TemplateResult {
    const key = `${clause.clause}/${clause.level}`;
    return html`<section class="clause card clause--${clause.level}" data-key=${key} aria-label=${clause.title}>
      ${index > 0 || clause.level === "formal" ? html`<h2 class="clause__title">${clause.title}</h2>` : nothing}
      ${clause.blocks.map((block) => block.kind === "explain"
        ? html`<div class="explain">${block.label ? html`<h2 class="explain__label">${block.label}</h2>` : nothing}<p>${this.spans(block.spans)}</p></div>`
        : html`<p class="text text--${block.kind}">${block.label ? html`<strong>${block.label} </strong>` : nothing}${this.spans(block.spans)}</p>`)}
      <span data-end=${key} class="clause__end"></span>
    </section>`;
  }

  private spans(spans: Span[]): TemplateResult[] {
    return spans.map((span) => span.term
      // Not a <button>: that one cannot break with the line, and leaves a full stop alone on the next.
      ? html`<span role="button" tabindex="0" class="term" data-testid="term-${span.term}" @click=${() => this.term(span.term!)}
        @keydown=${(event: KeyboardEvent) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); this.term(span.term!); } }}>${span.text}</span>`
      : span.number ? html`<strong class="num">${span.text}</strong>` : html`${span.text}`);
  }

  private term(id: string): void {
    const term = this.journey.outline?.glossary.find((item) => item.id === id);
    if (!term) return;
    if (this.served) void this.journey.tell("/terms", { screen: this.served.screen, term: id });
    sheet().open(term.term, () => html`<p class="text">${term.plain}</p>
      ${term.clause && term.clause !== this.head?.id ? html`<button type="button" class="btn btn--plain" data-testid="term-clause"
        @click=${() => { sheet().close(); this.journey.set({ again: term.clause }); }}>${t("read.see_clause")}</button>` : nothing}`);
  }

  private aloud(): void {
    if (this.speaking) return this.silence();
    const served = this.served;
    const text = (this.served?.clauses ?? [])
      .map((clause) => clause.blocks.map((block) => `${block.label ?? ""}\u3002${block.spans.map((span) => span.text).join("")}`).join("\n"))
      .join("\n");
    this.speaking = true;
    this.spokenSince = performance.now();
    speak(text, (whole) => this.spoken(served, whole));
    this.requestUpdate();
  }

  private silence(): void {
    this.spoken(this.served, false);
    hush();
  }

  /** The server decides whether it counts: whole, at a pace one can follow, for as long as its own clock bears out. */
  private spoken(served: ServedScreen | null, whole: boolean): void {
    if (!this.speaking) return;
    this.speaking = false;
    this.requestUpdate();
    const clause = served?.clauses.length === 1 ? served.clauses[0] : undefined;
    if (!served || !clause) return;
    const played_ms = Math.min(3_600_000, Math.round(performance.now() - this.spokenSince));
    const body = { screen: served.screen, clause: clause.clause, level: clause.level, rate_percent: Math.round(RATE * 100), played_ms, whole };
    void this.journey.tell("/aloud", body);
  }
}
customElements.define("jz-clause", Clause);

/** Border, icon and word together: colour alone never says it. */
function banner(clause: OutlineClause): TemplateResult | typeof nothing {
  if (clause.cat === "exclusion" || clause.cat === "waiting") {
    return html`<p class="banner banner--alert">${icons.alert()}<strong>${t("read.not_paid")}</strong></p>`;
  }
  if (clause.style !== "alert" && !clause.limits_provider) return nothing;
  const loss = clause.cat === "surrender" || clause.cat === "cash_value";
  return html`<p class="banner ${clause.style === "alert" ? "banner--alert" : ""}">${icons.alert()}<strong>${loss ? t("read.loss") : t("read.limits")}</strong></p>`;
}

const keyOf = (block: Element): string | undefined => (block.parentElement as HTMLElement).dataset["key"];

/** The level asked for, or the nearest one the clause has. */
function best(clause: OutlineClause, level: Level): Level {
  if (clause.levels.includes(level)) return level;
  return clause.levels.includes("plain") ? "plain" : (clause.levels[0] ?? "one");
}
