// The auditor's own policy in one file: which log, which witnesses and how many, and whose keys besides (section 10).

import { LOG, SEAL, WITNESSES, readKeys, type Keys } from "./keys";
import { NotVerified, base64, fromBase64, join, utf8, type Bytes } from "./strict";
import { policyLines, readTlogPolicy } from "./tlog";

const OURS = /^#[ \t]*jianzheng[ \t]+(.*)$/;
const OID = /^[0-2](?:\.(?:0|[1-9][0-9]{0,38})){1,31}$/;
const KINDS: Record<string, [file: string, label: string]> = {
  "seal": [SEAL, "PUBLIC KEY"],
  "document-ca": ["document-ca.pem", "CERTIFICATE"],
  "tsa-root": ["tsa-root.pem", "CERTIFICATE"],
  "tsa-independent": ["tsa-independent.pem", "CERTIFICATE"],
};

/** The keys that the policy names, and of `files` those of other kinds. NotVerified names the first bad line. */
export async function readTrust(file: Bytes, files: ReadonlyMap<string, Bytes>): Promise<Keys> {
  const policy = await readTlogPolicy(file);
  const found = new Map<string, string[]>();
  policyLines(file).forEach((line, index) => {
    const ours = OURS.exec(line.replace(/^[ \t]+|[ \t]+$/g, ""))?.[1];
    try {
      if (ours !== undefined) take(ours.split(/[ \t]+/), found);
    } catch (error) {
      if (!(error instanceof NotVerified)) throw error;
      throw new NotVerified(`policy line ${index + 1}: ${error.message}`);
    }
  });
  found.delete("");
  if (policy.logs.length) found.set(LOG, policy.logs.map(({ vkey }) => `${vkey}\n`));
  if (policy.witnesses.length) found.set(WITNESSES, policy.witnesses.map(({ key }) => `${key.vkey}\n`));
  const others = [...files].filter(([name]) => name !== WITNESSES);
  const own = [...found].map(([name, parts]) => [name, join(...parts.map(utf8))] as const);
  return readKeys(new Map([...others, ...own]), false, policy);
}

/** Policies of time authorities are kept under no name: a browser cannot judge time stamps. */
function take([kind = "", value = "", ...more]: string[], found: Map<string, string[]>): void {
  const [file, label] = kind === "tsa-policy" && OID.test(value) ? ["", ""] : KINDS[kind] ?? [];
  if (file === undefined || label === undefined || more.length) throw new NotVerified("not a line of ours");
  const part = label ? pem(label, fromBase64(value)) : value;
  const parts = found.get(file) ?? [];
  if (parts.includes(part)) throw new NotVerified("a key twice");
  found.set(file, [...parts, part]);
}

const pem = (label: string, der: Bytes): string =>
  `-----BEGIN ${label}-----\n${base64(der).replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;
