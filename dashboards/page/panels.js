// Everything that is shown as tiles, tables and sentences.
import { byId, fill, make } from "./dom.js";
import { bytes, clock, count, long, percent, seconds } from "./format.js";
import { bar } from "./routes.js";
import { recent } from "./charts.js";

const GIL_IS_FULL = 0.9;

const tile = (value, label, mood) => make("div", { class: "tile" }, make("b", { text: value, class: mood }), make("span", { text: label }));

const gilTile = (sample) => {
  const shares = Object.values(sample.gil).map((one) => one.saturation).filter((value) => value != null);
  if (shares.length === 0) return tile("–", "GIL held: no books");
  const most = Math.max(...shares);
  const waiters = Object.values(sample.gil).reduce((sum, one) => sum + (one.waiters || 0), 0);
  return tile(percent(Math.min(1, most)), "GIL held; " + count(waiters) + " in line", most > GIL_IS_FULL ? "bad" : "");
};

export const showTiles = (sample) => {
  if (!sample) return;
  const errors = recent("errors", 10);
  byId("tiles").replaceChildren(
    tile(count(sample.requests), "requests per second"),
    tile(seconds(sample.p50), "p50 of the last second"),
    tile(seconds(sample.p99), "p99 of the last second"),
    tile(count(recent("per_core", 10)), "requests per second and core"),
    gilTile(sample),
    tile(count(sample.queue), "in the queue", sample.queue > 0 ? "warn" : ""),
    tile(count(errors), "errors per second, of 10 s", errors > 0 ? "bad" : ""),
    tile(count(sample.cores), "cores at work"),
    tile(count(sample.connections), "connections" + (sample.websockets > 0 ? ", " + count(sample.websockets) + " WebSockets" : "")),
    tile(bytes(sample.memory), "memory"),
  );
};

export const showState = (state) => {
  const place = byId("state");
  place.textContent = state;
  place.className = "state " + (state === "ready" ? "good" : state === "paused" ? "" : state === "gone" ? "bad" : "warn");
};

export const showTrouble = (text) => {
  byId("trouble").hidden = !text;
  byId("trouble").textContent = text;
};

let about = "";
// By the server's clock: the browser's may be another.
export const showUptime = (uptime) => {
  byId("about").textContent = about + ", up for " + long(uptime);
};
export const showAbout = (status) => {
  const ledger = status.gil.ledger === "exact" ? "exact GIL books" : "no GIL books: " + status.gil.ledger;
  const kinds = status.mode === status.interface ? `mode and interface ${status.mode}` : `mode ${status.mode}, interface ${status.interface}`;
  about = `${status.version}, CPython ${status.python}, ${kinds}, GIL policy ${status.gil.policy}, ${ledger}, process ${status.pid}`;
  showUptime(status.uptime_seconds);
};

export const showSlow = (slow) => {
  fill(
    byId("slow-table"),
    ["took", "where the time went", "method and path", "status", "route", "ended", "request id"],
    slow.map((one) => [
      seconds(one.seconds),
      { node: bar(one.phase_seconds), class: "bars" },
      { text: one.method + " " + one.path, class: "path" },
      { text: String(one.status || "–"), class: one.status >= 500 ? "bad" : "" },
      { text: one.route, class: "text" },
      clock(one.ended),
      { text: one.id, class: "text" },
    ]),
    "No request yet.",
  );
};

const DOING = { holding: ["gil_hold", "holds the GIL"], waiting: ["gil_wait", "waits for the GIL"], in_lock: ["lock_wait", "waits for a lock"], off_gil: ["off_gil", "off the GIL"] };

const doing = (thread) => {
  const [phase, words] = DOING[thread.doing] || ["send", thread.doing];
  return { node: make("span", {}, make("i", { class: "dot " + phase }), words), class: "text" };
};

// What it is, for how long the thread has had it, and its id as the log and the access log have it.
const requestOf = ({ request }) => {
  if (!request) return [{ text: "–", class: "text" }, "–", { text: "–", class: "text" }];
  return [{ text: request.method + " " + request.path, class: "text path" }, seconds(request.for_seconds), { text: request.id, class: "text" }];
};

export const showThreads = (threads, python) => {
  const size = `${threads.size} interpreter threads (${threads.min} to ${threads.max}): ${threads.running} running, ${threads.waiting} waiting for the GIL, ${threads.off_gil} off it in a request, ${threads.idle} idle. `;
  byId("thread-text").textContent = threads.size > 0 ? size + (threads.text || "") : "";
  fill(
    byId("thread-table"),
    ["thread", { text: "does", class: "text" }, "for", { text: "request", class: "text" }, "at it for", { text: "request id", class: "text" }, { text: "route", class: "text" }, "interpreter", "held in all", "waited in all"],
    python.map((one) => [
      { text: one.thread_name, title: "thread " + one.thread_id }, doing(one), seconds(one.for_seconds), ...requestOf(one), { text: one.route || "–", class: "text" }, one.interpreter, seconds(one.held_seconds), seconds(one.waited_seconds),
    ]),
    "No thread has run Python, or there are no GIL books.",
  );
};

export const showBlame = (blame) => {
  byId("blame").hidden = blame.length === 0;
  fill(
    byId("blame-table"),
    [{ text: "waited", class: "text" }, { text: "while this had the GIL", class: "text" }, "since the start"],
    blame.slice(0, 10).map((one) => [{ text: one.waiting, class: "text" }, { text: one.holding, class: "text" }, seconds(one.seconds)]),
  );
};

export const showLoops = (loops) => {
  byId("loops").hidden = loops.length === 0;
  fill(
    byId("loop-table"),
    ["loop", "interpreter", "at work", "lag p50", "lag p99"],
    loops.map((one) => [one.name, one.interpreter, percent(one.active_share), seconds(one.lag_p50_seconds), seconds(one.lag_p99_seconds)]),
  );
};

// What was unfolded stays so, although the report is drawn anew.
const unfolded = new Set();
const unfolding = (key, summary, ...content) => {
  const toggled = (event) => (event.target.open ? unfolded.add(key) : unfolded.delete(key));
  return make("details", { open: unfolded.has(key) ? "" : null, ontoggle: toggled }, make("summary", { text: summary }), ...content);
};

const advice = (one) => {
  const parts = [one.route && "route " + one.route, one.interpreter && one.interpreter !== "main" && "interpreter " + one.interpreter];
  const about = parts.filter((text) => text && !(one.route && text.includes(one.route) && one.title.includes(one.route))).join(", ");
  const numbers = Object.entries(one.numbers || {}).map(([name, value]) => name + " " + (typeof value === "number" ? Number(value.toPrecision(4)) : value));
  return make(
    "div",
    { class: "advice severity-" + one.severity },
    make("h3", { text: one.title + (about ? " (" + about + ")" : "") }),
    make("p", { text: one.finding }),
    unfolding(
      one.id + " " + about,
      "What to do",
      make("p", { text: one.do_this }),
      make("p", { text: one.expect }),
      make("p", { class: "hint", text: [...numbers, one.docs].join(" · ") }),
    ),
  );
};

export const showAdvice = (report) => {
  const lacks = report.not_enough_data || [];
  const parts = (report.advice || []).map(advice);
  if (parts.length === 0) parts.push(make("p", { text: "Nothing to advise, by the last " + long(report.window_seconds) + " and " + count(report.requests) + " requests." }));
  if (lacks.length > 0) {
    const list = make("ul", {}, ...lacks.map((one) => make("li", { text: one.id + ": " + one.lacks })));
    parts.push(unfolding("lacks", "Not enough data for " + lacks.length + " more", list));
  }
  byId("advice-list").replaceChildren(...parts);
};

const flat = (value, name) => {
  if (value === null || typeof value !== "object") return [[name, String(value)]];
  const parts = Object.entries(value).flatMap(([key, inner]) => flat(inner, name ? name + "." + key : key));
  return parts.length === 0 ? [[name, "none"]] : parts;
};

export const showConfig = (config) => fill(byId("config-table"), ["setting", { text: "value", class: "text" }], flat(config, ""));
