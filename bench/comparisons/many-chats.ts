import type { Lab } from '../lab/lab.ts';
import { makeTeam } from '../lab/make-team.ts';
import { ownerOf, seedChats } from '../lab/seed.ts';
import { operationColumns } from './columns.ts';
import type { Column, Comparison, Side } from './comparison.ts';

const PAGE = 50;
const FEW = 1_000;
const MANY = 100_000;

const latency: Column = { title: 'p50 ms', measure: 'p50Ms', digits: 1 };

/** The newest chats of a team that has many, and of one that has few. */
export const manyChats: Comparison = {
  title: 'List 50 chats (`GET /chat?limit=50`) of a team that has 1,000 and of one that has 100,000',
  concurrencies: [1],
  columns: operationColumns,
  spread: latency,
  warmUps: [{ concurrency: 16, count: 1_500 }],
  sides: async (lab) => [await sideOf(lab, FEW), await sideOf(lab, MANY)],
};

async function sideOf({ mongo, server }: Lab, count: number): Promise<Side> {
  const name = count.toLocaleString('en');
  const subject = await makeTeam(mongo, server, `Of ${name} chats`);
  const newest = (await seedChats(mongo, ownerOf(subject), count)).slice(0, PAGE);
  return { name, subject, loadOf: (size) => ({ operation: 'list-page', chats: newest, ...size }) };
}
