// The table of routes: by time under the GIL first, by whatever column is clicked then.
import { byId, choose, fill, make } from "./dom.js";
import { count, percent, seconds, PHASES } from "./format.js";

let rows = [];
let span = 0;
let recent = true;
let sorted = "gil";
let descending = true;

const of = (row) => (recent ? row : row.total);
const perRequest = (part, phase) => (part.requests > 0 ? part.phase_seconds[phase] / part.requests : null);

const COLUMNS = [
  ["route", "route", (row) => row.route, (row) => ({ text: row.route, class: "text" })],
  ["rate", "per second", (row) => (recent ? row.per_second || 0 : row.total.requests), (row) => count(recent ? row.per_second || 0 : row.total.requests)],
  ["errors", "errors", (row) => of(row).errors, (row) => ({ text: count(of(row).errors), class: of(row).errors > 0 ? "bad" : "" })],
  ["p50", "p50", (row) => of(row).p50, (row) => seconds(of(row).p50)],
  ["p99", "p99", (row) => of(row).p99, (row) => seconds(of(row).p99)],
  ["gil", "GIL", (row) => of(row).phase_seconds.gil_hold, (row) => (recent ? percent(span > 0 ? row.phase_seconds.gil_hold / span : 0) : seconds(row.total.phase_seconds.gil_hold))],
  ["time", "where the time goes", (row) => of(row).seconds, (row) => ({ node: bar(of(row).phase_seconds), class: "bars" })],
  ...PHASES.map(([name]) => [name, name, (row) => perRequest(of(row), name), (row) => seconds(perRequest(of(row), name))]),
];

// The shares of a request's time, the phases beside each other.
export const bar = (phases) => {
  const all = PHASES.reduce((sum, [name]) => sum + (phases[name] || 0), 0);
  const parts = PHASES.filter(([name]) => phases[name] > 0).map(([name]) => [name, phases[name] / all]);
  const words = parts.map(([name, share]) => name + " " + percent(share)).join(", ");
  const made = make("div", { class: "bar", role: "img", "aria-label": words || "nothing", title: words });
  for (const [name, share] of parts) {
    const piece = make("i", { class: name });
    piece.style.width = share * 100 + "%";
    made.append(piece);
  }
  return made;
};

const heads = new Map();
const head = ([name, label]) => {
  if (!heads.has(name)) {
    const sort = () => {
      descending = sorted === name ? !descending : name !== "route";
      sorted = name;
      render();
    };
    heads.set(name, make("button", { type: "button", text: label, onclick: sort }));
  }
  heads.get(name).textContent = name === "rate" && !recent ? "requests" : label;
  return heads.get(name);
};

const compare = (a, b) => {
  if (a == null || b == null) return (a == null) - (b == null);
  const order = typeof a === "string" ? a.localeCompare(b) : a - b;
  return descending ? -order : order;
};

const render = () => {
  const [, , key] = COLUMNS.find(([name]) => name === sorted);
  const shown = rows.filter((row) => !recent || row.requests > 0 || rows.length < 20).sort((a, b) => compare(key(a), key(b)));
  const focused = [...heads.values()].find((button) => button === document.activeElement);
  const table = byId("route-table");
  fill(table, COLUMNS.map(head), shown.map((row) => COLUMNS.map(([, , , show]) => show(row))), "No request yet.");
  table.querySelectorAll("th").forEach((cell, at) => {
    if (COLUMNS[at][0] === sorted) cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
    if (COLUMNS[at][0] === "route") cell.classList.add("text");
  });
  if (focused) focused.focus({ preventScroll: true });
};

export const show = (routes) => {
  rows = routes.rows;
  span = routes.window_seconds;
  render();
};

export const start = () => {
  byId("phase-key").replaceChildren(...PHASES.map(([name, what]) => make("span", {}, make("i", { class: name }), name + ": " + what)));
  const buttons = [...document.querySelectorAll("[data-window]")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      recent = button.dataset.window === "now";
      choose(buttons, button);
      render();
    });
  }
};
