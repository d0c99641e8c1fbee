// Draws the lanes of a recording. What is narrower than a pixel is not left out: each column of pixels shows its shares.
import { colour } from "./dom.js";
import { moment } from "./format.js";
import { paint } from "./hatch.js";
import { first, HOLDING, LOCK, OFF, WAITING } from "./trace.js";

export const LANE = 32;
const TOP = 24;
const BAR = 15;
const HUES = { [OFF]: "off", [WAITING]: "wait", [HOLDING]: "hold", [LOCK]: "lock" };

export const height = (trace) => TOP + trace.lanes.length * LANE + 4;
export const top = (lane) => TOP + lane * LANE;
export const laneAt = (trace, y) => {
  const lane = Math.floor((y - TOP) / LANE);
  return lane >= 0 && lane < trace.lanes.length ? lane : -1;
};

const palette = (context, ratio) => {
  const chosen = { ink: colour("ink"), faint: colour("faint"), line: colour("line"), card: colour("card") };
  for (const kind of [OFF, WAITING, HOLDING, LOCK]) chosen[kind] = paint(context, HUES[kind], ratio);
  return chosen;
};

// One column of pixels: the kinds on top of each other, as much of the height as they have of the time.
const drawColumn = (context, hues, x, y, spent, least) => {
  const all = Math.max(least, spent[OFF] + spent[WAITING] + spent[HOLDING] + spent[LOCK]);
  let at = y;
  for (const kind of [HOLDING, WAITING, LOCK, OFF]) {
    if (spent[kind] === 0) continue;
    const part = (BAR * spent[kind]) / all;
    context.fillStyle = hues[kind];
    context.fillRect(x, at, 1, part);
    at += part;
    spent[kind] = 0;
  }
};

const drawBar = (context, hues, lane, y, view) => {
  const { from, scale, width } = view;
  const perPixel = 1 / scale;
  const spent = [0, 0, 0, 0];
  let column = -1;
  let tick = -10;
  const flush = () => {
    if (column >= 0) drawColumn(context, hues, column, y, spent, perPixel);
    column = -1;
  };
  for (let at = first(lane, from); at < lane.begin.length; ++at) {
    const left = (lane.begin[at] - from) * scale;
    if (left > width) break;
    const right = (lane.end[at] - from) * scale;
    const here = Math.floor(left);
    if (right - left >= 1.5) {
      flush();
      context.fillStyle = hues[lane.kind[at]];
      context.fillRect(Math.max(0, left), y, Math.min(width, right) - Math.max(0, left), BAR);
    } else {
      if (here !== column) flush();
      column = here;
      spent[lane.kind[at]] += lane.end[at] - lane.begin[at];
    }
    if (lane.forced[at] && right - tick >= 3 && right >= 0) {
      tick = right;
      drawForced(context, hues, right, y);
    }
  }
  flush();
};

// A hand-over that another thread had asked for: a small mark on top of the end of the hold.
const drawForced = (context, hues, x, y) => {
  context.fillStyle = hues.ink;
  context.beginPath();
  context.moveTo(x - 3, y - 4);
  context.lineTo(x + 3, y - 4);
  context.lineTo(x, y + 2);
  context.fill();
};

const steps = [1, 2, 5];
const rulerStep = (perPixel) => {
  let step = 0.1;
  for (let at = 0; step / perPixel < 90; ++at) step = 0.1 * steps[at % 3] * 10 ** Math.floor(at / 3);
  return step;
};

const drawRuler = (context, hues, view) => {
  const step = rulerStep(1 / view.scale);
  context.font = "11px system-ui, sans-serif";
  for (let number = Math.ceil(view.from / step); number * step <= view.to; ++number) {
    const time = number * step;
    const x = Math.round((time - view.from) * view.scale);
    context.fillStyle = hues.line;
    context.fillRect(x, 0, 1, view.height);
    context.fillStyle = hues.faint;
    context.fillText(moment(time / 1e6, step / 1e6, view.to / 1e6), x + 3, 11);
  }
};

const drawChosen = (context, hues, trace, chosen, view) => {
  if (!chosen) return;
  const lane = trace.lanes[chosen.lane];
  const left = (lane.begin[chosen.at] - view.from) * view.scale;
  const right = (lane.end[chosen.at] - view.from) * view.scale;
  context.strokeStyle = hues.ink;
  context.lineWidth = 2;
  context.strokeRect(Math.max(-4, left) - 1, top(chosen.lane) + 12, Math.min(view.width + 8, right) - Math.max(-4, left) + 2, BAR + 2);
};

// `view`: {from, to} in microseconds.
export const draw = (canvas, trace, { from, to }, chosen) => {
  const width = canvas.clientWidth;
  const tall = height(trace);
  const ratio = devicePixelRatio || 1;
  canvas.style.height = tall + "px";
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(tall * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const hues = palette(context, ratio);
  context.fillStyle = hues.card;
  context.fillRect(0, 0, width, tall);
  const view = { from, to, scale: width / (to - from), width, height: tall };
  drawRuler(context, hues, view);
  trace.lanes.forEach((lane, number) => {
    const y = top(number);
    context.font = "11px system-ui, sans-serif";
    const name = lane.name + (lane.interpreter === "main" ? "" : ", interpreter " + lane.interpreter);
    context.fillStyle = hues.card;
    context.fillRect(2, y - 1, context.measureText(name).width + 4, 12);
    context.fillStyle = hues.ink;
    context.fillText(name, 4, y + 8);
    context.fillStyle = hues.line;
    context.fillRect(0, y + 13 + BAR - 1, width, 1);
    drawBar(context, hues, lane, y + 13, view);
  });
  drawChosen(context, hues, trace, chosen, view);
};
