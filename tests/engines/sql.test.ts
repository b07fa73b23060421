import { databaseUrl, openDatabase, openEmbeddedSql } from '../support/engines.ts';
import { sqlContract } from './sql-contract.ts';

const server = databaseUrl;
sqlContract('embedded PostgreSQL', openEmbeddedSql);
if (server !== undefined) sqlContract('PostgreSQL server', () => openDatabase(server, async () => {}));
