// Step 4. The case and the streams around it stand in the log that the operator signed (section 4).

import { inContext, type Chain, type Event } from "./chain";
import type { Files } from "./container";
import { adoptedName, type NoteKey } from "./keys";
import { leafHash, verifyInclusion } from "./merkle";
import { openCheckpoint, readProof, type Checkpoint, type Proof } from "./note";
import { NotVerified, canonical, equal, utf8, type Bytes } from "./strict";

export const PROOF = "data/head.tlog-proof";

/** How many witnesses of the auditor's policy signed the checkpoint. */
export async function checkLog(chain: Chain, files: Files, log: NoteKey, witnesses: readonly NoteKey[]): Promise<number> {
  // 4.1 the checkpoint is the log's own
  const proof = readProof(files.get(PROOF) as Bytes, PROOF);
  const seen = await openCheckpoint(proof.checkpoint, log, witnesses, PROOF);
  // 4.2 the last line of the case is in that log, and with it every line before
  await included(chain.events[chain.events.length - 1] as Event, proof, proof.checkpoint, PROOF);
  // 4.3 so are the streams around the case, in the same log at the same moment
  const proofs = new Set([...files.keys()].filter((path) => path.startsWith("data/context/") && path.endsWith(".tlog-proof")));
  for (const [stream, events] of chain.contexts) {
    const path = `data/context/${stream}.tlog-proof`;
    if (!proofs.delete(path)) throw new NotVerified("a context stream without proof", path);
    const own = readProof(files.get(path) as Bytes, path);
    if (!equal(own.note, proof.note)) throw new NotVerified("proof is under another checkpoint", path);
    await included(events[events.length - 1] as Event, own, proof.checkpoint, path);
  }
  const [stray] = proofs;
  if (stray) throw new NotVerified("a proof of no stream", stray);
  // 4.4 the log's key was taken into service in the log itself
  checkAdopted(chain, "checkpoint", log.public);
  return seen;
}

/** `publicKey`: the 32 bytes of an Ed25519 key. */
export function checkAdopted(chain: Chain, purpose: string, publicKey: Uint8Array): void {
  const name = adoptedName(publicKey);
  const found = inContext(chain, "key.adopted/1").some(({ body }) => body["purpose"] === purpose && body["public"] === name);
  if (!found) throw new NotVerified(`no key stream says that this ${purpose} key was adopted`);
}

async function included(event: Event, proof: Proof, checkpoint: Checkpoint, path: string): Promise<void> {
  const leaf = await leafHash(utf8(canonical({ kind: "event", sha256: event.hash, v: 1 })));
  try {
    await verifyInclusion(proof.index, checkpoint.size, leaf, proof.hashes, checkpoint.root);
  } catch (error) {
    if (!(error instanceof NotVerified)) throw error;
    throw new NotVerified(`${event.name} is not in the log: ${error.message}`, path);
  }
}
