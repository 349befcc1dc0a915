// What every page does by itself in the browser; loaded once with the page.
document.addEventListener("click", (event) => {
  // On a phone the picture forms below the form: at Run it comes into sight.
  if (!event.target.closest?.(".ph-run")) return;
  const result = [...document.querySelectorAll(".ph-result")].find((part) => part.offsetParent);
  if (result && result.getBoundingClientRect().top > innerHeight / 3) result.scrollIntoView();
});
