import { openEmbeddedRedis, openRedisDatabase, redisUrl } from '../support/engines.ts';
import { redisContract } from './redis-contract.ts';

const server = redisUrl;
redisContract('embedded Valkey', openEmbeddedRedis);
if (server !== undefined) redisContract('Redis server', () => openRedisDatabase(server));
