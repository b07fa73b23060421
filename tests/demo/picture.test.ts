import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from 'htmlparser2';
import { drawPicture } from '../../src/demo/picture.ts';
import { SCENES, type SceneName } from '../../src/demo/scenes.ts';
import { DESKS } from '../../src/demo/story.ts';

test('a picture is the same for the same story, and well-formed at every time of the day', () => {
  for (const scene of Object.keys(SCENES) as SceneName[]) {
    const drawn = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const picture = drawPicture(`story ${seed}`, 200, [scene]);
      assert.equal(picture, drawPicture(`story ${seed}`, 200, [scene]));
      assert.doesNotMatch(picture, /NaN|undefined|Infinity/, scene);
      const open: string[] = [];
      const parser = new Parser(
        { onopentag: (name) => open.push(name), onclosetag: (name) => assert.equal(open.pop(), name) },
        { xmlMode: true },
      );
      parser.end(picture);
      assert.deepEqual(open, []);
      assert.ok(picture.length < 20_000, `${scene}: ${picture.length}`);
      drawn.add(picture);
    }
    assert.equal(drawn.size, 20, scene);
  }
});

test('every desk has scenes to show', () => {
  for (const { name, scenes } of DESKS) assert.ok(scenes.length > 0 && scenes.every((scene) => scene in SCENES), name);
});
