// The live page: reads the workspace, follows the stream of changes, acts as the chosen person.

import { attachment, blocks } from "/page/blocks.js";
import { dialog } from "/page/dialog.js";
import { decode, element, emoji, mrkdwn } from "/page/text.js";

const $ = (id) => document.getElementById(id);
const state = { people: [], channels: [], errors: 0, channel: null, current: null, thread: null, seen: new Map(), known: new Set() };
const names = new Map();

// Each workspace has a page of its own, with what it asks for below it.
const base = location.pathname.replace(/[^/]*$/, "");
const below = (path) => base + path.slice(1);

async function get(path) {
  const response = await fetch(below(path));
  if (!response.ok) throw new Error((await response.json()).error);
  return response.json();
}

async function act(path, body) {
  const response = await fetch(below(path), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ as: $("speaker").value, ...body }) });
  const answer = await response.json();
  if (answer.error) toast(answer.error);
  return answer;
}

let toastTimer;
function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").hidden = true; }, 6000);
}

const HUES = { app: "#611f69" };
function avatar(message) {
  const made = element("div", "avatar", (message.author || "?").slice(0, 1).toUpperCase());
  let hue = 0;
  for (const letter of message.author) hue = (hue * 31 + letter.codePointAt(0)) % 360;
  made.style.setProperty("background", message.is_from_app ? HUES.app : `hsl(${hue} 45% 45%)`);
  return made;
}

const moment = (ts) => new Date(Number(ts.split(".")[0]) * 1000);
const clock = (ts) => moment(ts).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function body(message) {
  const press = (action, choice) => act("/sim/click", { channel: state.current, ts: message.ts, action, choice }).then(soon);
  const parts = [];
  const attached = message.attachments.filter((a) => !a.is_app_unfurl);
  const fallback = message.is_from_app && attached.some((a) => a.blocks || a.fallback === message.text);
  if (message.blocks.length) parts.push(...blocks(message.blocks, names, press));
  else if (message.text && !fallback) parts.push(mrkdwn(message.text, names));
  parts.push(...message.attachments.map((a) => attachment(a, names, press)));
  if (message.edited) parts.push(element("span", "edited", "(edited)"));
  return parts;
}

function head(message) {
  const made = element("div", "head", element("span", "name", message.author));
  if (message.is_from_app) made.append(element("span", "app", "APP"));
  const time = element("time", "time", clock(message.ts));
  time.dateTime = moment(message.ts).toISOString();
  time.title = moment(message.ts).toLocaleString();
  made.append(time);
  return made;
}

function reactions(message) {
  if (!message.reactions.length) return null;
  return element("div", "reactions", ...message.reactions.map((reaction) => {
    const made = element("button", "reaction", `${emoji(reaction.name)} ${reaction.users.length}`);
    made.title = reaction.users.map((user) => names.get(user) ?? user).join(", ");
    made.addEventListener("click", () => act("/sim/react", { channel: state.current, ts: message.ts, emoji: reaction.name }));
    return made;
  }));
}

function tool(label, title, run) {
  const made = element("button", "plain", label);
  made.type = "button";
  made.title = title;
  made.addEventListener("click", run);
  return made;
}

function tools(message, inThread) {
  const made = element("div", "tools");
  made.append(tool("👀", "React", () => act("/sim/react", { channel: state.current, ts: message.ts, emoji: "eyes" })));
  if (!inThread) made.append(tool("💬 Reply", "Reply in thread", () => openThread(message.ts, true)));
  const speaker = state.people.find((p) => p.name === $("speaker").value);
  if (speaker && message.user === speaker.id && !message.subtype) {
    made.append(tool("✏️", "Edit", () => {
      const text = prompt("New text", decode(message.text.replace(/<(https?:[^|>]+)[^>]*>/g, "$1")));
      if (text) act("/sim/edit", { channel: state.current, ts: message.ts, text });
    }));
    made.append(tool("🗑", "Delete", () => act("/sim/delete", { channel: state.current, ts: message.ts })));
  }
  return made;
}

function threadLink(message) {
  const replies = message.replies.filter((reply) => !reply.deleted);
  if (!replies.length) return null;
  const made = element("button", "thread-link", `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`,
    element("span", "last", `Last reply ${clock(replies.at(-1).ts)}`));
  made.addEventListener("click", () => openThread(message.ts, true));
  return made;
}

function show(message, inThread) {
  if (message.deleted) {
    const gone = element("div", "message notice", element("div", "content", "This message was deleted."));
    if (!inThread) gone.lastChild.append(element("div", "", threadLink(message)));
    return gone;
  }
  if (message.subtype === "channel_join" || message.subtype === "channel_leave") {
    return element("div", "message notice", element("div", "content", mrkdwn(message.text, names)));
  }
  const content = element("div", "content");
  if (message.ephemeral_for) content.append(element("span", "only", "Only visible to you"));
  if (message.pinned) content.append(element("span", "only", "📌 Pinned"));
  content.append(head(message), ...body(message));
  const under = [reactions(message), inThread ? null : threadLink(message)];
  content.append(...under.filter(Boolean));
  const made = element("div", "message", avatar(message), content);
  if (message.ephemeral_for) made.classList.add("mine-only");
  else made.append(tools(message, inThread));
  const key = `${state.current}/${message.ts}/${message.revisions}`;
  if (!state.known.has(key) && state.known.size) made.classList.add("new");
  state.fresh.push(key);
  return made;
}

function fill(section, messages, inThread) {
  const atEnd = section.scrollHeight - section.scrollTop - section.clientHeight < 80;
  const nodes = [];
  let day = "";
  for (const message of messages) {
    const date = moment(message.ts).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
    if (date !== day && !inThread) nodes.push(element("div", "divide", date));
    day = date;
    nodes.push(show(message, inThread));
  }
  if (!nodes.length) nodes.push(element("p", "empty", "Nothing has been said here yet."));
  section.replaceChildren(...nodes);
  if (atEnd) section.scrollTop = section.scrollHeight;
}

function drawChannel() {
  const channel = state.channel;
  if (!channel) return;
  state.fresh = [];
  const speaker = state.people.find((p) => p.name === $("speaker").value);
  const mine = channel.ephemeral.filter((m) => m.ephemeral_for === speaker?.id);
  const top = [...channel.messages.filter((m) => !m.deleted || m.replies.some((r) => !r.deleted)),
    ...channel.messages.flatMap((m) => m.replies.filter((r) => r.subtype === "thread_broadcast" && !r.deleted)),
    ...mine.filter((m) => !m.thread_ts)];
  top.sort((a, b) => (a.ts < b.ts ? -1 : 1));
  $("title").textContent = (channel.is_im ? "" : channel.is_private ? "🔒 " : "# ") + channel.name;
  $("facts").textContent = channel.is_im ? "with the app" :
    `${channel.members.length} members · the app is ${channel.bot_is_member ? "here" : "not here"}${channel.is_archived ? " · archived" : ""}`;
  $("composer").querySelector("textarea").placeholder = `Message ${channel.is_im ? "" : "#"}${channel.name}`;
  fill($("messages"), top, false);
  const parent = channel.messages.find((m) => m.ts === state.thread);
  $("thread").hidden = !parent;
  $("composer").hidden = false;
  if (parent) {
    const replies = [...parent.replies.filter((r) => !r.deleted), ...mine.filter((m) => m.thread_ts === parent.ts)];
    replies.sort((a, b) => (a.ts < b.ts ? -1 : 1));
    fill($("replies"), [parent, ...replies], true);
  }
  for (const key of state.fresh) state.known.add(key);
}

function drawLists() {
  for (const [list, wanted] of [["channels", false], ["ims", true]]) {
    $(list).replaceChildren(...state.channels.filter((c) => c.is_im === wanted).map((channel) => {
      const mark = element("span", "mark", channel.is_im ? "●" : channel.is_private ? "🔒" : "#");
      const made = element("button", "", mark, element("span", "", channel.name.replace(/^@/, "")));
      const fresh = channel.messages - (state.seen.get(channel.id) ?? channel.messages);
      const item = element("li", channel.id === state.current ? "current" : fresh > 0 ? "unread" : "", made);
      if (fresh > 0 && channel.id !== state.current) made.append(element("span", "count", String(fresh)));
      made.addEventListener("click", () => { location.hash = channel.id; });
      return item;
    }));
  }
}

// The app's Home tab, as it was last published for the person who is chosen.
function drawHome(view) {
  $("title").textContent = "Home tab";
  $("facts").textContent = "what the app shows to you alone";
  $("thread").hidden = true;
  $("composer").hidden = true;
  const press = (action, choice, block) => act("/sim/press", { action, choice, block }).then(soon);
  const shown = view ? blocks(view.blocks, names, press) : [element("p", "empty", "The app has published nothing here yet.")];
  $("messages").replaceChildren(element("div", "home", ...shown));
}

async function refresh() {
  const index = await get("/sim/channels");
  Object.assign(state, { people: index.people, channels: index.channels });
  $("team").textContent = index.team;
  document.title = `${index.team} · simulated Slack`;
  for (const person of index.people) names.set(person.id, person.name);
  for (const channel of index.channels) names.set(channel.id, channel.name);
  if (!$("speaker").options.length) {
    for (const person of index.people.filter((p) => !p.is_bot)) {
      $("speaker").append(new Option(person.real_name, person.name));
    }
  }
  if ($("team-choice").options.length !== index.teams.length) {
    $("team-choice").replaceChildren(...index.teams.map((team) => new Option(team.name, team.path, false, team.path === base)));
    $("teams").hidden = index.teams.length < 2;
  }
  const wanted = location.hash.slice(1);
  const home = wanted === "home";
  state.current = home ? null : (index.channels.find((c) => c.id === wanted) ?? index.channels[0])?.id;
  for (const channel of index.channels) {
    if (channel.id === state.current || !state.seen.has(channel.id)) state.seen.set(channel.id, channel.messages);
  }
  drawLists();
  $("home").className = home ? "current" : "";
  state.channel = state.current ? await get(`/sim/channels/${state.current}`) : null;
  const { views } = await get(`/sim/views?as=${encodeURIComponent($("speaker").value)}`);
  if (home) drawHome(views.find((view) => view.type === "home"));
  else drawChannel();
  dialog(views.filter((view) => view.type === "modal").at(-1), names, act, soon);
}

let pending = null;
function soon() {
  pending ??= setTimeout(() => {
    pending = null;
    refresh().catch((error) => toast(error.message));
  }, 60);
}

function openThread(ts, focus) {
  state.thread = ts;
  drawChannel();
  $("replies").scrollTop = $("replies").scrollHeight;
  if (focus) $("reply-composer").querySelector("textarea").focus();
}

function composer(form, thread) {
  const field = form.querySelector("textarea");
  const send = async () => {
    const text = field.value.trim();
    if (!text) return;
    const command = /^(\/[a-z0-9_-]+) ?(.*)$/s.exec(text);
    const answer = command && !thread()
      ? await act("/sim/command", { channel: state.current, command: command[1], text: command[2] })
      : await act("/sim/messages", { channel: state.current, thread: thread() ?? undefined, text });
    if (!answer.error) field.value = "";
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); send(); }
  });
}

composer($("composer"), () => null);
composer($("reply-composer"), () => state.thread);
$("close-thread").addEventListener("click", () => { state.thread = null; drawChannel(); });
$("team-choice").addEventListener("change", (event) => { location.href = event.target.value; });
const openHome = () => { if (location.hash === "#home") act("/sim/home", {}); };
$("home").addEventListener("click", () => { location.hash = "home"; });
$("speaker").addEventListener("change", () => { drawChannel(); openHome(); soon(); });
window.addEventListener("hashchange", () => { state.thread = null; openHome(); soon(); });

const stream = new EventSource(below("/sim/stream"));
stream.addEventListener("message", soon);
stream.addEventListener("open", () => { $("link").textContent = "● live"; $("link").className = ""; soon(); });
stream.addEventListener("error", () => { $("link").textContent = "disconnected"; $("link").className = "offline"; });
refresh().then(openHome).then(() => { $("messages").scrollTop = $("messages").scrollHeight; }).catch((error) => toast(error.message));
