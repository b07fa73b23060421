/** What HTTP alone costs: a handler that parses the JSON and answers 202, and counts nothing. Prints its port. */
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    body += chunk;
  });
  request.on('end', () => {
    const { article } = JSON.parse(body) as { article?: string };
    const answer = JSON.stringify({ accepted: article === undefined ? 0 : 1, dropped: {} });
    response.writeHead(202, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer);
  });
});
// The benchmark's connections rest while the other server is measured.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
