// What a challenge asks for, step by step: the pictures of a burst belong to one step.

export interface Step { action: string; count: number }

export function steps(actions: readonly string[]): Step[] {
  const found: Step[] = [];
  for (const action of actions) {
    const last = found[found.length - 1];
    if (last && action === "blink" && last.action === action) last.count += 1;
    else found.push({ action, count: 1 });
  }
  return found;
}
