// What a page of a desk says of itself while it stands open: how far an export is, and that something new has come.
// Without it the page says the same when it is loaded again.

const told = document.getElementById('news');

/** How far an export is: asked for every second until it is ready, then the page is loaded again, which offers it. */
async function follow(progress) {
  const place = progress.dataset.place;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    try {
      const answer = await fetch(place, { headers: { accept: 'application/json' } });
      const { state, filesDone, filesTotal } = await answer.json();
      if (state !== 'MAKING') return location.reload();
      progress.max = filesTotal;
      progress.value = filesDone;
      progress.nextElementSibling.textContent = `${filesDone} / ${filesTotal}`;
    } catch {
      return undefined;
    }
  }
}

/** News of one's organisation (graphql-transport-ws): told when they come, and shown when the reader wants to. */
function listen() {
  const socket = new WebSocket(`${location.protocol.replace('http', 'ws')}//${location.host}/graphql`, 'graphql-transport-ws');
  const say = (message) => socket.send(JSON.stringify(message));
  socket.addEventListener('open', () => say({ type: 'connection_init' }));
  socket.addEventListener('message', ({ data }) => {
    const { type } = JSON.parse(data);
    if (type === 'connection_ack') {
      say({ type: 'subscribe', id: 'news', payload: { query: 'subscription { events { id } }' } });
      told.dataset.state = 'listening';
    }
    if (type === 'ping') say({ type: 'pong' });
    if (type === 'next') told.hidden = false;
  });
}

const progress = document.querySelector('progress[data-place]');
if (progress) follow(progress);
if (told) listen();
