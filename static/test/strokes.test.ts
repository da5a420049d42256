// ESG-04: strokes as integers; empty, dot, straight-line or too-fast input is turned back on the phone already.
import { expect, test } from "vitest";
import { canonical, type Json } from "../src/canonical";
import { fault, toStrokes, type PadStroke } from "../src/customer/strokes";

const size = { width: 360.4, height: 160.2, dpi: 326.4 };
const stroke = (n: number, at: (i: number) => [number, number, number]): PadStroke => ({
  pointer: "touch",
  points: Array.from({ length: n }, (_, i) => { const [x, y, time] = at(i); return { x, y, time, pressure: 0.4567 }; }),
});
const name = stroke(60, (i) => [20 + i * 4, 80 + 40 * Math.sin(i / 3), 1000 + i * 16.6]);
const only = (s: PadStroke): ReturnType<typeof fault> => fault(toStrokes([s], size));

test("points become tenths of a pixel, milliseconds from the first touch and ten-thousandths of pressure", () => {
  const strokes = toStrokes([name], size);
  expect(strokes).toMatchObject({ width: 3604, height: 1602, dpi: 326 });
  expect(strokes.strokes[0]!.points[0]).toEqual([200, 800, 0, 4567]);
  expect(() => canonical(strokes as unknown as Json)).not.toThrow(); // no float left anywhere
});

test("a finger that slides off the pad stays on the paper", () => {
  const out = toStrokes([stroke(2, (i) => [i ? 999 : -5, i ? -3 : 999, i])], size);
  expect(out.strokes[0]!.points.map((point) => point.slice(0, 2))).toEqual([[0, 1602], [3604, 0]]);
});

test("a name passes", () => expect(only(name)).toBeNull());
test("nothing is empty", () => expect(fault(toStrokes([], size))).toBe("empty"));
test("a dot is too short", () => expect(only(stroke(40, (i) => [50 + (i % 2), 50, i * 20]))).toBe("short"));
test("a flick is too quick", () => expect(only(stroke(60, (i) => [i * 4, 80 + 30 * Math.sin(i / 3), i * 5]))).toBe("quick"));
test.each([0, 0.5, 2])("a straight line of slope %s is no name", (slope) => {
  expect(only(stroke(60, (i) => [10 + i * 1.2, 10 + i * 1.2 * slope, i * 20]))).toBe("line");
});
