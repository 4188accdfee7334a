import { checkScreens } from './screens.ts';

await checkScreens({ isPhone: true });
