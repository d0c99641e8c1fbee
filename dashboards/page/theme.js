"use strict";
// Before anything is drawn: the theme that was chosen here before.
(() => {
  try {
    const theme = localStorage.getItem("baton-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // A browser that keeps nothing shows what it prefers.
  }
})();
