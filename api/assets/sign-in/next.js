"use strict";
// Where somebody wanted to go who has to sign in first. It never leaves the browser: it waits in this tab, whatever page signs people in.

const STORED_NEXT = "tocsin.next";

// The address of a page of this server's, or null for everything else. `next` is a path with its query and fragment, as a page gives it; `base` is
// the address of this server's start page.
function safeNext(next, base) {
  if (typeof next !== "string" || next.length > 2_000) return null;
  // Browsers take a backslash for a slash, and leave out control characters and spaces at the ends.
  if (!next.startsWith("/") || /^\/[/\\]|[\\\u0000-\u0020\u007f]/.test(next)) return null;
  let url;
  try {
    url = new URL(next, base);
  } catch {
    return null;
  }
  const start = new URL(base);
  const isHere = url.origin === start.origin && url.pathname.startsWith(start.pathname);
  const isSignIn = [`${start.pathname}sign-in`, `${start.pathname}sign-out`].some(
    (page) => url.pathname === page || url.pathname.startsWith(`${page}/`),
  );
  return isHere && !isSignIn ? url.href : null;
}

if (typeof module !== "undefined") module.exports = { safeNext };
