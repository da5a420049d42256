// Step 9. The papers as shown and as signed, by both hashes. PAdES signatures are not evaluated in a browser.

import { ofType, type Chain } from "./chain";
import type { Files } from "./container";
import { sm3 } from "./crypto";
import type { Field } from "./fields";
import type { Digests } from "./seals";
import { HEX64, NotVerified, equal, object, string } from "./strict";

/** `signed` papers whose signatures another tool must judge; `absent` were signed and are not in the bundle. */
export interface Papers { signed: number; absent: number }

export async function checkPapers(
  chain: Chain, files: Files, fields: readonly Field[], digests: Digests, pause: () => Promise<void>,
): Promise<Papers> {
  // 9.1 every document and page is the one the events name
  const bad = fields.find((field) => field.state === "OPENED-MISMATCH" || field.state === "MISSING");
  if (bad) {
    const what = bad.state === "MISSING" ? "is missing" : "differs from the event that names it";
    throw new NotVerified(`a document or page ${what}`, bad.file);
  }
  // 9.2 by the second hash, too
  for (const [path, digest] of digests) {
    const content = path.startsWith("data/chain/") ? undefined : files.get(path);
    if (content && sm3(content) !== digest) throw new NotVerified("SM3 differs from the seal", path);
    await pause();
  }
  // 9.3 each signed paper begins with the bytes shown
  const papers: Papers = { signed: 0, absent: 0 };
  for (const { body, name } of ofType(chain.events, "esign.document_signed/1")) {
    const document = string(body["document"], name);
    string(object(body["certificate"], name)["sha256"], name, HEX64); // the signer that another tool will look for
    const path = `data/documents/${document}.signed.pdf`;
    const signed = files.get(path);
    const shown = files.get(`data/documents/${document}.pdf`);
    if (!signed) {
      papers.absent += 1;
      continue;
    }
    if (shown && !equal(signed.subarray(0, shown.length), shown)) {
      throw new NotVerified("the signed file does not begin with the bytes shown", path);
    }
    papers.signed += 1;
  }
  return papers;
}
