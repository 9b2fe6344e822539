// A point chosen on a map fills two fields of a form: by touch, by dragging, by "where I am", or with the keyboard.

import { L, boundsOf, givenBounds, makeMap, wordsOf } from "./map-base.js";
import { Areas } from "./map-areas.js";
import { Labels } from "./map-labels.js";

const ITALY = [6.6, 35.4, 18.6, 47.1];
const CLOSE = 16;
const UNCERTAIN = 100; // metres

const Pin = L.Icon.extend({
  createIcon() {
    const pin = document.createElement("div");
    pin.innerHTML =
      '<svg viewBox="0 0 26 34" width="26" height="34" aria-hidden="true" focusable="false">' +
      '<path d="M13 1C6.4 1 1 6.3 1 12.9 1 21.6 13 33 13 33s12-11.4 12-20.1C25 6.3 19.6 1 13 1z"/>' +
      '<circle cx="13" cy="13" r="4.5"/></svg>';
    pin.setAttribute("role", "img");
    pin.setAttribute("aria-label", this.options.label);
    this._setIconStyles(pin, "icon");
    return pin;
  },
  createShadow() {
    return null;
  },
});

class Picker {
  constructor(root) {
    this.root = root;
    this.word = wordsOf(root);
    this.lon = document.getElementById(root.dataset.lonField);
    this.lat = document.getElementById(root.dataset.latField);
    this.frame = root.parentElement;
    this.said = this.frame.querySelector(".trama-map-said");
    this.map = makeMap(root, this.word);
    this.marker = null;
    const given = givenBounds(root);
    const place = this.written();
    if (place) this.map.setView(place, CLOSE, { animate: false });
    else if (given || !root.dataset.areas) this.map.fitBounds(given || boundsOf(ITALY), { animate: false });
    if (root.dataset.areas) {
      const tools = { labels: new Labels(this.map), message: () => {}, say: () => {}, word: this.word };
      new Areas(this.map, root, tools, true).load(!place && !given);
    }
    if (place) this.put(place);
    this.listen();
  }

  listen() {
    this.map.on("click", (event) => this.choose(event.latlng));
    for (const field of [this.lon, this.lat])
      field?.addEventListener("change", () => {
        const place = this.written();
        if (!place) return;
        this.put(place);
        this.map.setView(place, Math.max(this.map.getZoom() || 0, CLOSE));
      });
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== this.root) return;
      event.preventDefault(); // it chooses, it does not send the form
      this.choose(this.map.getCenter());
    });
    const here = this.frame.querySelector(".trama-map-here");
    if (here && navigator.geolocation) {
      here.hidden = false;
      here.addEventListener("click", () => this.find());
    }
  }

  /** The point written in the fields, if both hold a number. */
  written() {
    const [lat, lon] = [this.lat, this.lon].map((field) => {
      const text = field ? field.value.trim().replace(",", ".") : "";
      return text ? Number(text) : NaN;
    });
    return Math.abs(lat) < 85 && Math.abs(lon) <= 180 ? L.latLng(lat, lon) : null;
  }

  put(place) {
    if (this.marker) {
      this.marker.setLatLng(place);
      return;
    }
    const icon = new Pin({ className: "trama-map-pin trama-map-chosen", iconAnchor: [22, 41], iconSize: [44, 44], label: this.word("point") });
    this.marker = L.marker(place, { draggable: true, icon, keyboard: false }).addTo(this.map);
    this.marker.on("dragend", () => this.choose(this.marker.getLatLng()));
  }

  /** The point was chosen: show it, write it, say it. */
  choose(place) {
    const point = place.wrap();
    this.put(point);
    const values = { lat: point.lat.toFixed(6), lon: point.lng.toFixed(6) };
    for (const [field, value] of [[this.lat, values.lat], [this.lon, values.lon]]) {
      if (!field) continue;
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    // After both are written: who listens finds the whole point.
    this.lon?.dispatchEvent(new CustomEvent("trama:point", { bubbles: true, detail: values }));
    this.say(this.word("chosen", values));
  }

  say(text) {
    if (this.said) this.said.textContent = text;
  }

  find() {
    this.say(this.word("searching"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const place = L.latLng(coords.latitude, coords.longitude);
        this.map.setView(place, CLOSE, { animate: false });
        this.choose(place);
        if (coords.accuracy > UNCERTAIN) this.say(this.word("far", { metres: Math.round(coords.accuracy) }));
      },
      () => this.say(this.word("refused")),
      { enableHighAccuracy: true, maximumAge: 30000, timeout: 12000 },
    );
  }
}

/** Make a picker of an element. */
export function startPicker(root) {
  return new Picker(root);
}
