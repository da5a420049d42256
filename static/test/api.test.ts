// The client against a real socket: retries keep the key, refusals end an act, a wrong clock is corrected.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Acts, Client, NoAnswer, Problem } from "../src/api";
import { makeKey } from "../src/dpop";

type Answer = (request: IncomingMessage, response: ServerResponse, n: number) => void;
let server: Server;
let answer: Answer;
let seen: { key: string; proof: string }[];
let client: Client;

const problem = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { "Content-Type": "application/problem+json", ...headers });
  response.end(JSON.stringify({ status, ...body }));
};
const ok = (response: ServerResponse): void => { response.end('{"ok":true}'); };

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    seen.push({ key: String(request.headers["idempotency-key"]), proof: String(request.headers["dpop"]) });
    answer(request, response, seen.length);
  });
  await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  client = new Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, [1, 1, 1]);
});
afterEach(() => { server.closeAllConnections(); server.close(); });

test("an answer that never came is asked for again under the same key", async () => {
  answer = (request, response, n) => (n < 3 ? request.socket.destroy() : ok(response));
  await expect(client.post("/v1/x", {})).resolves.toEqual({ ok: true });
  expect(new Set(seen.map((item) => item.key)).size).toBe(1);
});

test("a line that stays broken is told apart from a refusal", async () => {
  answer = (request) => request.socket.destroy();
  await expect(client.post("/v1/x", {})).rejects.toBeInstanceOf(NoAnswer);
});

test("a refusal is not repeated", async () => {
  answer = (_, response) => problem(response, 409, { code: "STEPS_MISSING", retryable: false, missing: ["read:c1"], message: { "zh-CN": "先" } });
  const error = await client.post("/v1/x", {}).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Problem);
  expect((error as Problem).missing).toEqual(["read:c1"]);
  expect((error as Problem).text("zh-CN")).toBe("先");
  expect(seen).toHaveLength(1);
});

test.each(["STILL_IN_FLIGHT", "HEAD_MOVED"])("%s is waited for", async (code) => {
  answer = (_, response, n) => (n === 1 ? problem(response, 409, { code, retryable: true }) : ok(response));
  await expect(client.post("/v1/x", {})).resolves.toEqual({ ok: true });
});

test("pressing the button again after a broken line keeps the key, after an answer it does not", async () => {
  const acts = new Acts();
  const press = (): Promise<unknown> => acts.once("sign", { a: 1 }, (key) => client.post("/v1/x", { a: 1 }, key));
  answer = (request) => request.socket.destroy();
  await expect(press()).rejects.toThrow();
  answer = (_, response) => ok(response);
  await press();
  await press();
  const keys = seen.map((item) => item.key);
  expect(new Set(keys.slice(0, -1)).size).toBe(1);
  expect(keys[keys.length - 1]).not.toBe(keys[0]);
});

test("a phone whose clock is days off proves itself by the server's clock", async () => {
  client.credential = { kind: "dpop", key: await makeKey(), token: "t" };
  const days = 3 * 86_400_000;
  answer = (_, response, n) => {
    const headers = { Date: new Date(Date.now() + days).toUTCString() };
    if (n === 1) return problem(response, 401, { code: "PROOF_INVALID" }, headers);
    response.writeHead(200, headers);
    ok(response);
  };
  await client.get("/v1/x");
  const iat = (proof: string): number => (JSON.parse(Buffer.from(proof.split(".")[1]!, "base64url").toString()) as { iat: number }).iat;
  expect(iat(seen[1]!.proof) - iat(seen[0]!.proof)).toBeGreaterThan(days / 1000 - 5);
});
