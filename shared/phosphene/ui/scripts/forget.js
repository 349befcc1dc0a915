// After Reset the address is clean, and a reload brings nothing back.
() => {
  history.replaceState(null, "", location.pathname);
  const request = indexedDB.open("phosphene", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("visits");
  request.onsuccess = () => {
    request.result.transaction("visits", "readwrite").objectStore("visits").delete(location.pathname);
  };
}
