import { expect, test } from "vitest";
import { steps } from "../src/customer/screens/steps";

test("the pictures of a blink are one step, and a movement asked for twice is two", () => {
  expect(steps(["neutral", "blink", "blink", "blink", "neutral", "nod"])).toEqual([
    { action: "neutral", count: 1 }, { action: "blink", count: 3 }, { action: "neutral", count: 1 }, { action: "nod", count: 1 },
  ]);
  expect(steps(["nod", "nod"]).length).toBe(2);
});
