// Blocks and attachments as nodes.

import { element, emoji, link, mrkdwn, richText } from "/page/text.js";

const COLOURS = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };

function textObject(object, names) {
  if (!object) return null;
  if (typeof object === "string") return mrkdwn(object, names);
  if (object.type === "mrkdwn") return mrkdwn(object.text, names);
  return element("div", "text", plain(object.text));
}

function plain(text) {
  return text.replace(/:([a-z0-9_+'-]+):/g, (_, name) => emoji(name));
}

function button(item, press) {
  const made = element("button", `button ${item.style ?? ""}`, plain(item.text.text));
  made.type = "button";
  made.addEventListener("click", async () => {
    if (item.url && /^https?:/i.test(item.url)) window.open(item.url, "_blank", "noopener");
    made.disabled = true;
    await press(item.action_id);
    made.disabled = false;
  });
  return made;
}

function interactive(item, press) {
  if (item.type === "button") return button(item, press);
  if (item.type === "image") return element("span", "", `🖼 ${item.alt_text}`);
  if (item.type === "static_select") return menu(item, press);
  return element("span", "button", `${item.placeholder?.text ?? item.type} ▾`);
}

function menu(item, press) {
  const made = element("select", "button");
  made.append(new Option(`${item.placeholder?.text ?? "Choose"}`, ""));
  for (const option of item.options) made.append(new Option(plain(option.text.text), option.value));
  made.addEventListener("change", async () => {
    made.disabled = true;
    await press(item.action_id, made.value);
    made.disabled = false;
    made.value = "";
  });
  return made;
}

function block(item, names, pressed) {
  const press = (action, choice) => pressed(action, choice, item.block_id);
  const made = element("div", `block ${item.type}`);
  switch (item.type) {
    case "header":
      made.append(plain(item.text.text));
      break;
    case "section": {
      const body = element("div");
      if (item.text) body.append(textObject(item.text, names));
      if (item.fields) body.append(element("div", "fields", ...item.fields.map((f) => textObject(f, names))));
      made.append(body);
      if (item.accessory) {
        made.classList.add("split");
        made.append(interactive(item.accessory, press));
      }
      break;
    }
    case "context":
      for (const part of item.elements) {
        made.append(part.type === "image" ? element("span", "", part.alt_text) : textObject(part, names));
      }
      break;
    case "actions":
      made.append(...item.elements.map((part) => interactive(part, press)));
      break;
    case "image":
      made.append(`🖼 ${item.title?.text ?? item.alt_text}`);
      break;
    case "rich_text":
      made.append(richText(item, names));
      break;
    case "markdown":
      made.append(element("div", "text", item.text));
      break;
    case "divider":
      break;
    default:
      made.append(`[${item.type}]`);
  }
  return made;
}

export function blocks(list, names, press) {
  return list.map((item) => block(item, names, press));
}

export function attachment(item, names, press) {
  const bar = element("div", "bar");
  const colour = item.color ?? "";
  const hex = colour.startsWith("#") ? colour : `#${colour}`;
  bar.style.setProperty("background", COLOURS[colour] ?? (/^#[0-9a-f]{3,6}$/i.test(hex) ? hex : "#ddd"));
  const body = element("div", "body");
  if (item.is_app_unfurl) body.append(element("div", "source", "Preview by Tocsin"));
  if (item.pretext) body.append(mrkdwn(item.pretext, names));
  if (item.title) body.append(element("div", "name", item.title_link ? link(item.title_link, item.title) : item.title));
  if (item.text) body.append(mrkdwn(item.text, names));
  if (item.fields) {
    const fields = item.fields.map((f) => element("div", "", element("strong", "", f.title), mrkdwn(f.value, names)));
    body.append(element("div", "fields", ...fields));
  }
  body.append(...blocks(item.blocks ?? [], names, press));
  if (item.footer) body.append(element("div", "source", item.footer));
  return element("div", item.is_app_unfurl ? "attachment preview" : "attachment", bar, body);
}
