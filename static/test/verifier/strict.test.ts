import { describe, expect, test } from "vitest";
import { NotVerified, canonical, fromBase64, fromBase64url, lines, members, parse, parseLoose, text, utf8 } from "../../src/verifier/strict";
import { bytes, filesUnder, vectors, withVectors } from "./vectors";

const refused = (source: string | Uint8Array): void => {
  expect(() => parse(typeof source === "string" ? utf8(source) : source), String(source)).toThrow(NotVerified);
};

describe("canonical JSON", () => {
  test("is read and written again without a change", () => {
    for (const source of ['{"a":[1,-2,true,null],"b":{"c":"é\u2028\\n\\u0001"}}', "[]", "{}", '""', "0", "9007199254740991", '{"__proto__":1,"constructor":2}']) {
      expect(canonical(parse(utf8(source)))).toBe(source);
    }
  });

  test("has one spelling: every other is refused", () => {
    for (const source of [
      '{ "a":1}', '{"b":1,"a":2}', '{"a":1}\n', '\ufeff{"a":1}', '{"a":"\\u0061"}', '{"a":"\\/"}', "01", "-0", "1.0", "1e3", "+1", "[1,]", "[1 ,2]",
      '{"a":1,}', "{a:1}", "'a'", "NaN", "Infinity", "undefined", "", '"a', '"\u0001"', '{"a":"\\U0061"}', "[1][2]", "nul", '"\\u000A"',
    ]) refused(source);
  });

  test("may not hold what leaves the profile", () => {
    for (const source of ['{"a":1,"a":1}', '{"é":1}', '"\\u0000"', '"\u007f"', '"\\ud800"', '"\\udc00\\ud800"', "9007199254740992", "-9007199254740992", "1.5", `${"[".repeat(33)}${"]".repeat(33)}`]) {
      refused(source);
      expect(() => parseLoose(utf8(source)), source).toThrow(NotVerified);
    }
    expect(parse(utf8(`${"[".repeat(32)}${"]".repeat(32)}`))).toBeTruthy();
  });

  test("must be UTF-8", () => {
    refused(Uint8Array.of(0x22, 0xff, 0x22));
    refused(Uint8Array.of(0x22, 0xc0, 0x80, 0x22)); // overlong
    refused(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)); // a surrogate
  });

  test("deep nesting is refused and not a stack overflow", () => refused("[".repeat(500_000)));

  withVectors("agrees with the vectors of RFC 8785 inside the profile", "jcs", () => {
    let agreed = 0;
    for (const path of filesUnder(vectors("jcs", "input"))) {
      const expected = text(bytes(path.replace("/input/", "/output/")));
      try {
        expect(canonical(parseLoose(bytes(path)))).toBe(expected);
        agreed += 1;
      } catch (error) {
        // floats, keys that are not ASCII: legal JSON, never in a bundle
        expect(error).toBeInstanceOf(NotVerified);
      }
    }
    expect(agreed).toBeGreaterThan(0);
  });
});

test("a key of the prototype is not a member", () => {
  const value = parse(utf8('{"a":1}'));
  expect(() => members(value, ["toString"], "")).toThrow(NotVerified);
  expect(() => members(value, [], "")).toThrow(NotVerified);
  expect(members(value, ["a"], "")).toBe(value);
});

test("base64 has one spelling", () => {
  expect([...fromBase64("AQI=")]).toEqual([1, 2]);
  for (const other of ["AQI", "AQJ=", "AQI==", " AQI=", "AQI=\n", "A_I=", 3, null]) expect(() => fromBase64(other), String(other)).toThrow(NotVerified);
  expect([...fromBase64url("AQI")]).toEqual([1, 2]);
  for (const other of ["AQI=", "AQJ", "A+I", " AQI", "A", undefined]) expect(() => fromBase64url(other), String(other)).toThrow(NotVerified);
});

test("every line of a list ends in one LF", () => {
  expect(lines(utf8("a\nb\n"), "")).toEqual(["a", "b"]);
  for (const other of ["a", "a\r\n", "é\n", ""]) expect(() => lines(utf8(other), ""), other).toThrow(NotVerified);
});
