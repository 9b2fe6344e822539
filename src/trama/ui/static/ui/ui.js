// Small comforts; every page works without them.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.tr-menu[open]")) {
      menu.removeAttribute("open");
      menu.querySelector("summary").focus();
    }
  }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.tr-menu[open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
});
// The list of errors takes the focus, so that it is read first.
document.querySelector(".tr-errors")?.focus();
// Selects that narrow a page send it at once; without this there is a button.
for (const form of document.querySelectorAll("form[data-send-on-change]")) {
  form.addEventListener("change", () => form.requestSubmit());
}
