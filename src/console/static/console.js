// Comfort only: every page works without this.
"use strict";

// "/" leads to the search box from anywhere, with what is in it selected, as agents expect it.
document.addEventListener("keydown", (event) => {
  const inField = event.target instanceof Element && event.target.closest("input, textarea, select");
  if (event.key !== "/" || inField || event.ctrlKey || event.altKey || event.metaKey) return;
  const box = document.getElementById("q");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
// The back button brings the page as it was left.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

// Printing is offered where a script can do it; the browser's own menu always can.
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
