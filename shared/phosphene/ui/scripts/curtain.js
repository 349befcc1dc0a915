// A page shows its picture while the browser builds it; this goes when the page shows its own.
(() => {
  const curtain = document.currentScript.parentElement;
  const own = "gradio-app :is(.ph-stage img, .ph-film video, .ph-wipe img)";
  const theme = new URLSearchParams(location.search).get("__theme");
  if (theme) curtain.dataset.theme = theme;
  const loaded = (part) => part.offsetParent && (part.naturalWidth || part.readyState > 1);
  let built = 0;
  const watch = setInterval(() => {
    const now = performance.now();
    built ||= document.querySelector("gradio-app .ph-head") ? now : 0;
    const shown = [...document.querySelectorAll(own)].some(loaded);
    // Some tabs open with no picture; and a page that cannot be built has something to say.
    const enough = (built && now - built > 2500) || now > 20000;
    if (!shown && !enough && !window.gradio_config?.auth_required) return;
    clearInterval(watch);
    curtain.style.opacity = 0;
    setTimeout(() => curtain.remove(), 350);
  }, 60);
})();
