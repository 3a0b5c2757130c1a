"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const theme = byId("theme");
  const bar = document.querySelector(".bar");
  if (!bar) return;

  const findings = all(".finding").map((element) => ({ element, summary: element.querySelector("summary"), text: null }));
  const parts = all(".part").map((element) => ({
    element,
    totals: all("[data-total]", element),
    files: all(".file", element).map((file) => ({ file, count: file.querySelector("[data-count]") })),
  }));
  const [text, rule, confidence] = ["text", "rule", "confidence"].map(byId);
  const chips = all("[data-outcome]", bar);

  const textOf = (finding) => {
    if (finding.text === null) {
      const path = finding.element.parentElement.querySelector(".path").textContent;
      finding.text = `${path} ${finding.element.textContent}`.toLowerCase();
    }
    return finding.text;
  };

  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcomes = new Set(chips.filter((chip) => chip.ariaPressed === "true").map((chip) => chip.dataset.outcome));
    let shown = 0;
    for (const finding of findings) {
      const { rule: name, outcome, confidence: sure } = finding.element.dataset;
      const fits =
        outcomes.has(outcome) &&
        (!rule.value || rule.value === name) &&
        (!confidence.value || confidence.value === sure) &&
        words.every((word) => textOf(finding).includes(word));
      finding.element.hidden = !fits;
      shown += fits;
    }
    byId("shown").value = shown === findings.length ? `${shown} shown` : `${shown} of ${findings.length}`;
    byId("nothing").hidden = shown > 0;
    parts.forEach(count);
  };

  // How many lines fail in each column, and how many findings each file still shows.
  const count = ({ element, totals, files }) => {
    const failing = totals.map(() => 0);
    let visible = 0;
    for (const { file, count: shown } of files) {
      const left = all(".finding:not([hidden])", file);
      file.hidden = left.length === 0;
      shown.textContent = left.length;
      visible += left.length;
      for (const finding of left) {
        const fails = finding.dataset.fails;
        for (let index = 0; index < fails.length; index++) failing[index] += fails[index] === "1";
      }
    }
    const most = Math.max(1, ...failing);
    totals.forEach((total, index) => {
      total.style.setProperty("--share", failing[index] / most);
      total.parentElement.title = `${total.parentElement.dataset.releases}: ${failing[index]} fail or differ`;
    });
    element.hidden = files.length > 0 && visible === 0;
  };

  const move = (step) => {
    const visible = findings.filter((finding) => !finding.element.hidden).map((finding) => finding.summary);
    if (!visible.length) return;
    const at = visible.indexOf(document.activeElement);
    const next = visible[at < 0 ? (step > 0 ? 0 : visible.length - 1) : Math.min(Math.max(at + step, 0), visible.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };

  const clear = () => {
    text.value = rule.value = confidence.value = "";
    for (const chip of chips) chip.ariaPressed = "true";
    apply();
  };

  const openLinked = () => {
    const linked = location.hash.startsWith("#f-") && byId(location.hash.slice(1));
    if (!linked) return;
    if (linked.hidden) clear();
    linked.open = true;
    linked.scrollIntoView({ block: "center" });
    linked.querySelector("summary").focus({ preventScroll: true });
  };

  const copy = (button) => {
    const pre = button.closest(".witness").querySelector("pre");
    getSelection().selectAllChildren(pre);
    // A page that is opened as a file may be refused the clipboard; the text is then selected.
    const done = () => { button.textContent = "Copied"; };
    if (navigator.clipboard) navigator.clipboard.writeText(pre.textContent).then(done, () => { button.textContent = "Selected"; });
    else { document.execCommand("copy"); done(); }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };

  bar.addEventListener("submit", (event) => event.preventDefault());
  bar.addEventListener("input", apply);
  for (const chip of chips) {
    chip.addEventListener("click", () => { chip.ariaPressed = String(chip.ariaPressed !== "true"); apply(); });
  }
  byId("expand").addEventListener("click", ({ currentTarget: button }) => {
    const open = button.ariaPressed !== "true";
    button.ariaPressed = String(open);
    button.textContent = open ? "Close all" : "Open all";
    for (const { element } of findings) element.open = open;
  });
  theme.addEventListener("click", () => {
    const dark = root.style.colorScheme ? root.style.colorScheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.style.colorScheme = dark ? "light" : "dark";
  });
  document.addEventListener("click", (event) => {
    if (event.target.matches("[data-copy]")) copy(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { clear(); document.activeElement.blur(); return; }
    if (event.target.matches("input, select")) return;
    if (event.key === "/") { event.preventDefault(); text.focus(); }
    else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
  });
  addEventListener("hashchange", openLinked);
  new ResizeObserver(() => root.style.setProperty("--bar", `${bar.offsetHeight}px`)).observe(bar);
  apply();
  openLinked();
})();
