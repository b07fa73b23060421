/** The pages of a listing, one after the other; `read` takes the cursor that the page before gave. */
export async function* allPages<Page extends { readonly next: string | null }>(
  read: (cursor?: string) => Promise<Page>,
): AsyncGenerator<Page> {
  let page = await read();
  yield page;
  while (page.next !== null) {
    page = await read(page.next);
    yield page;
  }
}

/** All items of a listing. */
export async function allItems<Item>(
  read: (cursor?: string) => Promise<{ readonly items: readonly Item[]; readonly next: string | null }>,
): Promise<Item[]> {
  const all: Item[] = [];
  for await (const { items } of allPages(read)) all.push(...items);
  return all;
}
