// Slack's text as nodes. Everything is put in with textContent: no text becomes markup.

const EMOJI = {
  rotating_light: "🚨", fire: "🔥", white_check_mark: "✅", heavy_check_mark: "✔️", eyes: "👀", warning: "⚠️",
  wave: "👋", "+1": "👍", thumbsup: "👍", "-1": "👎", tada: "🎉", x: "❌", bell: "🔔", no_bell: "🔕", pushpin: "📌",
  red_circle: "🔴", large_yellow_circle: "🟡", large_orange_circle: "🟠", large_green_circle: "🟢",
  large_blue_circle: "🔵", hourglass: "⌛", hourglass_flowing_sand: "⏳", memo: "📝", speech_balloon: "💬",
  link: "🔗", clock1: "🕐", bust_in_silhouette: "👤", busts_in_silhouette: "👥", zzz: "💤", rocket: "🚀",
  heart: "❤️", raised_hands: "🙌", pray: "🙏", mag: "🔍", wrench: "🔧", hammer_and_wrench: "🛠️", repeat: "🔁",
};

export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function emoji(name) {
  return EMOJI[name] ?? `:${name}:`;
}

export function link(url, label) {
  if (!/^(https?|mailto):/i.test(url)) return document.createTextNode(label || url);
  const made = element("a", "", label || url);
  made.href = url;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  return made;
}

export const decode = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

export function mention(sign, id, names, loud) {
  return element("span", loud ? "mention loud" : "mention", sign + (names.get(id) ?? id));
}

function reference(inside, names) {
  const at = inside.indexOf("|");
  const target = at < 0 ? inside : inside.slice(0, at);
  const label = at < 0 ? "" : decode(inside.slice(at + 1));
  if (target.startsWith("@")) return mention("@", target.slice(1), names);
  if (target.startsWith("#")) return mention("#", target.slice(1), names);
  if (target.startsWith("!date")) return document.createTextNode(label);
  if (target.startsWith("!subteam")) return mention("", label || target, names);
  if (target.startsWith("!")) return mention("@", target.slice(1), names, true);
  return link(decode(target), label);
}

const STYLES = { "*": "strong", _: "em", "~": "s", "`": "code" };
const INLINE = /<([^<>]+)>|:([a-z0-9_+'-]+):|(?<![\w*_~`])([*_~`])(?=\S)(.+?)(?<=\S)\3(?![\w*_~`])/;

function inline(text, names, into) {
  let rest = text;
  for (;;) {
    const found = INLINE.exec(rest);
    if (!found) break;
    into.append(decode(rest.slice(0, found.index)));
    const [whole, inside, name, mark, marked] = found;
    if (inside !== undefined) into.append(reference(inside, names));
    else if (name !== undefined) into.append(emoji(name));
    else if (mark === "`") into.append(element("code", "", decode(marked)));
    else {
      const styled = element(STYLES[mark]);
      inline(marked, names, styled);
      into.append(styled);
    }
    rest = rest.slice(found.index + whole.length);
  }
  into.append(decode(rest));
}

/** mrkdwn as one node. */
export function mrkdwn(text, names) {
  const made = element("div", "text");
  for (const [index, part] of (text ?? "").split("```").entries()) {
    if (index % 2 === 1) {
      made.append(element("pre", "", decode(part.replace(/^\n|\n$/g, ""))));
      continue;
    }
    const lines = part.split("\n");
    for (const [number, line] of lines.entries()) {
      if (line.startsWith("&gt;") || line.startsWith(">")) {
        const quote = element("blockquote");
        inline(line.replace(/^(&gt;|>) ?/, ""), names, quote);
        made.append(quote);
        continue;
      }
      inline(line, names, made);
      if (number < lines.length - 1) made.append("\n");
    }
  }
  return made;
}

function leaf(item, names) {
  let node;
  if (item.type === "text") node = document.createTextNode(item.text);
  else if (item.type === "link") node = link(item.url, item.text);
  else if (item.type === "user") node = mention("@", item.user_id, names);
  else if (item.type === "channel") node = mention("#", item.channel_id, names);
  else if (item.type === "broadcast") node = mention("@", item.range, names, true);
  else if (item.type === "emoji") node = document.createTextNode(emoji(item.name));
  else node = document.createTextNode(item.fallback ?? "");
  for (const [style, tag] of [["bold", "strong"], ["italic", "em"], ["strike", "s"], ["code", "code"]]) {
    if (item.style?.[style]) node = element(tag, "", node);
  }
  return node;
}

/** A rich_text block as one node. */
export function richText(block, names) {
  const made = element("div", "text");
  for (const part of block.elements ?? []) {
    if (part.type === "rich_text_list") {
      const list = element(part.style === "ordered" ? "ol" : "ul");
      for (const item of part.elements) {
        list.append(element("li", "", ...item.elements.map((inner) => leaf(inner, names))));
      }
      made.append(list);
      continue;
    }
    const tag = { rich_text_quote: "blockquote", rich_text_preformatted: "pre" }[part.type] ?? "div";
    made.append(element(tag, "", ...part.elements.map((inner) => leaf(inner, names))));
  }
  return made;
}
