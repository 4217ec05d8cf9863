// Runs before anything is painted, so that a page opened in the dark never flashes white.
(function () {
  let wanted = "auto";
  try {
    wanted = localStorage.getItem("siteline.theme") || "auto";
  } catch {
    // a browser that keeps nothing still shows the page
  }
  const dark = wanted === "dark" || (wanted === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
