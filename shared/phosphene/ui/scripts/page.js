// What every page does by itself in the browser; loaded once with the page.
document.addEventListener("click", (event) => {
  // On a phone the picture forms below the form: at Run it comes into sight.
  if (!event.target.closest?.(".ph-run")) return;
  const result = [...document.querySelectorAll(".ph-result")].find((part) => part.offsetParent);
  if (result && result.getBoundingClientRect().top > innerHeight / 3) result.scrollIntoView();
});

// A PNG dropped beside the places for pictures gives its settings, if it is one of ours.
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  const file = event.dataTransfer?.files?.[0];
  if (!file || event.target.closest?.(".ph-input, input[type=file], [data-drop]")) return;
  event.preventDefault();
  const door = [...document.querySelectorAll(".ph-recipe")].find((part) => part.offsetParent);
  const input = door?.parentElement?.querySelector("input[type=file]");
  if (!input || file.type !== "image/png") return;
  const list = new DataTransfer();
  list.items.add(file);
  input.files = list.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
