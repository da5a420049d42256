// The report as JSON, in the shape of `python -m evidence.verify --json` (section 7). Holds no disclosed value.

import { readProof } from "./note";
import { PROOF } from "./log";
import { REASONS } from "./texts";
import type { Report } from "./verify";

export function plain(report: Report): unknown {
  const { chain } = report;
  return {
    verdict: report.verdict,
    reasons: report.reasons.map(({ step, code }) => ({ step, code, zh: REASONS.zh[code].what, en: REASONS.en[code].what })),
    steps: report.steps.map(({ n, name, state, detail }) => ({ n, name, state, detail })),
    fields: report.fields.map(({ seq, path, state, erasedBy }) =>
      (erasedBy === undefined ? { seq, path, state } : { seq, path, state, event: erasedBy })),
    first_bad: report.firstBad,
    case: chain && {
      id: chain.stream, mode: chain.mode, input_origin: chain.inputOrigin, events: chain.events.length,
      seals: chain.segments.length - 1, log_size: logSize(report),
    },
  };
}

/** Null unless the step that verifies the checkpoint passed. */
function logSize({ steps, files }: Report): number | null {
  const proof = files.get(PROOF);
  return proof && steps[3]?.state === "passed" ? readProof(proof, PROOF).checkpoint.size : null;
}
