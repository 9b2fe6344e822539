// What every map of Trama shares: words, numbers, the Leaflet map itself, how it lets the page scroll, popups, print.

export const L = window.L;

export const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A function from a key to a sentence; `{name}` in the sentence is filled in from the values. */
export function wordsOf(root) {
  const words = JSON.parse(root.dataset.words || "{}");
  return (key, values = {}) =>
    (words[key] || key).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

/** A function that writes numbers in the language of the map: 6.900 in Italian. */
export function numbersOf(root) {
  const format = new Intl.NumberFormat(root.lang || document.documentElement.lang || "it", { useGrouping: "always" });
  return (number) => format.format(number);
}

/** An element with a class and a text. */
export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** [west, south, east, north] as Leaflet wants it, or null. */
export function boundsOf(numbers) {
  if (!Array.isArray(numbers) || numbers.length !== 4) return null;
  return L.latLngBounds([numbers[1], numbers[0]], [numbers[3], numbers[2]]);
}

/** The bounds that the page gave, if any. */
export function givenBounds(root) {
  return root.dataset.bounds ? boundsOf(JSON.parse(root.dataset.bounds)) : null;
}

/** A Leaflet map on the element, without a view yet. */
export function makeMap(root, word) {
  const map = L.map(root, {
    attributionControl: false,
    boxZoom: false,
    fadeAnimation: false,
    inertia: !still,
    markerZoomAnimation: !still,
    maxZoom: 18,
    minZoom: 2,
    zoomAnimation: !still,
    zoomControl: false,
    zoomSnap: root.dataset.tiles ? 1 : 0.5, // tiles are sharp at whole zooms; without them the view may fit closer
  });
  if (still) {
    const panBy = map.panBy;
    map.panBy = (offset, options) => panBy.call(map, offset, { ...options, animate: false });
  }
  L.control.zoom({ zoomInTitle: word("zoom_in"), zoomOutTitle: word("zoom_out") }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  if (root.dataset.tiles || root.dataset.attribution) {
    const credits = L.control.attribution({ prefix: false }).addTo(map);
    if (root.dataset.attribution) credits.addAttribution(root.dataset.attribution);
  }
  if (root.dataset.tiles) {
    L.tileLayer(root.dataset.tiles, { maxZoom: 19 }).addTo(map);
    root.classList.add("trama-map-has-tiles");
  }
  letThePageScroll(map, root, word);
  fitOnPaper(map, root);
  new ResizeObserver(() => {
    if (root.clientWidth && map._loaded) map.invalidateSize({ debounceMoveend: true, pan: false });
  }).observe(root);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && map.tramaPopup) {
      event.stopPropagation();
      map.closePopup(map.tramaPopup);
    }
  });
  return map;
}

/** One finger and the wheel belong to the page; two fingers, or Ctrl and the wheel, to the map. */
function letThePageScroll(map, root, word) {
  const hint = element("div", "trama-map-hint");
  hint.setAttribute("aria-hidden", "true");
  root.append(hint);
  let timer = 0;
  const show = (text) => {
    hint.textContent = text;
    hint.classList.add("is-shown");
    clearTimeout(timer);
    timer = setTimeout(() => hint.classList.remove("is-shown"), 1400);
  };
  root.addEventListener(
    "pointerdown",
    (event) => {
      if (event.pointerType === "touch") map.dragging.disable();
      else map.dragging.enable();
    },
    true,
  );
  let start = null;
  root.addEventListener(
    "touchstart",
    (event) => {
      const onMarker = event.target.closest && event.target.closest(".leaflet-marker-draggable");
      start = event.touches.length === 1 && !onMarker ? event.touches[0] : null;
    },
    { capture: true, passive: true },
  );
  root.addEventListener(
    "touchmove",
    (event) => {
      const now = event.touches[0];
      if (start && event.touches.length === 1 && Math.hypot(now.clientX - start.clientX, now.clientY - start.clientY) > 16)
        show(word("two_fingers"));
    },
    { capture: true, passive: true },
  );
  root.addEventListener(
    "wheel",
    (event) => {
      if (event.ctrlKey || event.metaKey) return;
      event.stopImmediatePropagation();
      if (Math.abs(event.deltaY) > Math.abs(event.deltaX)) show(word("wheel"));
    },
    { capture: true, passive: true },
  );
}

/** On paper the map has the width of the sheet and shows what it showed on the screen. */
function fitOnPaper(map, root) {
  let before = null;
  window.addEventListener("beforeprint", () => {
    if (before || !map._loaded) return;
    before = { center: map.getCenter(), zoom: map.getZoom() };
    const bounds = map.getBounds();
    root.classList.add("trama-map-on-paper");
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(bounds, { animate: false, padding: [-8, -8] });
  });
  window.addEventListener("afterprint", () => {
    if (!before) return;
    root.classList.remove("trama-map-on-paper");
    map.invalidateSize({ animate: false, pan: false });
    map.setView(before.center, before.zoom, { animate: false });
    before = null;
  });
}

/** Open a popup at a point. The focus goes into it, and back to `opener` when it is closed. */
export function openPopup(map, place, content, word, opener = null, offset = [0, 0]) {
  const room = map.getSize().x - 90; // without the popup's own margins
  const popup = L.popup({ autoPanPaddingTopLeft: [room > 420 ? 60 : 12, 12], autoPanPaddingBottomRight: [12, 12], maxWidth: Math.min(300, room), minWidth: Math.min(180, room), offset });
  popup.setLatLng(place).setContent(content);
  popup.on("remove", () => {
    map.tramaPopup = null;
    map.getContainer().classList.remove("trama-map-told");
    const lost = !document.activeElement || document.activeElement === document.body;
    if (lost || popup.getElement()?.contains(document.activeElement))
      (opener?.isConnected ? opener : map.getContainer()).focus({ preventScroll: true });
  });
  popup.openOn(map);
  map.tramaPopup = popup;
  map.getContainer().classList.add("trama-map-told");
  const box = popup.getElement();
  const heading = content.querySelector(".trama-map-title");
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-label", heading ? heading.textContent : map.getContainer().getAttribute("aria-label"));
  const close = box.querySelector(".leaflet-popup-close-button");
  close.setAttribute("aria-label", word("close"));
  close.title = word("close");
  (content.querySelector("a") || close).focus({ preventScroll: true });
  return popup;
}
