/*
 * The documents the server stores, field for field: the floor stores the same, and a run fails when it does
 * not any more (see lab/same-documents.ts).
 */

export interface ChatDocument {
  _id: string;
  team: string;
  agent: string;
  agentType: string;
  user?: string;
  metadata?: string;
  title?: string;
  titleBeginnings?: string[];
  createdAt: Date;
  updatedAt: Date;
  acceptedTurns?: number;
  endedTurns?: number;
}

export interface MessageDocument {
  id: string;
  role: 'user' | 'assistant';
  content: string;
  finishReason?: string;
  createdAt: Date;
}

export interface TurnDocument {
  _id: string;
  team: string;
  chat: string;
  sequence: number;
  status: 'generating' | 'completed';
  lease: { token: string; attempt: number; renewals: number };
  takeovers: number;
  written?: { attempt: number };
  messages: MessageDocument[];
  answerId: string;
  usage: { attempt: number; model: string; calls: number; inputTokens?: number; outputTokens?: number }[];
  spender: { key: string };
  origin: { isPrivileged: boolean };
  account?: { agent: string; user?: string; day: string };
  agentVersion?: number;
  textBytes?: number;
  createdAt: Date;
  endedAt?: Date;
}
