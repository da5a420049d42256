import { createPublicKey, createVerify, webcrypto } from "node:crypto";
import { describe, expect, test } from "vitest";
import { base64url, canonical, commitment, der, sha256, signCanonical, utf8, hex } from "../src/canonical";
import { makeKey, proof } from "../src/dpop";

const decode = (part: string): string => Buffer.from(part, "base64url").toString();

describe("canonical JSON", () => {
  test("sorts keys by UTF-16 code units and adds no space (RFC 8785)", () => {
    expect(canonical({ b: [1, "二", null], "€": true, A: { z: 0, a: -1 } })).toBe('{"A":{"a":-1,"z":0},"b":[1,"二",null],"€":true}');
  });

  test("escapes exactly what the RFC escapes", () => {
    expect(canonical('\u0001"\\\n/é')).toBe('"\\u0001\\"\\\\\\n/é"');
  });

  test.each([1.5, Number.NaN, 2 ** 53])("refuses %s: what is signed has no such number", (value) => {
    expect(() => canonical(value)).toThrow(RangeError);
  });

  test.each(["\ud800", "a\udc00", "\udc00\ud800", "x\u007f"])("refuses a broken character", (value) => {
    expect(() => canonical(value)).toThrow(RangeError);
  });

  test("keeps a character outside the first plane", () => {
    expect(canonical("𬭎")).toBe('"𬭎"');
  });
});

test("DER of r || s keeps numbers positive and short", () => {
  const raw = new Uint8Array(64);
  raw[0] = 0x80; // r has its top bit set
  raw[63] = 5; // s is a single byte
  expect(hex(der(raw)).startsWith("30260221008000")).toBe(true);
  expect(hex(der(raw)).endsWith("020105")).toBe(true);
});

test("OpenSSL verifies what a device key signs, forty times over", async () => {
  const key = await makeKey();
  const publicKey = createPublicKey({ key: key.jwk, format: "jwk" });
  for (let n = 0; n < 40; n += 1) {
    const signature = await signCanonical(key.privateKey, { case: "case_x", n });
    const verifier = createVerify("sha256").update(canonical({ n, case: "case_x" }));
    expect(verifier.verify(publicKey, Buffer.from(signature, "base64url"))).toBe(true);
  }
});

test("the private key cannot leave the browser", async () => {
  const { privateKey } = await makeKey();
  await expect(webcrypto.subtle.exportKey("pkcs8", privateKey as webcrypto.CryptoKey)).rejects.toThrow();
});

test("a commitment is SHA-256 over salt and canonical bytes", async () => {
  const salt = new Uint8Array(32).fill(7);
  const expected = base64url(await sha256(new Uint8Array([...salt, ...utf8('{"a":1,"b":2}')])));
  expect(await commitment(salt, { b: 2, a: 1 })).toBe(expected);
});

describe("DPoP proof (RFC 9449)", () => {
  test("names the method and the address without query, and binds the token", async () => {
    const key = await makeKey();
    const jwt = await proof(key, { method: "POST", url: "https://h.example/v1/x?y=1", at: 1_700_000_000.9, token: "t" });
    const [head, claims, signature] = jwt.split(".") as [string, string, string];
    expect(JSON.parse(decode(head))).toEqual({ typ: "dpop+jwt", alg: "ES256", jwk: key.jwk });
    const said = JSON.parse(decode(claims)) as Record<string, unknown>;
    expect(said).toMatchObject({ htm: "POST", htu: "https://h.example/v1/x", iat: 1_700_000_000 });
    expect(said["ath"]).toBe(base64url(await sha256(utf8("t"))));
    const good = await webcrypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key.publicKey as webcrypto.CryptoKey,
      Buffer.from(signature, "base64url"), Buffer.from(`${head}.${claims}`));
    expect(good).toBe(true);
  });

  test("never uses a jti twice and has no ath before there is a token", async () => {
    const key = await makeKey();
    const claims = await Promise.all([1, 2].map(async () =>
      JSON.parse(decode((await proof(key, { method: "GET", url: "https://h/x", at: 1 })).split(".")[1]!)) as Record<string, string>));
    expect(claims[0]!["jti"]).not.toBe(claims[1]!["jti"]);
    expect("ath" in claims[0]!).toBe(false);
  });
});
