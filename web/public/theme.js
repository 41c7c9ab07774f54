// Before the first paint, so that a chosen appearance does not begin with a flash of the other one.
try {
  document.documentElement.dataset.theme = JSON.parse(localStorage.getItem('theme')).theme;
} catch {
  // None was chosen: the system's it is.
}
