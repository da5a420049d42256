import { crc32 as zlibCrc } from "node:zlib";
import { expect, test } from "vitest";
import { crc32, readContainer } from "../../src/verifier/container";
import { NotVerified, join, utf8, type Bytes } from "../../src/verifier/strict";

const little = (...fields: [size: number, value: number][]): Bytes =>
  Uint8Array.from(fields.flatMap(([size, value]) => Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** index) & 255)));

/** A zip as section 1 writes it. `names` as they stand in the archive. */
function zip(entries: [name: string, content: string][]): Bytes {
  const locals: Bytes[] = [];
  const centrals: Bytes[] = [];
  let offset = 0;
  for (const [name, content] of entries) {
    const data = utf8(content);
    const shared = little([2, 20], [2, 0], [2, 0], [2, 0], [2, 0x21], [4, crc32(data)], [4, data.length], [4, data.length], [2, name.length], [2, 0]);
    const local = join(little([4, 0x04034b50]), shared, utf8(name), data);
    locals.push(local);
    centrals.push(join(little([4, 0x02014b50], [2, 0x0314]), shared, little([2, 0], [2, 0], [2, 0], [4, 0x81a40000], [4, offset]), utf8(name)));
    offset += local.length;
  }
  const directory = join(...centrals);
  const n = entries.length;
  return join(...locals, directory, little([4, 0x06054b50], [2, 0], [2, 0], [2, n], [2, n], [4, directory.length], [4, offset], [2, 0]));
}

const GOOD: [string, string][] = [["case-x/bagit.txt", "a"], ["case-x/data/chain/0001.jsonl", "b\n"], ["case-x/data/media/Aa.bin", "c"], ["case-x/data/media/aa.bin", "d"]];

test("the one canonical zip is read", async () => {
  const { root, files } = await readContainer(zip(GOOD));
  expect(root).toBe("case-x");
  expect([...files.keys()]).toEqual(["bagit.txt", "data/chain/0001.jsonl", "data/media/Aa.bin", "data/media/aa.bin"]);
});

test("no bit of it can be changed unnoticed", async () => {
  const good = zip(GOOD);
  for (let bit = 0; bit < good.length * 8; bit += 1) {
    const changed = good.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    await expect(readContainer(changed), `bit ${bit & 7} of byte ${bit >> 3}`).rejects.toThrow(NotVerified);
  }
});

test("no byte can be taken away or added", async () => {
  const good = zip(GOOD);
  for (let at = 0; at <= good.length; at += 1) {
    await expect(readContainer(join(good.subarray(0, at), Uint8Array.of(0), good.subarray(at)))).rejects.toThrow(NotVerified);
    if (at < good.length) await expect(readContainer(join(good.subarray(0, at), good.subarray(at + 1)))).rejects.toThrow(NotVerified);
  }
});

test("names that a disk could read otherwise are refused", async () => {
  const bad: [string, string][][] = [
    [["case-x/../a", "a"]], [["/a", "a"]], [["case-x//a", "a"]], [["case-x/a/", ""]], [["case-x/.a", "a"]], [["case-x/a b", "a"]], [["a", "a"]],
    [["case-x/é", "a"]], [["case-x/b", "a"], ["case-x/a", "a"]], [["case-x/a", "a"], ["case-x/a", "a"]], [["case-x/A", "a"], ["case-x/a", "a"]],
    [["case-x/a", "a"], ["case-y/a", "a"]], [[`case-x/${"a".repeat(200)}`, "a"]], [],
  ];
  for (const entries of bad) await expect(readContainer(zip(entries)), JSON.stringify(entries)).rejects.toThrow(NotVerified);
});

test("what is no zip at all is refused", async () => {
  for (const other of [new Uint8Array(), utf8("%PDF-1.7"), new Uint8Array(1000)]) await expect(readContainer(other)).rejects.toThrow(NotVerified);
});

test("CRC-32 is that of zlib", () => {
  const data = Uint8Array.from({ length: 1000 }, (_, index) => (index * 31) & 255);
  expect(crc32(data)).toBe(zlibCrc(data));
});
