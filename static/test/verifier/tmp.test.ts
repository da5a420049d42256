import { readFileSync } from "node:fs";
import { test } from "vitest";
import { verify } from "../../src/verifier/verify";
import { timeline } from "../../src/verifier/account";
import { readProof } from "../../src/verifier/note";
test("x", async () => {
  const data = new Uint8Array(readFileSync("/tmp/vb/case.zip"));
  const r = await verify(data, { trustBundleKeys: true });
  const mine = timeline(r.chain!, r.fields, readProof(r.files.get("data/head.tlog-proof")!, ""));
  const theirs = new TextDecoder().decode(r.files.get("data/timeline.html")!);
  const a = mine.split("\n"), b = theirs.split("\n");
  a.forEach((l, i) => { if (l !== b[i]) console.log(i, "\nM", l, "\nT", b[i]); });
});
