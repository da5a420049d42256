// The page's verifier without its page: bundles in, reports out. Built by tests/museum/node.py.
//
// In: four bytes, big-endian: the length of a JSON header `{"keys":{name:base64},"policy"?,"trust":bool,"bytes":n}`;
// the header; n bytes of bundle. Out: the report as the page saves it, one line of JSON.

import { plain } from "../../../static/src/verifier/report";
import { verify } from "../../../static/src/verifier/verify";

interface Header { keys: Record<string, string>; policy?: string; trust: boolean; bytes: number }

const bytes = (base64: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(base64, "base64"));

let held = Buffer.alloc(0);
const chunks = process.stdin[Symbol.asyncIterator]();

/** The next `size` bytes; null at the end. */
async function take(size: number): Promise<Buffer | null> {
  while (held.length < size) {
    const next = await chunks.next();
    if (next.done) return null;
    held = Buffer.concat([held, next.value as Buffer]);
  }
  const taken = held.subarray(0, size);
  held = held.subarray(size);
  return taken;
}

for (;;) {
  const length = await take(4);
  if (length === null) break;
  const header = JSON.parse((await take(length.readUInt32BE()))!.toString("utf8")) as Header;
  const data = new Uint8Array((await take(header.bytes))!);
  const keys = new Map(Object.entries(header.keys).map(([name, file]) => [name, bytes(file)]));
  const report = await verify(data, {
    keys, trustBundleKeys: header.trust, ...(header.policy === undefined ? {} : { policy: bytes(header.policy) }),
  });
  process.stdout.write(`${JSON.stringify(plain(report))}\n`);
}
