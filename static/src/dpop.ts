// Device-bound requests (RFC 9449): a fresh proof for each request, signed with a key this browser cannot export.

import { base64url, random, sha256, utf8 } from "./canonical";

export interface DeviceKey {
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  /** Public part only, in the member order of RFC 7638. */
  jwk: { crv: string; kty: string; x: string; y: string };
}

const P256 = { name: "ECDSA", namedCurve: "P-256" } as const;

export async function makeKey(): Promise<DeviceKey> {
  // Non-exportable: the page can use the key, no script can carry it away.
  const pair = await crypto.subtle.generateKey(P256, false, ["sign", "verify"]);
  const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { privateKey: pair.privateKey, publicKey: pair.publicKey, jwk: { crv: crv!, kty: kty!, x: x!, y: y! } };
}

export interface Target {
  method: string;
  /** scheme://host/path; a query is cut off, as section 4.2 asks. */
  url: string;
  /** Seconds since 1970 by the server's clock: a phone's own clock may be days off. */
  at: number;
  token?: string | undefined;
}

export async function proof(key: DeviceKey, target: Target): Promise<string> {
  const claims: Record<string, string | number> = {
    htm: target.method,
    htu: target.url.replace(/[?#].*$/, ""),
    iat: Math.floor(target.at),
    jti: base64url(random(16)),
  };
  if (target.token !== undefined) claims["ath"] = base64url(await sha256(utf8(target.token)));
  const head = encode({ typ: "dpop+jwt", alg: "ES256", jwk: key.jwk });
  const signed = `${head}.${encode(claims)}`;
  // A JWS signature is the plain r || s, so WebCrypto's output goes in as it is (RFC 7518 section 3.4).
  const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key.privateKey, utf8(signed));
  return `${signed}.${base64url(new Uint8Array(raw))}`;
}

const encode = (value: object): string => base64url(utf8(JSON.stringify(value)));
