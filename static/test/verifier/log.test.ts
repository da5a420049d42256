import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { expect, test } from "vitest";
import { digest } from "../../src/verifier/crypto";
import { noteKey, readKeys } from "../../src/verifier/keys";
import { verifyInclusion } from "../../src/verifier/merkle";
import { openCheckpoint, readCheckpoint, readProof } from "../../src/verifier/note";
import { NotVerified, base64, fromBase64, hex, join, text, utf8, type Bytes } from "../../src/verifier/strict";
import { filesUnder, read, vectors, withVectors } from "./vectors";

withVectors("inclusion proofs are judged as the RFC 6962 vectors say", "merkle", async () => {
  let judged = 0;
  for (const path of filesUnder(vectors("merkle", "inclusion"))) {
    const { leafIdx, treeSize, root, leafHash, proof, wantErr } = JSON.parse(read(path));
    const raw = (value: string | null): Bytes => (value ? fromBase64(value) : new Uint8Array());
    const verified = verifyInclusion(leafIdx, treeSize, raw(leafHash), (proof ?? []).map(raw), raw(root));
    const said = await verified.then(() => "verified", (error: Error) => error);
    if (wantErr) expect(said, path).toBeInstanceOf(NotVerified);
    else expect(said, path).toBe("verified");
    judged += 1;
  }
  expect(judged).toBeGreaterThan(50);
});

test("an index beyond 2^32 is not cut to 32 bits", async () => {
  const leaf = new Uint8Array(32);
  await expect(verifyInclusion(2 ** 32, 2 ** 32 + 1, leaf, [leaf], leaf)).rejects.toThrow("root");
  await expect(verifyInclusion(2 ** 32, 2 ** 32 + 2, leaf, [leaf], leaf)).rejects.toThrow("short");
});

// --- notes -----------------------------------------------------------------------------------------------------------

interface Signer { name: string; id: Bytes; private: KeyObject; vkey: string }

async function signer(name: string, kind: number): Promise<Signer> {
  const pair = generateKeyPairSync("ed25519");
  const der = createPublicKey(createPrivateKey(pair.privateKey.export({ type: "pkcs8", format: "pem" }))).export({ type: "spki", format: "der" });
  const raw = join(Uint8Array.of(kind), der.subarray(-32));
  const id = (await digest(join(utf8(`${name}\n`), raw))).slice(0, 4);
  return { name, id, private: pair.privateKey, vkey: `${name}+${hex(id)}+${base64(raw)}` };
}

const line = (who: Signer, signature: Uint8Array, time = new Uint8Array()): string => `— ${who.name} ${base64(join(who.id, time, signature))}\n`;
const BODY = `log.test/x\n35\n${base64(new Uint8Array(32).fill(7))}\n`;
const signed = (who: Signer): string => `${BODY}\n${line(who, sign(null, utf8(BODY), who.private))}`;

function cosigned(who: Signer, seconds: number): string {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(seconds));
  return line(who, sign(null, utf8(`cosignature/v1\ntime ${seconds}\n${BODY}`), who.private), time);
}

test("a checkpoint is opened by its log's key, and by no other", async () => {
  const log = await signer("log.test/x", 1);
  const other = await signer("log.test/x", 1);
  const checkpoint = readCheckpoint(signed(log), "");
  expect([checkpoint.origin, checkpoint.size]).toEqual(["log.test/x", 35]);
  expect(await openCheckpoint(checkpoint, await noteKey(log.vkey, "", 1), [], "")).toEqual([]);
  await expect(openCheckpoint(checkpoint, await noteKey(other.vkey, "", 1), [], "")).rejects.toThrow(NotVerified);
});

test("no character of a signed checkpoint can be changed unnoticed", async () => {
  const log = await signer("log.test/x", 1);
  const key = await noteKey(log.vkey, "", 1);
  const note = utf8(signed(log));
  for (let at = 0; at < note.length; at += 1) {
    for (const flip of [1, 32]) {
      const changed = note.slice();
      changed[at]! ^= flip;
      const opened = (async () => openCheckpoint(readCheckpoint(text(changed), ""), key, [], ""))();
      await expect(opened, `byte ${at}`).rejects.toThrow(NotVerified);
    }
  }
});

test("witnesses count in the auditor's order, once each, and strangers are refused", async () => {
  const log = await signer("log.test/x", 1);
  const [a, b] = [await signer("witness.test/a", 4), await signer("witness.test/b", 4)];
  const keys = await Promise.all([a, b].map((who) => noteKey(who.vkey, "", 4)));
  const key = await noteKey(log.vkey, "", 1);
  const count = async (note: string, witnesses = keys): Promise<number> =>
    (await openCheckpoint(readCheckpoint(note, ""), key, witnesses, "")).length;
  expect(await count(signed(log) + cosigned(a, 5) + cosigned(b, 6))).toBe(2);
  expect(await count(signed(log) + cosigned(b, 6))).toBe(1);
  for (const more of [cosigned(b, 6) + cosigned(a, 5), cosigned(a, 5) + cosigned(a, 5), line(a, sign(null, utf8(BODY), a.private))]) {
    await expect(count(signed(log) + more)).rejects.toThrow(NotVerified);
  }
  await expect(count(signed(log) + cosigned(a, 5), [])).rejects.toThrow("nobody we know");
});

test("a proof has one spelling", async () => {
  const log = await signer("log.test/x", 1);
  const node = base64(new Uint8Array(32).fill(1));
  const proof = (head: string): Bytes => utf8(`${head}\n\n${signed(log)}`);
  expect(readProof(proof(`c2sp.org/tlog-proof@v1\nindex 34\n${node}`), "").index).toBe(34);
  for (const head of [
    `c2sp.org/tlog-proof@v2\nindex 34\n${node}`, `c2sp.org/tlog-proof@v1\nindex 034\n${node}`, `c2sp.org/tlog-proof@v1\nindex +34\n${node}`,
    `c2sp.org/tlog-proof@v1\nindex 34\n${node} `, `c2sp.org/tlog-proof@v1\nextra AA==\nindex 34\n${node}`, "c2sp.org/tlog-proof@v1", `\nindex 34\n${node}`,
  ]) expect(() => readProof(proof(head), ""), head).toThrow(NotVerified);
});

test("a verifier key must be what it says", async () => {
  const log = await signer("log.test/x", 1);
  const file = (value: string): Map<string, Bytes> => new Map([["log.vkey", utf8(value)]]);
  expect((await readKeys(file(`${log.vkey}\n`))).logs[0]?.name).toBe("log.test/x");
  for (const other of [log.vkey, `${log.vkey}\n\n`, `${log.vkey}\n${log.vkey}\n`, `${(await signer("log.test/x", 4)).vkey}\n`, `y${log.vkey}\n`, `${log.vkey} \n`]) {
    await expect(readKeys(file(other)), other).rejects.toThrow(NotVerified);
  }
});
