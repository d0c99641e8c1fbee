// A recording of the GIL's timeline, from the JSON of /trace to lanes of slices.

export const KINDS = ["off", "waiting", "holding", "lock"];
export const OFF = 0, WAITING = 1, HOLDING = 2, LOCK = 3;

// {duration, lanes: [{name, interpreter, begin, end, kind, forced, about}]}: columns of a lane's slices, in microseconds,
// in order and without overlap. `about` is a number in `requests`, 0 for nobody's.
export const read = (document) => {
  const lanes = new Map();
  for (const track of document.baton.tracks) {
    lanes.set(track.tid, { name: track.name, interpreter: track.interpreter, begin: [], end: [], kind: [], forced: [], about: [] });
  }
  const requests = [{}];
  const known = new Map();
  const about = (args) => {
    if (!args || (args.route === undefined && args.request === undefined)) return 0;
    const key = (args.request || "") + "\n" + (args.route || "") + "\n" + (args.path || "");
    if (!known.has(key)) {
      known.set(key, requests.length);
      requests.push({ id: args.request, route: args.route, path: args.path });
    }
    return known.get(key);
  };
  for (const event of document.traceEvents) {
    if (event.ph !== "X") continue;
    const lane = lanes.get(event.tid);
    const kind = KINDS.indexOf(event.name);
    if (!lane || kind < 0) continue;
    lane.begin.push(event.ts);
    lane.end.push(event.ts + event.dur);
    lane.kind.push(kind);
    lane.forced.push(Boolean(event.args && event.args.forced));
    lane.about.push(about(event.args));
  }
  const busy = [...lanes.values()].filter((lane) => lane.begin.length > 0);
  busy.sort((a, b) => a.interpreter.localeCompare(b.interpreter) || a.name.localeCompare(b.name, "en", { numeric: true }));
  return { duration: document.baton.duration_us, dropped: document.baton.dropped, lanes: busy, requests };
};

// The first slice that ends after `time`.
export const first = (lane, time) => {
  let low = 0;
  let high = lane.end.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lane.end[middle] > time) high = middle;
    else low = middle + 1;
  }
  return low;
};

// How long a lane was in each kind, and how often it had to give the GIL up.
export const sums = (lane) => {
  const out = [0, 0, 0, 0];
  let forced = 0;
  for (let at = 0; at < lane.begin.length; ++at) {
    out[lane.kind[at]] += lane.end[at] - lane.begin[at];
    if (lane.forced[at]) ++forced;
  }
  return { spent: out, forced };
};
