// A row or column of many buttons is one stop of the Tab key; arrows move within it.

/**
 * @param {HTMLElement} root @param {string} of selector of the buttons @param {[string, string]} keys back and on
 * @param {() => HTMLElement|null} first the button that Tab comes to
 */
export function roving(root, of, [back, on], first) {
  const all = () => /** @type {HTMLElement[]} */ ([...root.querySelectorAll(of)]);
  root.addEventListener("keydown", (event) => {
    const held = all();
    const here = held.indexOf(document.activeElement);
    const to = { [back]: here - 1, [on]: here + 1, Home: 0, End: held.length - 1 }[event.key];
    if (here < 0 || to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = held[Math.min(held.length - 1, Math.max(0, to))];
    held[here].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  return () => {
    const chosen = first() ?? all()[0];
    for (const one of all()) one.tabIndex = one === chosen ? 0 : -1;
  };
}
