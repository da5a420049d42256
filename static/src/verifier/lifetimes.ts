// When a key of the operator was in service: its own events in the log say so (section 3).

import type { Chain } from "./chain";
import { adoptedName } from "./keys";
import { NotVerified, string } from "./strict";

/** In service from `since` to `until`, both included; null: still. Instants in their one spelling: later is greater. */
export interface Term { purpose: string; since: string; until: string | null }

/** By public key, as `key.adopted/1` names it. NotVerified for a key that served twice, or left before it came. */
function terms(chain: Chain): Map<string, Term> {
  const found = new Map<string, Term>();
  for (const stream of [...chain.contexts.keys()].filter((name) => name.startsWith("key_")).sort()) {
    for (const { type, body, name, at } of chain.contexts.get(stream) ?? []) {
      if (type !== "key.adopted/1" && type !== "key.retired/1") continue;
      const purpose = string(body["purpose"], name);
      const key = string(body["public"], name);
      const term = found.get(key);
      if (type === "key.adopted/1") {
        if (term) throw new NotVerified("a key adopted a second time, or for a second purpose", name);
        found.set(key, { purpose, since: at, until: null });
      } else if (!term || term.until !== null || term.purpose !== purpose) {
        throw new NotVerified("a key retired that was not in service", name);
      } else {
        term.until = at;
      }
    }
  }
  return found;
}

/** NotVerified unless the Ed25519 key (32 bytes) was adopted for this. */
export function termOf(chain: Chain, purpose: string, publicKey: Uint8Array, record: string): Term {
  const term = terms(chain).get(adoptedName(publicKey));
  if (term?.purpose !== purpose) throw new NotVerified(`no key stream says that this ${purpose} key was adopted`, record);
  return term;
}

export const covers = ({ since, until }: Term, at: string): boolean => since <= at && (until === null || at <= until);
