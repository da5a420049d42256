// Step 10. The customer's own key signed the act: the operator alone cannot forge one (section 6).

import { instant, ofType, type Chain, type Event } from "./chain";
import { digest, p256 } from "./crypto";
import { NotVerified, base64url, canonical, fromBase64url, members, object, string, utf8, type Obj } from "./strict";

/** How many acts were verified. */
export async function checkActs(chain: Chain): Promise<number> {
  const nonces = new Set<string>();
  const documents = new Set<string>();
  for (const event of ofType(chain.events, "esign.document_signed/1")) {
    const act = members(event.body["act"], ["nonce", "signature", "thumbprint"], event.name);
    // 10.1 one signature a paper, one use a nonce
    const nonce = string(act["nonce"], event.name);
    const document = string(event.body["document"], event.name);
    if (nonces.has(nonce) || documents.has(document)) throw new NotVerified("signed twice, or a nonce used twice", event.name);
    nonces.add(nonce);
    documents.add(document);
    // 10.2 in a session of this customer, open at the time
    const session = sessionOf(chain, event, act);
    // 10.3 by the key of that session
    await checkAct(chain.stream, event, act, session);
  }
  return documents.size;
}

/** The session that was opened before `event` under this name. */
export function sessionNamed(chain: Chain, session: unknown, event: Event): Event {
  const found = ofType(chain.events, "case.session_opened/1")
    .find(({ seq, body }) => seq < event.seq && typeof session === "string" && body["session"] === session);
  if (!found) throw new NotVerified("no such session was opened before", event.name);
  return found;
}

function sessionOf(chain: Chain, event: Event, act: Obj): Event {
  const opened = sessionNamed(chain, event.actor.session, event);
  const { body } = opened;
  if (event.actor.role !== "customer" || body["customer"] !== event.actor.id) {
    throw new NotVerified("not the customer's own session", event.name);
  }
  if (body["party"] !== event.body["party"] || body["thumbprint"] !== act["thumbprint"]) {
    throw new NotVerified("the session is of another person or device", event.name);
  }
  const at = instant(event.at, event.name);
  if (at < instant(opened.at, opened.name) || at > instant(body["expires"], opened.name)) {
    throw new NotVerified("the session was not open", event.name);
  }
  return opened;
}

async function checkAct(stream: string, event: Event, act: Obj, session: Event): Promise<void> {
  const key = members(session.body["key"], ["crv", "kty", "x", "y"], event.name);
  if (key["crv"] !== "P-256" || key["kty"] !== "EC") throw new NotVerified("not a P-256 key", event.name);
  // RFC 7638: the thumbprint binds the key that the session was opened with.
  if (base64url(await digest(utf8(canonical(key)))) !== act["thumbprint"]) {
    throw new NotVerified("thumbprint is not of the session's key", event.name);
  }
  const { body, name } = event;
  const message = canonical({
    case: stream,
    document: string(body["shown_sha256"], name),
    nonce: string(act["nonce"], name),
    opinion: string(body["opinion"], name),
    strokes: string(object(body["strokes"], name)["commitment"], name),
  });
  const x = fromBase64url(key["x"], name, 32);
  const y = fromBase64url(key["y"], name, 32);
  if (!(await p256(x, y, fromBase64url(act["signature"], name), utf8(message)))) {
    throw new NotVerified("the act is not signed by the customer's key", name);
  }
}
