// Saving rows: one way for all tables, with what was saved in this visit listed so that it can be undone.

import { api } from "./api.js";
import { resolveConflict } from "./conflict.js";
import { makeDrafts } from "./drafts.js";
import { notice, trouble } from "./notices.js";
import { refresh } from "./polling.js";
import { askWho } from "./who.js";

/** @param {any} store */
export function makeEditing(store) {
  const made = [];
  const heard = [];
  const busy = new Set(); // rows that are being saved: a second Enter does not save them twice
  let waiting = 0;
  let line = Promise.resolve();

  const told = () => heard.forEach((call) => call(made));

  /** What was changed, shown, and kept for its undo; without an entry nothing was different. */
  async function changed(done, table, key, what) {
    if (done.entry !== null) made.push({ entry: done.entry, table, key, what, undone: false });
    await refresh(store).catch(trouble); // it is saved all the same
    told();
    return done;
  }

  /** One change sent; where somebody was faster, the person decides. */
  async function sent(table, key, base, cells, what, name) {
    const who = name || store.get().who || (await askWho(store, true));
    if (!who) return null;
    try {
      return await changed(await api.put(table, key, base, cells, who), table, key, what);
    } catch (error) {
      if (error.status !== 409) throw error;
      const choice = await resolveConflict({ table, key, cells, base, body: error.body, store });
      if (choice === "mine") return sent(table, key, error.body.version, cells, what, who);
      if (choice !== "theirs") return null;
      await refresh(store);
      return { theirs: true };
    }
  }

  /** Do `work` (which tells what goes wrong by itself) once all is done that was asked for before. */
  function inTurn(work) {
    waiting += 1;
    line = line.then(work).catch(trouble);
    line.then(() => (waiting -= 1));
    return line;
  }

  const editing = {
    drafts: makeDrafts(store.get().data.id),
    inTurn,

    /** Changes of this visit, oldest first: `{entry, table, key, what, undone}`. */
    made,
    onChange: (call) => heard.push(call),

    /**
     * Put a row (`cells`) or remove it (null). `base`: the version it was made from, null where it is new. `who`: whose
     * change it is where that was settled before; else the person at the page.
     * @returns {Promise<any|null>} what the server says; null where it was not saved (told to the person already),
     * `{theirs}` where the version of somebody else was kept instead
     */
    async save(table, key, base, cells, what, who = "") {
      if (store.get().data.read_only) {
        notice("This case is read-only; copy the file to a place where it can be written.", { trouble: true });
        return null;
      }
      const row = `${table} ${key}`;
      if (busy.has(row)) return null;
      busy.add(row);
      try {
        return await sent(table, key, base, cells, what, who);
      } finally {
        busy.delete(row);
      }
    },

    /** Make an event a key event of the case, or one no longer. */
    async markKey(event, key, what) {
      const who = store.get().who || (await askWho(store));
      if (!who) return null;
      try {
        return await changed(await api.markKey(event, key, who), "siteline_settings", "1", what);
      } catch (error) {
        trouble(error);
        return null;
      }
    },

    /** Undo one change of the journal. @returns {Promise<boolean>} */
    async undo(entry) {
      const who = store.get().who || (await askWho(store));
      if (!who) return false;
      try {
        await api.undo(entry, who);
        const found = made.find((one) => one.entry === entry);
        if (found) found.undone = true;
        await refresh(store);
        told();
        return true;
      } catch (error) {
        if (error.status === 409)
          notice("It was changed again since. Undo the later change first, or change the row by hand.", { trouble: true });
        else trouble(error);
        return false;
      }
    },

    /** Undo the last change of this visit that still stands; one that is being saved is the last. */
    undoLast: () =>
      inTurn(async () => {
        const last = made.findLast((one) => !one.undone);
        if (!last) return void notice("Nothing of this visit is left to undo. The journal lists all changes.");
        if (await editing.undo(last.entry)) notice(`Undone: ${last.what}`);
        return undefined;
      }),
  };
  addEventListener("beforeunload", (event) => {
    if (editing.drafts.unkept() || busy.size || waiting) event.preventDefault(); // the browser asks whether to leave
  });
  return editing;
}

/** A key for a new row. */
export function newKey(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(5));
  return `${prefix}-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
