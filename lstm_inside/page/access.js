// What ipywidgets leaves out: sliders' handles and play buttons get a name that a screen reader
// says, and a value as the reader sees it (0.3, not 0.30000000000000004).
const set = (element, key, words) => {
  if (element && words && element.getAttribute(key) !== words) element.setAttribute(key, words);
};

const name = (panel, words) => {
  for (const slider of panel.querySelectorAll(".widget-slider")) {
    const handle = slider.querySelector(".noUi-handle");
    set(handle, "aria-label", slider.querySelector(".widget-label")?.textContent);
    set(handle, "aria-valuetext", slider.querySelector(".widget-readout")?.textContent);
  }
  for (const icon of panel.querySelectorAll(".widget-play button > i")) {
    const kind = Object.keys(words).find((kind) => icon.classList.contains(`fa-${kind}`));
    set(icon.parentElement, "aria-label", words[kind]);
  }
};

// A player that is shown twice hears of its first view's start in the second view as of a stop:
// while one view starts it, backbone tells the other one what was already changed.
const keepPlaying = (player) => {
  if (player.keepsPlaying) return;
  player.keepsPlaying = true;
  const { trigger, pause } = player;
  let starting = false;
  player.trigger = function (event, ...more) {
    if (event !== "change:playing") return trigger.call(this, event, ...more);
    starting = this.get("playing");
    try {
      return trigger.call(this, event, ...more);
    } finally {
      starting = false;
    }
  };
  player.pause = function () {
    if (!starting) pause.call(this);
  };
};

// Notebook 7 takes the arrow keys for itself, to go to another cell, unless the element says no.
const OURS = /^(Arrow|Page|Home|End)/;

export default {
  render({ model, el }) {
    let panel, waiting;
    const watcher = new MutationObserver(() => name(panel, model.get("words")));
    const begin = () => {
      panel = el.closest(".lstm-panel");
      if (!panel) {
        waiting = requestAnimationFrame(begin); // not on the page yet
        return;
      }
      name(panel, model.get("words"));
      watcher.observe(panel, {
        subtree: true,
        childList: true,
        characterData: true,
        attributeFilter: ["aria-valuetext", "class"],
      });
    };
    const keys = ({ target, key }) => {
      const slider = panel?.contains(target) && target.classList.contains("noUi-handle");
      if (slider || target.matches?.(".lstm-question input")) // an answer, too, is chosen by arrows
        target.toggleAttribute("data-lm-suppress-shortcuts", OURS.test(key));
    };
    window.addEventListener("keydown", keys, true); // before the page looks at it
    for (const id of model.get("players")) model.widget_manager.get_model(id).then(keepPlaying);
    begin();
    return () => {
      cancelAnimationFrame(waiting);
      watcher.disconnect();
      window.removeEventListener("keydown", keys, true);
    };
  },
};
