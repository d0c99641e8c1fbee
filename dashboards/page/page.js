// The live page: asks for what was, listens to what comes, and shows it. The server samples routes, threads and slow
// requests only while somebody listens, so a page that is paused or out of sight does not.
import { json } from "./ask.js";
import { byId, choose } from "./dom.js";
import * as charts from "./charts.js";
import * as listen from "./listen.js";
import * as panels from "./panels.js";
import * as routes from "./routes.js";
import * as timeline from "./timeline.js";

const ADVICE_MS = 10000;
const THEMES = ["auto", "light", "dark"];

let paused = false;
let loading = null;

const loadOnce = async () => {
  const [history, status] = await Promise.all([json("/history.json"), json("/status.json")]);
  if (!history || !status) return null;
  charts.start(history);
  panels.showAbout(status);
  return status;
};
const load = () => {
  loading ??= loadOnce().finally(() => (loading = null));
  return loading;
};

const show = (now) => {
  panels.showState(now.state);
  panels.showTrouble("");
  panels.showUptime(now.uptime_seconds);
  if (now.sample && !charts.add(now.sample)) load();
  panels.showTiles(now.sample);
  routes.show(now.routes);
  panels.showThreads(now.threads, now.python_threads);
  panels.showLoops(now.event_loops);
  panels.showBlame(now.blame);
};

const say = (state, trouble) => {
  panels.showState(state);
  panels.showTrouble(trouble);
};

const advise = async () => {
  const report = await json("/advice.json");
  if (report) panels.showAdvice(report);
};

const showConfig = async () => {
  const config = await json("/config.json");
  if (config) panels.showConfig(config);
};

const listenOrNot = () => {
  if (paused || document.hidden) listen.disconnect();
  else listen.connect();
};

const setTheme = (theme) => {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId("theme").textContent = "Theme: " + theme;
  try {
    localStorage.setItem("baton-theme", theme);
  } catch {
    // A browser that keeps nothing forgets it.
  }
  charts.redraw();
  timeline.redraw();
};

const wire = () => {
  byId("pause").addEventListener("click", () => {
    paused = !paused;
    byId("pause").setAttribute("aria-pressed", String(paused));
    byId("pause").textContent = paused ? "Resume" : "Pause";
    if (paused) say("paused", "");
    listenOrNot();
  });
  const theme = () => document.documentElement.dataset.theme || "auto";
  byId("theme").textContent = "Theme: " + theme();
  byId("theme").addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTheme(theme()));
  const spans = [...document.querySelectorAll("[data-span]")];
  for (const button of spans) {
    button.addEventListener("click", () => {
      choose(spans, button);
      charts.show(Number(button.dataset.span));
    });
  }
  document.addEventListener("visibilitychange", listenOrNot);
  addEventListener("resize", () => {
    charts.resize();
    timeline.redraw();
  });
  byId("config").addEventListener("toggle", () => {
    if (byId("config").open) showConfig();
  });
  setInterval(() => listen.listening() && advise(), ADVICE_MS);
};

byId("plain").hidden = true;
byId("live").hidden = false;
byId("buttons").hidden = false;
routes.start();
timeline.start();
wire();
listen.start({ load, begin: advise, now: show, slow: panels.showSlow, say });
listenOrNot();
