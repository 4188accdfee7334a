import mongoose from 'mongoose';
import { createVersionModels } from '../../packages/db/src/migrations/version-models.ts';
import { createModels } from '../../packages/db/src/models.ts';
import { fieldsOf } from './fields.ts';

/** The fields that this version stores: see `fieldsOf`. */
export function currentFields(): string[] {
  const connection = mongoose.createConnection();
  return fieldsOf({ ...createModels(connection), ...createVersionModels(connection) });
}
