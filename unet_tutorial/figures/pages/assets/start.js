// Wherever the page has a figure to look at, or controls to choose with.

document.documentElement.classList.add("live");
document.querySelectorAll("[data-viewer]").forEach((root) => new Viewer(root));
document.querySelectorAll("[data-explorer]").forEach((root) => new Explorer(root));
