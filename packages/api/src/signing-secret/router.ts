import { t } from '../trpc.ts';
import { createSigningSecret } from './create-signing-secret.ts';
import { listSigningSecrets } from './list-signing-secrets.ts';
import { revokeSigningSecret } from './revoke-signing-secret.ts';

/** The procedures of signing secrets. */
export const signingSecretRouter = t.router({
  create: createSigningSecret,
  list: listSigningSecrets,
  revoke: revokeSigningSecret,
});
