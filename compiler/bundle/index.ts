/** Everything that reads or writes a bundle may use: the types, and nothing that belongs to one room only. */
export * from './codes.ts';
export * from './diagnostic.ts';
export * from './effects-profile.ts';
export * from './engine-plan.ts';
export * from './format.ts';
export * from './read.ts';
export { bundleSchema, type Schema } from './schema.ts';
