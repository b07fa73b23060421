import type { Sql } from '../engines/sql.ts';
import type { FeedId } from '../ids.ts';
import { closeGate } from './gate.ts';

/**
 * Removes a feed; its articles stay. False where there was none. Behind the gate, since what goes with it goes after its row:
 * a poll or push of it locks sources first and the feed last.
 */
export async function removeFeed(sql: Sql, id: FeedId): Promise<boolean> {
  return await sql.transaction(async (tx) => {
    await closeGate(tx);
    const { rows } = await tx.query('delete from feeds where id = $1 returning id', [id]);
    return rows.length > 0;
  });
}
