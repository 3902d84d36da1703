"use strict";
// One post-mortem: read with the visitor's session or key, and shown.

const number = Number(location.pathname.split("/").at(-2));

const POSTMORTEM = `query Postmortem($number: Int!) {
  incident(number: $number) {
    key title
    postmortem {
      title status bodyMarkdown createdAt updatedAt publishedAt
      createdBy { name }
    }
  }
}`;

const STATUS_TONE = { DRAFT: "acknowledged", IN_REVIEW: "acknowledged", PUBLISHED: "resolved" };

function notice(text) {
  byId("notice").textContent = text ?? "";
  byId("notice").hidden = !text;
}

function show(incident) {
  const postmortem = incident.postmortem;
  document.title = `${postmortem.title} · Tocsin`;
  byId("incident").textContent = `${incident.key} ${incident.title}`;
  byId("incident").href = `../${number}`;
  byId("head").className = `card ${STATUS_TONE[postmortem.status] ?? ""}`;
  byId("badges").replaceChildren(
    el("span", { class: `badge ${STATUS_TONE[postmortem.status] ?? ""}`, text: words(postmortem.status) }),
  );
  byId("title").textContent = postmortem.title;
  byId("since").replaceChildren("Last changed ", time(postmortem.updatedAt));
  const facts = [["Author", postmortem.createdBy?.name ?? "Nobody"]];
  if (postmortem.publishedAt) facts.push(["Published", time(postmortem.publishedAt)]);
  byId("facts").replaceChildren(
    ...facts.flatMap(([name, ...values]) => [el("dt", { text: name }), el("dd", {}, ...values)]),
  );
  byId("body").replaceChildren(...markdown(postmortem.bodyMarkdown));
  byId("postmortem").hidden = false;
}

async function start() {
  byId("leave").textContent = key.get() ? "Forget key" : "Sign out";
  byId("leave").hidden = false;
  notice(null);
  try {
    const { incident } = await graphql(POSTMORTEM, { number });
    if (!incident) notice(`There is no incident #${number} in your organisation.`);
    else if (!incident.postmortem) notice(`There is no post-mortem of #${number} that you may read.`);
    else show(incident);
  } catch (error) {
    if (isSignedOut(error)) leadToSignIn();
    else notice(error.message);
  }
}

byId("leave").addEventListener("click", () => leave().catch((error) => notice(error.message)));

setInterval(refreshTimes, 15_000);
start();
