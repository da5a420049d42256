// Step 4. The case and the streams around it stand in the log that the operator signed (section 4).

import type { Chain, Event } from "./chain";
import type { Files } from "./container";
import type { Keys, NoteKey } from "./keys";
import { termOf } from "./lifetimes";
import { leafHash, verifyInclusion } from "./merkle";
import { openCheckpoint, readProof, type Checkpoint, type Proof } from "./note";
import { NotVerified, canonical, equal, fromBase64, utf8, type Bytes } from "./strict";

export const PROOF = "data/head.tlog-proof";

/** Key names of the witnesses that signed the checkpoint. */
export async function checkLog(chain: Chain, files: Files, keys: Keys): Promise<string[]> {
  // 4.1 the checkpoint is the log's own
  const proof = readProof(files.get(PROOF) as Bytes, PROOF);
  const log = signer(proof.checkpoint, keys);
  const seen = await openCheckpoint(proof.checkpoint, log, keys.witnesses, PROOF);
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
  // 4.4 the log's key was taken into service in the log itself; a checkpoint that tells of its end is not its own
  if (termOf(chain, "checkpoint", log.public, PROOF).until !== null) {
    throw new NotVerified("signed with a log key that was retired before", PROOF);
  }
  return seen;
}

/** Which of the auditor's log keys the first signature line names. Whether it signed is yet to be seen. */
function signer({ origin, lines }: Checkpoint, keys: Keys): NoteKey {
  const found = keys.logs.find((key) => {
    const prefix = `— ${key.name} `;
    const own = key.name === origin && lines[0]?.startsWith(prefix);
    return own && equal(fromBase64(lines[0]?.slice(prefix.length), PROOF).subarray(0, 4), key.id);
  });
  if (!found) throw new NotVerified(`checkpoint of another log or key: ${origin}`, PROOF);
  return found;
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
