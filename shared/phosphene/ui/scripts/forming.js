// What an app makes of the visitor's photograph, in the picture of its card as it forms.
const show = () => {
  const { app, image, state, words } = props.value || {};
  const card = app && document.querySelector(`.ph-card[data-app="${CSS.escape(app)}"]`);
  if (!card) return;
  card.dataset.state = state;
  card.querySelector(".ph-card-state").textContent = words;
  const picture = card.querySelector("img");
  if (image && picture) picture.src = image;
};
watch("value", show);
// Cards and the bar above lead to pages that take the photograph over.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a.ph-card, nav a, .nav-holder a");
  if (link && props.value?.app) link.hash = "#photo";
}, true);
