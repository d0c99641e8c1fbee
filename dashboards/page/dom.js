// Elements from what the server says. Everything goes in as text, never as markup.

export const byId = (id) => document.getElementById(id);

export const make = (tag, properties, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value == null) continue;
    if (name === "class") element.className = value;
    else if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

// A table of rows of cells; a cell is a text, or {text, class, title}, or an element.
const cell = (tag, content) => {
  if (content instanceof Node) return make(tag, {}, content);
  if (content !== null && typeof content === "object") {
    const made = make(tag, { class: content.class, title: content.title });
    made.append(content.node || content.text);
    return made;
  }
  return make(tag, { text: content });
};

export const fill = (table, head, rows, nothing) => {
  const body = rows.map((row) => make("tr", {}, ...row.map((content) => cell("td", content))));
  if (body.length === 0 && nothing) body.push(make("tr", {}, make("td", { text: nothing, colspan: head.length, class: "text" })));
  const heads = head.map((content) => {
    const made = cell("th", content);
    made.scope = "col";
    return made;
  });
  table.replaceChildren(make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...body));
};

// One of several buttons is pressed.
export const choose = (buttons, chosen) => {
  for (const button of buttons) button.setAttribute("aria-pressed", String(button === chosen));
};
