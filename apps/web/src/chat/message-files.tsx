import { useParley } from '@parley/client/react';
import type { MessagePart } from '@parley/contract';
import { FileText } from 'lucide-react';
import { useEffect, useState } from 'react';
import { saveFile } from '../chats/save-file.ts';
import { useTexts } from '../texts/use-texts.ts';
import { Button } from '../ui/button.tsx';
import { Skeleton } from '../ui/skeleton.tsx';

type FilePart = Extract<MessagePart, { type: 'file' }>;

/** The files of a user's message: images are shown, and other files can be saved. */
export function MessageFiles({ parts }: { readonly parts: readonly MessagePart[] }) {
  const files = parts.filter((part) => part.type === 'file');
  if (files.length === 0) return null;
  return (
    <ul className="flex max-w-[min(85%,36rem)] flex-wrap justify-end gap-2">
      {files.map((file) => (
        <li key={file.url} className="min-w-0">
          {file.mediaType.startsWith('image/') ? <ImageFile file={file} /> : <OtherFile file={file} />}
        </li>
      ))}
    </ul>
  );
}

/** An image. The content needs the credentials of the client, so it is read and shown as a data URL. */
function ImageFile({ file }: { readonly file: FilePart }) {
  const parley = useParley();
  const fileId = fileIdOf(file);
  const [image, setImage] = useState<string>();
  useEffect(() => {
    let isShown = true;
    const show = (result: string) => isShown && setImage(result);
    const read = async () => toDataUrl(await parley.readFile(fileId));
    // Rows are removed and added again while the transcript scrolls.
    parley.queryClient
      .fetchQuery({
        queryKey: ['file-content', fileId],
        queryFn: read,
        staleTime: Number.POSITIVE_INFINITY,
        gcTime: 60_000,
        retry: false,
      })
      .then(show, () => show('failed'));
    return () => {
      isShown = false;
    };
  }, [parley, fileId]);
  if (image === 'failed') return <OtherFile file={file} />;
  if (!image) return <Skeleton className="h-40 w-56 rounded-2xl" />;
  return <img src={image} alt={file.filename} className="max-h-72 max-w-full rounded-2xl" />;
}

function OtherFile({ file }: { readonly file: FilePart }) {
  const { text } = useTexts();
  const parley = useParley();
  const [state, setState] = useState<'saving' | 'failed'>();
  const { filename: name } = file;
  const save = async () => {
    if (state === 'saving') return;
    setState('saving');
    try {
      saveFile(name, await parley.readFile(fileIdOf(file)));
      setState(undefined);
    } catch {
      setState('failed');
    }
  };
  return (
    <>
      <Button
        look="outline"
        className="max-w-full"
        aria-label={text('message.save-file', { name })}
        aria-disabled={state === 'saving'}
        onClick={() => void save()}
      >
        <FileText aria-hidden />
        <span className="truncate">{name}</span>
      </Button>
      {state === 'failed' && (
        <p role="alert" className="pt-1 text-xs text-danger">
          {text('message.save-file-failed')}
        </p>
      )}
    </>
  );
}

/** The address of a content is `/file/:fileId/content`. */
function fileIdOf({ url }: FilePart): string {
  return url.split('/').at(-2) ?? '';
}

function toDataUrl(content: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(content);
  });
}
