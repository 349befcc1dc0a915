// The button around a picture has no name of its own: it gets that of the picture's place.
(() => {
  let due = false;
  const name = () => {
    due = false;
    document.querySelectorAll("button:not([aria-label]):has(> .image-frame)").forEach((button) => {
      const label = button.closest(".block")?.querySelector("[data-testid='block-label']");
      button.setAttribute("aria-label", label?.textContent.trim() || "Picture");
    });
  };
  new MutationObserver(() => {
    if (!due) requestAnimationFrame(name);
    due = true;
  }).observe(document, { childList: true, subtree: true });
})();
