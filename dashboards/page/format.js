// Numbers as people read them.

const UNITS = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"]];
const digits = (value) => (value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0));

export const seconds = (value) => {
  if (value == null) return "–";
  if (value === 0) return "0";
  if (value < 999.5e-9) return Math.round(value * 1e9) + " ns";
  if (value < 999.5e-6) return digits(value * 1e6) + " µs";
  if (value < 999.5e-3) return digits(value * 1e3) + " ms";
  return digits(value) + " s";
};
// On an axis the values are round already: no zeros behind them.
export const tick = (value) => seconds(value).replace(/(\.\d*?)0+ /, "$1 ").replace(". ", " ");

// A moment, with as many digits as tell it from the one a `step` later; in the unit of the latest beside it, `most`.
export const moment = (value, step, most = value) => {
  if (value === 0) return "0";
  const [unit, name] = UNITS.find(([size]) => most >= size) || UNITS[UNITS.length - 1];
  return (value / unit).toFixed(Math.max(0, Math.ceil(Math.log10(unit / step) - 1e-9))) + " " + name;
};

export const count = (value) => {
  if (value == null) return "–";
  if (Math.abs(value) >= 99.95 || value % 1 === 0) return Math.round(value).toLocaleString("en");
  return value < 9.995 ? value.toFixed(2) : value.toFixed(1);
};
export const percent = (value) => (value == null ? "–" : (value * 100).toFixed(value > 0 && value < 0.0995 ? 1 : 0) + " %");
export const bytes = (value) => {
  if (value == null) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    ++unit;
  }
  return (unit === 0 ? value : digits(value)) + " " + units[unit];
};
export const clock = (epoch) => new Date(epoch * 1000).toLocaleTimeString("en-GB");
export const long = (value) => {
  const whole = Math.round(value);
  if (whole < 120) return whole + " s";
  if (whole < 7200) return Math.round(whole / 60) + " min";
  return Math.round(whole / 3600) + " h";
};

// The phases of a request, in the order of their bars; the names are those of the metrics. The last is the colour.
export const PHASES = [
  ["gil_hold", "runs with the GIL", "hold"],
  ["gil_wait", "waits for the GIL", "wait"],
  ["lock_wait", "waits for a Python lock", "lock"],
  ["ready", "ready, the loop is at others", "g"],
  ["off_gil", "off the GIL", "off"],
  ["queue", "in the queue", "b"],
  ["send", "being sent", "f"],
];
