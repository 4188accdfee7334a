/* The entry for an operator's command line. Servers import the main entry. */

export { beginAuditedAction } from './audit/begin-act.ts';
export { erase } from './deletion/erase.ts';
export { type ShowSettings, visiblePart } from './message/show-answer.ts';
export { toTeam } from './team/to-team.ts';
