// The form of a source, and the choice of one in the forms of other rows: a source that is not listed is added on the spot.

import { dialog } from "./dialogs.js";
import { button, fill, h } from "./dom.js";
import { rowDraft } from "./drafts.js";
import { newKey } from "./editing.js";
import { rowForm } from "./rowform.js";

const MOST = 80; // characters of a source in a list to choose from

/** The form of a source, new where it has no version. */
export function sourceForm(page, one, draft, close) {
  const fields = [
    { name: "publisher", label: "Who published it" },
    { name: "title_paraphrase", label: "What it says, in one line" },
    { name: "url", label: "Where it can be read (web address)" },
    { name: "published", label: "Published (date, EDTF)", half: true },
    { name: "authors", label: "Authors (joined by ;)", half: true },
    {
      name: "repeats",
      label: "Only repeats (keys of other sources, joined by ;)",
      note: "A source that only passes on another one is not counted as a line of evidence of its own.",
    },
  ];
  const cells = {
    publisher: one.publisher ?? "",
    title_paraphrase: one.title ?? "",
    url: one.url ?? "",
    published: one.published ?? "",
    authors: one.authors ?? "",
    repeats: (one.repeats ?? []).join("; "),
  };
  const what = `source ${one.publisher || one.id}`;
  return rowForm(page.editing, { table: "sources", key: one.id, base: one.version, cells, fields, what, draft, close });
}

/** A field `source_id` for a row form: the sources of the case by publisher, and a way to add one. */
export function sourceField(page, label, chosen) {
  const select = h("select", {});
  const choices = (wanted) => {
    const held = page.store.get().data.sources.map((one) => [one.id, sourceName(one)]);
    held.sort((a, b) => a[1].localeCompare(b[1]));
    if (!held.some(([id]) => id === wanted)) held.unshift([wanted, wanted || "—"]);
    fill(
      select,
      held.map(([id, said]) => h("option", { value: id }, said)),
    );
    select.value = wanted;
  };
  choices(chosen);
  const add = async () => {
    const key = newKey("source");
    const saved = await dialog("New source", (close) => {
      const form = sourceForm(page, { id: key, version: null }, rowDraft("sources", "new"), close);
      form.querySelector("input").setAttribute("autofocus", "");
      return form;
    });
    if (saved) {
      choices(key);
      select.dispatchEvent(new Event("input", { bubbles: true })); // it belongs to what is typed and not saved yet
    }
    select.focus();
  };
  return { name: "source_id", label, control: select, after: button("New source…", add, { class: "btn small added" }) };
}

/** A source in one line: publisher, date, what it says. */
export function sourceName(one) {
  const said = [[one.publisher || one.id, one.published].filter(Boolean).join(", "), one.title].filter(Boolean).join(": ");
  return said.length > MOST ? `${said.slice(0, MOST).trimEnd()}…` : said;
}
