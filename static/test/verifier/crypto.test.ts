import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { ed25519, ed25519WithoutBrowser, fromDer, p256, sha256, sm3 } from "../../src/verifier/crypto";
import { fromBase64url, utf8 } from "../../src/verifier/strict";
import { fromHex, read, vectors, withVectors } from "./vectors";

// RFC 8032 section 7.1, tests 1 to 3: public key, message, signature.
const RFC8032: [string, string, string][] = [
  ["d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"],
  ["3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"],
  ["fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"],
];

for (const [name, verify] of [["WebCrypto", ed25519], ["@noble/ed25519", ed25519WithoutBrowser]] as const) {
  test(`${name} accepts the signatures of RFC 8032 and no changed one`, async () => {
    for (const [key, message, signature] of RFC8032.map((row) => row.map(fromHex)) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>][]) {
      expect(await verify(key, signature, message)).toBe(true);
      for (const at of [0, 31, 32, 63]) {
        const changed = signature.slice();
        changed[at]! ^= 1;
        expect(await verify(key, changed, message)).toBe(false);
      }
      expect(await verify(key, signature, Uint8Array.of(...message, 0))).toBe(false);
      expect(await verify(key, signature.slice(0, 63), message)).toBe(false);
      expect(await verify(key.slice(1), signature, message)).toBe(false);
    }
  });

  withVectors(`${name} judges every Ed25519 vector of Wycheproof as they do`, "wycheproof", async () => {
    const { testGroups } = JSON.parse(read(vectors("wycheproof", "ed25519_test.json")));
    let judged = 0;
    for (const group of testGroups) {
      for (const { tcId, msg, sig, result } of group.tests) {
        expect(await verify(fromHex(group.publicKey.pk), fromHex(sig), fromHex(msg)), `vector ${tcId}`).toBe(result === "valid");
        judged += 1;
      }
    }
    expect(judged).toBeGreaterThan(100);
  });
}

withVectors("P-256 signatures are accepted in strict DER only, as Wycheproof judges", "wycheproof", async () => {
  const { testGroups } = JSON.parse(read(vectors("wycheproof", "ecdsa_secp256r1_sha256_test.json")));
  let judged = 0;
  for (const group of testGroups) {
    const [x, y] = [group.publicKey.wx, group.publicKey.wy].map((hex: string) => fromHex(hex.padStart(64, "0").slice(-64)));
    for (const { tcId, msg, sig, result } of group.tests) {
      const found = await p256(x!, y!, fromHex(sig), fromHex(msg));
      if (result === "acceptable") continue; // a second spelling: we refuse it, others may not
      expect(found, `vector ${tcId}`).toBe(result === "valid");
      judged += 1;
    }
  }
  expect(judged).toBeGreaterThan(300);
});

test("a DER signature has one spelling", () => {
  expect(fromDer(fromHex("3006020101020102"))).not.toBeNull();
  for (const other of ["300602010102010200", "3006020101020182", "30070202000102010 2".replace(" ", ""), "308106020101020102", "3006020101030102", "3005020101020", "3006020181020102", ""]) {
    expect(fromDer(fromHex(other)), other).toBeNull();
  }
});

test("SM3 gives the digests of GB/T 32905", () => {
  expect(sm3(utf8("abc"))).toBe("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
  expect(sm3(utf8("abcd".repeat(16)))).toBe("debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
});

test("SM3 agrees with OpenSSL at every length around its blocks", () => {
  for (let length = 0; length <= 300; length += 1) {
    const data = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 255);
    expect(sm3(data), `${length} bytes`).toBe(createHash("sm3").update(data).digest("hex"));
  }
});

test("SHA-256 is written in hex", async () => {
  expect(await sha256(utf8("abc"))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(() => fromBase64url("QQ", "", 2)).toThrow();
});
