// What a run was made of stays in this browser: settings, pictures, and at its end the result.
async (key, query, result, ...pictures) => {
  const fetched = async (file) => (file?.url ? (await fetch(file.url)).blob() : null);
  const kept = { query, result: await fetched(result), pictures: await Promise.all(pictures.map(fetched)) };
  const request = indexedDB.open("phosphene", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("visits");
  request.onsuccess = () => {
    const store = request.result.transaction("visits", "readwrite").objectStore("visits");
    store.put(kept, location.pathname + key);
    store.put(key, location.pathname);
  };
  return [];
}
