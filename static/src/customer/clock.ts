// How long each clause was really before the reader's eyes. One moment counts for one clause only, as the server counts:
// credited time never exceeds the time since the screen was served, summed over its clauses.

export interface Watched { key: string; clause: string; level: string; floorMs: number; creditedMs: number; endSeen: boolean }
export interface Seen { clause: string; level: string; visible_ms: number; end_seen: boolean }

interface Entry extends Watched { inView: boolean; pendingMs: number; endPending: boolean }

/** A gap longer than this is a phone that slept, not a person who read. */
const LONGEST_TICK_MS = 1000;
/** Ask for a little more than the floor, so that the server's clock agrees at once. */
export const MARGIN_MS = 300;

export class ReadingClock {
  private readonly entries: Entry[];

  constructor(watched: readonly Watched[]) {
    this.entries = watched.map((item) => ({ ...item, inView: false, pendingMs: 0, endPending: false }));
  }

  setInView(key: string, inView: boolean): void {
    const entry = this.entries.find((item) => item.key === key);
    if (entry) entry.inView = inView;
  }

  sawEnd(key: string): void {
    const entry = this.entries.find((item) => item.key === key);
    if (entry && !entry.endSeen) {
      entry.endSeen = true;
      entry.endPending = true;
    }
  }

  /** `ms` since the last tick, with the page in front. Goes to the first clause in view that still needs time. */
  tick(ms: number): void {
    if (ms <= 0 || ms > LONGEST_TICK_MS) return;
    const inView = this.entries.filter((entry) => entry.inView);
    const open = inView.find((entry) => this.of(entry) < entry.floorMs + MARGIN_MS) ?? inView[0];
    if (open) open.pendingMs += ms;
  }

  /** What has not been reported yet; reporting it moves it to `creditedMs`. Empty when there is nothing to say. */
  take(): Seen[] {
    const seen = this.entries.filter((entry) => entry.pendingMs >= 1 || entry.endPending).map((entry) => ({
      clause: entry.clause, level: entry.level, visible_ms: Math.floor(entry.pendingMs), end_seen: entry.endSeen,
    }));
    for (const entry of this.entries) {
      entry.creditedMs += Math.floor(entry.pendingMs);
      entry.pendingMs -= Math.floor(entry.pendingMs);
      entry.endPending = false;
    }
    return seen;
  }

  /** The server's own count rules: it may have credited less. */
  correct(key: string, creditedMs: number): void {
    const entry = this.entries.find((item) => item.key === key);
    if (entry) entry.creditedMs = Math.min(entry.creditedMs, creditedMs);
  }

  /** 0..1 of all the time this screen asks for. */
  share(): number {
    const wanted = this.entries.reduce((sum, entry) => sum + entry.floorMs + MARGIN_MS, 0);
    const had = this.entries.reduce((sum, entry) => sum + Math.min(this.of(entry), entry.floorMs + MARGIN_MS), 0);
    return wanted === 0 ? 1 : had / wanted;
  }

  /** What is still asked of the reader. */
  state(): "time" | "end" | "ready" {
    if (this.entries.some((entry) => !entry.endSeen)) return "end";
    return this.entries.some((entry) => this.of(entry) < entry.floorMs + MARGIN_MS) ? "time" : "ready";
  }

  private of(entry: Entry): number { return entry.creditedMs + entry.pendingMs; }
}
