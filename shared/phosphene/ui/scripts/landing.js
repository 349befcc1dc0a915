// The landing page: the slider from photograph to dream glides until somebody takes it.
const wipe = element.querySelector(".ph-wipe");
const slider = wipe.querySelector("input");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const show = () => wipe.style.setProperty("--dream", `${slider.value}%`);
let touched = false;
for (const name of ["input", "pointerdown", "focus"]) {
  slider.addEventListener(name, () => { touched = true; show(); });
}
const began = performance.now();
const glide = (now) => {
  if (touched || still.matches || !slider.isConnected) return;
  slider.value = 50 - 42 * Math.cos((now - began) / 2200);
  show();
  requestAnimationFrame(glide);
};
requestAnimationFrame(glide);

// A photograph dropped anywhere is the one that is asked for.
document.addEventListener("drop", (event) => {
  const file = event.dataTransfer?.files?.[0];
  const input = document.querySelector(".ph-drop input[type=file]");
  if (!input || !file?.type.startsWith("image/") || event.target.closest?.(".ph-drop")) return;
  event.preventDefault();
  const list = new DataTransfer();
  list.items.add(file);
  input.files = list.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
