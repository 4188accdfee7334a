import type { GetICUArgs } from '@schummar/icu-type-parser';
import type { en } from './en.ts';

/** The id of a text. */
export type TextId = keyof typeof en;

/** All texts in another language. A missing text does not compile. */
export type Translation = Readonly<Record<TextId, string>>;

/** The values that a text contains, by name. */
type Values<Id extends TextId> = GetICUArgs<
  (typeof en)[Id],
  { ICUArgument: string | number; ICUNumberArgument: number }
>;

/** Returns a text in the language of the page, with its values. */
export type Text = <Id extends TextId>(
  id: Id,
  ...values: keyof Values<Id> extends never ? [] : [Values<Id>]
) => string;
