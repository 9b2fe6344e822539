// A touch on a suggested name puts it in the place of the line that was meant.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-pick]");
  const box = button?.closest("[data-picks-into]");
  const field = box && document.getElementById(box.dataset.picksInto);
  if (!field) return;
  const same = (line) => line.trim().replace(/\s+/g, " ") === button.dataset.insteadOf;
  field.value = field.value.split("\n").map((line) => (same(line) ? button.dataset.pick : line)).join("\n");
  field.dispatchEvent(new Event("picked", { bubbles: true }));
  field.focus();
});
