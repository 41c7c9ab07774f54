// Runs before the first paint, so that a stored theme does not begin with a flash of the other one.
try {
  document.documentElement.dataset.theme = JSON.parse(localStorage.getItem('theme')).theme;
} catch {
  // No theme is stored: that of the system applies.
}
