// Listens to the server's news, and comes back by itself when they end: when it has gone, says nothing, drains or turns
// us away.
import { refusal } from "./ask.js";

const EVENTS = "/events";
const AGAIN_MS = 2000;
const REFUSED_MS = 30000;
const QUIET_SECONDS = 5;  // there are news each second
const DRAINING = "The server is draining: it ends when its requests have.";

let page = null;
let source = null;
let again = null;
let attempt = 0;
let quiet = 0;

export const listening = () => source !== null;

export const disconnect = () => {
  ++attempt;
  clearTimeout(again);
  if (source) source.close();
  source = null;
};

const comeBack = (state, trouble, after = AGAIN_MS) => {
  disconnect();
  page.say(state, trouble);
  again = setTimeout(connect, after);
};

// An end is an end; but a stream that never began was refused, and only another answer says why.
const ended = async () => {
  const refused = source.readyState === EventSource.CLOSED;
  disconnect();
  const mine = attempt;
  const reason = refused ? await refusal(EVENTS) : "";
  if (mine !== attempt) return;
  if (reason === "draining") comeBack("draining", DRAINING);
  else if (reason) comeBack("refused", "The server says: " + reason + ". Trying again in " + REFUSED_MS / 1000 + " s.", REFUSED_MS);
  else comeBack("gone", "The stream of news has ended. Trying again.");
};

const listen = () => {
  quiet = 0;
  source = new EventSource(EVENTS);
  for (const name of ["now", "slow"]) {
    source.addEventListener(name, (event) => {
      quiet = 0;
      page[name](JSON.parse(event.data));
    });
  }
  source.addEventListener("end", () => comeBack("draining", DRAINING));
  source.addEventListener("error", ended);
};

export const connect = async () => {
  disconnect();
  const mine = attempt;
  const status = await page.load();
  if (mine !== attempt) return;
  if (!status) return comeBack("gone", "The server does not answer. Trying again.");
  if (status.state === "draining") return comeBack("draining", DRAINING);
  listen();
  page.begin();
};

// `page`: load() asks for what was and gives the status, or null; begin() is told that it listens; now() and slow() get
// the news; say() gets the state in a word, and in a sentence.
export const start = (of) => {
  page = of;
  // Counted, not measured: a browser that stood still itself does not blame the server.
  setInterval(() => {
    if (source && ++quiet > QUIET_SECONDS) comeBack("gone", "The server has said nothing for " + QUIET_SECONDS + " s. Trying again.");
  }, 1000);
};
