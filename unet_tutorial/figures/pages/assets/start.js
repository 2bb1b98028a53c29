// Starts all viewers and explorers of the page.

document.documentElement.classList.add("live");
document.querySelectorAll("[data-viewer]").forEach((root) => new Viewer(root));
document.querySelectorAll("[data-explorer]").forEach((root) => new Explorer(root));
