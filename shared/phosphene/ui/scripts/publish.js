// The link to the form's settings becomes the page's address and lies in the clipboard.
(query) => {
  const url = location.origin + location.pathname + (query === "?" ? "" : query);
  history.replaceState(null, "", url);
  if (navigator.clipboard) navigator.clipboard.writeText(url).catch(() => {});
  return url;
}
