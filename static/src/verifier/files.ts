// Step 8. Files bound by a digest: the product version, manifests of models, texts (section 2).

import type { Chain, Event } from "./chain";
import type { Files } from "./container";
import { sha256 } from "./crypto";
import type { Field } from "./fields";
import { NotVerified, isObject, list, object, parseLoose, string, type Json } from "./strict";

const PRODUCT = "data/product/";
const DEFINITION = "data/product/definition.json";
const TEXTS = "data/context/texts/";

/** How many notices that the customer was shown are not inside. */
export async function checkFiles(chain: Chain, files: Files, fields: readonly Field[]): Promise<number> {
  // 8.1 files as captured
  const bad = fields.find((field) => field.state === "OPENED-MISMATCH" || field.state === "MISSING");
  if (bad) {
    const what = bad.state === "MISSING" ? "is missing" : "does not match its commitment";
    throw new NotVerified(`file of event ${bad.seq} ${what}`, bad.file);
  }
  // 8.2 the product version that the case froze, and exactly the files its definition pins
  await checkProduct(chain, files);
  // 8.3 exactly the manifests of the model packs whose scores are sealed
  const named = new Set(chain.events.flatMap(manifests));
  const found = new Set<string>();
  for (const [path, content] of files) {
    const pack = /^data\/models\/(.+)\.json$/.exec(path)?.[1];
    if (pack !== undefined) found.add(`${pack} ${await sha256(content)}`);
  }
  const odd = [...named].filter((one) => !found.has(one)).concat([...found].filter((one) => !named.has(one))).sort()[0];
  if (odd !== undefined) {
    throw new NotVerified("model manifests are not those that the sealed scores name", `data/models/${odd.slice(0, odd.lastIndexOf(" "))}.json`);
  }
  // 8.4 texts: consent notices, templates, renders
  const words = new Set(chain.events.flatMap((event) => texts(event.body)));
  for (const [path, content] of files) {
    const name = path.startsWith(TEXTS) ? path.slice(TEXTS.length) : null;
    if (name !== null && !(words.has(name) && (await sha256(content)) === name)) {
      throw new NotVerified("a text that no event names", path);
    }
  }
  const notices = chain.events.filter((event) => event.type === "consent.notice_shown/1");
  const shown = new Set(notices.map(({ body, name }) => string(body["text_sha256"], name)));
  return [...shown].filter((name) => !files.has(TEXTS + name)).length;
}

async function checkProduct(chain: Chain, files: Files): Promise<void> {
  const definition = files.get(DEFINITION);
  const frozen = isObject(chain.policy["product"]) ? chain.policy["product"]["full"] : undefined;
  if (!definition || (await sha256(definition)) !== frozen) {
    throw new NotVerified("the product is not the version frozen in the first event", DEFINITION);
  }
  const pinned = new Set(pins(parseLoose(definition, DEFINITION)).map(([name, digest]) => `${PRODUCT}${name} ${digest}`));
  const missing = new Set(pinned);
  for (const [path, content] of files) {
    if (!path.startsWith(PRODUCT) || path === DEFINITION) continue;
    const pin = `${path} ${await sha256(content)}`;
    if (!pinned.has(pin)) throw new NotVerified("a product file that the definition does not pin", path);
    missing.delete(pin);
  }
  const [first] = [...missing].sort();
  if (first !== undefined) throw new NotVerified("a file that the definition pins is not here", first.slice(0, first.lastIndexOf(" ")));
}

/** `file` and `sha256` of every object that has a `sha256`, at any depth. */
function pins(value: Json): [string, string][] {
  if (Array.isArray(value)) return value.flatMap(pins);
  if (!isObject(value)) return [];
  const { file, sha256: digest } = value;
  const own: [string, string][] = typeof digest === "string" ? [[string(file, DEFINITION), digest]] : [];
  return [...own, ...Object.values(value).flatMap(pins)];
}

/** `pack manifest` of each model whose score an event seals. */
function manifests({ body, name }: Event): string[] {
  const scores = list(body["scores"], name).map((score) => object(score, name));
  if (isObject(body["score"])) scores.push(body["score"]);
  return scores.flatMap(({ model }) => {
    const manifest = isObject(model) ? model["manifest"] : undefined;
    if (!isObject(model) || manifest === undefined || manifest === null) return [];
    return [`${string(model["pack"], name)} ${string(manifest, name)}`];
  });
}

function texts(value: Json): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(texts);
  return isObject(value) ? Object.values(value).flatMap(texts) : [];
}
