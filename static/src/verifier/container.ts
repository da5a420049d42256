// Step 1. A zip that can be written in only one way: the headers are walked and any other byte is refused (section 1).

import { NotVerified, type Bytes } from "./strict";

export const MAX_BYTES = 200 * 1024 * 1024;
const MAX_ENTRY = 64 * 1024 * 1024;
const MAX_FILES = 1000;
const LOCAL = 30;
const CENTRAL = 46;
const END = 22;
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/;

export type Files = ReadonlyMap<string, Bytes>;
export interface Container { root: string; files: Files }

/** `pause` lets the page draw between entries. Nothing is unpacked; each file is a view into `data`. */
export async function readContainer(data: Bytes, pause: () => Promise<void> = async () => undefined): Promise<Container> {
  if (data.length > MAX_BYTES) throw new NotVerified("larger than 200 MB");
  if (data.length < END) throw new NotVerified("not a zip");
  const zip = new View(data);
  const end = data.length - END;
  const total = zip.u16(end + 8);
  const size = zip.u32(end + 12);
  const start = zip.u32(end + 16);
  if (total === 0 || total > MAX_FILES) throw new NotVerified(`no entry, or more than ${MAX_FILES}`);
  // 1.1 the end record is the last thing, and says where the directory is
  zip.expect(end, [[4, 0x06054b50], [2, 0], [2, 0], [2, total], [2, total], [4, size], [4, start], [2, 0]], "");
  if (start + size !== end) throw new NotVerified("bytes around the end record");
  // 1.2 each entry: the directory and the header in front of the data say the same, in the one form
  const entries = new Map<string, Bytes>();
  let before = "";
  let at = start;
  let offset = 0;
  for (let number = 0; number < total; number += 1) {
    const entry = readEntry(zip, at, offset, start, end);
    if (entry.name <= before) throw new NotVerified("names are not in order, or repeat", entry.name);
    before = entry.name;
    entries.set(entry.name, entry.content);
    at = entry.nextHeader;
    offset = entry.nextOffset;
    if (entry.content.length > 1 << 20) await pause();
  }
  if (offset !== start || at !== end) throw new NotVerified("bytes that belong to no entry");
  return withoutRoot(entries);
}

interface Entry { name: string; content: Bytes; nextHeader: number; nextOffset: number }

function readEntry(zip: View, at: number, offset: number, start: number, end: number): Entry {
  if (at + CENTRAL > end) throw new NotVerified("central directory is cut");
  const crc = zip.u32(at + 16);
  const size = zip.u32(at + 20);
  const length = zip.u16(at + 28);
  const body = offset + LOCAL + length;
  if (at + CENTRAL + length > end) throw new NotVerified("central directory is cut");
  const name = zip.ascii(at + CENTRAL, length);
  if (length > 200 || !NAME.test(name)) throw new NotVerified("name is not allowed", name);
  if (size > MAX_ENTRY) throw new NotVerified("entry is too large", name);
  if (body + size > start) throw new NotVerified("entry is cut", name);
  const shared: Fields = [[2, 20], [2, 0], [2, 0], [2, 0], [2, 0x0021], [4, crc], [4, size], [4, size], [2, length], [2, 0]];
  zip.expect(at, [[4, 0x02014b50], [2, 0x0314], ...shared, [2, 0], [2, 0], [2, 0], [4, 0x81a40000], [4, offset]], name);
  zip.expect(offset, [[4, 0x04034b50], ...shared], name);
  if (zip.ascii(offset + LOCAL, length) !== name) throw new NotVerified("two names for one entry", name);
  const content = zip.data.subarray(body, body + size);
  if (crc32(content) !== crc) throw new NotVerified("checksum differs", name);
  return { name, content, nextHeader: at + CENTRAL + length, nextOffset: body + size };
}

/** 1.3 one folder; no two names that differ only in case, but for commitments. */
function withoutRoot(entries: Map<string, Bytes>): Container {
  const files = new Map<string, Bytes>();
  const folded = new Set<string>();
  let root = "";
  for (const [name, content] of entries) {
    const slash = name.indexOf("/");
    if (root && name.slice(0, slash) !== root) throw new NotVerified("more than one folder", name);
    root = name.slice(0, slash);
    const path = name.slice(slash + 1);
    if (!path.startsWith("data/media/")) {
      if (folded.has(path.toLowerCase())) throw new NotVerified("two names differ only in case", path);
      folded.add(path.toLowerCase());
    }
    files.set(path, content);
  }
  return { root, files };
}

type Fields = [size: 2 | 4, value: number][];

class View {
  private readonly view: DataView;
  constructor(readonly data: Bytes) { this.view = new DataView(data.buffer, data.byteOffset, data.byteLength); }

  u16(at: number): number { return this.view.getUint16(at, true); }
  u32(at: number): number { return this.view.getUint32(at, true); }

  ascii(at: number, length: number): string {
    // latin-1, so that a byte above 127 stays visible and the pattern of names refuses it
    return String.fromCharCode(...this.data.subarray(at, at + Math.min(length, 1000)));
  }

  /** The fields that must stand at `at`, little endian. */
  expect(at: number, fields: Fields, name: string): void {
    for (const [size, value] of fields) {
      if ((size === 2 ? this.u16(at) : this.u32(at)) !== value) throw new NotVerified("header is not canonical", name);
      at += size;
    }
  }
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit += 1) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i += 1) c = (c >>> 8) ^ TABLE[(c ^ bytes[i]!) & 255]!;
  return (c ^ 0xffffffff) >>> 0;
}
