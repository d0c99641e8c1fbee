"use strict";
// Draws the charts of a load report from the JSON in the page. Everything it says in words is in the tables already.
(() => {
  const run = JSON.parse(document.getElementById("run").textContent);
  const style = getComputedStyle(document.documentElement);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const plots = [];

  const colour = (name) => style.getPropertyValue("--" + name).trim();

  const digits = (value) => (value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0));
  const seconds = (value) => {
    if (value == null) return "--";
    if (value < 999.5e-6) return digits(value * 1e6) + " us";
    if (value < 999.5e-3) return digits(value * 1e3) + " ms";
    return digits(value) + " s";
  };
  // On an axis the values are round already: no zeros behind them.
  const tick = (value) => seconds(value).replace(/(\.\d*?)0+ /, "$1 ").replace(". ", " ");
  const count = (value) => (value == null ? "--" : Math.abs(value) >= 100 || value % 1 === 0 ? String(Math.round(value)) : value.toFixed(2));

  const axis = (more) => ({
    stroke: () => colour("faint"),
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { stroke: () => colour("line"), width: 1 },
    font: "12px system-ui, sans-serif",
    ...more,
  });
  const line = (label, hue, show, more) => ({
    label,
    stroke: () => colour(hue),
    width: 2,
    spanGaps: false,
    points: { show: run.series.t.length < 3 },
    value: (_, value) => show(value),
    ...more,
  });

  const legend = { markers: { width: 2, dash: (plot, at) => (plot.series[at].dash ? "dashed" : "solid") } };

  const draw = (id, options, data) => {
    const place = document.getElementById(id);
    const size = () => ({ width: Math.max(240, place.clientWidth), height: place.clientWidth < 460 ? 190 : 220 });
    const plot = new uPlot({ ...size(), legend, ...options }, data, place);
    plots.push({ plot, size });
  };

  // A log scale needs values above zero, and a range of whole decades to have ticks.
  const decades = (_, low, high) => {
    if (!(low > 0)) return [1e-4, 1];
    return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(Math.max(high, low * 1.01)))];
  };
  const isDecade = (value) => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
  // Lines between the decades too, but only where there is room for them.
  const logAxis = (more) => ({
    filter: (plot, splits) => {
      const few = splits.length < plot.bbox.height / devicePixelRatio / 8;
      return splits.map((value) => (few || isDecade(value) ? value : null));
    },
    values: (_, splits) => splits.map((value) => (value != null && isDecade(value) ? tick(value) : "")),
    ...more,
  });
  const latencyScale = { distr: 3, range: decades };

  const overTime = (id, series, data, scale, show) => {
    const wide = scale === latencyScale ? 62 : 54;
    draw(
      id,
      {
        cursor: { sync: { key: "time" }, points: { size: 6 } },
        scales: { x: { time: false }, y: scale },
        axes: [
          axis({ size: 34, values: (_, splits) => splits.map((value) => value + " s"), space: 60, incrs: [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600] }),
          axis(scale === latencyScale ? logAxis({ size: wide }) : { size: wide, values: (_, splits) => splits.map(show) }),
        ],
        series: [{ label: run.series.step > 1 ? run.series.step + " seconds from" : "second", value: (_, value) => (value == null ? "--" : value + " s") }, ...series],
      },
      [run.series.t, ...data],
    );
  };

  const fromZero = { range: (_, low, high) => [0, high > 0 ? high * 1.08 : 1] };

  const drawSeries = () => {
    const s = run.series;
    const rate = [line("answered", "c", count), line("errors", "d", count)];
    const rates = [s.answered, s.errors];
    if (run.open) {
      rate.unshift(line("offered", "f", count, { dash: [6, 4] }));
      rates.unshift(s.due);
    }
    overTime("rate", rate, rates, fromZero, count);
    const p99 = s.window > 1 ? "p99 of " + s.window + " s" : "p99";
    const latency = [line("service p50", "b", seconds, { dash: [5, 4] }), line("service " + p99, "b", seconds)];
    const latencies = [s.service50, s.service99];
    if (run.open) {
      latency.unshift(line("response p50", "a", seconds, { dash: [5, 4] }), line("response " + p99, "a", seconds));
      latencies.unshift(s.response50, s.response99);
    }
    overTime("latency", latency, latencies, latencyScale, tick);
    overTime("flight", [line("in flight", "e", count)], [s.in_flight], fromZero, count);
    const hues = { 1: "f", 2: "c", 3: "a", 4: "b", 5: "d" };
    const codes = Object.keys(s.statuses);
    overTime(
      "statuses",
      codes.map((code, at) => line(code, hues[code[0]] || "e", count, { dash: at > 0 && codes[at - 1][0] === code[0] ? [4, 3] : undefined })),
      codes.map((code) => s.statuses[code]),
      fromZero,
      count,
    );
    overTime("cpu", [line("CPU", "e", (value) => (value == null ? "--" : value.toFixed(2)))], [s.cpu], fromZero, (value) => value.toFixed(value < 1 ? 2 : 1));
  };

  // x is the number of nines: 1 is p90, 2 is p99, 3 is p99.9.
  const nineLabel = (nines) => (nines === 0 ? "p0" : "p" + (100 - 100 / 10 ** nines).toFixed(Math.max(0, Math.round(nines) - 2)));
  const drawPercentiles = () => {
    const p = run.percentiles;
    const series = [line("service time (from sent)", "b", seconds, { points: { show: false } })];
    const data = [p.service];
    if (run.open) {
      series.unshift(line("response time (from due)", "a", seconds, { points: { show: false } }));
      data.unshift(p.response);
    }
    draw(
      "percentiles",
      {
        cursor: { points: { size: 6 } },
        scales: { x: { time: false, range: [0, Math.max(1, p.nines[p.nines.length - 1])] }, y: latencyScale },
        axes: [
          axis({ size: 34, incrs: [1], space: 30, values: (_, splits) => splits.map((value) => (value % 1 === 0 ? nineLabel(value) : "")) }),
          axis(logAxis({ size: 62 })),
        ],
        series: [{ label: "percentile", value: (_, value) => (value == null ? "--" : "p" + (100 - 100 / 10 ** value).toFixed(3).replace(/\.?0+$/, "")) }, ...series],
      },
      [p.nines, ...data],
    );
  };

  if (run.percentiles.nines.length > 1) {
    document.getElementById("percentiles").hidden = false;
    drawPercentiles();
  }
  if (run.series.t.length > 0) {
    document.getElementById("series").hidden = false;
    drawSeries();
  }
  addEventListener("resize", () => plots.forEach(({ plot, size }) => plot.setSize(size())));
  dark.addEventListener("change", () => plots.forEach(({ plot }) => plot.redraw(false)));
})();
