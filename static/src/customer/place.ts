// Where the customer is, from what the server says and little else: a reload or another day leads to the same screen.

import type { CaseView, Disclosure, Identity, Outline, OutlineClause, Question } from "../api";

export type Screen =
  | "entry" | "privacy" | "quote" | "summary" | "clause" | "question" | "suitability" | "disclosure" | "needs" | "risk" | "health" | "thinking"
  | "route" | "face_consent" | "face_search" | "paper_front" | "paper_back" | "confirm" | "liveness" | "verified" | "review"
  | "code" | "prepare" | "document" | "location" | "opinion" | "signature" | "done" | "declined" | "elsewhere";

/** What only this page knows: small choices that are not evidence. */
export interface Local {
  summarySeen: boolean;
  quoteSeen: boolean;
  /** The clause opened again after a wrong answer or from the summary. */
  again: string | null;
  /** The must-read clause in hand: the page turns when the reader says so, not when the server has counted enough. */
  reading: string | null;
  /** The inputs are being changed; only what they touch is asked again. */
  requote: boolean;
  /** The face notice was accepted in principle; its own consent is asked on the next screen. */
  faceWanted: boolean;
  /** The customer asked to go over the identity step again because the check grew old (ESG-01). */
  identifyAgain: boolean;
  /** A side of the card to be photographed again, and whether the back follows; then the fields are confirmed anew. */
  retake: "front" | "back" | null;
  retakeBoth: boolean;
  reconfirm: boolean;
  verifiedSeen: boolean;
  opinion: "agree" | "disagree" | null;
}

export const freshLocal = (): Local => ({
  summarySeen: false, quoteSeen: false, again: null, reading: null, requote: false, faceWanted: false, identifyAgain: false, verifiedSeen: true,
  retake: null, retakeBoth: false, reconfirm: false,
  opinion: null,
});

/** The steps shown as "step 3 of 8". The first two come before the product's own journey. */
const OWN = ["quote", "read", "suitability", "disclose", "identity", "health", "sign"] as const;
export type StepName = "entry" | "privacy" | (typeof OWN)[number];

export function stepNames(view: CaseView): StepName[] {
  const own = view.steps.map((step) => step.name).filter((name): name is (typeof OWN)[number] => isOwn(name));
  return ["entry", "privacy", ...own];
}

const isOwn = (name: string): name is (typeof OWN)[number] => (OWN as readonly string[]).includes(name);

const STEP_OF: Record<Screen, StepName> = {
  entry: "entry", privacy: "privacy", quote: "quote", summary: "read", clause: "read", question: "read",
  suitability: "suitability", disclosure: "disclose", route: "identity", face_consent: "identity", face_search: "identity",
  paper_front: "identity", paper_back: "identity", confirm: "identity", liveness: "identity", verified: "identity",
  needs: "quote", risk: "suitability", thinking: "sign", health: "health",
  review: "identity", code: "sign", prepare: "sign", document: "sign", location: "sign", opinion: "sign",
  signature: "sign", done: "sign", declined: "sign", elsewhere: "sign",
};

export function progress(view: CaseView, screen: Screen): { n: number; of: number; step: StepName } {
  const names = stepNames(view);
  const step = STEP_OF[screen];
  const found = names.indexOf(step);
  return { n: (found < 0 ? names.length - 1 : found) + 1, of: names.length, step };
}

export function place(view: CaseView, outline: Outline | null, local: Local): Screen {
  if (view.state === "declined") return "declined";
  if (view.documents.some((document) => document.signed_sha256)) return "done";
  if (view.consents?.["recording"]?.decision !== "given") return "entry";
  if (view.consents?.["privacy"]?.decision !== "given") return "privacy";
  if (local.requote) return "quote";
  if (local.again !== null || local.reading !== null) return "clause";
  if (!local.verifiedSeen && view.identity?.verified) return "verified";
  const step = view.steps.find((item) => item.state !== "done" && !onlyThinking(item));
  if (local.identifyAgain && (step?.name === "sign" || step === undefined)) return identityScreen(view, local);
  switch (step?.name) {
    case "quote": return quoteScreen(view, outline);
    case "read": return local.quoteSeen || readAny(view) ? readScreen(outline, view, local) : "quote";
    case "suitability": return missing(view, "suitability", "risk") ? "risk" : "suitability";
    case "health": return "health";
    case "disclose": return openDisclosures(outline, "disclose").length > 0 ? "disclosure" : "elsewhere";
    case "identity": return identityScreen(view, local);
    case "sign": return signScreen(view, outline, local);
    default: return "elsewhere";
  }
}

const missing = (view: CaseView, step: string, key: string): boolean =>
  view.steps.find((item) => item.name === step)?.missing?.includes(key) ?? false;

/** Time to think holds up the signature and nothing before it (PRD-12). */
const onlyThinking = (step: CaseView["steps"][number]): boolean =>
  step.name === "suitability" && step.missing?.length === 1 && step.missing[0] === "rested";

/** Whether something is asked or confirmed before any quote (PRD-10). */
export const asksFirst = (view: CaseView): boolean =>
  view.steps.find((item) => item.name === "quote")?.missing?.some((key) => key === "needs" || key.startsWith("disclosed:")) ?? false;

function quoteScreen(view: CaseView, outline: Outline | null): Screen {
  if (missing(view, "quote", "needs")) return "needs";
  return asksFirst(view) && openDisclosures(outline, "quote").length > 0 ? "disclosure" : "quote";
}

const readAny = (view: CaseView): boolean => Object.keys(view.reading?.seen ?? {}).length > 0;

function readScreen(outline: Outline | null, view: CaseView, local: Local): Screen {
  if (!local.summarySeen && !readAny(view)) return "summary";
  if (nextClause(outline) !== null) return "clause";
  return nextQuestion(outline) !== null ? "question" : "elsewhere";
}

/** Must-read clauses come in order, each on a screen of its own (PRD-03). */
export const nextClause = (outline: Outline | null): OutlineClause | null =>
  outline?.clauses.find((clause) => clause.must_read && !clause.read) ?? null;

export const mustRead = (outline: Outline): OutlineClause[] => outline.clauses.filter((clause) => clause.must_read);

export const nextQuestion = (outline: Outline | null): Question | null =>
  outline?.questions.find((question) => !question.answered) ?? null;

/** Disclosures still to acknowledge. `before_sign` ones wait until the signing step, everything earlier comes first. */
export function openDisclosures(outline: Outline | null, step: "quote" | "disclose" | "sign"): Disclosure[] {
  const open = outline?.disclosures.filter((item) => !item.done && item.when !== "after_pay") ?? [];
  if (step === "sign") return open;
  if (step === "quote") return open.filter((item) => item.when === "before_quote");
  const early = open.filter((item) => item.when !== "before_sign");
  return early.length > 0 ? early : open;
}

/** Until when the question about the face is not put again after a no (KYC-02); null when it may be. */
export function quietUntil(view: CaseView, now = Date.now()): string | null {
  const said = view.consents?.["face"];
  return said && said.decision !== "given" && said.ask_after && Date.parse(said.ask_after) > now ? said.ask_after : null;
}

function identityScreen(view: CaseView, local: Local): Screen {
  const identity = view.identity;
  if (!identity?.route) return local.faceWanted ? "face_consent" : "route";
  if (identity.route === "face" && view.consents?.["face"]?.decision !== "given") {
    // Who just said no is not asked the same again; only by their own wish does the question come back.
    return quietUntil(view) && !local.faceWanted ? "route" : "face_consent";
  }
  if (identity.route === "face" && view.policy.face_search && view.consents?.["face_search"] === undefined) return "face_search";
  if (local.retake !== null) return local.retake === "front" ? "paper_front" : "paper_back";
  if (!accepted(identity.papers["cn_id_front"])) return "paper_front";
  if (!accepted(identity.papers["cn_id_back"])) return "paper_back";
  if (!identity.confirmed || local.reconfirm) return "confirm";
  // A corrected field waits for a person; the face can be shown meanwhile, so that the wait is shorter.
  return identity.route === "face" && !identity.locked.includes("face") && !shown(identity) ? "liveness" : "review";
}

/** The face was shown and was not turned away: what is left is a person's decision. */
function shown(identity: Identity): boolean {
  const last = identity.attempts[identity.attempts.length - 1];
  return identity.review === "requested" && (last?.verdict === "pass" || last?.verdict === "review");
}

const accepted = (paper: { verdict: string | null } | undefined): boolean =>
  paper !== undefined && (paper.verdict === "pass" || paper.verdict === "review");

function signScreen(view: CaseView, outline: Outline | null, local: Local): Screen {
  if (openDisclosures(outline, "sign").length > 0) return "disclosure";
  if (missing(view, "sign", "rested") && outline?.suitability.thinking) return "thinking";
  if (!view.code?.verified) return "code";
  const document = view.documents[view.documents.length - 1];
  if (!document) return "prepare";
  if (!document.shown) return "document";
  if (local.opinion === null) return "opinion";
  if (local.opinion === "agree" && view.consents?.["location"] === undefined) return "location";
  return local.opinion === "agree" ? "signature" : "opinion";
}

/** The page of the operation track a screen belongs to. */
export function pageOf(screen: Screen): string {
  switch (screen) {
    case "quote": case "summary": case "needs": case "risk": case "health": case "thinking": case "suitability": return screen;
    case "clause": return "read";
    case "question": return "questions";
    case "disclosure": return "disclosures";
    case "entry": case "privacy": return "start";
    case "done": case "declined": case "elsewhere": return "receipt";
    default: return STEP_OF[screen] === "sign" ? "sign" : "identity";
  }
}
