import { expect, test } from "vitest";
import { events } from "../src/agent/live";

test("events are taken whole, however the network cuts them", () => {
  const stream = 'event: ready\r\ndata: {}\r\n\r\nevent: sealed\ndata: {"seq":7}\n\n: a comment\n\nevent: ping\n';
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const first = events(stream.slice(0, cut));
    const second = events(first.rest + stream.slice(cut));
    const found = [...first.found, ...second.found].map((item) => item.event);
    expect(found.filter((name) => name === "sealed")).toHaveLength(1);
    expect(second.rest).toBe("event: ping\n");
  }
});
