// Before anything is drawn: the theme that was chosen, or the system's, so that no page flashes in the other one.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    let theme = null;
    try {
      theme = localStorage.getItem("haversack.theme");
    } catch {
      // Storage may be forbidden: the system's theme it is.
    }
    document.documentElement.dataset.theme = theme === "light" || theme === "dark" ? theme : dark.matches ? "dark" : "light";
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("haversack-theme", apply);
})();
