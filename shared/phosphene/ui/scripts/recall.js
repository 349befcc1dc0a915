// After a reload the form of the last run is given back what this browser kept of it.
const recall = async () => {
  if (location.search.length > 1) return; // a link says itself what to show
  if (location.hash === "#photo") return; // a photograph comes along from the landing page
  const base = await new Promise((resolve, reject) => {
    const request = indexedDB.open("phosphene", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("visits");
    request.onsuccess = () => resolve(request.result);
    request.onerror = reject;
  });
  const get = (name) => new Promise((resolve, reject) => {
    const request = base.transaction("visits").objectStore("visits").get(name);
    request.onsuccess = () => resolve(request.result);
    request.onerror = reject;
  });
  if ((await get(location.pathname)) !== props.visit) return;
  const kept = await get(location.pathname + props.visit);
  if (!kept) return;
  const sent = async (blob, name) => {
    if (!blob) return null;
    const suffix = blob.type.split("/")[1] || "png";
    return (await upload(new File([blob], `${name}.${suffix}`, { type: blob.type }))).path;
  };
  const pictures = await Promise.all(kept.pictures.map((blob, index) => sent(blob, `picture-${index + 1}`)));
  props.value = { query: kept.query, result: await sent(kept.result, "result"), pictures };
  trigger("change");
};
recall().catch(() => {}); // a browser that keeps nothing has nothing to give back
