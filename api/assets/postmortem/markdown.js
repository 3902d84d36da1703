"use strict";
// Markdown to elements. What people wrote becomes text and nothing else: no HTML is parsed, and a link leads to the web or to a
// mailbox or is no link.

const FENCE = /^\s{0,3}(```+|~~~+)/;
const HEADING = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])(\s+(.*)|)$/;
const QUOTE = /^\s{0,3}>\s?(.*)$/;
const TASK = /^\[([ xX])\]\s+(.*)$/s;

// Lists and quotes may nest so deep; what is deeper is shown as text.
const DEPTH_MAX = 8;

function markdown(text) {
  return blocks(text.replaceAll("\r\n", "\n").split("\n"), 0);
}

function blocks(lines, depth) {
  const elements = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    if (line.trim() === "") {
      at += 1;
      continue;
    }
    const [element, next] = block(lines, at, depth);
    elements.push(element);
    at = next;
  }
  return elements;
}

// The block that begins at a line, and where the next one begins.
function block(lines, at, depth) {
  const line = lines[at];
  const fence = FENCE.exec(line);
  if (fence) return code(lines, at, fence[1]);
  const heading = HEADING.exec(line);
  // The page's own title is the first heading: those of the text come below it.
  if (heading) return [el(`h${Math.min(6, heading[1].length + 1)}`, {}, ...inline(heading[2])), at + 1];
  if (RULE.test(line)) return [el("hr"), at + 1];
  if (QUOTE.test(line) && depth < DEPTH_MAX) return quote(lines, at, depth);
  if (ITEM.test(line) && depth < DEPTH_MAX) return list(lines, at, depth);
  let end = at + 1;
  while (end < lines.length && !interrupts(lines[end], depth)) end += 1;
  return [el("p", {}, ...inline(lines.slice(at, end).map((text) => text.trim()).join("\n"))), end];
}

function interrupts(line, depth) {
  if (line.trim() === "" || FENCE.test(line) || HEADING.test(line) || RULE.test(line)) return true;
  return depth < DEPTH_MAX && (QUOTE.test(line) || ITEM.test(line));
}

function code(lines, at, fence) {
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(fence)) end += 1;
  return [el("pre", {}, el("code", { text: lines.slice(at + 1, end).join("\n") })), end + 1];
}

function quote(lines, at, depth) {
  const quoted = [];
  let end = at;
  for (let match; end < lines.length && (match = QUOTE.exec(lines[end])); end += 1) quoted.push(match[1]);
  return [el("blockquote", {}, ...blocks(quoted, depth + 1)), end];
}

function list(lines, at, depth) {
  const isOrdered = /\d/.test(ITEM.exec(lines[at])[2]);
  const items = [];
  let end = at;
  while (end < lines.length) {
    const match = ITEM.exec(lines[end]);
    if (!match || /\d/.test(match[2]) !== isOrdered) break;
    const indent = match[1].length + match[2].length + 1;
    const own = [match[4] ?? ""];
    end += 1;
    // What is indented belongs to the item; a blank line does if an indented one follows.
    while (end < lines.length && belongs(lines, end, indent)) {
      own.push(lines[end].slice(Math.min(indent, leading(lines[end]))));
      end += 1;
    }
    items.push(item(own, depth));
    while (end + 1 < lines.length && lines[end].trim() === "" && ITEM.test(lines[end + 1])) end += 1;
  }
  return [el(isOrdered ? "ol" : "ul", {}, ...items), end];
}

function leading(line) {
  return line.length - line.trimStart().length;
}

function belongs(lines, at, indent) {
  if (lines[at].trim() !== "") return leading(lines[at]) >= Math.min(indent, 2);
  return at + 1 < lines.length && lines[at + 1].trim() !== "" && leading(lines[at + 1]) >= Math.min(indent, 2);
}

function item(lines, depth) {
  const task = TASK.exec(lines[0]);
  if (task) {
    const box = el("input", { type: "checkbox", disabled: "" });
    box.checked = task[1] !== " ";
    return el("li", { class: "task" }, box, " ", ...inline(task[2]), ...blocks(lines.slice(1), depth + 1));
  }
  const [first, ...rest] = lines;
  if (rest.every((line) => line.trim() === "")) return el("li", {}, ...inline(first));
  return el("li", {}, ...inline(first), ...blocks(rest, depth + 1));
}

// Each with what it looks like and what becomes of it; the earliest in the text is taken, and the first of those.
const SPANS = [
  [/\\([!-/:-@[-`{-~])/, ([, sign]) => sign],
  [/(`+)([^`]|[^`].*?[^`])\1(?!`)/s, ([, , text]) => el("code", { text: text.trim() })],
  [/!?\[([^\][]*)\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/, ([whole, label, url]) => link(whole, label, url)],
  [/<(https?:\/\/[^\s<>]+)>/, ([whole, url]) => link(whole, url, url)],
  [/https?:\/\/[^\s<>()[\]]*[^\s<>()[\].,;:!?'"*_~]/, ([url]) => link(url, url, url)],
  [/\*\*(?=\S)(.+?)(?<=\S)\*\*/s, ([, text]) => el("strong", {}, ...inline(text))],
  [/(?<!\w)__(?=\S)(.+?)(?<=\S)__(?!\w)/s, ([, text]) => el("strong", {}, ...inline(text))],
  [/~~(?=\S)(.+?)(?<=\S)~~/s, ([, text]) => el("del", {}, ...inline(text))],
  [/\*(?=\S)([^*]+?)(?<=\S)\*/s, ([, text]) => el("em", {}, ...inline(text))],
  [/(?<!\w)_(?=\S)([^_]+?)(?<=\S)_(?!\w)/s, ([, text]) => el("em", {}, ...inline(text))],
];

// A paragraph longer than this is shown as it was written: looking for its spans would take too long.
const INLINE_MAX = 10_000;

function inline(text) {
  if (text.length > INLINE_MAX) return [text];
  const nodes = [];
  let rest = text;
  while (rest !== "") {
    let first = null;
    for (const [pattern, make] of SPANS) {
      const match = pattern.exec(rest);
      if (match && (first === null || match.index < first.match.index)) first = { match, make };
    }
    if (first === null) break;
    const { match, make } = first;
    if (match.index > 0) nodes.push(rest.slice(0, match.index));
    nodes.push(make(match));
    rest = rest.slice(match.index + match[0].length);
  }
  if (rest !== "") nodes.push(rest);
  return nodes;
}

// A link, where its address is one of the web or a mailbox; else the text as it was written.
function link(whole, label, url) {
  let target;
  try {
    target = new URL(url);
  } catch {
    return whole;
  }
  if (!["http:", "https:", "mailto:"].includes(target.protocol)) return whole;
  return el("a", { href: target.href, rel: "noreferrer noopener nofollow", text: label || target.href });
}
