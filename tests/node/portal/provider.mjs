// An OpenID provider of its own for a run: the npm package oidc-provider, with one account for each kind of user.
import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

export const CLIENT = { id: 'chengxin-portal', secret: 'a-secret-of-a-test' };

/** Starts a provider whose accounts prove the claims given, for a gateway at `base`. Whoever names an account is it. */
export async function startProvider(accounts, base) {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      redirect_uris: [`${base}/login/callback`],
      post_logout_redirect_uris: [`${base}/`],
      backchannel_logout_uri: `${base}/logout/provider`,
      backchannel_logout_session_required: true,
      id_token_signed_response_alg: 'EdDSA',
    }],
    enabledJWA: { idTokenSigningAlgValues: ['EdDSA', 'RS256'] },
    jwks: { keys: [await key()] },
    conformIdTokenClaims: false,
    scopes: ['openid', 'chengxin'],
    claims: { openid: ['sub'], chengxin: ['role', 'department', 'supervisor', 'organization', 'subject', 'client_id'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, client_id: CLIENT.id, ...accounts[id] }) }),
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({ clientId: context.oidc.client.clientId, accountId: context.oidc.session.accountId });
      grant.addOIDCScope('openid chengxin');
      await grant.save();
      return grant;
    },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true }, backchannelLogout: { enabled: true } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
    // Of itself it would send nothing to loopback addresses, which is where the gateway is.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    ttl: { AccessToken: 300, IdToken: 300, Session: 3600, Interaction: 300, Grant: 3600 },
    cookies: { keys: ['a-key-of-a-test'] },
  });
  const callback = provider.callback();
  server.on('request', (request, response) => {
    if (request.url.startsWith('/interaction/')) return interact(provider, accounts, request, response);
    return callback(request, response);
  });
  return { issuer, provider, close: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }) };
}

async function key() {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey);
  return { kty: jwk.kty, crv: jwk.crv, x: jwk.x, d: jwk.d, use: 'sig', alg: 'EdDSA', kid: 'test-1' };
}

async function interact(provider, accounts, request, response) {
  if (request.method === 'POST') {
    let body = '';
    for await (const part of request) body += part;
    const accountId = new URLSearchParams(body).get('account');
    return provider.interactionFinished(request, response, { login: { accountId } });
  }
  const choices = Object.keys(accounts).map((id) => `<button name="account" value="${id}">${id}</button>`);
  response.setHeader('content-type', 'text/html; charset=utf-8');
  return response.end(`<!doctype html><html lang="en"><title>Log in</title><form method="post">${choices.join(' ')}</form></html>`);
}

/** What the gateway's configuration says of this provider. */
export const settings = (issuer) => `
[[issuer]]
issuer = "${issuer}"
audience = "${CLIENT.id}"
keys = { url = "${issuer}/jwks" }

[login]
issuer = "${issuer}"
client_id = "${CLIENT.id}"
client_secret = "${CLIENT.secret}"
scopes = ["chengxin"]
`;
