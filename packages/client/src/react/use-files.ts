import type { File as UploadedFile } from '@parley/contract';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { mintKey } from '../mint-key.ts';
import { type ParleyError, toParleyError } from '../parley-error.ts';
import type { SentFile } from '../send.ts';
import { useParley } from './provider.tsx';

/** A file that is or was uploaded, and not sent yet. */
export interface FileDraft {
  readonly key: string;
  readonly filename: string;
  /** The type that the browser names; of an uploaded file, the type that the server recognized. */
  readonly mediaType: string;
  readonly bytes: number;
  /** The content, for a preview. */
  readonly content: Blob;
  readonly status: 'uploading' | 'uploaded' | 'failed';
  /** The sent share, from 0 to 1. */
  readonly sent: number;
  /** Of an uploaded file. */
  readonly uploaded?: UploadedFile;
  /** Of a failed upload. */
  readonly error?: ParleyError;
}

/** The result of `useFiles`. */
export interface Files {
  /** In the order in which they were added. */
  readonly files: readonly FileDraft[];
  readonly isUploading: boolean;
  /** Adds files and uploads them. Returns their keys. */
  readonly add: (files: Iterable<Blob & { readonly name: string }>) => readonly string[];
  /** Removes a file. A running upload is canceled, and an uploaded file is deleted from the server. */
  readonly remove: (key: string) => void;
  /** Uploads a failed file again. */
  readonly retry: (key: string) => void;
  /** Returns the uploaded files for `send` and removes them here. Call it when nothing is uploading or failed. */
  readonly take: () => readonly SentFile[];
}

/** Uploads the files of a message before it is sent. Running uploads are canceled when the component is removed. */
export function useFiles(): Files {
  const parley = useParley();
  const [files, setFiles] = useState<readonly FileDraft[]>([]);
  const uploads = useRef(new Map<string, AbortController>());

  useEffect(() => {
    const running = uploads.current;
    return () => {
      for (const upload of running.values()) upload.abort();
      running.clear();
    };
  }, []);

  const change = useCallback((key: string, changes: Partial<FileDraft>) => {
    setFiles((now) => now.map((file) => (file.key === key ? { ...file, ...changes } : file)));
  }, []);

  const deleteFile = useCallback(
    ({ id }: UploadedFile) => {
      // The server removes files that were never sent, so a failure costs nothing.
      parley.trpc.file.delete.mutate({ fileId: id }, { signal: parley.userSignal() }).catch(() => undefined);
    },
    [parley],
  );

  const upload = useCallback(
    async (key: string, content: Blob, filename: string) => {
      const { signal } = keep(uploads.current, key);
      const onProgress = (sent: number) => {
        if (!signal.aborted) change(key, { sent });
      };
      try {
        const uploaded = await parley.uploadFile(content, { filename, onProgress, signal });
        // The server had stored the file when it was removed here.
        if (signal.aborted) return deleteFile(uploaded);
        change(key, { status: 'uploaded', sent: 1, mediaType: uploaded.mediaType, uploaded });
      } catch (thrown) {
        if (!signal.aborted) change(key, { status: 'failed', sent: 0, error: toParleyError(thrown) });
      } finally {
        uploads.current.delete(key);
      }
    },
    [parley, change, deleteFile],
  );

  const add = useCallback(
    (added: Parameters<Files['add']>[0]) => {
      const drafts = Array.from(added, (content): FileDraft => {
        const { name: filename, type: mediaType, size: bytes } = content;
        return { key: mintKey(), filename, mediaType, bytes, content, status: 'uploading', sent: 0 };
      });
      setFiles((now) => [...now, ...drafts]);
      // Files of a user are not shown to the next one.
      const forget = () =>
        setFiles((now) => now.filter((file) => !drafts.some(({ key }) => key === file.key)));
      parley.userSignal().addEventListener('abort', forget, { once: true });
      for (const { key, content, filename } of drafts) void upload(key, content, filename);
      return drafts.map(({ key }) => key);
    },
    [parley, upload],
  );

  const remove = useCallback(
    (key: string) => {
      uploads.current.get(key)?.abort();
      const uploaded = files.find((file) => file.key === key)?.uploaded;
      if (uploaded) deleteFile(uploaded);
      setFiles((now) => now.filter((file) => file.key !== key));
    },
    [files, deleteFile],
  );

  const retry = useCallback(
    (key: string) => {
      const failed = files.find((file) => file.key === key && file.status === 'failed');
      if (!failed) return;
      const { error: _, ...draft } = failed;
      setFiles((now) =>
        now.map((file) => (file.key === key ? { ...draft, status: 'uploading', sent: 0 } : file)),
      );
      void upload(key, failed.content, failed.filename);
    },
    [files, upload],
  );

  const take = useCallback(() => {
    const taken = files.flatMap(({ uploaded }) => uploaded ?? []);
    setFiles((now) => now.filter(({ uploaded }) => !uploaded));
    return taken.map(({ id, filename, mediaType }) => ({ id, filename, mediaType }));
  }, [files]);

  const isUploading = files.some(({ status }) => status === 'uploading');
  return useMemo(
    () => ({ files, isUploading, add, remove, retry, take }),
    [files, isUploading, add, remove, retry, take],
  );
}

function keep(uploads: Map<string, AbortController>, key: string): AbortController {
  const upload = new AbortController();
  uploads.set(key, upload);
  return upload;
}
