// Inclusion in a Merkle tree of RFC 6962, verified by RFC 9162 section 2.1.3.2.

import { digest } from "./crypto";
import { NotVerified, equal, join, type Bytes } from "./strict";

export const leafHash = (entry: Uint8Array): Promise<Bytes> => digest(join(Uint8Array.of(0), entry));
const nodeHash = (left: Uint8Array, right: Uint8Array): Promise<Bytes> => digest(join(Uint8Array.of(1), left, right));

const half = (n: number): number => Math.floor(n / 2); // shifts would cut to 32 bits

/** NotVerified unless the leaf hash at `index` leads to `root` with exactly this proof, from the sibling upwards. */
export async function verifyInclusion(
  index: number, size: number, leaf: Bytes, proof: readonly Bytes[], root: Bytes,
): Promise<void> {
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size)) {
    throw new NotVerified("index is outside the tree");
  }
  if ([leaf, root, ...proof].some((hash) => hash.length !== 32)) throw new NotVerified("not a SHA-256 hash");
  let fn = index;
  let sn = size - 1;
  let found = leaf;
  for (const sibling of proof) {
    if (sn === 0) throw new NotVerified("proof is too long");
    if (fn % 2 === 1 || fn === sn) {
      found = await nodeHash(sibling, found);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      found = await nodeHash(found, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0) throw new NotVerified("proof is too short");
  if (!equal(found, root)) throw new NotVerified("proof does not lead to the root");
}
