// The film plays while it is in sight, unless somebody wants no motion.
const film = element.querySelector("video");
const still = matchMedia("(prefers-reduced-motion: reduce)");
new IntersectionObserver(([entry]) => {
  film.muted = true;
  if (entry.isIntersecting && !still.matches) film.play().catch(() => {});
  else film.pause();
}).observe(film);
