// The thirteen steps, in order. Numbers, names and codes are those of docs/BUNDLE.md section 7, so that this report and
// the one of `python -m evidence.verify --json` can be laid side by side.

import { checkAccount } from "./account";
import { checkActs } from "./acts";
import { checkBag } from "./bag";
import { readChain, type Chain } from "./chain";
import { readContainer, type Files } from "./container";
import { allPlaces, openMedia, openPapers, openValues, type Field } from "./fields";
import { checkFiles } from "./files";
import { IN_BUNDLES, readKeys, type Keys } from "./keys";
import { PROOF, checkLog } from "./log";
import { readProof, type Proof } from "./note";
import { checkPapers } from "./papers";
import { checkPolicy } from "./policy";
import { checkSeals, sealFile, type Digests } from "./seals";
import { NotVerified, type Bytes } from "./strict";
import { counted, reached } from "./tlog";
import { readTrust } from "./trust";

export const STEPS = [
  "container", "bag", "chain", "log", "seals", "time", "disclosures", "files", "documents", "acts", "policy", "account", "witness",
] as const;
export type StepName = (typeof STEPS)[number];
export type State = "passed" | "failed" | "indeterminate" | "not_run";
export type Verdict = "TOTAL-PASSED" | "INDETERMINATE" | "TOTAL-FAILED";

export const FAILURES = [
  "CONTAINER_INVALID", "BAG_INVALID", "CHAIN_BROKEN", "LOG_INVALID", "SEAL_INVALID", "TIME_INVALID", "DISCLOSURE_MISMATCH",
  "FILE_MISMATCH", "DOCUMENT_INVALID", "ACT_INVALID", "POLICY_NOT_MET", "ACCOUNT_DIFFERS", "WITNESS_INVALID",
] as const;
export type Code = (typeof FAILURES)[number] | "KEYS_FROM_BUNDLE" | "NO_TRUSTED_KEY" | "TIME_NOT_EVALUATED"
  | "SIGNATURE_NOT_EVALUATED" | "NOTICE_WITHHELD" | "DOCUMENT_WITHHELD" | "NO_WITNESS";

export interface Step { n: number; name: StepName; state: State; detail: string; record: string }
export interface Reason { step: number; code: Code }

export interface Report {
  verdict: Verdict;
  reasons: Reason[];
  steps: Step[];
  fields: Field[];
  firstBad: { step: number; record: string } | null;
  chain: Chain | null;
  files: Files;
}

export interface Options {
  /** The auditor's own copies, by the names of `keys/`. */
  keys?: ReadonlyMap<string, Bytes>;
  /** His own policy file, which `readTrust` accepts. */
  policy?: Bytes;
  trustBundleKeys?: boolean;
  /** Called before each step, and often enough inside long ones to let the page draw. */
  pause?: () => Promise<void>;
  progress?: (step: Step) => void;
}

type Outcome = [state: State, detail: string, code?: Code];

/** What the steps have proved so far. */
interface Desk {
  data: Bytes;
  options: Options;
  pause: () => Promise<void>;
  root: string;
  files: Files;
  keys: Keys;
  chain: Chain | null;
  digests: Digests;
  fields: Field[];
  /** Witnesses of the auditor's policy that signed; null before the checkpoint was opened. */
  witnessed: string[] | null;
}

export async function verify(data: Bytes, options: Options = {}): Promise<Report> {
  const pause = options.pause ?? (async () => undefined);
  const files = options.keys ?? new Map<string, Bytes>();
  const keys = options.policy ? await readTrust(options.policy, files) : await readKeys(files);
  const desk: Desk = {
    data, options, pause, keys, root: "", files: new Map(), chain: null, digests: new Map(), fields: [], witnessed: null,
  };
  const steps: Step[] = [];
  const reasons: Reason[] = [];
  for (const [index, name] of STEPS.entries()) {
    const step: Step = { n: index + 1, name, state: "not_run", detail: "", record: "" };
    // Without an archive, a complete bag and a whole chain the other steps have nothing to speak of.
    if (!steps.slice(0, 3).some((earlier) => earlier.state === "failed")) {
      const code = await run(step, desk);
      if (code) reasons.push({ step: step.n, code });
    }
    steps.push(step);
    options.progress?.(step);
    await pause();
  }
  if (desk.keys.fromBundle) reasons.unshift({ step: 0, code: "KEYS_FROM_BUNDLE" });
  const bad = steps.find((step) => step.state === "failed");
  return {
    verdict: bad ? "TOTAL-FAILED" : reasons.length ? "INDETERMINATE" : "TOTAL-PASSED",
    reasons, steps, fields: desk.fields, firstBad: bad ? { step: bad.n, record: bad.record } : null,
    chain: desk.chain, files: desk.files,
  };
}

async function run(step: Step, desk: Desk): Promise<Code | undefined> {
  try {
    const [state, detail, code] = await RUN[step.name](desk);
    step.state = state;
    step.detail = detail;
    return code;
  } catch (error) {
    step.state = "failed";
    // What is not ours to refuse is a body of another shape: the operator signed it, so it is a finding too.
    step.detail = error instanceof NotVerified ? error.message : `an event has another shape: ${(error as Error).name}`;
    step.record = error instanceof NotVerified ? error.record : "";
    return FAILURES[step.n - 1];
  }
}

const chainOf = (desk: Desk): Chain => desk.chain as Chain; // steps after the third run only when it passed
const proofOf = (desk: Desk): Proof => readProof(desk.files.get(PROOF) as Bytes, PROOF);

const RUN: Record<StepName, (desk: Desk) => Promise<Outcome>> = {
  async container(desk) {
    const { root, files } = await readContainer(desk.data, desk.pause);
    desk.root = root;
    desk.files = files;
    if (desk.options.trustBundleKeys) {
      const own = IN_BUNDLES.flatMap((name) => (files.has(`keys/${name}`) ? [[name, files.get(`keys/${name}`) as Bytes] as const] : []));
      desk.keys = await readKeys(new Map(own), true, desk.options.policy ? desk.keys.policy : undefined);
    }
    return ["passed", `${files.size} files in ${root}`];
  },

  async bag(desk) {
    return ["passed", await checkBag(desk.files, desk.keys, desk.pause)];
  },

  async chain(desk) {
    const chain = await readChain(desk.root, desk.files, desk.pause);
    desk.chain = chain;
    return ["passed", `${chain.events.length} events in ${chain.segments.length} segments, ${chain.contexts.size} streams around them`];
  },

  async log(desk) {
    if (!desk.keys.logs.length) return ["indeterminate", "no log key given", "NO_TRUSTED_KEY"];
    desk.witnessed = await checkLog(chainOf(desk), desk.files, desk.keys);
    const { index, checkpoint } = proofOf(desk);
    return ["passed", `entry ${index} of ${checkpoint.size} in ${checkpoint.origin}`];
  },

  async seals(desk) {
    if (!desk.keys.seals.length) return ["indeterminate", "no seal key given", "NO_TRUSTED_KEY"];
    const chain = chainOf(desk);
    desk.digests = await checkSeals(chain, desk.files, desk.keys.seals, desk.pause);
    const last = chain.segments[chain.segments.length - 2]?.[1] ?? 0;
    return ["passed", `${chain.segments.length - 1} seals over ${last} of ${chain.events.length} events`];
  },

  async time(desk) {
    // RFC 3161 replies are CMS structures under X.509 chains; what can be said here is that none of them is astray.
    const known = new Set(["data/checkpoint.tsr"]);
    chainOf(desk).segments.slice(0, -1).forEach((_, index) => known.add(sealFile(index + 1).replace(".dsse.json", ".tsr")));
    const replies = [...desk.files.keys()].filter((path) => path.endsWith(".tsr"));
    const stray = replies.find((path) => !known.has(path));
    if (stray) throw new NotVerified("a time stamp of nothing", stray);
    return ["indeterminate", `not evaluated in a browser: ${replies.length} of ${known.size} time stamps are here`, "TIME_NOT_EVALUATED"];
  },

  async disclosures(desk) {
    const fields = await openValues(chainOf(desk), desk.files);
    desk.fields.push(...fields);
    const bad = fields.find((field) => field.state === "MISSING" || field.state === "OPENED-MISMATCH");
    if (bad) {
      const what = bad.state === "MISSING" ? "is missing" : "is open although it was erased";
      throw new NotVerified(`${bad.path} ${what}`, `event ${bad.seq}`);
    }
    return ["passed", tally(fields)];
  },

  async files(desk) {
    const fields = await openMedia(chainOf(desk), desk.files);
    desk.fields.push(...fields);
    const absent = await checkFiles(chainOf(desk), desk.files, fields);
    if (absent) return ["indeterminate", `${tally(fields)}; ${absent} notices are not here`, "NOTICE_WITHHELD"];
    return ["passed", tally(fields)];
  },

  async documents(desk) {
    const fields = await openPapers(chainOf(desk), desk.files);
    desk.fields.push(...fields);
    const papers = await checkPapers(chainOf(desk), desk.files, fields, desk.digests, desk.pause);
    const detail = `hashes match: ${tally(fields)}`;
    if (papers.absent) return ["indeterminate", `${detail}; ${papers.absent} signed documents are not here`, "DOCUMENT_WITHHELD"];
    if (papers.signed) {
      return ["indeterminate", `${detail}; ${papers.signed} PDF signatures not evaluated in a browser`, "SIGNATURE_NOT_EVALUATED"];
    }
    return ["passed", detail];
  },

  async acts(desk) {
    const [acts, captures] = await checkActs(chainOf(desk), desk.fields);
    return ["passed", `${acts} acts and ${captures} captures signed by the customer's own key`];
  },

  async policy(desk) {
    const [signatures, needs] = checkPolicy(chainOf(desk));
    return ["passed", `${signatures} signatures, each with ${needs} keys held`];
  },

  async account(desk) {
    if (!desk.keys.logs.length) return ["indeterminate", "names the log's head, which was not judged", "NO_TRUSTED_KEY"];
    if (desk.witnessed === null) return ["not_run", "names the log's head, which does not hold"];
    const order = new Map(allPlaces(chainOf(desk)).map((place, index) => [`${place.seq} ${place.path}`, index]));
    const at = (field: Field): number => order.get(`${field.seq} ${field.path}`) ?? 0;
    desk.fields.sort((a, b) => at(a) - at(b));
    checkAccount(chainOf(desk), desk.files, desk.fields, proofOf(desk));
    return ["passed", "timeline and guide made again, equal"];
  },

  async witness(desk) {
    const { policy } = desk.keys;
    if (desk.witnessed === null) return ["not_run", "no checkpoint to witness"];
    const wanted = counted(policy);
    const signed = desk.witnessed.filter((name) => wanted.includes(name));
    if (!signed.length) return ["indeterminate", "no witness of the auditor's policy signed", "NO_WITNESS"];
    if (!reached(policy, signed)) throw new NotVerified(`${signed.length} of ${wanted.length} witnesses signed, which is no quorum`, PROOF);
    return ["passed", signed.join(", ")];
  },
};

function tally(fields: readonly Field[]): string {
  const counts = new Map<string, number>();
  for (const { state } of fields) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].sort().map(([state, number]) => `${number} ${state}`).join(", ") || "nothing to open";
}
