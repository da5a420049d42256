import { expect, test } from "vitest";
import { escape, fieldLabel, fill } from "../../src/verifier/account";
import { table } from "../../src/verifier/chain";
import { Edition, editionOf, newest } from "../../src/verifier/edition";
import { follow, placesOf, type Field } from "../../src/verifier/fields";
import { parseLoose, utf8, type Bytes, type Obj } from "../../src/verifier/strict";
import { tell } from "../../src/verifier/texts";
import { FAILURES, STEPS } from "../../src/verifier/verify";

const body = (value: unknown): Obj => parseLoose(utf8(JSON.stringify(value))) as Obj;

test("a sentence says what the body holds, escaped", () => {
  const said = (sentence: string, value: unknown, lang: "zh" | "en" = "zh"): string => newest.say(sentence, lang, body(value), escape);
  expect(said("{a.b}", { a: { b: "<&>\"'" } })).toBe("&lt;&amp;&gt;&quot;&#39;");
  expect(said("{a}{b.c}{d.x}", { b: null, d: [1] }).replace(/—/g, "-")).toBe("---");
  expect(said("{a|s}", { a: 12345 })).toBe("12.3");
  expect(said("{a|e4} {b|e4}", { a: 6120, b: -45 })).toBe("0.6120 -0.0045");
  expect(said("{a}", { a: ["x", 1, true, { k: [2] }] })).toBe('x、1、true、{&quot;k&quot;:[2]}');
  expect(said("{a}", { a: { y: 1, x: 2 } }, "en")).toBe("x, y");
  expect(said("{a}", { a: [] })).toBe("—");
  expect(said("{a|party}{b|yes}", { a: "proposer", b: false })).toBe("投保人否");
  expect(said("{a|nowhere} {{a}}", { a: "x" })).toBe("x {x}");
});

test("a label is never taken from a prototype", () => {
  expect(newest.label("role", "constructor", "zh")).toBe("constructor");
  expect(newest.label("constructor", "name", "zh")).toBe("name");
});

test("a template is filled in one pass", () => {
  expect(fill("{{a}}-{{b}}", { a: "{{b}}", b: "$&" })).toBe("{{b}}-$&");
  expect(() => fill("{{a}}", {})).toThrow();
  expect(escape("a&amp;")).toBe("a&amp;amp;");
});

test("a field is named by the part of its path that says something", () => {
  const named = (path: string): string => fieldLabel({ path } as Field, "zh");
  expect(named("fields.number.value")).toBe("证件号码");
  expect(named("pages.0.media")).toBe("页面");
  expect(named("media")).toBe("文件");
  expect(named("inputs.sum_assured")).toBe("sum_assured");
});

test("paths of the table name members, all members in order, and elements", () => {
  const value = body({ f: { b: "2", a: "1" }, l: [{ m: "x" }, {}, { m: null }, { m: "y" }] });
  expect(follow(value, "f.*").map(({ path }) => path)).toEqual(["f.a", "f.b"]);
  expect(follow(value, "l[].m").map(({ path, value: found }) => [path, found])).toEqual([["l.0.m", "x"], ["l.3.m", "y"]]);
  expect(follow(value, "nothing.here")).toEqual([]);
});

test("a commitment in a value's place must look like one", () => {
  const event = { name: "event 2", seq: 2, at: "", actor: { id: "", role: "" }, type: "case.party_named/1", hash: "", body: body({ phone: "13800138000" }) };
  expect(() => placesOf(event)).toThrow("right form");
});

test("every type of event has a sentence in both languages, and every step a code", () => {
  for (const type of table.types) {
    expect(newest.events[type]?.zh, type).toBeTruthy();
    expect(newest.events[type]?.en, type).toBeTruthy();
  }
  expect(FAILURES).toHaveLength(STEPS.length);
  expect(tell("zh", "progress", { n: 1, of: 13, name: "压缩包" })).toBe("正在核验：第 1 步，共 13 步，压缩包");
});

test("a page is judged in the edition it names in its head, and one nobody knows is refused", () => {
  const second = new Edition({ edition: 2, events: {}, labels: {}, html: newest.html }, "guide 2");
  const known = new Map([[1, newest], [2, second]]);
  const page = (number: number, before = ""): Bytes => utf8(`<!doctype html>\n${before}<meta name="edition" content="${number}">`);
  expect(editionOf(utf8("<!doctype html>"), "page", known)).toBe(newest);
  expect(editionOf(page(2), "page", known).guide).toBe("guide 2");
  expect(editionOf(page(2, " ".repeat(300)), "page", known)).toBe(newest); // where a customer's own words could stand
  expect(() => editionOf(page(3), "page", known)).toThrow("edition 3");
});
