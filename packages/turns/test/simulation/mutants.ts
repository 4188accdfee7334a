/** A planted bug: texts of the source, each present exactly once, and their replacements. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly {
    /** A file of this package, or of the stores if it begins with `db/`. */
    readonly file: string;
    readonly find: string;
    readonly replace: string;
  }[];
}

/** Bugs that are typical of such systems. The simulation has to find each. */
export const mutants: readonly Mutant[] = [
  {
    name: 'a run ends its turn without the check of its lease',
    edits: [
      {
        file: 'test/simulation/find-turns.ts',
        find: "turn?.record.status === 'generating' && turn.record.lease?.token === token",
        replace: "turn?.record.status === 'generating'",
      },
    ],
  },
  {
    name: 'an end is emitted although its write was rejected',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: "if (ended.result !== 'ended') return { kind: ended.result };",
        replace: "if (ended.result === 'deleted') return { kind: ended.result };",
      },
    ],
  },
  {
    name: 'an answer is emitted before it is committed',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: 'const ended = await sendEnd(deps, run, turnEnd);',
        replace:
          'void sendEnd(deps, run, turnEnd).catch(() => {});\n' +
          "const ended = { result: 'ended', hasSuccessor: true } as const;",
      },
    ],
  },
  {
    name: 'the run context is read before the insert',
    edits: [
      {
        file: 'src/accept/insert-turn.ts',
        find: '  const claimedAt = deps.clock.now();\n',
        replace:
          '  const claimedAt = deps.clock.now();\n' +
          '  const view = await deps.store.turns.readRunContext({ team: access.chat.team }, turn.chat, turn.sequence, 24_000);\n',
      },
      {
        file: 'src/accept/insert-turn.ts',
        find: 'runner.start(toRecord(turn, access), owner, claimedAt, tail);',
        replace: 'runner.start({ ...toRecord(turn, access), view }, owner, claimedAt, tail);',
      },
      {
        file: 'src/run/run-turn.ts',
        find: 'const view = await persist(deps, run, () =>',
        replace: 'const view = turn.view ?? await persist(deps, run, () =>',
      },
    ],
  },
  {
    name: 'the end of a turn does not claim its successor',
    edits: [
      {
        file: 'src/run/runner.ts',
        find:
          "if (result.kind === 'ended' && result.hasSuccessor)\n" +
          '        await this.queue.startSuccessor(run.scope, run.turn, owner);',
        replace: '',
      },
    ],
  },
  {
    name: 'a waiting turn does not check whether its predecessor ended meanwhile',
    edits: [
      {
        file: 'src/accept/insert-turn.ts',
        find: 'if (!isAnnounced) runner.queue.claimSoon({ ...scope, id, chat, sequence }, owner);',
        replace: '',
      },
    ],
  },
  {
    name: 'a lost acknowledgement of an insert is a rejection without an id',
    edits: [
      {
        file: 'src/accept/insert-turn.ts',
        find: '{ ...error.facts, messageId: turn.answerId, cause: error }',
        replace: '{ ...error.facts, cause: error }',
      },
    ],
  },
  {
    name: 'idempotency keys have no unique index',
    edits: [
      {
        file: 'test/simulation/simulated-batches.ts',
        find: "if (record.idempotency && other.idempotency?.key === record.idempotency.key) return 'duplicate';",
        replace: '',
      },
    ],
  },
  {
    name: 'a repeated key counts as a taken sequence number',
    edits: [
      {
        file: 'src/accept/accept-turn.ts',
        find: "if ((result === 'key-taken' || result === 'overloaded') && idempotency) {",
        replace: "if (result === 'key-taken' && idempotency && tail.sequence === 0) {",
      },
    ],
  },
  {
    name: 'leases are not renewed',
    edits: [
      {
        file: 'src/run/supervise-runs.ts',
        find: 'const renewal = renew(deps, held)',
        replace: 'const renewal = Promise.resolve()',
      },
    ],
  },
  {
    name: 'a run is taken over as soon as it is seen',
    edits: [
      {
        file: 'src/recover/recover-turns.ts',
        find: 'if (now - since < deps.bounds.leaseMs) return;',
        replace: '',
      },
    ],
  },
  {
    name: 'a late run is stopped neither by its deadline nor by its renewals',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: "if (clock.now() >= deadline) abort.abort(new RunStopped('lease-lost'));",
        replace: '',
      },
      {
        file: 'src/run/run-turn.ts',
        find: "if (ended.result !== 'ended') return { kind: ended.result };",
        replace: "if (ended.result === 'deleted') return { kind: ended.result };",
      },
    ],
  },
  {
    name: 'running turns are not checked for cancels',
    edits: [
      {
        file: 'src/run/supervise-runs.ts',
        find: "if (isCancelled.get(turn.id)) abort.abort(new RunStopped('cancelled'));",
        replace: '',
      },
    ],
  },
  {
    name: 'a resumed stream is one unit off',
    edits: [
      {
        file: 'src/read/reader-position.ts',
        find: 'const tape = text.slice(offset - from);',
        replace: 'const tape = text.slice(Math.max(offset - from - 1, 0));',
      },
    ],
  },
  {
    name: 'a stream continues with the text of another run without a snapshot',
    edits: [
      {
        file: 'src/read/reader-position.ts',
        find: 'if (attempt !== known.attempt || at < 0',
        replace: 'if (at < 0',
      },
    ],
  },
  {
    name: 'a gap in the log is skipped',
    edits: [
      {
        file: 'src/run/log-writer.ts',
        find: "log('warn', 'the log of running answers could not be written', { turns: runs.length, error });\n      return;",
        replace: '',
      },
      {
        file: 'db/src/turn-log/join-batches.ts',
        find: 'if (begin > this.#at) return false;',
        replace: 'if (begin > this.#at) this.#at = begin;',
      },
    ],
  },
  {
    name: 'an answer is stored with text that its run did not write',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: 'const written = { ...toWritten(attempt, run.text),',
        replace: 'const written = { ...toWritten(1, run.text),',
      },
    ],
  },
  {
    name: 'a failed answer is retried beside its retry',
    edits: [
      {
        file: 'src/accept/retry-turn.ts',
        find: "if (next?.retryOf?.turn === answered.id) throw new ApiError('not_retryable');",
        replace: '',
      },
    ],
  },
  {
    name: 'a run reads the history of every turn before it instead of that of its path',
    edits: [{ file: 'src/run/run-turn.ts', find: '      turn.path,\n', replace: '' }],
  },
  {
    name: 'a turn is taken over once too often',
    edits: [
      {
        file: 'src/recover/recover-turns.ts',
        find: 'if (turn.takeovers < bounds.takeoversMax) {',
        replace: 'if (turn.takeovers <= bounds.takeoversMax) {',
      },
    ],
  },
  {
    name: 'a message with `reject` is accepted in a busy chat',
    edits: [
      {
        file: 'src/accept/accept-turn.ts',
        find: "return onBusy === 'reject' && !tail.ended ? new ApiError('chat_busy') : undefined;",
        replace: 'return undefined;',
      },
    ],
  },
  {
    name: 'one more message waits than the limit allows',
    edits: [
      {
        file: 'src/accept/accept-turn.ts',
        find: "if (tail.unfinished > queuedMax) return new ApiError('queue_full');",
        replace: "if (tail.unfinished > queuedMax + 1) return new ApiError('queue_full');",
      },
    ],
  },
  {
    name: 'a key that was used with another body is accepted',
    edits: [
      {
        file: 'src/accept/accepted-turn.ts',
        find: "if (found.idempotency?.body !== idempotency.body) throw new ApiError('idempotency_key_reused');",
        replace: '',
      },
    ],
  },
  {
    name: 'a cancelled waiting turn ends empty although an earlier run had shown text',
    edits: [
      {
        file: 'src/turn-outcome.ts',
        find: "turn.status === 'queued' && turn.isCancelled && attempt === 0",
        replace: "turn.status === 'queued' && turn.isCancelled",
      },
    ],
  },
  {
    name: 'a turn ends without the mark that it is not counted',
    edits: [
      {
        file: 'src/run/turn-usage.ts',
        find: '...(account && { account: accountOf(account) })',
        replace: '...(account && used && { account: accountOf(account) })',
      },
    ],
  },
  {
    name: 'the usage of an ended turn is counted again at its deletion',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: "if (result.kind === 'deleted') {",
        replace: "if (result.kind === 'deleted' || result.kind === 'ended') {",
      },
    ],
  },
  {
    name: 'a tool is called before its call is stored',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: 'await writeGuarded(deps, run, () => deps.store.turns.saveToolSteps(scope, turn.id, token, steps));',
        replace:
          'void persist(deps, run, () => deps.store.turns.saveToolSteps(scope, turn.id, token, steps)).catch(() => {});',
      },
    ],
  },
  {
    name: 'a run whose steps are rejected continues to call tools',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: "if (result !== 'stored') abort.abort",
        replace: "if (result === 'deleted') abort.abort",
      },
      {
        file: 'src/run/run-turn.ts',
        find: 'stopStale(deps, run);\n  abort.signal',
        replace: 'abort.signal',
      },
    ],
  },
  {
    name: 'steps are stored without the check of the lease',
    edits: [
      {
        file: 'test/simulation/simulated-turn-store.ts',
        find: '(view) => withoutLater(held(findOne(view, team, id), token), steps),',
        replace: '(view) => findOne(view, team, id),',
      },
    ],
  },
  {
    name: 'a removed turn leaves no placeholder',
    edits: [
      {
        file: 'test/simulation/simulated-stores.ts',
        find: "database.put('placeholders', id, { chat, sequence });",
        replace: '',
      },
    ],
  },
  {
    name: 'another model goes on under the attempt of the first one',
    edits: [
      {
        file: 'src/run/run.ts',
        find: 'Object.assign(run, { attempt, ...begun });',
        replace: 'Object.assign(run, begun);',
      },
    ],
  },
  {
    name: 'another model goes on before its attempt is stored',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: 'await writeGuarded(deps, run, () => deps.store.turns.raiseAttempt(scope, turn.id, token, next));',
        replace:
          'void persist(deps, run, () => deps.store.turns.raiseAttempt(scope, turn.id, token, next)).catch(() => {});',
      },
    ],
  },
  {
    name: 'the log of another model begins where the log of the first one ended',
    edits: [
      {
        file: 'src/run/run.ts',
        find: "{ text: '', openPart, loggedTo: 0, loggedPlace: undefined, unacknowledged: undefined }",
        replace: "{ text: '', openPart, loggedPlace: undefined, unacknowledged: undefined }",
      },
    ],
  },
  {
    name: 'a log batch of the first model is written again as one of the other model',
    edits: [
      {
        file: 'src/run/run.ts',
        find: "{ text: '', openPart, loggedTo: 0, loggedPlace: undefined, unacknowledged: undefined }",
        replace: "{ text: '', openPart, loggedTo: 0, loggedPlace: undefined }",
      },
    ],
  },
  {
    name: 'an acknowledged log batch of the first model counts as one of the other model',
    edits: [
      {
        file: 'src/run/log-writer.ts',
        find: 'if (run.unacknowledged !== batch) continue;',
        replace: '',
      },
    ],
  },
  {
    name: 'a repeated raise of an attempt raises it twice',
    edits: [
      {
        file: 'test/simulation/simulated-turn-store.ts',
        find: 'attempt: Math.max(lease.attempt, attempt)',
        replace: 'attempt: lease.attempt + 1',
      },
    ],
  },
  {
    name: 'the text of the first model stays before that of the other one',
    edits: [
      {
        file: 'src/run/run.ts',
        find: "{ text: '', openPart, loggedTo: 0, loggedPlace: undefined, unacknowledged: undefined }",
        replace: '{ openPart, loggedTo: 0, loggedPlace: undefined, unacknowledged: undefined }',
      },
    ],
  },
  {
    name: 'a chat is deleted without its marker',
    edits: [
      {
        file: 'src/recover/remove-deleted-chat.ts',
        find: 'while (!(await store.chats.insertMarker(chat))) await backoff.pause();',
        replace: '',
      },
    ],
  },
  {
    name: 'a deletion is answered before its marker is stored',
    edits: [
      {
        file: 'src/delete-chat.ts',
        find: '  stopChat(engine, chat);\n  await insertMarker(engine, chat);\n  await removeOrLeave(engine, chat);',
        replace:
          '  stopChat(engine, chat);\n  void insertMarker(engine, chat).then(() => removeOrLeave(engine, chat), () => {});',
      },
    ],
  },
  {
    name: 'a turn of a deleted chat is removed before the chat has its marker',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: 'await persist(deps, run, () => insertMarker(deps, turn.chat));',
        replace: '',
      },
    ],
  },
  {
    name: 'retention deletes a chat with a newer message than the checked one',
    edits: [
      {
        file: 'src/delete-chat.ts',
        find: 'if (!(await chats.insertMarkerBehind(scope, chat, sequence))) return false;',
        replace: 'await chats.insertMarkerBehind(scope, chat, sequence);',
      },
    ],
  },
  {
    name: 'a marker of an unmarked chat is not recovered',
    edits: [
      {
        file: 'src/recover/recover-deletions.ts',
        find: 'await each(unmarked, ({ team, chat }) => store.chats.markDeleted({ team }, chat));',
        replace: '',
      },
    ],
  },
  {
    name: 'the purge removes the marker',
    edits: [
      {
        file: 'test/simulation/simulated-stores.ts',
        find: "database.put('markers', id, { ...marker, pendingFor: undefined, isPurged: true });",
        replace: "database.delete('markers', id);",
      },
    ],
  },
  {
    name: 'an erasure removes the marker with the chat',
    edits: [
      {
        file: 'test/simulation/simulated-stores.ts',
        find: "database.delete('chats', chat);",
        replace: "database.delete('chats', chat);\n    database.delete('markers', chat);",
      },
    ],
  },
  {
    name: 'a message that loses to a marker is inserted after it',
    edits: [
      {
        file: 'src/accept/accept-turn.ts',
        find: '{ tail, access: known } = await readTail(deps, access)) {',
        replace: 'tail = { ...tail, sequence: tail.sequence + 1 }) {',
      },
    ],
  },
  {
    name: 'a run that takes a turn over ignores the stored steps',
    edits: [{ file: 'src/run/run-turn.ts', find: 'steps: turn.steps,', replace: 'steps: [],' }],
  },
  {
    name: 'a place that becomes free wakes no waiting turn',
    edits: [
      {
        file: 'src/run/turn-queue.ts',
        find: 'this.#scheduler.leave(owner);\n    this.#startWaiting();',
        replace: 'this.#scheduler.leave(owner);',
      },
    ],
  },
  {
    name: 'visitors use the reserved places too',
    edits: [
      {
        file: 'src/run/schedule/turn-scheduler.ts',
        find: "return kind === 'privileged' || taken.visitors < max - Math.floor(max * reservedShare);",
        replace: 'return true;',
      },
    ],
  },
  {
    name: 'the bound of an address is ignored',
    edits: [
      {
        file: 'src/run/schedule/turn-scheduler.ts',
        find: 'return networks.find((network, width) => this.#use.isFull(network, width));',
        replace: 'return undefined;',
      },
    ],
  },
  {
    name: 'an address is served until nothing of it waits',
    edits: [
      {
        file: 'src/run/schedule/turn-scheduler.ts',
        find: 'this.#teams[kind].get(owner.team)?.addresses.moveToEnd(key, ++this.#served);',
        replace: '',
      },
    ],
  },
  {
    name: 'a cancelled turn waits for a place before it ends, at the process that got the cancel',
    edits: [
      {
        file: 'src/run/runner.ts',
        find: 'if (queued) void this.endCancelled(queued);',
        replace: '',
      },
    ],
  },
  {
    name: 'a cancelled turn waits for a place before it ends, when its predecessor ends',
    edits: [
      {
        file: 'src/run/turn-queue.ts',
        find: 'if (successor.isCancelled) await this.#starter.endCancelled(position);\n      else this',
        replace: 'this',
      },
    ],
  },
  {
    name: 'a cancelled turn waits for a place before it ends, where the recovery loop finds it',
    edits: [
      {
        file: 'src/recover/recover-turns.ts',
        find: 'if (isCancelled) await runner.endCancelled(turn);\n  else runner',
        replace: 'if (!runner.queue.isWaiting(id)) runner',
      },
    ],
  },
  {
    name: 'a cancelled turn is ended before its predecessor',
    edits: [
      {
        file: 'src/recover/recover-turns.ts',
        find: 'if (!(await store.turns.hasPredecessorEnded({ team }, chat, sequence))) return;',
        replace:
          'if (!isCancelled && !(await store.turns.hasPredecessorEnded({ team }, chat, sequence))) return;',
      },
      {
        file: 'src/run/run-turn.ts',
        find: 'if (!view.predecessorEnded) {',
        replace: 'if (!view.predecessorEnded && !turn.isCancelled) {',
      },
      {
        file: 'src/recover/recover-turns.ts',
        find: 'if (unfinished.has(placeOf(chat, sequence - 1)) || !runner.queue.takesTurns) return;',
        replace:
          'if (!isCancelled && (unfinished.has(placeOf(chat, sequence - 1)) || !runner.queue.takesTurns)) return;',
      },
    ],
  },
  {
    name: 'a block stops the first of a user’s turns alone',
    edits: [
      {
        file: 'src/turns.ts',
        find: 'const marked = await store.turns.cancelOfUser({ team }, user, STOPPED_PAGE);',
        replace: 'const marked = await store.turns.cancelOfUser({ team }, user, 1);',
      },
      { file: 'src/turns.ts', find: 'if (marked.length < STOPPED_PAGE) return;', replace: 'return;' },
    ],
  },
  {
    name: 'waiting turns of a dead or drained process are not recovered',
    edits: [
      {
        file: 'src/recover/recover-turns.ts',
        find: 'else runner.queue.claimSoon(turn, ownerOf(turn));',
        replace: '',
      },
    ],
  },
  {
    name: 'an item of a batch whose outcome is unknown counts as inserted',
    edits: [
      {
        file: 'db/src/batching/batcher.ts',
        find: 'if (isOfAll) return items.map(() => ({ error }));',
        replace: "if (isOfAll) return items.map(() => ({ result: 'inserted' as never }));",
      },
    ],
  },
  {
    name: 'a batch has no deadline: one command that hangs holds up all that follow',
    edits: [
      {
        file: 'db/src/batching/batcher.ts',
        find: 'let timer = this.#clock.after(deadlineMs, () => {',
        replace: 'let timer = this.#clock.after(deadlineMs * 1e9, () => {',
      },
    ],
  },
  {
    name: 'a command of a closed connection is awaited for ever',
    edits: [
      {
        file: 'db/src/batching/batcher.ts',
        find: 'timer = this.#clock.after(closeMs, resolve);',
        replace: 'void closeMs;',
      },
    ],
  },
  {
    name: 'every item of a batch gets the outcome of the first',
    edits: [
      {
        file: 'db/src/batching/batcher.ts',
        find: 'settle(waiting, outcomes[index]);',
        replace: 'settle(waiting, outcomes[index * 0]);',
      },
    ],
  },
  {
    name: 'an insert is answered before its batch is sent',
    edits: [
      {
        file: 'db/src/batching/write-batches.ts',
        find: 'insert: (insert) => inserts.add(insert),',
        replace: "insert: async (insert) => (void inserts.add(insert).catch(() => {}), 'inserted' as const),",
      },
    ],
  },
  {
    name: 'a duplicate among the inserts of a batch counts as inserted',
    edits: [
      {
        file: 'db/src/batching/write-batches.ts',
        find: 'return commands.insertMany(items, signal);',
        replace:
          "return (await commands.insertMany(items, signal)).map(() => ({ result: 'inserted' as const }));",
      },
    ],
  },
  {
    name: 'only the first title of a batch is sent',
    edits: [
      {
        file: 'db/src/batching/title-batches.ts',
        find: '{ send: setTitles, sizeOf',
        replace:
          '{ send: async (all, signal) => (await setTitles(all.slice(0, 1), signal), ' +
          'all.map(() => ({ result: undefined }))), sizeOf',
      },
    ],
  },
  {
    name: 'a batch of ends that matched in part counts as ended',
    edits: [
      {
        file: 'db/src/batching/write-batches.ts',
        find: 'if (ended === endings.length)',
        replace: 'if (ended > 0)',
      },
    ],
  },
  {
    name: 'a turn that ended in the same batch twice counts as lost',
    edits: [
      {
        file: 'db/src/batching/write-batches.ts',
        find: "if (isEnded(turn.status)) return { result: 'ended', hasSuccessor: turn.hasSuccessor };",
        replace: "if (isEnded(turn.status)) return { result: 'lost' };",
      },
    ],
  },
  {
    name: 'a reader that was shown the end receives a wait for the model',
    edits: [
      {
        file: 'src/read/reader-position.ts',
        find: 'if (this.#isTextClosed() || attempt < 0 || isKnown)',
        replace: 'if (attempt < 0 || isKnown)',
      },
    ],
  },
  {
    name: 'the verdict on a turn ignores a takeover after the read',
    edits: [
      {
        file: 'db/src/batching/write-batches.ts',
        find: 'return endOne(ending);',
        replace: 'void endOne(ending).catch(() => {});\n' + "return { result: 'ended', hasSuccessor: true };",
      },
    ],
  },
  {
    name: 'the verdict ignores who ended the turn',
    edits: [
      {
        file: 'db/src/batching/write-batches.ts',
        find: "if (turn.token !== token) return { result: 'lost' };",
        replace: 'void token;',
      },
    ],
  },
  {
    name: 'the ends of a batch carry no fence',
    edits: [
      {
        file: 'test/simulation/simulated-batches.ts',
        find:
          'const found = held(findOne(database.newest, team, id), token);\n' +
          '          if (!found || found.hasSuccessor) return false;',
        replace:
          'const found = findOne(database.newest, team, id);\n' +
          '          if (!found || hasEnded(found.record) || found.hasSuccessor || !token) return false;',
      },
    ],
  },
  {
    name: 'a batch ends turns with a successor and does not claim it',
    edits: [
      {
        file: 'test/simulation/simulated-batches.ts',
        find: 'if (!found || found.hasSuccessor) return false;',
        replace: 'if (!found) return false;',
      },
    ],
  },
  {
    name: 'the chats of a batch are split by their ids alone',
    edits: [
      {
        file: 'db/src/batching/read-batches.ts',
        find: '.map((chat) => accessTo(scope, chat))',
        replace: '.map((chat) => accessTo({ ...scope, team: chat.team }, chat))',
      },
    ],
  },
  {
    name: 'the histories of a batch are split by their chats alone',
    edits: [
      {
        file: 'db/src/batching/turn-pages.ts',
        find: 'return team === range.team && chat === range.chat',
        replace: 'return (team === range.team || true) && chat === range.chat',
      },
    ],
  },
  {
    name: 'the histories of a batch are not split by their ranges',
    edits: [
      {
        file: 'db/src/batching/turn-pages.ts',
        find: ' && sequence >= range.from && sequence < range.before;',
        replace: ' && (sequence >= range.from || range.before > 0);',
      },
    ],
  },
  {
    name: 'a remembered history lacks the newest answer',
    edits: [
      {
        file: 'src/run/known-history.ts',
        find: 'const added = [userMessage, answer]',
        replace: 'const added = [userMessage, undefined]',
      },
    ],
  },
  {
    name: 'a remembered history includes a message that the model refused',
    edits: [
      {
        file: 'src/run/known-history.ts',
        find: 'if (!userMessage || isRefused) return undefined;',
        replace: 'void isRefused;',
      },
    ],
  },
  {
    name: 'a remembered history is used after another turn was inserted',
    edits: [
      {
        file: 'src/accept/accept-turn.ts',
        find: '{ tail, access: known } = await readTail(deps, access)) {',
        replace: 'tail = { ...(await readTail(deps, access)).tail, history: firstTail.history }) {',
      },
    ],
  },
  {
    name: 'a chat with a remembered history is not read before the call',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: 'const chat = await store.chats.find(scope, turn.chat);',
        replace:
          'const chat = (before as { access?: never }).access ?? (await store.chats.find(scope, turn.chat));',
      },
    ],
  },
  {
    name: 'ended turns are counted before the uses of their chats are written',
    edits: [{ file: 'src/engine.ts', find: '    await uses.write();\n', replace: '' }],
  },
  {
    name: 'the recovery loop counts turns of a crashed process without the uses of their chats',
    edits: [
      {
        file: 'src/engine.ts',
        find: '    for (const turn of left) uses.ended(turn, turn.endedAt);\n',
        replace: '    void left;\n',
      },
    ],
  },
  {
    name: 'the log forgets at which place of an answer a piece begins',
    edits: [
      {
        file: 'src/run/log-writer.ts',
        find: '...(place && { place }),',
        replace: '',
      },
    ],
  },
  {
    name: 'the log of an answer goes on at the place of its first piece',
    edits: [
      {
        file: 'src/run/log-writer.ts',
        find: 'run.loggedPlace = placeAfter(batch.text, batch.place);',
        replace: 'run.loggedPlace = batch.place;',
      },
    ],
  },
  {
    name: 'another model goes on in the open part of the first one',
    edits: [
      {
        file: 'src/run/run.ts',
        find: "{ text: '', openPart, loggedTo: 0, loggedPlace: undefined, unacknowledged: undefined }",
        replace: "{ text: '', loggedTo: 0, loggedPlace: undefined, unacknowledged: undefined }",
      },
    ],
  },
  {
    name: 'text after reasoning goes on in the reasoning',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: 'run.text += moreOf(part, event.text, run.openPart);',
        replace: 'run.text += moreOf(part, event.text, run.openPart && part);',
      },
    ],
  },
  {
    name: 'a tool result is shown twice',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: 'run.text += markOf(event);',
        replace: "run.text += markOf(event) + (event.type === 'tool-result' ? markOf(event) : '');",
      },
    ],
  },
  {
    name: 'a tool result is shown without its call',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: 'run.text += markOf(event);',
        replace: "if (event.type === 'tool-result') run.text += markOf(event);",
      },
    ],
  },
  {
    name: 'a completed or stopped answer is stored without its parts',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: '...(tape !== undefined && { tape }),',
        replace: '',
      },
    ],
  },
  {
    name: 'an answer that is stopped before its first word loses its other parts',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: "...((text !== '' || tape !== undefined) && { written }),",
        replace: "...(text !== '' && { written }),",
      },
    ],
  },
  {
    name: 'a failed answer is stored without its parts',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: '...failedEnd(turn, view, toWritten(attempt, run.text), errorCode),',
        replace: '...failedEnd(turn, view, { attempt, text: textOfTape(run.text) }, errorCode),',
      },
    ],
  },
  {
    name: 'a snapshot has the text of an answer alone',
    edits: [
      {
        file: 'src/read/reader-position.ts',
        find: '...(!isPlain && { parts: partsOf(tape) })',
        replace: '',
      },
    ],
  },
  {
    name: 'a reader at the border of two parts receives the end of the first one again',
    edits: [
      {
        file: 'src/read/reader-position.ts',
        find: 'return isBetween ? { ...place, open: undefined } : undefined;',
        replace: 'return isBetween ? place : undefined;',
      },
    ],
  },
  {
    name: 'a cursor at the border of two parts is one unit off',
    edits: [
      {
        file: 'src/read/reader-position.ts',
        find: 'emit(endOf(open, index), cursorAt(BETWEEN));',
        replace: 'emit(endOf(open, index), { ...cursorAt(BETWEEN), offset: at + 1 });',
      },
    ],
  },
  {
    name: 'a remembered history lacks the tool calls of the newest answer',
    edits: [
      {
        file: 'src/run/known-history.ts',
        find: 'if (tape === undefined) return { role, content };',
        replace: 'if (tape !== null) return { role, content };',
      },
    ],
  },
  {
    name: 'the stored history lacks the tool calls of answers',
    edits: [
      {
        file: 'db/src/turn/turn-history.ts',
        find: 'return { role, content, parts: toGivenParts(content, parts) };',
        replace: 'return { role, content };',
      },
    ],
  },
  {
    name: 'the parts of an answer go to the history without their order',
    edits: [
      {
        file: 'db/src/turn/stored-parts.ts',
        find: 'return fromStoredParts(content, given);',
        replace: 'return fromStoredParts(content, given.toReversed());',
      },
    ],
  },
  {
    name: 'a version is accepted while a turn of its chat has not ended',
    edits: [
      {
        file: 'src/accept/open-fork.ts',
        find: "if (!ended.ended) throw new ApiError('chat_busy');",
        replace: '',
      },
    ],
  },
  {
    name: 'a message follows the newest turn although another path is shown',
    edits: [
      {
        file: 'src/accept/turn-place.ts',
        find: 'if (isChosen(access, tail)) return placeBehindChoice(deps, access, tail);',
        replace: '',
      },
    ],
  },
  {
    name: 'a version stands behind the message that it replaces',
    edits: [
      {
        file: 'src/accept/turn-place.ts',
        find: 'extendPath(pathBefore(pathOf(asked), asked.sequence), tail.sequence + 1);',
        replace: 'extendPath(pathOf(asked), tail.sequence + 1);',
      },
    ],
  },
  {
    name: 'a message that names a newer one is placed by the turns known before',
    edits: [
      {
        file: 'src/accept/turn-place.ts',
        find: 'if (parent > tail.sequence) return undefined;',
        replace: '',
      },
    ],
  },
  {
    name: 'a remembered history is used although the chat has changed since',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: 'if (chat && chat.chat.revision !== before.revision) return read();',
        replace: '',
      },
    ],
  },
  {
    name: 'the model gets a message whose removal has begun',
    edits: [
      {
        file: 'src/run/run-turn.ts',
        find: '    return !isRemoved;\n',
        replace: '    return isRemoved || true;\n',
      },
    ],
  },
  {
    name: 'a message is removed although a retry was accepted meanwhile',
    edits: [
      {
        file: 'src/remove-message.ts',
        find: '  else await findFailed(engine, access, asked);',
        replace: '  const first = await findFailed(engine, access, asked);',
      },
      {
        file: 'src/remove-message.ts',
        find: '  const turns = await findFailedOrUnmark(engine, access, asked);',
        replace: '  const turns = first;',
      },
    ],
  },
  {
    name: 'a removal leaves the retries of the message',
    edits: [
      {
        file: 'src/remove-message.ts',
        find: 'of turns.toReversed()) {',
        replace: 'of [asked]) {',
      },
    ],
  },
  {
    name: 'a follower gets a version without a snapshot',
    edits: [
      {
        file: 'src/read/follow-chat.ts',
        find: 'if (this.#isChosen || leavesOut(turn)) {',
        replace: 'if (this.#isChosen) {',
      },
    ],
  },
  {
    name: 'followers are not told of changes that are no turns',
    edits: [
      {
        file: 'src/read/follow-chat.ts',
        find: 'if (revision <= this.#cursor.revision) return;',
        replace: 'if (revision >= 0) return;',
      },
    ],
  },
];
