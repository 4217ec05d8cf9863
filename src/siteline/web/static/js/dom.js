// Elements made in code. Text from the case goes in as text nodes only; nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `props`: attributes by name; `class`, `text`, `on` (listeners), `data` (dataset) are understood;
 * false, null and undefined leave an attribute out.
 * @param {string} tag @param {Record<string, any>} [props] @param {...any} children
 * @returns {HTMLElement & Record<string, any>}
 */
export function h(tag, props = {}, ...children) {
  return dressed(document.createElement(tag), props, children);
}

/**
 * An SVG element; as `h`.
 * @param {string} tag @param {Record<string, any>} [props] @param {...any} children @returns {SVGElement}
 */
export function s(tag, props = {}, ...children) {
  return dressed(document.createElementNS(SVG, tag), props, children);
}

function dressed(made, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "on") for (const [event, heard] of Object.entries(value)) made.addEventListener(event, heard);
    else if (name === "data") Object.assign(made.dataset, value);
    else if (name === "text") made.textContent = value;
    else if (name === "style" || name.startsWith("on")) throw new Error(`attribute ${name} is not set from code`);
    else if (name === "value" && "value" in made) made.value = value;
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  add(made, children);
  return made;
}

/** Append children; strings become text. */
export function add(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (!child) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
  return parent;
}

/** Put `children` in the place of everything in `parent`. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  return add(parent, children);
}

/** A name or other text of the case, isolated so that its direction changes nothing around it. */
export function name(text, props = {}) {
  return h("bdi", { dir: "auto", ...props }, text);
}

/**
 * A link, only where the address is http(s); else the text alone.
 * @param {string} address @param {any} content
 */
export function link(address, content) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return content;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return content;
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, content);
}

/** A button. @param {any} label @param {(event: Event) => void} act @param {Record<string, any>} [props] */
export function button(label, act, props = {}) {
  return h("button", { type: "button", class: "btn", ...props, on: { click: act, ...(props.on || {}) } }, label);
}

/** A labelled field. */
export function field(label, control, note = "") {
  return h("label", { class: "field" }, h("span", {}, label), control, note && h("small", { class: "muted" }, note));
}

/** The element with an id that index.html has. @returns {HTMLElement} */
export function at(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** Whether letters typed there are text rather than commands. */
export function typing(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target.tagName === "INPUT" && !["checkbox", "radio", "range", "button"].includes(target.type);
}

/** Render again, and put the focus back on the element that had it (matched by `data-keep`). */
export function keepFocus(root, render) {
  const held = root.contains(document.activeElement) ? document.activeElement.dataset.keep : undefined;
  const scroll = root.scrollTop;
  render();
  root.scrollTop = scroll;
  if (held === undefined) return;
  for (const one of root.querySelectorAll("[data-keep]"))
    if (one.dataset.keep === held) return one.focus({ preventScroll: true });
}
