// The GIL's timeline: records it when asked to, and lets one move about in it.
import { byId, fill, make } from "./dom.js";
import { count, moment, percent, seconds } from "./format.js";
import * as lanes from "./lanes.js";
import { first, HOLDING, LOCK, OFF, read, sums, WAITING } from "./trace.js";

const WORDS = { [HOLDING]: "holds the GIL", [WAITING]: "waits for the GIL", [LOCK]: "waits for a Python lock", [OFF]: "off the GIL, in a request" };
const CLASSES = { [HOLDING]: "gil_hold", [WAITING]: "gil_wait", [LOCK]: "lock_wait", [OFF]: "off_gil" };
const LEAST_US = 1;
const FINEST_SECONDS = 1e-7;
// How much longer than its time a recording may take: it is some MB, of a server that is busy.
const PATIENCE_SECONDS = 60;

let text = "";
let trace = null;
let view = { from: 0, to: 1 };
let chosen = null;
let pending = false;

const canvas = () => byId("lanes");
const frame = () => canvas().parentElement;

export const redraw = () => {
  if (!trace || pending) return;
  pending = true;
  requestAnimationFrame(() => {
    pending = false;
    lanes.draw(canvas(), trace, view, chosen);
  });
};

const look = (from, to) => {
  const span = Math.min(trace.duration, Math.max(LEAST_US, to - from));
  const begin = Math.max(0, Math.min(trace.duration - span, from));
  view = { from: begin, to: begin + span };
  redraw();
};
const zoom = (factor, share = 0.5) => {
  const span = view.to - view.from;
  const middle = view.from + span * share;
  look(middle - span * factor * share, middle + span * factor * (1 - share));
};
const move = (share) => look(view.from + (view.to - view.from) * share, view.to + (view.to - view.from) * share);
const all = () => look(0, trace.duration);

const tell = () => {
  const lane = trace.lanes[chosen.lane];
  const request = trace.requests[lane.about[chosen.at]];
  const words = [
    lane.name,
    WORDS[lane.kind[chosen.at]] + " for " + seconds((lane.end[chosen.at] - lane.begin[chosen.at]) / 1e6),
    "from " + moment(lane.begin[chosen.at] / 1e6, FINEST_SECONDS),
    lane.forced[chosen.at] && "given up because another thread asked",
    request.route && "route " + request.route,
    request.id && "request " + request.id,
    request.path && "path " + request.path,
  ];
  byId("slice").textContent = words.filter(Boolean).join(" · ");
  redraw();
};

// Scrolls the lanes, then the page, no further than it takes to see this one.
const reveal = (lane) => {
  const top = lane === 0 ? 0 : lanes.top(lane);
  const bottom = lanes.top(lane) + lanes.LANE;
  frame().scrollTop = Math.min(top, Math.max(frame().scrollTop, bottom - frame().clientHeight));
  const above = canvas().getBoundingClientRect().top;
  if (above + top < 0) scrollBy(0, above + top);
  else if (above + bottom > innerHeight) scrollBy(0, above + bottom - innerHeight);
};

const choose = (lane, at) => {
  chosen = { lane, at };
  const { begin, end } = trace.lanes[lane];
  if (end[at] < view.from || begin[at] > view.to) {
    const span = view.to - view.from;
    look(begin[at] - span / 2, begin[at] + span / 2);
  }
  tell();
};

// The slice under a point, or the nearest within a few pixels.
const pick = (x, y) => {
  const number = lanes.laneAt(trace, y);
  if (number < 0) return;
  const lane = trace.lanes[number];
  const time = view.from + (x / canvas().clientWidth) * (view.to - view.from);
  const near = (4 / canvas().clientWidth) * (view.to - view.from);
  const candidates = [first(lane, time) - 1, first(lane, time)].filter((at) => at >= 0 && at < lane.begin.length);
  const distance = (at) => Math.max(0, lane.begin[at] - time, time - lane.end[at]);
  const best = candidates.sort((a, b) => distance(a) - distance(b))[0];
  if (best !== undefined && distance(best) <= near) choose(number, best);
};

const step = (by) => {
  const lane = chosen ? chosen.lane : 0;
  const size = trace.lanes.length > 0 ? trace.lanes[lane].begin.length : 0;
  if (size === 0) return;
  const at = chosen ? chosen.at + by : first(trace.lanes[lane], view.from);
  choose(lane, Math.max(0, Math.min(size - 1, at)));
  reveal(lane);
};

// What another lane does at the same moment, or next.
const change = (by) => {
  if (!chosen) return step(0);
  const lane = Math.max(0, Math.min(trace.lanes.length - 1, chosen.lane + by));
  const { begin } = trace.lanes[lane];
  const time = Math.max(view.from, trace.lanes[chosen.lane].begin[chosen.at]);
  if (lane !== chosen.lane) choose(lane, Math.min(begin.length - 1, first(trace.lanes[lane], time)));
  reveal(lane);
};

const KEYS = {
  ArrowLeft: () => move(-0.2), ArrowRight: () => move(0.2), ArrowUp: () => zoom(0.5), ArrowDown: () => zoom(2),
  "+": () => zoom(0.5), "-": () => zoom(2), 0: all, Home: all, n: () => step(1), p: () => step(-1),
  j: () => change(1), k: () => change(-1),
};

const showTable = () => {
  fill(
    byId("lane-table"),
    ["thread", "interpreter", "held", "waited", "in locks", "forced to give up", "changes"],
    trace.lanes.map((lane) => {
      const { spent, forced } = sums(lane);
      const share = (kind) => percent(spent[kind] / trace.duration);
      return [lane.name, lane.interpreter, share(HOLDING), share(WAITING), share(LOCK), count(forced), count(lane.begin.length)];
    }),
    "No thread was near the GIL.",
  );
};

const showTrace = () => {
  chosen = null;
  view = { from: 0, to: trace.duration };
  byId("trace").hidden = false;
  const slices = trace.lanes.reduce((sum, lane) => sum + lane.begin.length, 0);
  const lost = trace.dropped > 0 ? "; its memory was full, it ends early" : "";
  byId("recording").textContent = `${seconds(trace.duration / 1e6)}, ${trace.lanes.length} threads, ${count(slices)} slices${lost}`;
  byId("slice").textContent = "Click a slice to see whose it is.";
  showTable();
  redraw();
};

const record = async (buttons, time) => {
  buttons.forEach((button) => (button.disabled = true));
  byId("recording").textContent = "recording for " + time + " s …";
  try {
    const signal = AbortSignal.timeout((time + PATIENCE_SECONDS) * 1000);
    const answer = await fetch("/trace?format=json&seconds=" + time, { cache: "no-store", signal });
    text = await answer.text();
    if (!answer.ok) throw new Error(text.trim());
    trace = read(JSON.parse(text));
    showTrace();
  } catch (error) {
    byId("recording").textContent = "no recording: " + error.message;
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
};

const save = () => {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href: url, download: "baton-gil.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
};

const wirePointer = () => {
  let drag = null;
  canvas().addEventListener("pointerdown", (event) => {
    drag = { x: event.offsetX, y: event.offsetY, view, moved: false };
    canvas().setPointerCapture(event.pointerId);
  });
  canvas().addEventListener("pointermove", (event) => {
    if (!drag) return;
    const by = event.offsetX - drag.x;
    drag.moved ||= Math.abs(by) > 3;
    const time = (by / canvas().clientWidth) * (drag.view.to - drag.view.from);
    if (drag.moved) look(drag.view.from - time, drag.view.to - time);
  });
  canvas().addEventListener("pointerup", (event) => {
    if (drag && !drag.moved) pick(event.offsetX, event.offsetY);
    drag = null;
  });
  canvas().addEventListener("pointercancel", () => (drag = null));
  canvas().addEventListener(
    "wheel",
    (event) => {
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      const scrolls = frame().scrollHeight > frame().clientHeight && !event.ctrlKey && !event.metaKey;
      if (event.shiftKey || (scrolls && !sideways)) return;
      event.preventDefault();
      if (sideways) move(event.deltaX / canvas().clientWidth);
      else zoom(event.deltaY > 0 ? 1.25 : 0.8, event.offsetX / canvas().clientWidth);
    },
    { passive: false },
  );
};

export const start = () => {
  const kinds = [HOLDING, WAITING, LOCK, OFF].map((kind) => make("span", {}, make("i", { class: CLASSES[kind] }), WORDS[kind]));
  byId("trace-key").replaceChildren(...kinds, make("span", { text: "▾ forced to give the GIL up" }));
  const buttons = [...document.querySelectorAll("[data-record]")];
  for (const button of buttons) button.addEventListener("click", () => record(buttons, Number(button.dataset.record)));
  byId("zoom-in").addEventListener("click", () => zoom(0.5));
  byId("zoom-out").addEventListener("click", () => zoom(2));
  byId("zoom-all").addEventListener("click", all);
  byId("save-json").addEventListener("click", save);
  canvas().addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  wirePointer();
};
