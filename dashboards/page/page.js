// The live page: asks for what was, listens to what comes, and shows it. The server samples routes, threads and slow
// requests only while somebody listens, so a page that is paused or out of sight does not.
import { byId, choose } from "./dom.js";
import * as charts from "./charts.js";
import * as panels from "./panels.js";
import * as routes from "./routes.js";
import * as timeline from "./timeline.js";

const AGAIN_MS = 2000;
const ADVICE_MS = 10000;
const THEMES = ["auto", "light", "dark"];

let source = null;
let paused = false;
let again = null;
let loading = false;

const json = async (path) => {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(path + ": " + answer.status);
  return answer.json();
};

const load = async () => {
  if (loading) return;
  loading = true;
  try {
    const [history, status] = await Promise.all([json("/history.json"), json("/status.json")]);
    charts.start(history);
    panels.showAbout(status);
  } finally {
    loading = false;
  }
};

const show = (now) => {
  panels.showState(now.state);
  if (now.sample && !charts.add(now.sample)) load().catch(() => {});
  panels.showTiles(now.sample);
  routes.show(now.routes);
  panels.showThreads(now.threads, now.python_threads);
  panels.showLoops(now.event_loops);
  panels.showBlame(now.blame);
};

const disconnect = () => {
  clearTimeout(again);
  if (source) source.close();
  source = null;
};

const comeBack = (trouble) => {
  disconnect();
  panels.showState("gone");
  panels.showTrouble(trouble);
  again = setTimeout(connect, AGAIN_MS);
};

const connect = async () => {
  disconnect();
  if (paused || document.hidden) return;
  try {
    await load();
  } catch {
    comeBack("The server does not answer. Trying again.");
    return;
  }
  if (source || paused || document.hidden) return;
  source = new EventSource("/events");
  source.addEventListener("now", (event) => {
    panels.showTrouble("");
    show(JSON.parse(event.data));
  });
  source.addEventListener("slow", (event) => panels.showSlow(JSON.parse(event.data)));
  source.addEventListener("end", () => comeBack("The server is draining: it ends when its requests have."));
  source.addEventListener("error", () => comeBack("The stream of news has ended. Trying again."));
  advise();
};

const advise = async () => {
  try {
    panels.showAdvice(await json("/advice.json"));
  } catch {
    // The stream says when the server is not there.
  }
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
    if (paused) {
      disconnect();
      panels.showState("paused");
    } else {
      connect();
    }
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
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  addEventListener("resize", () => {
    charts.resize();
    timeline.redraw();
  });
  byId("config").addEventListener("toggle", () => {
    if (byId("config").open) json("/config.json").then(panels.showConfig, () => {});
  });
  setInterval(() => source && advise(), ADVICE_MS);
};

byId("plain").hidden = true;
byId("live").hidden = false;
byId("buttons").hidden = false;
routes.start();
timeline.start();
wire();
connect();
