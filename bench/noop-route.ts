/** The least that Fastify does: a route that answers a constant of so many bytes. Prints its port. */
import fastify from 'fastify';

const text = JSON.stringify('x'.repeat(Number(process.argv[2]) - 2));
// The benchmark's connections rest while the other server is measured.
const app = fastify({ logger: false, keepAliveTimeout: 600_000 });
app.get('/list', async (_request, reply) => reply.type('application/json; charset=utf-8').send(text));
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
