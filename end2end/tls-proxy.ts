// TLS in front of a program, as a load balancer has it: a certificate of its own, made for this run, and `X-Forwarded-*`.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Answers on `port` as `host`, and passes everything on to `to`; gives back how to end it. */
export async function startTlsProxy(host: string, port: number, to: string): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'errand-tls-'));
  const [keyFile, certFile] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const names = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
  const [key, cert] = [readFileSync(keyFile), readFileSync(certFile)];
  rmSync(folder, { recursive: true });

  const target = new URL(to);
  const server = createServer({ key, cert }, (asked, answer) => {
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-for': asked.socket.remoteAddress ?? '' };
    const passed = request(
      { host: target.hostname, port: target.port, method: asked.method, path: asked.url, headers: { ...asked.headers, ...forwarded } },
      (answered) => {
        answer.writeHead(answered.statusCode ?? 502, answered.rawHeaders);
        answered.pipe(answer);
      },
    );
    passed.on('error', () => answer.headersSent ? answer.destroy() : answer.writeHead(502).end('The program does not answer.'));
    asked.pipe(passed);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
}
