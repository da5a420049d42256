// What happens in a case, as it happens: server-sent events read by fetch (EventSource cannot carry a credential), and
// plain asking every few seconds where a proxy will not let a stream through.

import type { Client } from "../api";

export type Link = "live" | "polling" | "lost";
interface Told { moved: () => void; link: (link: Link) => void }

const POLL_MS = 5_000;
/** The server says something at least every 20 s; a silence longer than this is a dead line. */
const SILENCE_MS = 45_000;

export class Live {
  private stopped = false;
  private abort = new AbortController();
  private timer = 0;

  constructor(private readonly client: Client, private readonly path: string, private readonly told: Told) {}

  start(): void { void this.follow(); }

  stop(): void {
    this.stopped = true;
    this.abort.abort();
    clearInterval(this.timer);
  }

  private async follow(): Promise<void> {
    for (let failures = 0; !this.stopped; ) {
      const opened = await this.listen();
      if (this.stopped) return;
      failures = opened ? 0 : failures + 1;
      if (failures >= 2) return this.poll();
      this.told.link("lost");
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
  }

  /** True when the stream opened at all; returns when it ends. */
  private async listen(): Promise<boolean> {
    this.abort = new AbortController();
    let silence = 0;
    try {
      const response = await this.client.stream(this.path, this.abort.signal);
      if (!response.body) return false;
      this.told.link("live");
      this.told.moved(); // something may have happened before the stream opened
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      let rest = "";
      for (;;) {
        silence = window.setTimeout(() => this.abort.abort(), SILENCE_MS);
        const { done, value } = await reader.read();
        clearTimeout(silence);
        if (done) return true;
        const parsed = events(rest + decoder.decode(value, { stream: true }));
        rest = parsed.rest;
        if (parsed.found.some((event) => event.data.includes('"seq"'))) this.told.moved();
      }
    } catch {
      return false;
    } finally {
      clearTimeout(silence);
    }
  }

  private poll(): void {
    this.told.link("polling");
    this.timer = window.setInterval(() => { if (document.visibilityState === "visible") this.told.moved(); }, POLL_MS);
  }
}

/** Complete events of a piece of an event stream, and what is left over (WHATWG HTML, section 9.2.6). */
export function events(text: string): { found: { event: string; data: string }[]; rest: string } {
  const blocks = text.replace(/\r\n?/g, "\n").split("\n\n");
  const rest = blocks.pop() ?? "";
  const found = blocks.map((block) => {
    const fields = block.split("\n").map((line) => /^(\w+):? ?(.*)$/.exec(line)).filter((match) => match !== null);
    const of = (name: string): string => fields.filter((match) => match[1] === name).map((match) => match[2]).join("\n");
    return { event: of("event") || "message", data: of("data") };
  }).filter((event) => event.data !== "");
  return { found, rest };
}
