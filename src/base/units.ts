/**
 * Units as flavoured numbers. A flavour lets `srtt + 4 * rttvar` stay a Duration without a cast, while
 * passing Bytes where a Duration is asked for fails to compile.
 */
declare const unit: unique symbol;
declare const brand: unique symbol;
export type Unit<U extends string> = number & { readonly [unit]?: U };
export type Brand<B extends string> = number & { readonly [brand]: B };

/** Integer nanoseconds since the start of the run; exact to 2^53 ns = 104 days. */
export type Instant = Unit<'instant-ns'>;
/** Integer nanoseconds. */
export type Duration = Unit<'duration-ns'>;
export type Bytes = Unit<'bytes'>;
/** Link rates, as printed on the box. */
export type BitsPerSecond = Unit<'bits/s'>;

/** A deadline that never comes. */
export const NEVER: Instant = Number.MAX_SAFE_INTEGER;
export const NS_PER_SECOND = 1e9;

/**
 * What time fields hold before the first time, and zero, both as doubles. V8 keeps a field as a small integer
 * until a double is written; then all objects of the class change their layout and code compiled before is
 * thrown away. So fields that will hold doubles start with one. NO_TIME is negative; UNSET_ZERO is -0, which
 * equals 0.
 */
export const NO_TIME = -0.5;
export const UNSET_ZERO = -0;
