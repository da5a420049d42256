// Reading goes on without a line: reports wait here, in order and under their own keys, and survive a reload.

import { NoAnswer, Problem, newKey, type CaseView, type Client } from "../api";
import { forget, recall, remember } from "../device";

interface Letter { path: string; body: unknown; key: string }
const STORE = "outbox";

export class Outbox {
  private letters: Letter[] | null = null;
  private sending: Promise<CaseView | null> | null = null;

  constructor(private readonly client: Client) {}

  async put(path: string, body: unknown): Promise<void> {
    const letters = await this.load();
    letters.push({ path, body, key: newKey() });
    await remember(STORE, letters);
  }

  /** Sends what waits, oldest first. The last view, or null when there was nothing; throws NoAnswer when offline. */
  drain(): Promise<CaseView | null> {
    this.sending ??= this.send().finally(() => { this.sending = null; });
    return this.sending;
  }

  private async send(): Promise<CaseView | null> {
    const letters = await this.load();
    let view: CaseView | null = null;
    while (letters.length > 0) {
      const letter = letters[0]!;
      try {
        view = await this.client.send<CaseView>("POST", letter.path, { body: letter.body, key: letter.key, retries: 1 });
      } catch (error) {
        if (error instanceof NoAnswer || (error instanceof Problem && (error.retryable || error.status === 401))) throw error;
        // A report the server will not take (another day's screen) must not block the ones behind it.
      }
      letters.shift();
      await (letters.length ? remember(STORE, letters) : forget(STORE));
    }
    return view;
  }

  private async load(): Promise<Letter[]> {
    this.letters ??= (await recall<Letter[]>(STORE)) ?? [];
    return this.letters;
  }
}
