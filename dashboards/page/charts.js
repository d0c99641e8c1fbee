// The charts: the last minutes as columns of numbers, and a plot for some of them each.
/* global uPlot */
import { byId, colour } from "./dom.js";
import { count, percent, seconds, tick, clock, PHASES } from "./format.js";
import { css, paint } from "./hatch.js";

const MOST = 900;
const HUES = ["a", "c", "b", "e", "d", "f", "g"];
const GAP_SECONDS = 2.5;
const LEAST_SECONDS = 60;

let columns = { t: [] };
let interpreters = [];
let plots = [];
let span = 300;

const axis = (more) => ({
  stroke: () => colour("faint"),
  grid: { stroke: () => colour("line"), width: 1 },
  ticks: { stroke: () => colour("line"), width: 1 },
  font: "12px system-ui, sans-serif",
  ...more,
});
const line = (label, hue, show, more) => ({
  label,
  hue,
  stroke: () => colour(hue),
  width: 1.5,
  points: { show: false },
  value: (_, value) => show(value),
  ...more,
});

// Left to the style sheet, so that they follow the theme: the plot draws its lines anew, but these only once.
const isArea = (plot, at) => plot.series[at].width === 0;
const markers = {
  width: (plot, at) => (isArea(plot, at) ? 0 : 2),
  stroke: (plot, at) => `var(--${plot.series[at].hue})`,
  fill: (plot, at) => (isArea(plot, at) ? css(plot.series[at].hue) : "none"),
};

const fromZero = (least) => ({ range: (_, low, high) => [0, Math.max(least, (high || 0) * 1.08)] });
// A log scale needs values above zero, and a range of whole decades to have ticks.
const decades = (_, low, high) => {
  if (!(low > 0)) return [1e-4, 1];
  return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(Math.max(high, low * 1.01)))];
};
const isDecade = (value) => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
const logarithmic = { distr: 3, range: decades };
const logAxis = { size: 62, filter: (_, splits) => splits.map((value) => (isDecade(value) ? value : null)), values: (_, splits) => splits.map((value) => (value == null ? "" : tick(value))) };

const shownTime = () => {
  if (columns.t.length === 0) return [Date.now() / 1000 - span, Date.now() / 1000];
  const last = columns.t[columns.t.length - 1];
  return [Math.max(last - span, Math.min(columns.t[0], last - LEAST_SECONDS)), last];
};

const size = (place) => ({ width: Math.max(240, place.clientWidth), height: place.clientWidth < 460 ? 180 : 200 });

const draw = (id, series, data, scale, more) => {
  const place = byId(id);
  const options = {
    ...size(place),
    legend: { markers },
    cursor: { sync: { key: "now" }, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { x: { time: true, range: shownTime }, y: scale },
    axes: [axis({ size: 32, space: 70, values: (_, splits) => splits.map((value) => clock(value)) }), axis(more)],
    series: [{ label: "at", value: (_, value) => (value == null ? "–" : clock(value)) }, ...series],
  };
  const plot = new uPlot(options, data(), place);
  plots.push({ plot, data, place });
};

const plain = (...names) => () => [columns.t, ...names.map((name) => columns[name] || [])];
const axisCount = { size: 52, values: (_, splits) => splits.map(count) };
const axisShare = { size: 52, values: (_, splits) => splits.map(percent) };

const ofEach = (key) => () => [columns.t, ...interpreters.map((name) => columns.gil[name][key])];
const gilSeries = (show) => interpreters.map((name, at) => line(interpreters.length === 1 ? "GIL" : name, HUES[at % HUES.length], show));

// Each area is drawn from zero to its sum with all below, the largest first; the legend says what is its own.
const stacked = () => {
  const names = PHASES.map(([name]) => "in_" + name).filter((name) => columns[name]);
  const sums = [];
  let below = null;
  for (const name of names) {
    below = columns[name].map((value, at) => (value == null ? null : value + (below ? below[at] || 0 : 0)));
    sums.push(below);
  }
  return [columns.t, ...sums.reverse()];
};
const stackedSeries = () =>
  PHASES.map(([name, , hue]) =>
    line(name, hue, count, { width: 0, fill: (plot) => paint(plot.ctx, hue), value: (_, __, ___, at) => (at == null ? "–" : count((columns["in_" + name] || [])[at])) }),
  ).reverse();

const drawAll = () => {
  for (const { plot } of plots) plot.destroy();
  plots = [];
  draw("chart-rate", [line("requests", "c", count), line("errors", "d", count), line("rejected", "b", count)], plain("requests", "errors", "rejected"), fromZero(1), axisCount);
  draw("chart-latency", [line("p50", "a", seconds), line("p99", "b", seconds)], plain("p50", "p99"), logarithmic, logAxis);
  draw("chart-core", [line("per core", "c", count)], plain("per_core"), fromZero(1), axisCount);
  draw("chart-phases", stackedSeries(), stacked, fromZero(0.1), axisCount);
  const gil = interpreters.length > 0;
  byId("chart-saturation").hidden = byId("chart-waiters").hidden = !gil;
  if (gil) {
    draw("chart-saturation", gilSeries(percent), ofEach("saturation"), { range: [0, 1] }, axisShare);
    draw("chart-waiters", gilSeries(count), ofEach("waiters"), fromZero(1), axisCount);
  }
  draw("chart-queue", [line("in the queue", "b", count), line("in progress", "a", count)], plain("queue", "active"), fromZero(1), axisCount);
  draw("chart-cpu", [line("cores", "e", count)], plain("cores"), fromZero(0.1), axisCount);
  const loops = (columns.loop_active || []).some((value) => value != null);
  byId("chart-lag").hidden = byId("chart-loop").hidden = !loops;
  if (loops) {
    draw("chart-lag", [line("lag", "d", seconds)], plain("loop_lag_p99"), logarithmic, logAxis);
    draw("chart-loop", [line("at work", "a", percent)], plain("loop_active"), { range: [0, 1] }, axisShare);
  }
};

const update = () => {
  for (const { plot, data } of plots) plot.setData(data());
};

const each = (visit) => {
  for (const [name, values] of Object.entries(columns)) if (Array.isArray(values)) visit(values, name);
};

export const start = (history) => {
  columns = history;
  interpreters = Object.keys(history.gil);
  drawAll();
};

const push = (sample) => {
  each((values, name) => values.push(sample[name] ?? null));
  for (const name of interpreters) {
    const share = sample.gil[name] || {};
    columns.gil[name].saturation.push(share.saturation ?? null);
    columns.gil[name].waiters.push(share.waiters ?? null);
  }
  const over = columns.t.length - MOST;
  if (over <= 0) return;
  each((values) => values.splice(0, over));
  for (const name of interpreters) {
    columns.gil[name].saturation.splice(0, over);
    columns.gil[name].waiters.splice(0, over);
  }
};

// False: there is a hole before it, or something new in it; the history knows.
export const add = (sample) => {
  const last = columns.t[columns.t.length - 1];
  if (last === undefined || Math.abs(sample.t - last) > GAP_SECONDS) return false;  // behind: a clock was set back
  if (sample.t - last < 0.05) return true;  // it is there already
  if (Object.keys(sample.gil).length !== interpreters.length) return false;
  push(sample);
  update();
  return !(byId("chart-lag").hidden && sample.loop_active != null);
};

export const show = (wanted) => {
  span = wanted;
  update();
};
export const redraw = () => plots.forEach(({ plot }) => plot.redraw(false));
export const resize = () => plots.forEach(({ plot, place }) => plot.setSize(size(place)));
// The mean of the last numbers of a column.
export const recent = (name, most) => {
  const values = (columns[name] || []).slice(-most).filter((value) => value != null);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
};
