/** The status of a turn that has ended. It never changes again. */
export type EndedStatus = 'completed' | 'stopped' | 'failed';
/** The status of a turn. */
export type TurnStatus = 'queued' | 'generating' | EndedStatus;

/** Whether a turn with this status has ended. */
export function isEnded(status: TurnStatus): status is EndedStatus {
  return status !== 'queued' && status !== 'generating';
}
