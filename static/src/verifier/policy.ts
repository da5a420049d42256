// Step 11. Was everything that the frozen policy demands there at the moment of signing? Recomputed (section 6).

import { sessionNamed } from "./acts";
import { inContext, instant, ofType, type Chain, type Event } from "./chain";
import { NotVerified, count, isObject, list, object, string, strings } from "./strict";

// A key may only be earned where its subject lives: nobody satisfies `identity:…` by acknowledging a disclosure.
const DOMAINS: Record<string, string> = {
  read: "reading", answered: "reading", disclosed: "reading", quoted: "reading", suitable: "reading",
  unhurried: "reading", needs: "reading", risk: "reading", health: "reading", rested: "reading",
  consent: "consent", identity: "identity", code: "code", signed: "esign",
};
const FRESH_S = 600;

/** [signatures, keys each needed]. */
export function checkPolicy(chain: Chain): [signatures: number, needs: number] {
  // 11.1 the case froze what it is judged by; play input only in the sandbox
  const { mode, inputOrigin } = chain;
  if (!["sandbox", "production"].includes(mode) || !["live", "synthetic"].includes(inputOrigin)) {
    throw new NotVerified("unknown mode or origin", "event 1");
  }
  if (inputOrigin === "synthetic" && mode !== "sandbox") throw new NotVerified("synthetic input in production", "event 1");
  checkProduct(chain);
  // 11.2 walk the events, holding keys as they are earned and lost
  const needs = needsOfSigning(chain);
  const held = new Set<string>();
  let signatures = 0;
  for (const event of chain.events) {
    const { body, name, type } = event;
    if (type === "esign.document_signed/1") {
      const missing = needs.filter((key) => !held.has(key));
      if (missing.length) throw new NotVerified(`signed without ${missing.join(", ")}`, name);
      checkPaper(chain, event);
      checkIdentity(chain, event, needs);
      signatures += 1;
    }
    strings(body["withdraws"], name).forEach((key) => held.delete(key));
    for (const key of strings(body["satisfies"], name)) {
      if (DOMAINS[key.split(":")[0] as string] !== type.split(".")[0]) throw new NotVerified(`${type} may not satisfy ${key}`, name);
      held.add(key);
    }
  }
  return [signatures, needs.length];
}

function needsOfSigning(chain: Chain): string[] {
  const steps = list(chain.policy["steps"], "event 1").map((step) => object(step, "event 1"));
  const named = steps.map((step) => [string(step["name"], "event 1"), strings(step["needs"], "event 1")] as const);
  return named.find(([name]) => name === "sign")?.[1] ?? [];
}

/** 11.3 The paper shown to its end is the paper signed; no newer one was prepared in between. */
function checkPaper(chain: Chain, { seq, body, name }: Event): void {
  const [kind, party] = [string(body["kind"], name), string(body["party"], name)];
  const prepared = ofType(chain.events, "esign.document_prepared/1")
    .filter((event) => event.seq < seq && event.body["kind"] === kind && event.body["party"] === party);
  const newest = prepared[prepared.length - 1];
  if (newest?.body["document"] !== string(body["document"], name)) {
    throw new NotVerified("the signed paper is not the newest prepared one", name);
  }
  if (newest.body["sha256"] !== string(body["shown_sha256"], name)) {
    throw new NotVerified("the paper signed is not the paper prepared", name);
  }
  const seen = ofType(chain.events, "esign.document_shown/1").some((event) =>
    event.seq > newest.seq && event.seq < seq && event.body["document"] === body["document"]
    && event.body["sha256"] === body["shown_sha256"] && event.body["end_seen"] === true);
  if (!seen) throw new NotVerified("signed before it was shown to its end", name);
  const certificate = body["certificate"];
  if (chain.mode === "production" && !(isObject(certificate) && certificate["production"] === true)) {
    throw new NotVerified("a test certificate in production", name);
  }
}

/** 11.4 Soon after the identity check, on the same device. */
function checkIdentity(chain: Chain, event: Event, needs: readonly string[]): void {
  const party = string(event.body["party"], event.name);
  if (!needs.some((key) => key.startsWith(`identity:${party}:`))) return;
  const verified = ofType(chain.events, "identity.verified/1").filter(({ seq, body }) => seq < event.seq && body["party"] === party);
  const last = verified[verified.length - 1];
  if (!last) throw new NotVerified("signed without an identity check", event.name);
  const fresh = chain.policy["identity_fresh_s"];
  const limit = fresh === undefined ? FRESH_S : count(fresh, "event 1");
  if (instant(event.at, event.name) - instant(last.at, last.name) > limit * 1000) {
    throw new NotVerified("the identity check was too old", event.name);
  }
  const session = sessionNamed(chain, last.body["session"], event);
  const act = object(event.body["act"], event.name);
  if (session.body["thumbprint"] !== string(act["thumbprint"], event.name)) {
    throw new NotVerified("identified on another device than signed", event.name);
  }
}

function checkProduct(chain: Chain): void {
  if (![...chain.contexts.keys()].some((stream) => stream.startsWith("product_"))) return;
  const product = object(chain.policy["product"], "event 1");
  const opened = instant(chain.events[0]?.at, "event 1");
  const published = inContext(chain, "product.published/1").some(({ at, body, name }) =>
    body["product"] === product["id"] && body["version"] === product["version"] && body["full"] === product["full"]
    && instant(at, name) <= opened);
  if (!published) throw new NotVerified("the product version was not published when the case opened", "event 1");
}
