import { ApiError, mintId } from '@parley/contract';
import { expect, test } from 'vitest';
import type { Models } from '../models.ts';
import type { AuditDocument } from './audit-model.ts';
import { createAuditStore } from './audit-store.ts';

test('an audit entry whose insert failed is inserted the next time, and then once an hour', async () => {
  const stored: AuditDocument[] = [];
  let isUnreachable = true;
  const audit = {
    async insertMany(documents: AuditDocument[]) {
      if (isUnreachable) throw new ApiError('database_unavailable');
      stored.push(...documents);
    },
  };
  const store = createAuditStore({ audit } as unknown as Models);
  const scope = { team: mintId('team') };
  const entry = { actor: { kind: 'key', key: mintId('key') }, action: 'secret_key_in_browser' } as const;
  for (const note of [store.note, store.noteRejected]) {
    isUnreachable = true;
    const noted = { ...entry, action: note.name };
    await expect(note(scope, noted)).rejects.toThrow();
    isUnreachable = false;
    // The second entry is stored at the same time as the first.
    await Promise.all([note(scope, noted), note(scope, noted)]);
    await note(scope, noted);
  }
  expect(stored.map(({ action }) => action)).toEqual(['note', 'noteRejected']);
});
