// Others may work on the same case: every two seconds the page asks whether it changed, and takes in what did.

import { api } from "./api.js";
import { name } from "./dom.js";
import { notice } from "./notices.js";
import { plain, plural } from "./words.js";

const EVERY_MS = 2000;

/** Take the case in again. */
export async function refresh(store) {
  const data = await api.state();
  if (data.revision >= store.get().data.revision) store.set({ data });
  return data;
}

export function followRevision({ store }) {
  const ask = async () => {
    try {
      const { data, who, blind } = store.get();
      const told = await api.revision(data.revision);
      if (told.revision > store.get().data.revision) {
        const others = told.changed.filter((one) => one.who !== who);
        await refresh(store);
        if (others.length) notice(words(others, blind), { id: "others" });
      }
    } catch {
      // a lost server is told of once, by onReach; a busy one is asked again
    }
    setTimeout(ask, document.hidden ? 5 * EVERY_MS : EVERY_MS);
  };
  setTimeout(ask, EVERY_MS);
}

/** Who changed how much; in blind mode not what. */
function words(changes, blind) {
  if (blind) return "Somebody else changed the case.";
  const people = [...new Set(changes.map((one) => one.who))];
  const tables = [...new Set(changes.map((one) => plain(one.table.replace("siteline_", ""))))];
  return [name(people.join(", ")), ` changed ${plural(changes.length, "row")} of ${tables.join(", ")}.`];
}
