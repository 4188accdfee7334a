import { readLocal, writeLocal } from '../lib/local-store.ts';

const storedAt = 'parley.single-keys';

/** Returns true if keys without Ctrl or Cmd are shortcuts. */
export const areSingleKeysOn = (): boolean => readLocal(storedAt) !== 'off';

/** Turns single-key shortcuts on or off, and stores the choice. */
export const turnSingleKeys = (isOn: boolean): void => writeLocal(storedAt, isOn ? null : 'off');
