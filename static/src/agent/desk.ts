// The agent's and the reviewer's side: a signed-in account, its cases, and what happens in them as it happens.

import { Acts, Client, NoAnswer, Problem, at, type CaseView, type Product, type Staff } from "../api";
import { deviceKey } from "../device";
import { locale, t } from "../i18n";
import { Live, type Link } from "./live";

interface SignedIn { access_token: string; expires_at: string; staff: Staff }
export type CheckKind = "screenings" | "signals";
/** A check of one person that waits for a decision; what it found is told for a reason only. */
export interface Check { kind: CheckKind; id: string; case: string; party: string; at: string }
export interface Pairing { url: string; qr_svg: string; expires_at: string; case: CaseView }

const SESSION = "jianzheng.staff";

export class Desk {
  readonly client = new Client();
  phase: "starting" | "no_token" | "desk" = "starting";
  staff: Staff | null = null;
  cases: CaseView[] = [];
  next: string | null = null;
  products: Product[] = [];
  open: CaseView | null = null;
  pairing: Pairing | null = null;
  checks: Check[] = [];
  trouble: string | null = null;
  said: string | null = null;
  busy = false;
  link: Link = "live";
  private readonly acts = new Acts();
  private readonly listeners = new Set<() => void>();
  private live: Live | null = null;
  private sweep = 0;

  subscribe(listener: () => void): void { this.listeners.add(listener); }
  changed = (): void => { for (const listener of this.listeners) listener(); };

  get reviewer(): boolean { return this.staff?.role === "reviewer"; }
  /** Reviewers, and auditors, who decide nothing but may agree to a look at pictures. */
  get examiner(): boolean { return this.reviewer || this.staff?.role === "auditor"; }

  async run(work: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    Object.assign(this, { busy: true, trouble: null, said: null });
    this.changed();
    try {
      await work();
      return true;
    } catch (error) {
      this.explain(error);
      return false;
    } finally {
      this.busy = false;
      this.changed();
    }
  }

  private explain(error: unknown): void {
    if (error instanceof NoAnswer) this.trouble = t("trouble.offline");
    else if (error instanceof Problem) {
      this.trouble = error.text(locale()) ?? t("trouble.unknown");
      if (error.status === 401) this.forget();
    } else this.trouble = t("trouble.page");
  }

  say(text: string): void {
    this.trouble = text;
    this.changed();
  }

  // --- the account -----------------------------------------------------------------------------------------------------

  async start(token: string | null): Promise<void> {
    if (token) await this.run(() => this.signIn(token));
    else this.recall();
    if (this.staff) {
      this.phase = "desk";
      await this.run(() => this.load());
      // New cases and reviews of other desks appear without a reload.
      this.sweep = window.setInterval(() => void this.quietly(), 10_000);
    }
    // Also reached after a load that found the session over.
    if (!this.staff) this.phase = "no_token";
    this.changed();
  }

  private async signIn(token: string): Promise<void> {
    // Whoever signs in here shows which browser it is: the same one cannot then be a customer's.
    this.client.credential = { kind: "dpop", key: await deviceKey() };
    const signed = await this.client.post<SignedIn>("/v1/staff/sessions", { token });
    // This tab only, gone when it closes: a bearer token is worth what it opens.
    try { sessionStorage.setItem(SESSION, JSON.stringify(signed)); } catch { /* works until a reload */ }
    this.take(signed);
  }

  private recall(): void {
    try {
      const kept = JSON.parse(sessionStorage.getItem(SESSION) ?? "null") as SignedIn | null;
      if (kept && Date.parse(kept.expires_at) > Date.now()) this.take(kept);
    } catch { /* nothing kept */ }
  }

  private take(signed: SignedIn): void {
    this.staff = signed.staff;
    this.client.credential = { kind: "bearer", token: signed.access_token };
  }

  private forget(): void {
    try { sessionStorage.removeItem(SESSION); } catch { /* nothing kept */ }
    this.staff = null;
    this.phase = "no_token";
    clearInterval(this.sweep);
    this.live?.stop();
  }

  signOut(): void {
    this.forget();
    this.changed();
  }

  // --- cases -----------------------------------------------------------------------------------------------------------

  private async load(): Promise<void> {
    this.products = (await this.client.get<{ items: Product[] }>("/v1/products")).items;
    await this.list();
  }

  private async list(): Promise<void> {
    const page = await this.client.get<{ items: CaseView[]; next: string | null }>("/v1/cases");
    const ids = new Set(page.items.map((item) => item.id));
    // Older pages already on the screen stay below the fresh first page.
    const older = this.cases.filter((item) => !ids.has(item.id) && this.cases.length > page.items.length);
    this.cases = [...page.items, ...older];
    if (older.length === 0) this.next = page.next;
    const open = page.items.find((item) => item.id === this.open?.id);
    if (open) this.open = open;
    if (this.reviewer) await this.listChecks();
  }

  private async listChecks(): Promise<void> {
    const lists = await Promise.all((["screenings", "signals"] as const).map(async (kind) => {
      const { items } = await this.client.get<{ items: Omit<Check, "kind">[] }>(`/v1/${kind}`);
      return items.map((item) => ({ kind, ...item }));
    }));
    this.checks = lists.flat();
    const known = new Set(this.cases.map((item) => item.id));
    for (const id of new Set(this.checks.map((check) => check.case).filter((id) => !known.has(id)))) {
      try {
        this.cases = [...this.cases, await this.client.get<CaseView>(at.case(id))];
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 404) throw error; // sold by this very person: not theirs to see
      }
    }
  }

  checksOf(id: string): Check[] { return this.checks.filter((check) => check.case === id); }

  private async quietly(): Promise<void> {
    if (this.busy || document.visibilityState !== "visible") return;
    try {
      await this.list();
      this.changed();
    } catch (error) {
      if (error instanceof Problem && error.status === 401) {
        this.explain(error);
        this.changed();
      }
    }
  }

  more(): Promise<boolean> {
    return this.run(async () => {
      const page = await this.client.get<{ items: CaseView[]; next: string | null }>(`/v1/cases?cursor=${encodeURIComponent(this.next!)}`);
      this.cases = [...this.cases, ...page.items];
      this.next = page.next;
    });
  }

  openCase(body: { product: string; phone: string; name?: string }): Promise<boolean> {
    return this.run(async () => {
      const made = await this.acts.once("open", body, (key) => this.client.post<CaseView>("/v1/cases", body, key));
      this.cases = [made, ...this.cases];
      this.select(made);
    });
  }

  select(view: CaseView | null): void {
    this.live?.stop();
    this.live = null;
    this.pairing = null;
    this.open = view;
    this.said = null;
    this.trouble = null;
    if (view && view.state === "open") {
      this.live = new Live(this.client, at.case(view.id, "/live"), {
        moved: () => void this.refresh(view.id),
        link: (link) => { this.link = link; this.changed(); },
      });
      this.live.start();
    }
    this.changed();
  }

  private async refresh(id: string): Promise<void> {
    try {
      this.put(await this.client.get<CaseView>(at.case(id)));
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.explain(error);
    }
    this.changed();
  }

  private put(view: CaseView): void {
    this.cases = this.cases.map((item) => (item.id === view.id ? view : item));
    if (this.open?.id === view.id) this.open = view;
  }

  sendLink(party: string): Promise<boolean> {
    return this.run(async () => {
      const body = { party };
      this.put(await this.acts.once("link", body, (key) => this.client.post<CaseView>(at.case(this.open!.id, "/links"), body, key)));
      this.said = t("agent.link_sent");
    });
  }

  pair(party: string): Promise<boolean> {
    return this.run(async () => {
      this.pairing = await this.client.post<Pairing>(at.case(this.open!.id, "/pairings"), { party });
      this.put(this.pairing.case);
    });
  }

  review(party: string, decision: "accept" | "reject", reason: string): Promise<boolean> {
    return this.run(async () => {
      const body = { party, decision, reason };
      this.put(await this.acts.once("review", body, (key) =>
        this.client.post<CaseView>(at.case(this.open!.id, "/identity/reviews"), body, key)));
      this.said = t("review_desk.decided");
    });
  }

  /** What a check found; null where it was refused. */
  async read<T>(check: Check, reason: string): Promise<T | null> {
    let told: T | null = null;
    await this.run(async () => {
      told = await this.client.post<T>(`/v1/${check.kind}/${encodeURIComponent(check.id)}/readings`, { reason });
    });
    return told;
  }

  settle(check: Check, decision: "cleared" | "confirmed", reason: string): Promise<boolean> {
    return this.run(async () => {
      const path = `/v1/${check.kind}/${encodeURIComponent(check.id)}/decisions`;
      const body = { decision, reason };
      await this.acts.once(path, body, (key) => this.client.post(path, body, key));
      this.checks = this.checks.filter((one) => one.id !== check.id);
      this.said = t("review_desk.decided");
    });
  }

  askPictures(party: string, reason: string): Promise<boolean> {
    return this.onOpen("/identity/pictures", { party, reason }, t("pictures.asked"));
  }

  approvePictures(party: string, ask: string): Promise<boolean> {
    return this.onOpen(`/identity/pictures/${encodeURIComponent(ask)}/approvals`, { party }, t("pictures.agreed"));
  }

  /** One picture; that it was looked at is sealed before it comes. */
  async picture(party: string, ask: string, paper: string): Promise<Blob | null> {
    let found: Blob | null = null;
    await this.run(async () => {
      const query = new URLSearchParams({ ask, party }).toString();
      found = await this.client.blob(at.case(this.open!.id, `/identity/papers/${encodeURIComponent(paper)}/picture?${query}`));
    });
    return found;
  }

  private onOpen(rest: string, body: object, said: string): Promise<boolean> {
    return this.run(async () => {
      this.put(await this.acts.once(rest, body, (key) => this.client.post<CaseView>(at.case(this.open!.id, rest), body, key)));
      this.said = said;
    });
  }

  /** Why a case waits for somebody at this desk; empty where it does not. */
  reasons(view: CaseView): ("review" | "pictures" | CheckKind)[] {
    const identities = Object.values(view.identities ?? {});
    const asked = identities.some((one) => one.pictures?.some((ask) => !ask.approved && ask.by !== this.staff?.id));
    return [
      ...(this.reviewer && identities.some((one) => one.review === "requested") ? ["review" as const] : []),
      ...new Set(this.checksOf(view.id).map((check) => check.kind)),
      ...(asked ? ["pictures" as const] : []),
    ];
  }

  /** Cases with somebody waiting for a person's decision. */
  get waiting(): CaseView[] { return this.cases.filter((item) => this.reasons(item).length > 0); }
}
