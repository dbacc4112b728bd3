// Shows the list when there is no network, as it was when its customer last left it. Online, every page comes from the
// server. What is kept is one page and the files that it names: no token is in them. It is kept for as long as the session
// would last, and gone once the customer signs in, signs out, or is found to be signed out.
'use strict';

const LIST = '/todos';
const SESSION = '/auth/session?slide=false';
const PAGE = 'page';
const FILES = 'files';
/** Until when the page may be shown, in milliseconds since 1970. */
const UNTIL = 'x-kept-until';

/** Counts what was forgotten: a page that was on its way meanwhile is not kept. */
let turn = 0;

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', (event) => {
  if (event.data === 'keep') event.waitUntil(keep());
  if (event.data === 'forget') event.waitUntil(forget());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode === 'navigate' && url.pathname.startsWith('/auth/')) {
    // Somebody signs in or out.
    event.waitUntil(forget());
  } else if (request.method === 'GET' && request.mode === 'navigate' && isList(url.pathname)) {
    event.respondWith(page(request, url));
  } else if (request.method === 'GET' && /^\/(pkg|texts)\//.test(url.pathname)) {
    event.respondWith(file(request));
  }
});

function isList(path) {
  return path === LIST || path.startsWith(`${LIST}/`);
}

/** The page from the server; without a network, the one that was kept. */
async function page(request, url) {
  try {
    const answer = await fetch(request);
    // Nobody is signed in.
    if (answer.type === 'opaqueredirect' || answer.status === 401 || answer.status === 403) await forget();
    return answer;
  } catch {
    const kept = await keptPage();
    if (!kept) return nothing();
    // Scripts take a page over at the address that it was made for.
    return url.pathname === LIST && url.search === '' ? kept : Response.redirect(LIST);
  }
}

/** A file whose name stands for what is in it. */
async function file(request) {
  const kept = await caches.match(request, { cacheName: FILES }).catch(() => undefined);
  return kept ?? fetch(request);
}

async function keptPage() {
  const kept = await caches.match(LIST, { cacheName: PAGE }).catch(() => undefined);
  if (kept && Number(kept.headers.get(UNTIL)) > Date.now()) return kept;
  await forget();
  return undefined;
}

/** Keeps the list as it is now, and the files that it names. */
async function keep() {
  const at = turn;
  try {
    const [answer, session] = await Promise.all([
      // Nobody looks at it: what the server has to say once stays for a page that somebody sees.
      fetch(LIST, { redirect: 'manual', headers: { accept: 'text/html', 'x-keeps-page': '1' } }),
      fetch(SESSION, { headers: { accept: 'application/json' } }),
    ]);
    if (!session.ok || answer.status >= 500) return;
    const { signed_in: signedIn, seconds_left: seconds } = await session.json();
    if (!signedIn || !(seconds > 0) || answer.status !== 200) return await forget();

    const html = await answer.text();
    const headers = new Headers(answer.headers);
    for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) headers.delete(name);
    headers.set(UNTIL, String(Date.now() + seconds * 1000));
    await keepFiles(new Set(html.match(/\/(?:pkg|texts)\/[\w.-]+/g) ?? []));
    if (at !== turn) return;
    const pages = await caches.open(PAGE);
    await pages.put(LIST, new Response(html, { headers }));
    if (at !== turn) await forget();
  } catch {
    // No network, or no room: what was kept before is the best there is.
  }
}

/** Keeps these files, and no others. */
async function keepFiles(paths) {
  const files = await caches.open(FILES);
  const kept = new Set();
  for (const { url } of await files.keys()) {
    const { pathname } = new URL(url);
    if (paths.has(pathname)) kept.add(pathname);
    else await files.delete(url);
  }
  await files.addAll([...paths].filter((path) => !kept.has(path)));
}

async function forget() {
  turn += 1;
  await caches.delete(PAGE);
}

/** What is said where there is nothing to show, in the languages of the pages. */
const NOTHING = {
  en: {
    title: 'Offline',
    heading: 'You are offline',
    text: 'Your list is not kept in this browser while you are signed out. Try again when there is a network.',
    again: 'Try again',
  },
  es: {
    title: 'Sin conexión',
    heading: 'No tienes conexión',
    text: 'Tu lista no se guarda en este navegador mientras no tienes la sesión iniciada. Inténtalo de nuevo cuando haya red.',
    again: 'Reintentar',
  },
};

function nothing() {
  // What was chosen on a page only the server knows.
  const tags = self.navigator.languages.map((tag) => tag.split('-')[0]);
  const lang = tags.find((tag) => tag in NOTHING) ?? 'en';
  const { title, heading, text, again } = NOTHING[lang];
  const html = `<!DOCTYPE html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Errand</title>
</head>
<body>
<main>
<h1>${heading}</h1>
<p>${text}</p>
<p><a href="${LIST}">${again}</a></p>
</main>
</body>
</html>`;
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'" };
  return new Response(html, { status: 503, headers });
}
