export type EndedStatus = 'completed' | 'stopped' | 'failed';
export type TurnStatus = 'queued' | 'generating' | EndedStatus;

export function isEnded(status: TurnStatus): status is EndedStatus {
  return status !== 'queued' && status !== 'generating';
}
