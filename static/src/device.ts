// What this browser remembers between reloads: its key, the open session, and acts not yet answered. IndexedDB is the
// only place that can hold a non-exportable key; where it is shut (private windows), memory serves until the page closes.

import type { Opener } from "./api";
import { makeKey, type DeviceKey } from "./dpop";

const NAME = "jianzheng";
const STORE = "device";

let database: Promise<IDBDatabase | null> | null = null;
const memory = new Map<string, unknown>();

function open(): Promise<IDBDatabase | null> {
  database ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return database;
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  const found = await open();
  if (found === null) return undefined;
  return new Promise((resolve, reject) => {
    const transaction = found.transaction(STORE, mode);
    const request = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

export async function recall<T>(name: string): Promise<T | undefined> {
  if (memory.has(name)) return memory.get(name) as T;
  return (await run("readonly", (store) => store.get(name))) as T | undefined;
}

export async function remember(name: string, value: unknown): Promise<void> {
  try {
    if ((await open()) === null) memory.set(name, value);
    else await run("readwrite", (store) => store.put(value, name));
  } catch {
    memory.set(name, value); // an old engine that cannot store a key still gets through within this page
  }
}

export async function forget(name: string): Promise<void> {
  memory.delete(name);
  await run("readwrite", (store) => store.delete(name));
}

/** One key a browser profile, made once: two customers signing on one phone are meant to be seen as such. */
export async function deviceKey(): Promise<DeviceKey> {
  const known = await recall<DeviceKey>("key");
  if (known) return known;
  const key = await makeKey();
  await remember("key", key);
  return key;
}

export interface SessionRecord {
  /** Kept so that an expired session can be resumed by the same key with a new code. */
  link: string;
  token: string | null;
  expires: string | null;
  caseId: string | null;
  opener: Opener | null;
}
