import { Schema } from 'mongoose';
import { date, options, string } from '../schema-fields.ts';
import type { EncryptionDocument } from './encryption-state.ts';

/** The `encryption` collection, which holds one document. */
export const encryptionSchema = new Schema<EncryptionDocument>(
  {
    ...{ _id: string, keyId: string, check: string, isOn: Boolean, isPending: Boolean, rotatingFrom: String },
    ...{ retired: [String], createdAt: date },
  },
  { ...options, collection: 'encryption' },
);
