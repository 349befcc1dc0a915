// What the camera sees, painted; a camera that cannot be used is said in one sentence.
const picture = element.querySelector(".ph-live img");
const line = element.querySelector(".ph-live p");
const show = () => {
  if (!props.value) return;
  picture.src = props.value;
  picture.hidden = false;
  line.hidden = true;
};
const say = (words) => {
  line.textContent = words;
  line.hidden = false;
};
const REFUSED = {
  NotAllowedError: "The camera was refused: allow it for this page in the browser's settings, then press the button again.",
  NotFoundError: "There is no camera: connect one, then press the button again.",
  NotReadableError: "The camera is taken by another program: close that, then press the button again.",
};
// Gradio's camera leaves these to the browser.
window.addEventListener("unhandledrejection", (event) => {
  const words = REFUSED[event.reason?.name];
  if (!words) return;
  say(words);
  event.preventDefault();
});
if (!navigator.mediaDevices) say("No camera can be used here: open the page by https, or on the machine itself.");
show();
watch("value", show);
