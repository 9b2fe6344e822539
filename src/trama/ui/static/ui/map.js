// The map of Trama: turns <div class="trama-map"> and <div class="trama-map-picker"> into maps (see templatetags/maps.py).

import { element, givenBounds, makeMap, numbersOf, wordsOf } from "./map-base.js";
import { Areas } from "./map-areas.js";
import { Labels } from "./map-labels.js";
import { startPicker } from "./map-picker.js";
import { askEarly, Points } from "./map-points.js";

/** A message over the map; with `again`, also a button to try again. An empty text takes it away. */
function messageOver(root, word) {
  const box = element("div", "trama-map-message");
  box.setAttribute("role", "alert");
  box.hidden = true;
  root.append(box);
  // What is clicked here is not clicked on the map.
  for (const name of ["click", "dblclick", "pointerdown", "mousedown", "touchstart"])
    box.addEventListener(name, (event) => event.stopPropagation(), { passive: true });
  return (text, again = null) => {
    box.replaceChildren();
    box.hidden = !text;
    if (!text) return;
    box.append(element("p", "", text));
    if (!again) return;
    const button = element("button", "btn btn-primary btn-sm", word("retry"));
    button.type = "button";
    button.addEventListener("click", again);
    box.append(button);
  };
}

function startMap(root, asked = null) {
  const given = givenBounds(root);
  const { src, areas } = root.dataset;
  asked ??= src && !given ? askEarly(root) : null;
  const word = wordsOf(root);
  const map = makeMap(root, word);
  const said = root.parentElement.querySelector(".trama-map-said");
  const tools = {
    labels: new Labels(map),
    message: messageOver(root, word),
    number: numbersOf(root),
    say: (text) => {
      if (said && said.textContent !== text) said.textContent = text;
    },
    word,
  };
  if (given && !src) map.fitBounds(given, { animate: false });
  tools.around = areas ? new Areas(map, root, tools).load(!src && !given) : null;
  if (src) new Points(map, root, tools).start(given, asked);
}

/** Start the maps in a part of the page that were not started yet. */
export function enhance(part) {
  for (const root of part.querySelectorAll(".trama-map, .trama-map-picker")) {
    if (root.dataset.started) continue;
    root.dataset.started = "yes";
    const start = root.classList.contains("trama-map") ? startMap : startPicker;
    if (root.clientWidth && root.clientHeight) {
      // The answer travels while the map is built, in a task of its own.
      const early = start === startMap && root.dataset.src && !givenBounds(root) ? askEarly(root) : null;
      setTimeout(start, 0, root, early);
      continue;
    }
    // As soon as it has a size: when the <details> around it is opened.
    new ResizeObserver((_entries, observer) => {
      if (!root.clientWidth || !root.clientHeight) return;
      observer.disconnect();
      setTimeout(start, 0, root);
    }).observe(root);
  }
}

enhance(document);
document.addEventListener("htmx:load", (event) => enhance(event.target.parentElement || document));
