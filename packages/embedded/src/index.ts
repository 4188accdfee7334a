export * from './fetch-wheel.ts';
