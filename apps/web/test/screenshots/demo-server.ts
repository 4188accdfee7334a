import { type ScriptedModel, startScriptedModel, startScriptedTool } from '@parley/agent/testing';
import { mintId } from '@parley/contract';
import { connectDatabase, mintApiKey } from '@parley/db';
import { startTestMongo, testDatabaseUri } from '@parley/embedded/testing';
import { compose } from '../../../server/src/compose.ts';
import { createLog } from '../../../server/src/log.ts';
import { demoWork } from '../support/demo.ts';

/** The server for the screenshots. */
export interface DemoServer {
  readonly url: string;
  readonly model: ScriptedModel;
  /** Calls the API with the team's secret key. */
  call<Body>(method: string, path: string, body?: object): Promise<Body>;
  readonly agentId: string;
  stop(): Promise<void>;
}

/** Starts the real server with a temporary database and a scripted model. */
export async function startDemoServer(folder: string): Promise<DemoServer> {
  const mongo = await startTestMongo(() => undefined);
  const database = await connectDatabase(testDatabaseUri(mongo.uri, 'screenshots'));
  const model = await startScriptedModel();
  const scope = { team: mintId('team') };
  const keys = { publishable: mintApiKey('publishable'), secret: mintApiKey('secret') };
  const tool = await startScriptedTool();
  tool.answer((response) => void response.end(demoWork.output));
  const agent = await database.stores.agents.create(scope, {
    ...{ name: 'Assistant', type: 'assistant', reasoning: 'show' },
    tools: [{ ...demoWork.tool, url: tool.url, show: 'everything' }],
  });
  await database.stores.teams.create({ id: scope.team, name: 'My team' });
  await database.stores.apiKeys.create(scope, keys.secret);
  await database.stores.apiKeys.create(scope, keys.publishable, { access: 'verified' });
  const { app, close } = await compose({
    database,
    model: { endpoint: () => ({ baseUrl: model.baseUrl, apiKey: 'none', model: 'scripted' }) },
    log: createLog('silent'),
    contextTokens: 6_000,
    toolAddresses: { arePrivateAllowed: true },
    web: { folder, audience: 'this machine', publishableKey: keys.publishable },
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    url,
    model,
    agentId: agent.id,
    async call(method, path, body) {
      const response = await fetch(url + path, {
        method,
        headers: { 'x-api-key': keys.secret, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
      return response.json();
    },
    async stop() {
      await close(0);
      await model.stop();
      await tool.stop();
      await database.close();
      await mongo.stop();
    },
  };
}
