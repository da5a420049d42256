// The HTTP contract (docs/API.md) as types, and one client that proves, retries and never sends an act twice.

import { base64url, random } from "./canonical";
import { proof, type DeviceKey } from "./dpop";

export type Locale = "zh-CN" | "en";
export type Text = { [locale in Locale]?: string };
export type Level = "one" | "plain" | "formal";

export interface ProductRef { id: string; version: number; kind: string; full: string; names: Text }
export interface Input {
  type: string; min?: number | string | null; max?: number | string | null; step?: number | string | null;
  choices?: (number | string | { value: number | string; label?: Text })[] | null;
  default?: number | string | null; label?: Text | string;
}
export interface Product extends ProductRef {
  provider: { name: Text | string; filing_no?: string; intermediary?: Text | string | null; phone?: string };
  summary: { [locale in Locale]?: string[] };
  inputs: Record<string, Input>;
}
export interface NoticeText { title: string; items: { label: string; text: string }[]; statement: string }
export interface Notice { scope: string; text_sha256: string; texts: { [locale in Locale]?: NoticeText } }
export interface Opener { name: string; company: string; certificate: string | null }

export interface Step { name: string; state: "done" | "current" | "waiting"; missing: string[] }
export interface Attempt { seq: number; at: string; verdict: string; reasons: string[] }
export interface Challenge {
  id: string; nonce: string; actions: string[]; paper: string | null; colour: boolean; expires: string; frames: unknown; judged?: boolean;
}
export interface Shown { name: string; rgb: number[] }
export interface Paper { verdict: string | null; reasons: string[]; confirm?: string[] }
export interface Identity {
  route: "face" | "assisted" | null;
  papers: Record<string, Paper>;
  confirmed: boolean;
  challenge: Challenge | null;
  attempts: Attempt[];
  attempts_left: number;
  comparisons: Record<string, string>;
  locked: string[];
  review: "requested" | "accept" | "reject" | null;
  verified: { strength: string; route: string; at: string } | null;
  /** Reviewer and auditor only: who wants to look at the papers' pictures, and who agreed. */
  doubts?: string[];
  reviewed?: { by: string; at: string; decision: string; reason: string } | null;
  pictures?: { id: string; by: string; reason?: string | null; approved: boolean; approved_by?: string | null; reads: number }[];
}
export interface Page { n: number; width: number; height: number; sha256: string }
export interface Document {
  id: string; kind: string; sha256: string; pages: Page[]; shown: boolean;
  signed_sha256?: string | null; signed_at?: string | null; level?: string | null; state?: string;
}
export interface CaseView {
  id: string; state: "open" | "declined" | "completed"; mode: "sandbox" | "production"; input_origin?: string;
  opened_at: string; head?: number; product: ProductRef;
  parties: Record<string, { customer?: string; link?: { sent_at?: string; channel?: string; opened?: boolean } | null }>;
  party?: string | null;
  steps: Step[];
  consents?: Record<string, { decision: "given" | "refused" | "withdrawn"; at: string; ask_after?: string }>;
  reading?: {
    quoted: boolean; screen: string | null;
    seen: Record<string, { visible_ms: number; end_seen: boolean }>;
    answered: Record<string, boolean>; attempts: Record<string, number>;
    read: string[]; acknowledged: string[]; suitability: string | null;
  };
  identity?: Identity | null;
  code?: { expires: string; verified: boolean; tries_left: number } | null;
  documents: Document[];
  seals: number;
  exports: { id: string; state: ExportState }[];
  policy: { hesitation_days: number; code_ttl_s: number; identity_fresh_s: number; challenge_ttl_s: number; face_search?: boolean };
  refusals: Record<string, number>;
  /** Reviewer and auditor only, by party. */
  identities?: Record<string, Identity>;
}
export type ExportState = "queued" | "running" | "succeeded" | "failed";

export interface Quote { inputs: Record<string, string | number>; outputs: Record<string, { value: string; unit: string; text: Text; label?: Text | string }> }
export interface OutlineClause {
  id: string; parent: string | null; cat: string; must_read: boolean; limits_provider: boolean; style: string | null;
  levels: Level[]; one: string | null; title: string | null; floor_ms: number; read: boolean; personal: boolean;
}
export interface Question { id: string; clause: string; ask: string; options: { value: string; text: string }[]; tries_left: number; answered: boolean }
export interface Disclosure { id: string; when: string; text: string; text_sha256: string; acknowledge: string; done: boolean }
export interface Term { id: string; term: string; plain: string; clause: string | null }
export interface Outline {
  progress: { read: number; of: number };
  summary: { text: string; clause: string | null; topic?: string }[];
  clauses: OutlineClause[]; questions: Question[]; disclosures: Disclosure[]; glossary: Term[];
  /** The sentence that stands at least as large as the name where benefits are not certain (PRD-09). */
  uncertainty?: string | null;
  suitability: {
    needs: (Input & { name: string })[]; outcome: string | null; reasons: { rule: string; text: string }[];
    /** Asked before any quote, and whether that was done. */
    first?: (Input & { name: string })[]; told?: boolean;
    /** The sentence to copy out for going on in spite of a warning; without one, own words. */
    declaration?: string | null;
    thinking?: { hours: number; until: string } | null;
    risk?: RiskTest | null;
    health?: { version: number; questions: { id: string; ask: string; effect: string }[]; outcome: string | null } | null;
  };
}
export interface RiskTest {
  level: number;
  questions: { id: string; ask: string; choices: { value: string; text: string }[] }[];
  done: { fits: boolean; confirmed: boolean; at: string; expires: string } | null;
}
export interface Span { text: string; term?: string | null; number?: boolean | null }
export interface Block { kind: "p" | "alert" | "formal" | "explain"; label?: string | null; spans: Span[] }
export interface ScreenClause { clause: string; level: Level; title: string; blocks: Block[]; floor_ms: number; render_sha256: string }
export interface ServedScreen { screen: string; locale: Locale; layout: "standard" | "elder"; clauses: ScreenClause[] }
export interface PaperFields { wanted?: string[]; fields: Record<string, { value: string; confidence_e4: number; confirm: boolean }> }
export interface CodeSent { to: string; expires_at: string; tries_left: number; product: { id: string; kind: string; names: Text }; opener: Opener; serial: string }
export interface Entered { access_token: string; expires_at: string; case: CaseView }
export interface Staff { id: string; role: string; name: string; tenant: string; company: string; certificate: string | null }
export interface Place {
  state: "consented" | "refused" | "unavailable";
  lat_e7?: number; lon_e7?: number; accuracy_m?: number; datum?: "WGS-84";
}
export interface Strokes { width: number; height: number; dpi: number; strokes: { pointer: string; points: number[][] }[] }
export interface SignatureBody {
  document: string; shown_sha256: string; opinion: "agree" | "disagree"; comment?: string;
  strokes?: Strokes; place?: Place; act?: { nonce: string; strokes_salt: string; signature: string };
}

interface ProblemBody {
  status?: number; code?: string; detail?: string; retryable?: boolean; request_id?: string; message?: Text;
  errors?: { field: string; message: string }[]; missing?: string[]; facts?: Record<string, unknown>;
}

/** An answer of the server that is not a yes. `code` is what the pages branch on. */
export class Problem extends Error {
  constructor(readonly status: number, readonly body: ProblemBody, readonly retryAfterMs: number | null = null) {
    super(`${status} ${body.code ?? ""}`);
  }
  get code(): string { return this.body.code ?? `HTTP_${this.status}`; }
  get retryable(): boolean { return this.body.retryable ?? this.status >= 500; }
  get triesLeft(): number | null {
    const left = this.body.facts?.["tries_left"];
    return typeof left === "number" ? left : null;
  }
  get missing(): string[] { return this.body.missing ?? []; }
  text(locale: Locale): string | undefined { return this.body.message?.[locale]; }
}

/** No answer at all. The act may or may not have happened: repeat it under the same key. */
export class NoAnswer extends Error {}

export type Credential = { kind: "none" } | { kind: "bearer"; token: string } | { kind: "dpop"; key: DeviceKey; token?: string };

interface Options {
  body?: unknown; raw?: Blob; headers?: Record<string, string>;
  /** Idempotency key; a POST without one gets a key of its own for this call and its retries. */
  key?: string;
  want?: "json" | "blob";
  signal?: AbortSignal;
  retries?: number;
}

const PAUSES_MS = [400, 1200, 3000];
const TIME_LIMIT_MS = 30_000;

export const newKey = (): string => base64url(random(18));

export class Client {
  credential: Credential = { kind: "none" };
  /** Server clock minus this clock, from the Date header. */
  private skewMs = 0;

  constructor(private readonly origin = location.origin, private readonly pausesMs = PAUSES_MS) {}

  get<T>(path: string): Promise<T> { return this.send<T>("GET", path, {}); }
  post<T>(path: string, body: unknown, key?: string): Promise<T> {
    return this.send<T>("POST", path, key === undefined ? { body } : { body, key });
  }
  upload<T>(path: string, raw: Blob, headers: Record<string, string> = {}, key?: string): Promise<T> {
    return this.send<T>("POST", path, key === undefined ? { raw, headers } : { raw, headers, key });
  }
  blob(path: string): Promise<Blob> { return this.send<Blob>("GET", path, { want: "blob" }); }

  /** Sends, and sends again under the same key while no answer came or the server asks for patience. */
  async send<T>(method: string, path: string, options: Options): Promise<T> {
    const key = method === "GET" ? undefined : (options.key ?? newKey());
    const most = options.retries ?? this.pausesMs.length;
    for (let tried = 0; ; tried += 1) {
      try {
        return await this.once<T>(method, path, options, key);
      } catch (error) {
        // A phone whose clock is off learns the server's time from the refusal and proves itself once more.
        if (error instanceof Problem && error.code === "PROOF_INVALID" && tried === 0 && this.skewMs !== 0) continue;
        const again = error instanceof NoAnswer || (error instanceof Problem && worthAsking(error));
        if (!again || tried >= most || options.signal?.aborted) throw error;
        const asked = error instanceof Problem ? error.retryAfterMs : null;
        await new Promise((resolve) => setTimeout(resolve, Math.min(asked ?? this.pausesMs[tried] ?? 3000, 10_000)));
      }
    }
  }

  /** An open answer to read as it comes (server-sent events). */
  stream(path: string, signal: AbortSignal): Promise<Response> {
    return this.fetch("GET", path, { headers: { Accept: "text/event-stream" }, signal }, undefined);
  }

  private async once<T>(method: string, path: string, options: Options, key: string | undefined): Promise<T> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), TIME_LIMIT_MS);
    options.signal?.addEventListener("abort", () => limit.abort());
    try {
      const response = await this.fetch(method, path, { ...options, signal: limit.signal }, key);
      if (options.want === "blob") return (await response.blob()) as T;
      return (response.status === 204 ? undefined : await response.json()) as T;
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new NoAnswer(String(error)); // fetch says TypeError for every kind of broken line
    } finally {
      clearTimeout(timer);
    }
  }

  private async fetch(method: string, path: string, options: Options, key: string | undefined): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
    if (key !== undefined) headers["Idempotency-Key"] = key;
    if (options.raw) headers["Content-Type"] = options.raw.type;
    else if (options.body !== undefined) headers["Content-Type"] = "application/json";
    await this.authorize(headers, method, path);
    const response = await fetch(this.origin + path, {
      method, headers, cache: "no-store", credentials: "omit", redirect: "error",
      ...(options.raw ? { body: options.raw } : options.body !== undefined ? { body: JSON.stringify(options.body) } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const date = Date.parse(response.headers.get("Date") ?? "");
    // The header has whole seconds; a smaller difference is not a difference.
    if (!Number.isNaN(date)) this.skewMs = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0;
    if (response.ok) return response;
    const after = Number(response.headers.get("Retry-After"));
    throw new Problem(response.status, await problemBody(response), after > 0 ? after * 1000 : null);
  }

  private async authorize(headers: Record<string, string>, method: string, path: string): Promise<void> {
    const credential = this.credential;
    if (credential.kind === "bearer") headers["Authorization"] = `Bearer ${credential.token}`;
    if (credential.kind !== "dpop") return;
    if (credential.token !== undefined) headers["Authorization"] = `DPoP ${credential.token}`;
    const at = (Date.now() + this.skewMs) / 1000;
    headers["DPoP"] = await proof(credential.key, { method, url: this.origin + path, at, token: credential.token });
  }
}

const worthAsking = (problem: Problem): boolean =>
  problem.code === "STILL_IN_FLIGHT" || problem.code === "HEAD_MOVED" || (problem.retryable && [429, 502, 503, 504].includes(problem.status));

async function problemBody(response: Response): Promise<ProblemBody> {
  try {
    return (await response.json()) as ProblemBody;
  } catch {
    return {}; // a proxy's own page, not ours
  }
}

/** The same act keeps the same key until it is answered, also when the person presses the button again. */
export class Acts {
  private readonly keys = new Map<string, string>();

  async once<T>(name: string, body: unknown, act: (key: string) => Promise<T>): Promise<T> {
    const id = `${name} ${JSON.stringify(body)}`;
    const key = this.keys.get(id) ?? newKey();
    this.keys.set(id, key);
    try {
      const answer = await act(key);
      this.keys.delete(id);
      return answer;
    } catch (error) {
      // A final refusal ends the act; an unanswered one stays open under its key.
      if (error instanceof Problem && !error.retryable) this.keys.delete(id);
      throw error;
    }
  }
}

/** Paths in one place. */
export const at = {
  case: (id: string, rest = ""): string => `/v1/cases/${encodeURIComponent(id)}${rest}`,
};
