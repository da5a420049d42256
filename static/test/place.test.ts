// A reload or another day leads to the same screen: the place follows from the view.
import { expect, test } from "vitest";
import type { CaseView, Identity, Outline } from "../src/api";
import { freshLocal, pageOf, place, progress, quietUntil, type Screen } from "../src/customer/place";

const NAMES = ["quote", "read", "suitability", "disclose", "identity", "sign"];
const given = { decision: "given" as const, at: "" };

function view(current: string, change: Partial<CaseView> = {}): CaseView {
  const at = NAMES.indexOf(current);
  return {
    id: "case_x", state: "open", mode: "sandbox", opened_at: "", seals: 0, exports: [], documents: [], parties: {}, refusals: {},
    product: { id: "p", version: 1, kind: "insurance.term", full: "", names: {} },
    policy: { hesitation_days: 15, code_ttl_s: 600, identity_fresh_s: 600, challenge_ttl_s: 60 },
    steps: NAMES.map((name, n) => ({ name, state: n < at ? "done" : n === at ? "current" : "waiting", missing: [] })),
    consents: { recording: given, privacy: given },
    reading: { quoted: at > 0, screen: null, seen: {}, answered: {}, attempts: {}, read: [], acknowledged: [], suitability: null },
    identity: null, code: null, ...change,
  };
}

const clause = (id: string, read: boolean, must = true): Outline["clauses"][number] => ({
  id, parent: null, cat: "exclusion", must_read: must, limits_provider: true, style: null, levels: ["one", "plain", "formal"],
  one: id, title: null, floor_ms: 1000, read, personal: false,
});
const outline = (change: Partial<Outline> = {}): Outline => ({
  progress: { read: 0, of: 2 }, summary: [], clauses: [clause("c0", false, false), clause("c1", false), clause("c2", false)], questions: [],
  disclosures: [], glossary: [], suitability: { needs: [], outcome: null, reasons: [] }, ...change,
});
const identity = (change: Partial<Identity>): Identity => ({
  route: "face", papers: {}, confirmed: false, challenge: null, attempts: [], attempts_left: 3, comparisons: {}, locked: [],
  review: null, verified: null, ...change,
});
const good = { verdict: "pass", reasons: [] };
const both = { cn_id_front: good, cn_id_back: good };
const attempt = (verdict: string): Identity["attempts"][number] => ({ seq: 1, at: "", verdict, reasons: [] });
const at = (v: CaseView, o: Outline | null = outline(), local = freshLocal()): Screen => place(v, o, local);

test("nothing of the sale comes before the entry page and the privacy notice (STA-01)", () => {
  expect(at(view("quote", { consents: {} }))).toBe("entry");
  expect(at(view("quote", { consents: { recording: { decision: "refused", at: "" } } }))).toBe("entry");
  expect(at(view("quote", { consents: { recording: given } }))).toBe("privacy");
  expect(at(view("quote"))).toBe("quote");
});

test("must-read clauses come in order and a wrong answer's clause comes again", () => {
  const seen = { ...view("read").reading!, seen: { "c1/plain": { visible_ms: 1, end_seen: false } } };
  expect(at(view("read", { reading: seen }))).toBe("clause");
  const question = { id: "q", clause: "c1", ask: "", options: [], tries_left: 3, answered: false };
  const read = outline({ clauses: [clause("c1", true), clause("c2", true)], questions: [question] });
  expect(at(view("read", { reading: seen }), read)).toBe("question");
  const reopened = outline({ clauses: [clause("c1", false), clause("c2", true)], questions: [question] });
  expect(at(view("read", { reading: seen }), reopened)).toBe("clause");
});

test("the clause in hand stays although the server counts it as read", () => {
  expect(at(view("suitability"), outline(), { ...freshLocal(), reading: "c2" })).toBe("clause");
});

test("what is asked first comes before the quote, what is thought over only before the signature (PRD-10, PRD-12)", () => {
  const needs = view("quote");
  needs.steps[0]!.missing = ["needs", "disclosed:d_first", "quoted"];
  expect(at(needs)).toBe("needs");
  needs.steps[0]!.missing = ["disclosed:d_first", "quoted"];
  const first = outline({ disclosures: [{ id: "d_first", when: "before_quote", text: "", text_sha256: "", acknowledge: "tap", done: false }] });
  expect(at(needs, first)).toBe("disclosure");
  const fit = view("suitability");
  const step = fit.steps.find((item) => item.name === "suitability")!;
  step.missing = ["suitable", "risk", "rested"];
  expect(at(fit)).toBe("risk");
  step.missing = ["suitable", "rested"];
  expect(at(fit)).toBe("suitability");
  step.missing = ["rested"];
  expect(at(fit)).not.toBe("suitability");
});

test("every screen belongs to a page of the operation track (EVD-05)", () => {
  expect([pageOf("clause"), pageOf("question"), pageOf("disclosure"), pageOf("liveness"), pageOf("opinion"), pageOf("done")])
    .toEqual(["read", "questions", "disclosures", "identity", "sign", "receipt"]);
});

test("a face needs a consent of its own before any picture (KYC-02)", () => {
  expect(at(view("identity", { identity: null }))).toBe("route");
  expect(at(view("identity", { identity: identity({}) }))).toBe("face_consent");
  const consents = { recording: given, privacy: given, face: given };
  expect(at(view("identity", { consents, identity: identity({}) }))).toBe("paper_front");
  expect(at(view("identity", { consents, identity: identity({ papers: { cn_id_front: { verdict: "fail", reasons: [] } } }) }))).toBe("paper_front");
  expect(at(view("identity", { consents, identity: identity({ papers: { cn_id_front: good } }) }))).toBe("paper_back");
  expect(at(view("identity", { consents, identity: identity({ papers: both }) }))).toBe("confirm");
  expect(at(view("identity", { consents, identity: identity({ papers: both, confirmed: true }) }))).toBe("liveness");
});

test("after a no the question about the face is not put again for 48 hours, but by the customer's own wish (KYC-02)", () => {
  const no = (decision: "refused" | "withdrawn", hours: number) => ({
    recording: given, privacy: given, face: { decision, at: "", ask_after: new Date(Date.now() + hours * 3_600_000).toISOString() },
  });
  for (const decision of ["refused", "withdrawn"] as const) {
    const inside = view("identity", { consents: no(decision, 1), identity: identity({}) });
    expect(at(inside)).toBe("route");
    expect(quietUntil(inside)).not.toBeNull();
    expect(at(inside, outline(), { ...freshLocal(), faceWanted: true })).toBe("face_consent");
    const later = view("identity", { consents: no(decision, -1), identity: identity({}) });
    expect(quietUntil(later)).toBeNull();
    expect(at(later)).toBe("face_consent");
  }
});

test("where faces are looked for elsewhere, that is asked once and apart (KYC-18)", () => {
  const consents = { recording: given, privacy: given, face: given };
  const policy = { ...view("identity").policy, face_search: true };
  expect(at(view("identity", { consents, policy, identity: identity({}) }))).toBe("face_search");
  const answered = { ...consents, face_search: { decision: "refused" as const, at: "" } };
  expect(at(view("identity", { consents: answered, policy, identity: identity({}) }))).toBe("paper_front");
  expect(at(view("identity", { consents, identity: identity({}) }))).toBe("paper_front");
});

test("the way without a face takes no more screens than the one with it (KYC-03)", () => {
  const assisted = { route: "assisted" as const };
  expect(at(view("identity", { identity: identity(assisted) }))).toBe("paper_front");
  expect(at(view("identity", { identity: identity({ ...assisted, papers: both, confirmed: true, review: "requested" }) }))).toBe("review");
});

test("a doubtful face waits for a person, a locked one is offered the other way", () => {
  const consents = { recording: given, privacy: given, face: given };
  const base = { papers: both, confirmed: true };
  expect(at(view("identity", { consents, identity: identity({ ...base, attempts: [attempt("fail")] }) }))).toBe("liveness");
  expect(at(view("identity", { consents, identity: identity({ ...base, attempts: [attempt("review")], review: "requested" }) }))).toBe("review");
  expect(at(view("identity", { consents, identity: identity({ ...base, review: "requested" }) }))).toBe("liveness");
  expect(at(view("identity", { consents, identity: identity({ ...base, locked: ["face"] }) }))).toBe("review");
});

test("signing goes code, paper, opinion, place, pen, with nothing chosen beforehand (ESG-07)", () => {
  const code = { expires: "", verified: true, tries_left: 5 };
  const paper = { id: "doc_1", kind: "application", sha256: "", pages: [], shown: false };
  expect(at(view("sign"))).toBe("code");
  expect(at(view("sign", { code }))).toBe("prepare");
  expect(at(view("sign", { code, documents: [paper] }))).toBe("document");
  const shown = view("sign", { code, documents: [{ ...paper, shown: true }] });
  expect(at(shown)).toBe("opinion");
  expect(at(shown, outline(), { ...freshLocal(), opinion: "agree" })).toBe("location");
  const refused = { ...shown, consents: { ...shown.consents, location: { decision: "refused" as const, at: "" } } };
  expect(at(refused, outline(), { ...freshLocal(), opinion: "agree" })).toBe("signature");
  expect(at(view("sign", { documents: [{ ...paper, signed_sha256: "ab" }] }))).toBe("done");
  expect(at(view("sign", { state: "declined" }))).toBe("declined");
});

test("progress counts the two notices and the product's own steps", () => {
  expect(progress(view("quote"), "entry")).toMatchObject({ n: 1, of: 8 });
  expect(progress(view("read"), "clause")).toMatchObject({ n: 4, of: 8, step: "read" });
  expect(progress(view("sign"), "signature")).toMatchObject({ n: 8, of: 8 });
});
