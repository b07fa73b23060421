/** What event streams alone cost: responses that are written what is posted, and nothing else. Prints its port. */
import { createServer, type ServerResponse } from 'node:http';

const listeners = new Set<ServerResponse>();
let event = '';

const server = createServer((request, response) => {
  if (request.url === '/stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.once('close', () => listeners.delete(response));
    listeners.add(response);
    response.write(`retry: 3000\n\n${event}`);
  } else if (request.url === '/publish') {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      event = body;
      response.end();
      for (const listener of listeners) listener.write(event);
    });
  } else response.end('{}');
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
