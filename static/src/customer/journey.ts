// The customer's side of one case: the session, the last view, and every act that goes to the server.

import {
  Acts, Client, NoAnswer, Problem, at, newKey,
  type CaseView, type CodeSent, type Entered, type Notice, type Opener, type Outline, type Place,
  type Product, type Quote,
} from "../api";
import { deviceKey, forget, recall, remember, type SessionRecord } from "../device";
import { known, locale, t, type Key } from "../i18n";
import { Outbox } from "./outbox";
import { asksFirst, freshLocal, place, type Local, type Screen } from "./place";

export type Phase = "starting" | "unsupported" | "no_link" | "link" | "journey";

/** What went wrong, in words for the person, and what they can do about it. */
export interface Trouble { text: string; advice: string; again: (() => void) | null; offline: boolean }

const SESSION = "session";
const PENDING = "pending";
interface Pending { caseId: string; path: string; body: unknown; key: string }

export class Journey {
  readonly client = new Client();
  readonly outbox = new Outbox(this.client);
  readonly local: Local = freshLocal();
  phase: Phase = "starting";
  record: SessionRecord | null = null;
  sent: CodeSent | null = null;
  /** The session ended while the customer was at work; everything they did is still there. */
  resumed = false;
  view: CaseView | null = null;
  outline: Outline | null = null;
  quote: Quote | null = null;
  /** The one look at where the phone is, after a yes. */
  place: Place | null = null;
  comment = "";
  product: Product | null = null;
  trouble: Trouble | null = null;
  /** Something the reader should know on the next screen; stays until they move on. */
  hint: { text: string; advice: string } | null = null;
  /** Code of the last refusal, for the few screens that go on differently after it. */
  lastCode: string | null = null;
  lastFacts: Record<string, unknown> = {};
  busy = false;
  private readonly acts = new Acts();
  private readonly listeners = new Set<() => void>();
  private readonly notices = new Map<string, Notice>();
  private readonly shown = new Map<string, Promise<void>>();
  private outlineFor = "";
  private page = "";
  private pages: Promise<void> = Promise.resolve();

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed = (): void => { for (const listener of this.listeners) listener(); };

  get screen(): Screen { return place(this.view!, this.outline, this.local); }
  get opener(): Opener | null { return this.sent?.opener ?? this.record?.opener ?? null; }

  set(change: Partial<Local>): void {
    Object.assign(this.local, change);
    this.trouble = null;
    this.hint = null;
    this.changed();
  }

  /** Runs one piece of work with the busy mark on; a failure becomes a sentence on the page. True when it went well. */
  async run(work: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.trouble = null;
    this.lastCode = null;
    this.changed();
    try {
      await work();
      return true;
    } catch (error) {
      await this.explain(error, () => void this.run(work));
      return false;
    } finally {
      this.busy = false;
      this.changed();
    }
  }

  /** Like `run`, for work a screen starts by itself while another may be on its way: waits its turn. */
  async alone(work: () => Promise<void>): Promise<boolean> {
    while (this.busy) await new Promise((resolve) => setTimeout(resolve, 50));
    return this.run(work);
  }

  // --- getting in ----------------------------------------------------------------------------------------------------

  async start(token: string | null): Promise<void> {
    if (typeof crypto === "undefined" || !crypto.subtle || typeof indexedDB === "undefined") {
      this.phase = "unsupported";
      this.changed();
      return;
    }
    const kept = await recall<SessionRecord>(SESSION);
    const same = kept !== undefined && (token === null || token === kept.link);
    this.record = same ? kept : token === null ? null : fresh(token);
    if (this.record && !same) await remember(SESSION, this.record);
    if (this.record?.token) await this.run(() => this.resume());
    // With a session that could not be reached the page stays where it is and offers to try again.
    if (this.phase === "starting" && !this.record?.token) this.phase = this.record ? "link" : "no_link";
    this.changed();
  }

  async requestCode(): Promise<boolean> {
    return this.run(async () => {
      this.client.credential = { kind: "dpop", key: await deviceKey() };
      const body = { token: this.record!.link };
      this.sent = await this.acts.once("code", body, (key) => this.client.post<CodeSent>("/v1/links/codes", body, key));
      await this.keep({ opener: this.sent.opener });
    });
  }

  async enter(code: string): Promise<boolean> {
    return this.run(async () => {
      const key = await deviceKey();
      this.client.credential = { kind: "dpop", key };
      const body = { token: this.record!.link, code };
      const entered = await this.acts.once("enter", body, (act) =>
        this.client.post<Entered>("/v1/links/sessions", body, act));
      await this.keep({ token: entered.access_token, expires: entered.expires_at, caseId: entered.case.id });
      this.client.credential = { kind: "dpop", key, token: entered.access_token };
      await this.arrive(entered.case);
    });
  }

  private async resume(): Promise<void> {
    const { token, caseId } = this.record!;
    this.client.credential = { kind: "dpop", key: await deviceKey(), token: token! };
    await this.resend(caseId!);
    await this.outbox.drain();
    await this.arrive(await this.client.get<CaseView>(at.case(caseId!)));
  }

  /** A signature whose answer never came is sent once more under its own key: the server signs at most once. */
  private async resend(caseId: string): Promise<void> {
    const pending = await recall<Pending>(PENDING);
    if (!pending) return;
    if (pending.caseId === caseId) {
      try {
        await this.client.post(pending.path, pending.body, pending.key);
      } catch (error) {
        if (error instanceof NoAnswer) throw error;
        // Refused: the view that follows says where the case really is.
      }
    }
    await forget(PENDING);
  }

  private async arrive(view: CaseView): Promise<void> {
    const products = await this.client.get<{ items: Product[] }>("/v1/products");
    this.product = products.items.find((item) => item.full === view.product.full)
      ?? products.items.find((item) => item.id === view.product.id) ?? null;
    await this.take(view);
    this.resumed = false;
    this.phase = "journey";
  }

  private async keep(change: Partial<SessionRecord>): Promise<void> {
    this.record = { ...this.record!, ...change };
    await remember(SESSION, this.record);
  }

  /** Forget this browser's session: used when the phone is handed back or shared. */
  async leave(): Promise<void> {
    await forget(SESSION);
    location.reload();
  }

  // --- acts ----------------------------------------------------------------------------------------------------------

  /** POSTs to this case and takes the view that comes back. */
  async act(rest: string, body: unknown): Promise<CaseView> {
    const view = await this.acts.once(rest, body, (key) => this.client.post<CaseView>(this.path(rest), body, key));
    await this.take(view);
    return view;
  }

  async upload(rest: string, raw: Blob, headers: Record<string, string> = {}): Promise<CaseView> {
    const view = await this.client.upload<CaseView>(this.path(rest), raw, headers);
    await this.take(view);
    return view;
  }

  /** The signature alone is written down before it leaves, so that a reload in between cannot lose or double it. */
  async actOnce(rest: string, body: unknown): Promise<CaseView> {
    const pending: Pending = { caseId: this.view!.id, path: this.path(rest), body, key: newKey() };
    await remember(PENDING, pending);
    try {
      const view = await this.client.post<CaseView>(pending.path, body, pending.key);
      await forget(PENDING);
      await this.take(view);
      return view;
    } catch (error) {
      if (error instanceof Problem && !error.retryable) await forget(PENDING);
      throw error;
    }
  }

  /** The operation track: told as it happens, one after the other, and never sent later (EVD-05). */
  enterPage(page: string): Promise<void> {
    this.pages = this.pages.then(async () => {
      if (page === this.page || this.view?.consents?.["recording"]?.decision !== "given") return;
      if (await this.tell("/pages", { page, client_at: new Date().toISOString() })) this.page = page;
    });
    return this.pages;
  }

  /** What is only told, not asked for: it holds nobody up, and what could not be told is not told later. */
  async tell(rest: string, body: unknown): Promise<boolean> {
    if (this.view?.state !== "open") return false;
    try {
      const view = await this.client.post<CaseView>(this.path(rest), body, newKey());
      if ((view.head ?? 0) > (this.view?.head ?? 0)) await this.take(view);
      return true;
    } catch {
      return false;
    }
  }

  path(rest = ""): string { return at.case(this.view!.id, rest); }

  async refresh(): Promise<void> { await this.take(await this.client.get<CaseView>(this.path())); }

  async take(view: CaseView): Promise<void> {
    const before = this.view?.identity?.verified?.at;
    const after = view.identity?.verified?.at;
    // Seen as it happens, the good news gets a screen of its own; after a reload the journey just goes on.
    if (this.view && after && after !== before) Object.assign(this.local, { verifiedSeen: false, identifyAgain: false });
    this.view = view;
    await this.follow(view);
    this.changed();
  }

  /** The outline says what is read and answered; it is fetched again only when the reading, or the language, moved. */
  private async follow(view: CaseView, force = false): Promise<void> {
    if (!view.reading || (!view.reading.quoted && !asksFirst(view))) return;
    const { seen, screen, ...rest } = view.reading;
    void seen; void screen;
    const mark = `${locale()} ${JSON.stringify(rest)} ${asksFirst(view)}`;
    if (mark === this.outlineFor && !force) return;
    this.outline = await this.client.get<Outline>(`${this.path("/reading")}?locale=${encodeURIComponent(locale())}`);
    if (view.reading.quoted) this.quote = await this.client.get<Quote>(this.path("/quote"));
    this.outlineFor = mark;
  }

  /** For answers whose trace the view may not show, such as how many tries are left. */
  followNow(): Promise<void> { return this.follow(this.view!, true); }

  async relocate(): Promise<void> {
    if (this.view) await this.run(() => this.follow(this.view!, true));
    this.changed();
  }

  async notice(scope: string): Promise<Notice> {
    const kept = this.notices.get(scope);
    if (kept) return kept;
    const notice = await this.client.get<Notice>(`/v1/notices/${encodeURIComponent(scope)}`);
    this.notices.set(scope, notice);
    return notice;
  }

  /** Seals that a notice stood on the screen; once per scope and language while the page is open. */
  noticeShown(notice: Notice): Promise<void> {
    const mark = `${notice.scope} ${locale()}`;
    const before = this.shown.get(mark);
    if (before) return before;
    const body = { scope: notice.scope, locale: locale(), text_sha256: notice.text_sha256 };
    const now = this.act("/notices", body).then(() => undefined);
    this.shown.set(mark, now);
    now.catch(() => this.shown.delete(mark));
    return now;
  }

  async consent(scope: string, decision: "given" | "refused" | "withdrawn"): Promise<void> {
    const notice = await this.notice(scope);
    await this.noticeShown(notice);
    await this.act("/consents", { scope, decision, text_sha256: notice.text_sha256 });
  }

  // --- troubles ------------------------------------------------------------------------------------------------------

  async explain(error: unknown, again: (() => void) | null): Promise<void> {
    if (error instanceof NoAnswer) {
      this.trouble = { text: t("trouble.offline"), advice: t("trouble.offline_advice"), again, offline: true };
      return;
    }
    if (!(error instanceof Problem)) {
      this.trouble = { text: t("trouble.page"), advice: t("trouble.page_advice"), again, offline: false };
      return;
    }
    this.lastCode = error.code;
    this.lastFacts = error.body.facts ?? {};
    // The page that follows says what happened and holds the button to go on; no second message beside it.
    if (error.status === 401 && this.record?.token) return this.comeBack();
    const text = error.text(locale()) ?? t("trouble.unknown");
    this.trouble = { text, advice: advice(error), again: error.retryable ? again : null, offline: false };
  }

  /** Something this page itself noticed, e.g. a field left empty. */
  say(text: string, advice = ""): void {
    this.trouble = { text, advice, again: null, offline: false };
    this.changed();
  }

  private async comeBack(): Promise<void> {
    await this.keep({ token: null, expires: null });
    this.sent = null;
    this.resumed = true;
    this.phase = "link";
  }
}

function advice(error: Problem): string {
  const key = `advice.${error.code}`;
  if (known(key)) return t(key as Key);
  if (error.triesLeft !== null) return t("tries_left", { n: error.triesLeft });
  return error.retryable ? t("trouble.retry_advice") : "";
}

const fresh = (link: string): SessionRecord => ({
  link, token: null, expires: null, caseId: null, opener: null,
});
