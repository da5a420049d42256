// The act itself: this browser's own key over the case, the paper shown, the opinion and the strokes. The operator alone
// cannot make one.

import type { SignatureBody, Strokes } from "../api";
import { base64url, commitment, random, signCanonical, type Json } from "../canonical";

export async function makeAct(
  key: CryptoKey,
  what: { case: string; shownSha256: string; opinion: "agree"; strokes: Strokes },
): Promise<NonNullable<SignatureBody["act"]>> {
  const salt = random(32);
  const nonce = base64url(random(16));
  const strokes = await commitment(salt, what.strokes as unknown as Json);
  const signature = await signCanonical(key, {
    case: what.case, document: what.shownSha256, nonce, opinion: what.opinion, strokes,
  });
  return { nonce, strokes_salt: base64url(salt), signature };
}
