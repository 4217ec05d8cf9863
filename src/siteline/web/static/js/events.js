// The events of the case: listed by time, corrected in place, and which of them are key.

import { button, fill, h, keepFocus, link, name } from "./dom.js";
import { newKey } from "./editing.js";
import { listHead, opener, openForms, rowForm, showAll } from "./rowform.js";
import { sourceField } from "./sourcepick.js";
import { eventName, span } from "./words.js";

const MOST = 30;

export function buildEvents(page, root) {
  const again = () => keepFocus(root.closest(".body"), () => draw(page.store.get()));
  const forms = openForms(page.editing, "events", again);
  let many = MOST;

  function draw({ model, data }) {
    const events = [...model.events].sort((a, b) => (a.first ?? Infinity) - (b.first ?? Infinity));
    const fresh = { id: newKey("event"), version: null };
    const add = forms.toggle("new", (close, draft) => form(page, fresh, draft, close));
    const listed = events.filter((one, n) => n < many || one.key || forms.has(one.id));
    fill(
      root,
      listHead("Events of the case", events.length, data.read_only, "Add an event", add),
      h("p", { class: "small muted" }, told(events)),
      forms.get("new"),
      h(
        "ul",
        { class: "looks" },
        listed.map((one) => row(page, model, one, forms, data.read_only)),
      ),
      showAll(events.length, listed.length, () => ((many = Infinity), again())),
    );
  }
  return draw;
}

/** What the list means for what is weighed above it. */
function told(events) {
  if (!events.length) return "No events yet. An event is something with a date that the question turns on.";
  return events.some((one) => one.key)
    ? "All of them stand on the time line. Changes are weighed against the key events."
    : "All of them stand on the time line. None is marked as key: changes are weighed against every one inside a bracket.";
}

function row(page, model, one, forms, readOnly) {
  const edit = forms.toggle(one.id, (close, draft) => form(page, one, draft, close));
  const source = model.sourceById.get(one.source);
  const box = h("input", { type: "checkbox", disabled: readOnly, data: { keep: `key ${one.id}` } });
  box.checked = one.key;
  box.addEventListener("change", async () => {
    const what = `${eventName(one)} ${box.checked ? "is a key event" : "is no key event any more"}`;
    if (!(await page.editing.markKey(one.id, box.checked, what))) box.checked = one.key;
  });
  return h(
    "li",
    { data: { event: one.id } },
    h(
      "div",
      { class: "line" },
      one.first === null
        ? h("span", { class: "muted" }, span(one))
        : button(span(one), () => show(page, one), { class: "when num", data: { keep: `event ${one.id}` } }),
      h("label", { class: "check small" }, box, "key event", h("span", { class: "hide" }, `: ${eventName(one)}`)),
      !readOnly && opener("Edit", `Edit event ${eventName(one)}`, forms, one.id, edit),
    ),
    h("p", { class: one.key ? "b" : "" }, name(one.what)),
    h(
      "p",
      { class: "small muted" },
      source && link(source.url, name(source.publisher || source.id)),
      one.place && [source && " · ", name(one.place)],
    ),
    forms.get(one.id),
  );
}

/** Time moves to an event; the time line too, where the event lies outside of what it shows. */
function show({ store, act }, { first }) {
  const { window } = store.get();
  act.time(first);
  const half = (window[1] - window[0]) / 2;
  if (first < window[0] || first > window[1]) store.set({ window: [first - half, first + half] });
}

function form(page, one, draft, close) {
  const [start, end] = days(one);
  const fields = [
    { name: "what", label: "What happened", kind: "long" },
    { name: "start_date", label: "First day (date, EDTF)", half: true },
    { name: "end_date", label: "Last day (blank: the same)", half: true },
    {
      name: "timezone_or_place",
      label: "Time zone or place",
      note: "With a time zone (Asia/Seoul, +09:00) the days are local. With a place they are UTC.",
    },
    sourceField(page, "Reported by", one.source ?? ""),
  ];
  return rowForm(page.editing, {
    table: "events",
    key: one.id,
    base: one.version,
    cells: {
      what: one.what ?? "",
      start_date: start,
      end_date: end,
      timezone_or_place: one.place ?? "",
      source_id: one.source ?? "",
    },
    fields,
    what: `event ${one.what ? eventName(one) : ""}`.trim(),
    note: one.key
      ? "A key event is not removed. Take the mark “key event” off first."
      : one.version === null && "Changes are weighed against it once it is marked as a key event, in the list.",
    stays: one.key,
    draft,
    close,
  });
}

/** First and last day as they are written: the text of an event that lasts has both. */
function days({ text = "", last = null }) {
  const [start, end] = text.split("/");
  return [start, end ?? (last === null ? "" : start)];
}
