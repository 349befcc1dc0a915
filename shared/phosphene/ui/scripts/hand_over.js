// The visitor's photograph stays in this browser, for the page that is opened next.
async (photo) => {
  const blob = photo?.url ? await (await fetch(photo.url)).blob() : null;
  const request = indexedDB.open("phosphene", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("visits");
  request.onsuccess = () => {
    const store = request.result.transaction("visits", "readwrite").objectStore("visits");
    if (blob) store.put(blob, "photo");
    else store.delete("photo");
  };
  return [];
}
