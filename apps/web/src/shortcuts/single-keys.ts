import { readLocal, writeLocal } from '../lib/local-store.ts';

const storedAt = 'parley.single-keys';

/** Whether keys without Ctrl or Cmd are shortcuts. */
export const areSingleKeysOn = (): boolean => readLocal(storedAt) !== 'off';

export const turnSingleKeys = (isOn: boolean): void => writeLocal(storedAt, isOn ? null : 'off');
