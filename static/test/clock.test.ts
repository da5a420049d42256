// PRODUCT-FORMAT section 4, row 4: visible time, counted once.
import { expect, test } from "vitest";
import { MARGIN_MS, ReadingClock, type Watched } from "../src/customer/clock";

const watched = (key: string, change: Partial<Watched> = {}): Watched =>
  ({ key, clause: key, level: "plain", floorMs: 1000, creditedMs: 0, endSeen: false, ...change });
const ticks = (clock: ReadingClock, n: number, ms = 250): void => { for (let i = 0; i < n; i += 1) clock.tick(ms); };

test("time out of view does not count", () => {
  const clock = new ReadingClock([watched("a")]);
  ticks(clock, 8);
  expect(clock.take()).toEqual([]);
  expect(clock.share()).toBe(0);
});

test("one moment counts for one clause, first for the one that still needs it", () => {
  const clock = new ReadingClock([watched("a"), watched("b")]);
  clock.setInView("a", true);
  clock.setInView("b", true);
  ticks(clock, 8);
  const seen = clock.take();
  expect(seen.map((item) => item.clause)).toEqual(["a", "b"]);
  expect(seen.reduce((sum, item) => sum + item.visible_ms, 0)).toBe(2000);
  expect(seen[0]!.visible_ms).toBeGreaterThanOrEqual(1000 + MARGIN_MS);
});

test("the page turns only with enough time and the end seen", () => {
  const clock = new ReadingClock([watched("a")]);
  clock.setInView("a", true);
  ticks(clock, 8);
  expect(clock.state()).toBe("end");
  clock.sawEnd("a");
  expect(clock.state()).toBe("ready");
});

test("a phone that slept did not read", () => {
  const clock = new ReadingClock([watched("a")]);
  clock.setInView("a", true);
  clock.tick(60_000);
  expect(clock.take()).toEqual([]);
});

test("what was reported is not reported again, and a late end is", () => {
  const clock = new ReadingClock([watched("a")]);
  clock.setInView("a", true);
  ticks(clock, 4);
  expect(clock.take()).toEqual([{ clause: "a", level: "plain", visible_ms: 1000, end_seen: false }]);
  expect(clock.take()).toEqual([]);
  clock.sawEnd("a");
  expect(clock.take()).toEqual([{ clause: "a", level: "plain", visible_ms: 0, end_seen: true }]);
});

test("when the server counted less, the reader stays a little longer", () => {
  const clock = new ReadingClock([watched("a", { endSeen: true })]);
  clock.setInView("a", true);
  ticks(clock, 6);
  expect(clock.state()).toBe("ready");
  clock.take();
  clock.correct("a", 900);
  expect(clock.state()).toBe("time");
});
