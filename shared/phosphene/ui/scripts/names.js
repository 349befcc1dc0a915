// The button around a picture has no name of its own: it gets that of the picture's place.
// What stands for no picture has a name, and no role that may have one: it gets that of a group.
(() => {
  let due = false;
  const name = () => {
    due = false;
    document.querySelectorAll("button:not([aria-label]):has(> .image-frame)").forEach((button) => {
      const label = button.closest(".block")?.querySelector("[data-testid='block-label']");
      button.setAttribute("aria-label", label?.textContent.trim() || "Picture");
    });
    document.querySelectorAll("div.empty[aria-label]:not([role])").forEach((place) => {
      place.setAttribute("role", "group");
    });
  };
  new MutationObserver(() => {
    if (!due) requestAnimationFrame(name);
    due = true;
  }).observe(document, { childList: true, subtree: true });
})();
