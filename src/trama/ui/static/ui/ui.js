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
// A form that only reads sends what was filled in: the address stays short.
for (const form of document.querySelectorAll('form[method="get"]')) {
  form.addEventListener("formdata", (event) => {
    for (const name of new Set(event.formData.keys())) {
      const filled = event.formData.getAll(name).filter((value) => value !== "");
      event.formData.delete(name);
      for (const value of filled) event.formData.append(name, value);
    }
  });
}
// On a narrow screen the menu begins at the page that is open, and says that there is more of it.
const menu = document.querySelector(".tr-nav ul");
if (menu) {
  const open = menu.querySelector("[aria-current]");
  if (open) menu.scrollLeft = open.parentElement.offsetLeft - menu.offsetLeft - 16;
  const tell = () => {
    const more = menu.scrollLeft + menu.clientWidth < menu.scrollWidth - 4;
    menu.closest(".tr-nav").classList.toggle("is-longer", more);
  };
  menu.addEventListener("scroll", tell, { passive: true });
  window.addEventListener("resize", tell);
  tell();
}
