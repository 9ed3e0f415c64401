/** The public face of Sluice. */
export { NetError } from './base/errors.ts';
