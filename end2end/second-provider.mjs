// A provider that is not ours, for the integration tests: `oidc-provider`, which is certified by the OpenID Foundation.
// Everything is in memory. It ends when its standard input does, so that it never outlives the test that started it.
//
//   node second-provider.mjs '{"web": "http://localhost:3000", "client_id": "…", "client_secret": "…"}'
//
// More keys: `access_token_seconds` (how long access tokens live), `claims_in_userinfo` (the ID token carries `sub` only,
// as the standard has it, and the first access token is for the UserInfo endpoint), `back_channel_logout` (announce
// sign-outs to {web}/auth/back-channel-logout), `refresh_tokens` (false: none are issued).
//
// Standard output: one JSON object per line, first {"issuer": …}, then what happens, such as {"event": "refresh_token"}.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const options = JSON.parse(process.argv[2]);
const resource = 'urn:errand:todolist';
const users = {
  ada: { name: 'Ada Lovelace', preferred_username: 'ada', email: 'ada@example.com', email_verified: true },
  bob: { name: 'Bob Babbage', preferred_username: 'bob', email: 'bob@example.com', email_verified: true },
};

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://localhost:${server.address().port}`;

const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: options.client_id,
      client_secret: options.client_secret,
      redirect_uris: [`${options.web}/auth/redirect`],
      post_logout_redirect_uris: [`${options.web}/auth/signed-out`],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      ...(options.back_channel_logout && {
        backchannel_logout_uri: `${options.web}/auth/back-channel-logout`,
        backchannel_logout_session_required: true,
      }),
    },
  ],
  jwks: { keys: [{ ...key, kid: 'second-provider', use: 'sig', alg: 'RS256' }] },
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
  conformIdTokenClaims: options.claims_in_userinfo === true,
  findAccount: (_, id) => users[id] && { accountId: id, claims: () => ({ sub: id, ...users[id] }) },
  issueRefreshToken: (_, client) => options.refresh_tokens !== false && client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  ttl: { AccessToken: options.access_token_seconds ?? 3600, Grant: 86400, IdToken: 3600, Interaction: 600, RefreshToken: 86400, Session: 86400 },
  // Its own guard against calls to this machine would refuse the web server's back-channel endpoint.
  fetch: (url, { dispatcher, ...request }) => fetch(url, request),
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
    rpInitiatedLogout: {
      enabled: true,
      postLogoutSuccessSource: (ctx) => {
        ctx.body = '<!doctype html><title>Signed out</title>';
      },
      logoutSource: (ctx, form) => {
        ctx.body = `<!doctype html><title>Sign out?</title>${form.replace('</form>', '<input type="hidden" name="logout" value="yes"><button>Yes</button></form>')}`;
      },
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      getResourceServerInfo: () => ({
        audience: resource,
        scope: 'ToDoList.Read ToDoList.ReadWrite',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
      useGrantedResource: (_, source) => source.kind === 'RefreshToken' || !options.claims_in_userinfo,
    },
  },
});

provider.on('grant.success', ({ oidc }) => say({ event: oidc.params.grant_type, scope: oidc.params.scope }));
provider.on('grant.error', ({ oidc }, error) => say({ event: 'refused', grant_type: oidc.params?.grant_type, error: error.error, why: error.error_description }));
provider.on('authorization.error', (_, error) => say({ event: 'refused', error: error.error, why: error.error_description }));
provider.on('revocation.error', (_, error) => say({ event: 'refused', error: error.error, why: error.error_description }));
provider.on('backchannel.success', () => say({ event: 'back-channel logout' }));
provider.on('backchannel.error', (_, error) => say({ event: 'back-channel logout failed', why: error.message }));
provider.on('end_session.success', () => say({ event: 'signed out' }));
provider.on('refresh_token.destroyed', () => say({ event: 'refresh token revoked' }));
provider.on('server_error', (_, error) => say({ event: 'server error', why: error.message }));

server.on('request', provider.callback());
process.stdin.resume().on('end', () => process.exit());
say({ issuer });
