import { MapPinOff } from 'lucide-react';
import { useLocation } from 'wouter';
import { PageHeader } from './layout/page-header.tsx';
import { usePageTitle } from './layout/use-page-title.ts';
import { useTexts } from './texts/use-texts.ts';
import { Button } from './ui/button.tsx';

/** Shown for addresses that lead to no page. */
export function PageNotFound() {
  const { text } = useTexts();
  const [, navigate] = useLocation();
  usePageTitle(text('page.not-found'));
  return (
    <>
      <PageHeader />
      <div className="m-auto flex max-w-sm flex-col items-center gap-3 px-6 pb-24 text-center">
        <MapPinOff aria-hidden className="size-8 text-ink-soft" strokeWidth={1.5} />
        <h1 className="font-display text-2xl">{text('page.not-found-title')}</h1>
        <p className="text-ink-soft">{text('page.not-found-advice')}</p>
        <Button look="primary" className="mt-2" onClick={() => navigate('/')}>
          {text('chats.new')}
        </Button>
      </div>
    </>
  );
}
