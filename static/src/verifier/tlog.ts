// Who must have seen a tree head: C2SP tlog-policy files (section 10).

import { COSIGNATURE, LOG_KEY, noteKey, type NoteKey } from "./keys";
import { NotVerified, type Bytes } from "./strict";

export interface Witness { name: string; key: NoteKey }
export interface Group { threshold: number; members: string[] }

/** In the order of the file, which is the order of signature lines in a cosigned checkpoint. */
export interface Policy { logs: NoteKey[]; witnesses: Witness[]; quorum: string; groups: Map<string, Group> }

const NONE = "none";
const LIMIT = 64; // of logs, of witnesses and of groups
const MAX_BYTES = 64 * 1024;
const NUMBER = /^[1-9][0-9]{0,2}$/;
const URL_FORM = /^https?:\/\/[!-~]{1,400}$/;

export const nobody = (): Policy => ({ logs: [], witnesses: [], quorum: NONE, groups: new Map() });

/** What an auditor with keys and without a policy is taken to want. */
export function anyOf(witnesses: readonly NoteKey[]): Policy {
  if (!witnesses.length) return nobody();
  const named = witnesses.map((key, number) => ({ name: `w${number}`, key }));
  return { logs: [], witnesses: named, quorum: "any", groups: new Map([["any", { threshold: 1, members: named.map(({ name }) => name) }]]) };
}

/** The lines of the file; octets with the high bit set are opaque. */
export function policyLines(file: Bytes): string[] {
  const whole = Array.from(file.subarray(0, MAX_BYTES), (byte) => String.fromCharCode(byte)).join("");
  if (file.length > MAX_BYTES || /[^\t\n\x20-\x7e\x80-\xff]/.test(whole) || (whole && !whole.endsWith("\n"))) {
    throw new NotVerified("policy: too long, a control character, or no newline at the end");
  }
  return whole.split("\n");
}

/** NotVerified names the first bad line. */
export async function readTlogPolicy(file: Bytes): Promise<Policy> {
  const reader = new Reader();
  for (const [index, line] of policyLines(file).entries()) {
    const words = line.split(/[ \t]+/).filter(Boolean);
    if (!words.length || words[0]?.startsWith("#")) continue;
    try {
      await reader.take(words);
    } catch (error) {
      if (!(error instanceof NotVerified)) throw error;
      throw new NotVerified(`policy line ${index + 1}: ${error.message}`);
    }
  }
  const { logs, witnesses, groups, quorum } = reader;
  if (quorum === null) throw new NotVerified("policy: no quorum line");
  return { logs, witnesses, groups, quorum };
}

/** Whether cosignatures of these key names make the quorum. */
export function reached({ witnesses, groups, quorum }: Policy, signed: readonly string[]): boolean {
  const witnessed = (name: string): boolean => {
    const group = groups.get(name);
    if (!group) return witnesses.some((witness) => witness.name === name && signed.includes(witness.key.name));
    return group.members.filter(witnessed).length >= group.threshold;
  };
  return quorum === NONE || witnessed(quorum);
}

/** Key names of the witnesses that the quorum asks for. Others may have signed: they are checked, not counted. */
export function counted({ witnesses, groups, quorum }: Policy): string[] {
  const below = (name: string): string[] =>
    groups.get(name)?.members.flatMap(below) ?? witnesses.filter((witness) => witness.name === name).map(({ key }) => key.name);
  return below(quorum);
}

/** Takes the lines in order; a name can only be used after it was defined, so nothing can go round in circles. */
class Reader {
  readonly logs: NoteKey[] = [];
  readonly witnesses: Witness[] = [];
  readonly groups = new Map<string, Group>();
  quorum: string | null = null;
  private readonly grouped = new Set<string>();

  async take([kind = "", ...words]: string[]): Promise<void> {
    const [first = "", second = "", ...more] = words;
    if (kind === "log" && (words.length === 1 || words.length === 2)) return this.log(first, words[1]);
    if (kind === "witness" && (words.length === 2 || words.length === 3)) return this.witness(first, second, more[0]);
    if (kind === "group" && words.length >= 3) return this.group(first, second, more);
    if (kind === "quorum" && words.length === 1) return this.setQuorum(first);
    throw new NotVerified("not a line of a policy");
  }

  private async log(vkey: string, url: string | undefined): Promise<void> {
    const key = await noteKey(vkey, "", LOG_KEY);
    if (this.logs.some((other) => same(other, key)) || this.logs.length >= LIMIT) throw new NotVerified("a log twice, or too many");
    checkUrl(url);
    this.logs.push(key);
  }

  private async witness(name: string, vkey: string, url: string | undefined): Promise<void> {
    const key = await noteKey(vkey, "", COSIGNATURE);
    this.fresh(name);
    if (this.witnesses.some((other) => same(other.key, key) || other.key.name === key.name) || this.witnesses.length >= LIMIT) {
      throw new NotVerified("a witness twice, or too many");
    }
    checkUrl(url);
    this.witnesses.push({ name, key });
  }

  private group(name: string, threshold: string, members: string[]): void {
    this.fresh(name);
    for (const member of members) {
      this.known(member);
      if (this.grouped.has(member)) throw new NotVerified(`${member} is a member twice`);
      this.grouped.add(member);
    }
    const least = threshold === "any" ? "1" : threshold === "all" ? String(members.length) : threshold;
    if (!NUMBER.test(least) || Number(least) > members.length || this.groups.size >= LIMIT) {
      throw new NotVerified("threshold is not between 1 and the number of members");
    }
    this.groups.set(name, { threshold: Number(least), members });
  }

  private setQuorum(name: string): void {
    if (this.quorum !== null) throw new NotVerified("a second quorum");
    if (name !== NONE) this.known(name);
    this.quorum = name;
  }

  private isKnown(name: string): boolean { return this.groups.has(name) || this.witnesses.some((witness) => witness.name === name); }

  private fresh(name: string): void {
    if (name === NONE || this.isKnown(name)) throw new NotVerified(`${name} is taken`);
  }

  private known(name: string): void {
    if (!this.isKnown(name)) throw new NotVerified(`${name} is not defined above`);
  }
}

const same = (one: NoteKey, other: NoteKey): boolean => one.public.every((byte, index) => byte === other.public[index]);

function checkUrl(url: string | undefined): void {
  if (url !== undefined && !URL_FORM.test(url)) throw new NotVerified("not an http or https URL");
}
