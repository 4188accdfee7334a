export type { ScriptedCall } from './scripted-call.ts';
export { createGate, type Gate, type ScriptedModel, startScriptedModel } from './scripted-model.ts';
export { type ScriptedTool, startScriptedTool, type ToolRequest } from './scripted-tool.ts';
export type { FinishOptions, ScriptedCallBody } from './scripted-wire.ts';
export * as scripts from './scripts.ts';
export { echoOf, type ModelScript } from './scripts.ts';
