// Two records decided by keyboard. The keys can be switched off; every key presses a button that is there anyway.
const NAME = "trama-pair-keys";
const box = document.querySelector("[data-keys-switch]");
const on = () => { try { return localStorage.getItem(NAME) !== "off"; } catch { return true; } };
if (box) {
  const tick = box.querySelector("input");
  box.hidden = false;
  tick.checked = on();
  tick.addEventListener("change", () => { try { localStorage.setItem(NAME, tick.checked ? "on" : "off"); } catch { /* it holds for this page */ } });
}
// Choosing a record chooses its values.
document.addEventListener("change", (event) => {
  if (event.target.name !== "kept") return;
  for (const radio of document.querySelectorAll(`form[data-pair] input[type=radio][value="${CSS.escape(event.target.value)}"]`)) radio.checked = true;
});
document.addEventListener("keydown", (event) => {
  if (!on() || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input:not([type=radio]):not([type=checkbox]), select, textarea")) return;
  const key = event.key.toLowerCase();
  const side = document.querySelector(`[data-side="${CSS.escape(key)}"]`);
  if (side) {
    side.checked = true;
    side.dispatchEvent(new Event("change", { bubbles: true }));
    side.focus();
    return;
  }
  document.querySelector(`[data-key="${CSS.escape(key)}"]`)?.click();
});
