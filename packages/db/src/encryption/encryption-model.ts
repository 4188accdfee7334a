import { Schema } from 'mongoose';
import { date, type FieldsOf, options, string } from '../schema-fields.ts';
import type { EncryptionDocument } from './encryption-state.ts';

/** The `encryption` collection, which holds one document. */
export const encryptionSchema = new Schema<EncryptionDocument>(
  {
    ...{ _id: string, keyId: string, check: string, isOn: Boolean, isPending: Boolean, rotatingFrom: String },
    ...{ retired: [String], createdAt: date },
  } satisfies FieldsOf<EncryptionDocument>,
  { ...options, collection: 'encryption' },
);
