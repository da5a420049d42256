// Step 8. Files bound by a digest: the product version, manifests of models, texts (section 2).

import type { Chain } from "./chain";
import type { Files } from "./container";
import { sha256 } from "./crypto";
import type { Field } from "./fields";
import { NotVerified, isObject, parseLoose, type Json } from "./strict";

const DEFINITION = "data/product/definition.json";
const TEXTS = "data/context/texts/";

export async function checkFiles(chain: Chain, files: Files, fields: readonly Field[]): Promise<void> {
  // 8.1 files as captured
  const bad = fields.find((field) => field.state === "OPENED-MISMATCH" || field.state === "MISSING");
  if (bad) {
    const what = bad.state === "MISSING" ? "is missing" : "does not match its commitment";
    throw new NotVerified(`file of event ${bad.seq} ${what}`, bad.file);
  }
  // 8.2 the product version that the case froze, and every file its definition pins
  const product = [...files].filter(([path]) => path.startsWith("data/product/"));
  if (product.length) {
    const definition = files.get(DEFINITION);
    const frozen = isObject(chain.policy["product"]) ? chain.policy["product"]["full"] : undefined;
    if (!definition || (await sha256(definition)) !== frozen) {
      throw new NotVerified("the product is not the version frozen in the first event", DEFINITION);
    }
    const pinned = new Set(members(parseLoose(definition, DEFINITION), "sha256"));
    for (const [path, content] of product) {
      if (path !== DEFINITION && !pinned.has(await sha256(content))) {
        throw new NotVerified("a product file that the definition does not pin", path);
      }
    }
  }
  // 8.3 manifests of the model packs whose scores are sealed
  const models = chain.events.flatMap((event) => members(event.body, "model")).filter(isObject);
  for (const [path, content] of files) {
    const pack = /^data\/models\/(.+)\.json$/.exec(path)?.[1];
    if (pack === undefined) continue;
    const digest = await sha256(content);
    if (!models.some((model) => model["pack"] === pack && model["manifest"] === digest)) {
      throw new NotVerified("a model manifest that no sealed score names", path);
    }
  }
  // 8.4 texts: consent notices, templates, renders
  const words = new Set(chain.events.flatMap((event) => texts(event.body)));
  for (const [path, content] of files) {
    const name = path.startsWith(TEXTS) ? path.slice(TEXTS.length) : null;
    if (name !== null && !(words.has(name) && (await sha256(content)) === name)) {
      throw new NotVerified("a text that no event names", path);
    }
  }
}

/** Everything under a key `name`, at any depth. */
function members(value: Json, name: string): Json[] {
  if (Array.isArray(value)) return value.flatMap((item) => members(item, name));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => [...(key === name ? [item] : []), ...members(item, name)]);
}

function texts(value: Json): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(texts);
  return isObject(value) ? Object.values(value).flatMap(texts) : [];
}
