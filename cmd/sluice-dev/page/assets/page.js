"use strict";
// Comfort on top of a page that works without it: records open in place, keys,
// live tail. All state stays in the URL.
(() => {
  const $ = (id) => document.getElementById(id);
  const form = $("search"), query = $("q"), range = $("range"), abs = $("abs"), liveButton = $("live");
  const rows = $("rows"), status = $("status");
  const maxRows = 500;

  // ---- the form: from and to only count with their range
  const showAbs = () => {
    abs.hidden = range.value !== "abs";
    for (const i of abs.querySelectorAll("input")) i.disabled = abs.hidden;
  };
  range.addEventListener("change", () => {
    showAbs();
    if (abs.hidden) form.requestSubmit(); else abs.querySelector("input").focus();
  });
  showAbs();
  window.addEventListener("pageshow", showAbs); // the browser may restore the choice

  // ---- the histogram: one stop for Tab, arrows from bar to bar
  const bars = () => [...document.querySelectorAll(".chart a")];
  const prepareBars = () => bars().forEach((a, i) => a.setAttribute("tabindex", i ? "-1" : "0"));
  const readout = (e) => {
    const a = e.target.closest && e.target.closest(".chart a");
    const out = $("readout");
    if (out) out.textContent = a ? a.getAttribute("aria-label") : "";
  };
  document.addEventListener("focusin", readout);
  document.addEventListener("mouseover", readout);
  prepareBars();

  if (!rows) { // the query was not understood
    query.focus();
    return;
  }

  // ---- records
  const linkOf = (row) => row.querySelector(".open");
  const openRow = () => rows.querySelector(".row.opened");
  const params = () => new URLSearchParams(location.search);
  const push = (p) => {
    const s = p.toString();
    history.pushState(null, "", s ? "/?" + s : "/");
  };

  const shut = () => {
    const row = openRow();
    if (!row) return null;
    row.classList.remove("opened");
    linkOf(row).setAttribute("aria-expanded", "false");
    const next = row.nextElementSibling;
    if (next && next.classList.contains("detail")) next.remove();
    return row;
  };
  const show = async (row) => {
    const p = params();
    p.set("doc", row.dataset.key);
    let html;
    try {
      html = await (await fetch("/record?" + p)).text();
    } catch {
      html = "<section class=record><p>The program does not answer.</p></section>";
    }
    shut();
    const detail = document.createElement("tr");
    detail.className = "detail";
    detail.innerHTML = "<td colspan=4></td>";
    detail.firstChild.innerHTML = html; // made by the server's templates, which escape all values
    row.after(detail);
    row.classList.add("opened");
    linkOf(row).setAttribute("aria-expanded", "true");
    return p;
  };
  const close = () => {
    const row = shut();
    if (!row) return false;
    const p = params();
    p.delete("doc");
    push(p);
    linkOf(row).focus();
    return true;
  };
  const toggle = async (row) => {
    if (row === openRow()) { close(); return; }
    push(await show(row));
    linkOf(row).focus({ preventScroll: true });
  };

  rows.addEventListener("click", (e) => {
    if (e.ctrlKey || e.metaKey || e.shiftKey || e.altKey || e.button) return;
    if (e.target.closest(".close")) { e.preventDefault(); close(); return; }
    const row = e.target.closest(".row");
    if (!row || String(getSelection())) return; // someone marks text to copy it
    e.preventDefault();
    toggle(row);
  });

  let shown = location.search;
  const rest = (search) => {
    const p = new URLSearchParams(search);
    p.delete("doc"); p.delete("live"); p.sort();
    return p.toString();
  };
  window.addEventListener("popstate", async () => {
    if (rest(shown) !== rest(location.search)) { location.reload(); return; }
    shown = location.search;
    const key = params().get("doc");
    const row = key && [...rows.querySelectorAll(".row")].find((r) => r.dataset.key === key);
    if (key && !row) location.reload(); else if (row) await show(row); else shut();
  });

  // ---- live tail
  let source = null;
  const say = (text) => { status.textContent = text; };
  const addRows = (html) => {
    const t = document.createElement("template");
    t.innerHTML = html; // as above
    const fresh = [...t.content.querySelectorAll(".row")];
    const none = rows.querySelector(".none");
    if (none) none.remove();
    for (const r of fresh) r.classList.add("fresh");
    rows.prepend(...fresh);
    let extra = rows.querySelectorAll(".row").length - maxRows;
    for (let r = rows.lastElementChild; r && extra > 0;) {
      const before = r.previousElementSibling;
      if (r.classList.contains("row") && !r.classList.contains("opened") && !r.contains(document.activeElement)) { r.remove(); extra--; }
      r = before;
    }
  };
  const mark = (on) => {
    liveButton.setAttribute("aria-pressed", String(on));
    $("keep-live").disabled = !on; // the next search goes on live
    const p = params();
    if (on) p.set("live", "1"); else p.delete("live");
    const s = p.toString();
    history.replaceState(null, "", s ? "/?" + s : "/");
    shown = location.search;
  };
  const start = () => {
    const p = params();
    if (p.get("before") || p.get("to")) { // new documents would not belong to what is shown
      for (const k of ["before", "doc", "from", "to"]) p.delete(k);
      if (p.get("range") === "abs") p.delete("range");
      p.set("live", "1");
      location.search = p;
      return;
    }
    p.delete("doc");
    p.set("after", document.body.dataset.last);
    source = new EventSource("/tail?" + p);
    liveButton.classList.add("waiting");
    source.onopen = () => { liveButton.classList.remove("waiting"); say("Live tail is on"); };
    source.onerror = () => { liveButton.classList.add("waiting"); say("Live tail waits for the program"); };
    source.addEventListener("rows", (e) => { addRows(e.data); document.body.dataset.last = e.lastEventId; });
    source.addEventListener("missed", (e) => say(e.data + " more documents arrived than can be shown"));
    source.addEventListener("summary", (e) => {
      const box = $("summary");
      if (box.contains(document.activeElement) || box.matches(":hover")) return;
      box.innerHTML = e.data;
      prepareBars();
      say($("hits").textContent + " hits");
    });
    mark(true);
  };
  const stop = () => {
    source.close();
    source = null;
    mark(false);
    say("Live tail is off");
  };
  const flip = () => { if (source) stop(); else start(); };
  liveButton.hidden = false;
  liveButton.addEventListener("click", flip);
  if (document.body.dataset.live === "true") start();

  // ---- keys
  const step = (by) => {
    const list = [...rows.querySelectorAll(".row")];
    if (!list.length) return;
    const at = document.activeElement.closest("#rows .row") || openRow();
    const i = at ? Math.min(Math.max(list.indexOf(at) + by, 0), list.length - 1) : 0;
    linkOf(list[i]).focus();
    list[i].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const on = document.activeElement || document.body;
    if (on.matches("input, select")) {
      if (e.key === "Escape") on.blur();
      return;
    }
    const inRows = on === document.body || on.matches("#results, #rows .open");
    const bar = on.closest(".chart a");
    const keys = {
      "/": () => { query.focus(); query.select(); },
      "j": () => step(1),
      "k": () => step(-1),
      "ArrowDown": inRows && (() => step(1)),
      "ArrowUp": inRows && (() => step(-1)),
      "ArrowLeft": bar && (() => { const l = bars(); (l[l.indexOf(bar) - 1] || bar).focus(); }),
      "ArrowRight": bar && (() => { const l = bars(); (l[l.indexOf(bar) + 1] || bar).focus(); }),
      "Escape": () => { if ($("help").open) $("help").open = false; else close(); },
      "l": flip,
      "?": () => { $("help").open = !$("help").open; },
    };
    const act = keys[e.key];
    if (!act) return;
    e.preventDefault();
    act();
  });
})();
