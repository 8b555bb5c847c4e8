// Subscribes with the client of graphql-ws and prints the payload of each event as a line of JSON, until there were COUNT of them.
// Usage: node subscribe.mjs ws://127.0.0.1:8080/graphql TOKEN AFTER COUNT
// Exit codes: 0 all came, 1 the subscription failed, 2 usage.

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, token, after, count] = process.argv.slice(2);
if (!count) {
  console.error('usage: node subscribe.mjs URL TOKEN AFTER COUNT');
  process.exit(2);
}
const connectionParams = { authorization: `Bearer ${token}`, 'chengxin-purpose': 'licence-review', 'chengxin-case': 'T-1' };
const client = createClient({ url, webSocketImpl: WebSocket, connectionParams, retryAttempts: 3 });
const query = 'subscription($after: ID) { events(after: $after) { id kind step action { id } } }';
let left = Number(count);
try {
  for await (const payload of client.iterate({ query, variables: { after } })) {
    console.log(JSON.stringify(payload));
    left -= 1;
    if (left === 0) break;
  }
} catch (fault) {
  console.error(fault);
  process.exit(1);
}
await client.dispose();
process.exit(left === 0 ? 0 : 1);
