// Step 10. The customer's own key signed the act, and the capture of the face: the operator alone can forge neither
// (section 6).

import { instant, ofType, type Chain, type Event } from "./chain";
import { digest, p256 } from "./crypto";
import type { Field } from "./fields";
import {
  HEX64, NotVerified, base64url, canonical, fromBase64url, list, members, object, parse, string, utf8, type Bytes, type Json,
} from "./strict";

/** What the phone says of itself, signed with the rest. */
const CLAIMED = new Set(["at", "attestation", "camera"]);

/** How many acts and how many captures were verified. `fields`: what step 7 opened. */
export async function checkActs(chain: Chain, fields: readonly Field[]): Promise<[acts: number, captures: number]> {
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
    const session = sessionOf(chain, event, act["thumbprint"]);
    // 10.3 by the key of that session
    if (!(await signedBy(session, message(chain.stream, event), act["signature"], event))) {
      throw new NotVerified("the act is not signed by the customer's key", event.name);
    }
  }
  // 10.4 the capture of the face was made for this challenge, and signed by the same kind of key
  const opened = new Map(fields.flatMap(({ seq, state, shown }) => (state === "OPENED-MATCH" ? [[seq, shown] as const] : [])));
  const captures = ofType(chain.events, "identity.liveness_judged/1").filter(({ seq }) => opened.has(seq));
  for (const event of captures) await checkCapture(chain, event, string(opened.get(event.seq), event.name));
  return [documents.size, captures.length];
}

/** The session that was opened before `event` under this name. */
export function sessionNamed(chain: Chain, session: unknown, event: Event): Event {
  const found = ofType(chain.events, "case.session_opened/1")
    .find(({ seq, body }) => seq < event.seq && typeof session === "string" && body["session"] === session);
  if (!found) throw new NotVerified("no such session was opened before", event.name);
  return found;
}

/** The customer's session in which `event` happened; it is not another's, and was not over. */
function sessionOf(chain: Chain, event: Event, thumbprint: Json | undefined): Event {
  const opened = sessionNamed(chain, event.actor.session, event);
  const { body } = opened;
  if (event.actor.role !== "customer" || body["customer"] !== event.actor.id) {
    throw new NotVerified("not the customer's own session", event.name);
  }
  const party = string(event.body["party"], event.name);
  if (body["party"] !== party || body["thumbprint"] !== string(thumbprint, event.name)) {
    throw new NotVerified("the session is of another person or device", event.name);
  }
  const at = instant(event.at, event.name);
  if (at < instant(opened.at, opened.name) || at > instant(body["expires"], opened.name)) {
    throw new NotVerified("the session was not open", event.name);
  }
  return opened;
}

/** Exactly what the browser signed. */
function message(stream: string, { body, name }: Event): Bytes {
  return utf8(canonical({
    case: stream,
    document: string(body["shown_sha256"], name),
    nonce: string(object(body["act"], name)["nonce"], name),
    opinion: string(body["opinion"], name),
    strokes: string(object(body["strokes"], name)["commitment"], name),
  }));
}

/** Whether `signature` (base64url, strict DER) is the session key's over `signed`. */
async function signedBy(session: Event, signed: Bytes, signature: Json | undefined, { name }: Event): Promise<boolean> {
  const key = members(session.body["key"], ["crv", "kty", "x", "y"], name);
  if (key["crv"] !== "P-256" || key["kty"] !== "EC") throw new NotVerified("not a P-256 key", name);
  // RFC 7638: the thumbprint binds the key that the session was opened with.
  if (base64url(await digest(utf8(canonical(key)))) !== session.body["thumbprint"]) {
    throw new NotVerified("thumbprint is not of the session's key", name);
  }
  return p256(fromBase64url(key["x"], name, 32), fromBase64url(key["y"], name, 32), fromBase64url(signature, name), signed);
}

async function checkCapture(chain: Chain, event: Event, statement: string): Promise<void> {
  const { body, name } = event;
  const challenge = string(body["challenge"], name);
  const issued = ofType(chain.events, "identity.challenge_issued/1")
    .filter(({ seq, body: asked }) => seq < event.seq && asked["challenge"] === challenge);
  const asked = issued[0]?.body;
  if (!asked || issued.length !== 1 || asked["party"] !== string(body["party"], name)) {
    throw new NotVerified("judged for a challenge that was not issued once, to this person", name);
  }
  const bound = typeof asked["paper"] === "string" ? ["paper"] : [];
  const signed = Object.entries(object(parse(utf8(statement), name), name)).filter(([key]) => !CLAIMED.has(key));
  const said = members(Object.fromEntries(signed), ["actions", "case", "challenge", "frames", "nonce", ...bound], name);
  const frames = required(said["frames"], name).map((frame) => string(frame, name, HEX64));
  const expected = {
    actions: required(asked["actions"], name).map((action) => string(action, name)),
    case: chain.stream, challenge, frames, nonce: string(asked["nonce"], name),
    ...Object.fromEntries(bound.map((key) => [key, string(asked[key], name)])),
  };
  const taken = list(body["frames"], name).map((frame) => string(frame, name));
  if (canonical(said) !== canonical(expected) || frames.length !== taken.length) {
    throw new NotVerified("the device signed for another challenge", name);
  }
  const session = sessionOf(chain, event, asked["thumbprint"]);
  if (!(await signedBy(session, utf8(statement), body["signature"], event))) {
    throw new NotVerified("the capture is not signed by the customer's key", name);
  }
}

function required(value: Json | undefined, name: string): Json[] {
  if (!Array.isArray(value)) throw new NotVerified("not a list", name);
  return value;
}
