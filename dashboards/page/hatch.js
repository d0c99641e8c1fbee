// What a drawing is filled with. Waits are hatched, as in house.css: up for the GIL, down for a Python lock.
import { colour, make } from "./dom.js";

const TILE = 6;
const RISING = { wait: true, lock: false };

const tile = (hue, size) => {
  const made = make("canvas", { width: size, height: size });
  const brush = made.getContext("2d");
  brush.fillStyle = colour(hue);
  brush.fillRect(0, 0, size, size);
  brush.strokeStyle = colour("card");
  brush.globalAlpha = 0.55;
  brush.lineWidth = size * 0.28;
  // The one in the middle, and those whose ends reach into the corners, so that tiles fit together.
  for (const x of [-size, 0, size]) {
    brush.moveTo(x - size, RISING[hue] ? 2 * size : -size);
    brush.lineTo(x + 2 * size, RISING[hue] ? -size : 2 * size);
  }
  brush.stroke();
  return made;
};

// `unit`: how many pixels of the canvas its context takes for one.
export const paint = (context, hue, unit = 1) => {
  if (RISING[hue] === undefined) return colour(hue);
  const size = Math.round(TILE * (devicePixelRatio || 1));
  const pattern = context.createPattern(tile(hue, size), "repeat");
  pattern.setTransform(new DOMMatrix().scale(1 / unit));
  return pattern;
};
export const css = (hue) => (RISING[hue] === undefined ? `var(--${hue})` : `var(--hatch-${hue})`);
